package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

var errCustom = errors.New("custom dialer error")

type failingDialer struct{}

func (failingDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errCustom
}

// outcome is what tests/libp2p/go_test.ts sees of the same scenario in its own language.
type outcome struct {
	Scenario string `json:"scenario"`
	// Asked is with how many multiaddrs the factory was called.
	Asked     int  `json:"asked"`
	Connected bool `json:"connected"`
	// SaysWhy is whether the error has the text of the custom one.
	SaysWhy bool `json:"saysWhy"`
}

// customDialer goes through what go-libp2p's own tests of its custom TCP dialer go through.
func customDialer() error {
	listener, err := newNode(true, nil)
	if err != nil {
		return err
	}
	defer listener.host.Close()
	scenarios := []struct {
		name  string
		serve func() (tcp.ContextDialer, error)
	}{
		{"success", func() (tcp.ContextDialer, error) { return &net.Dialer{}, nil }},
		{"error in factory", func() (tcp.ContextDialer, error) { return nil, errCustom }},
		{"error in custom dialer", func() (tcp.ContextDialer, error) { return failingDialer{}, nil }},
		{"no dialer", func() (tcp.ContextDialer, error) { return nil, nil }},
	}
	for _, scenario := range scenarios {
		result := outcome{Scenario: scenario.name}
		dialer, err := newNode(false, func(ma.Multiaddr) (tcp.ContextDialer, error) {
			result.Asked++
			return scenario.serve()
		})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		err = dialer.host.Connect(ctx, peer.AddrInfo{ID: listener.host.ID(), Addrs: listener.host.Addrs()})
		result.Connected = err == nil
		result.SaysWhy = err != nil && strings.Contains(err.Error(), errCustom.Error())
		cancel()
		dialer.host.Close()
		if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
			return err
		}
	}
	return nil
}
