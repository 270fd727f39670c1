package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p/core/network"
)

// The twin of tests/libp2p/bulk_protocol.ts, which describes it.
const bulkProtocol = "/anydial/bulk/1.0.0"

const bulkBytes = 64 << 20

var pattern = makePattern()

func makePattern() []byte {
	pattern := make([]byte, 65_521)
	value := 1
	for index := range pattern {
		value = (value*75 + 74) % 65_537
		pattern[index] = byte(value)
	}
	return pattern
}

func serveBulk(stream network.Stream) {
	if err := answerBulk(stream); err != nil {
		stream.Reset()
	}
}

func answerBulk(stream network.Stream) error {
	var length uint64
	if err := binary.Read(stream, binary.BigEndian, &length); err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, stream); err != nil {
		return err
	}
	if _, err := stream.Write(hash.Sum(nil)); err != nil {
		return err
	}
	if _, err := sendPattern(stream, int(length)); err != nil {
		return err
	}
	return stream.Close()
}

func exchangeBulk(stream network.Stream, length int) error {
	if err := binary.Write(stream, binary.BigEndian, uint64(length)); err != nil {
		return err
	}
	sent, err := sendPattern(stream, length)
	if err != nil {
		return err
	}
	if err := stream.CloseWrite(); err != nil {
		return err
	}
	theirs := make([]byte, sha256.Size)
	if _, err := io.ReadFull(stream, theirs); err != nil {
		return err
	}
	hash := sha256.New()
	count, err := io.Copy(hash, stream)
	if err != nil {
		return err
	}
	if !bytes.Equal(theirs, sent) {
		return fmt.Errorf("the other side got something else than %d bytes", length)
	}
	if count != int64(length) || !bytes.Equal(hash.Sum(nil), sent) {
		return fmt.Errorf("%d bytes came, and others", count)
	}
	return stream.Close()
}

// sendPattern sends the pattern and returns its digest.
func sendPattern(w io.Writer, length int) ([]byte, error) {
	hash := sha256.New()
	for left := length; left > 0; left -= len(pattern) {
		piece := pattern[:min(left, len(pattern))]
		hash.Write(piece)
		if _, err := w.Write(piece); err != nil {
			return nil, err
		}
	}
	return hash.Sum(nil), nil
}
