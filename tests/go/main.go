// Command peer is a go-libp2p node for the tests of the js-libp2p transport to talk to.
//
//	peer listen
//	peer dial MULTIADDR [SOCKS5-ADDRESS]
//	peer custom-dialer
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"golang.org/x/net/proxy"
)

const timeout = 60 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch strings.Join(args[:1], "") {
	case "listen":
		return listen()
	case "dial":
		return dial(args[1:])
	case "custom-dialer":
		return customDialer()
	}
	return errors.New("usage: peer listen | dial MULTIADDR [SOCKS5-ADDRESS] | custom-dialer")
}

// listen prints where it listens, and ends with its standard input.
func listen() error {
	node, err := newNode(true, nil)
	if err != nil {
		return err
	}
	addr := node.host.Addrs()[0]
	fmt.Printf("%s/p2p/%s\n", addr, node.host.ID())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// dial does with a node what nodes do with each other, and prints what it saw.
func dial(args []string) error {
	info, err := peer.AddrInfoFromString(args[0])
	if err != nil {
		return err
	}
	var dialerForAddr tcp.DialerForAddr
	if len(args) > 1 {
		socks, err := proxy.SOCKS5("tcp", args[1], nil, &net.Dialer{})
		if err != nil {
			return err
		}
		dialerForAddr = func(ma.Multiaddr) (tcp.ContextDialer, error) {
			return socks.(proxy.ContextDialer), nil
		}
	}
	node, err := newNode(false, dialerForAddr)
	if err != nil {
		return err
	}
	defer node.host.Close()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := node.host.Connect(ctx, *info); err != nil {
		return err
	}
	pong := <-ping.Ping(ctx, node.host, info.ID)
	if pong.Error != nil {
		return pong.Error
	}
	node.identify.IdentifyConn(node.host.Network().ConnsToPeer(info.ID)[0])
	protocols, err := node.host.Peerstore().GetProtocols(info.ID)
	if err != nil {
		return err
	}
	if !slices.Contains(protocols, bulkProtocol) {
		return fmt.Errorf("identified without %s: %v", bulkProtocol, protocols)
	}
	stream, err := node.host.NewStream(ctx, info.ID, bulkProtocol)
	if err != nil {
		return err
	}
	if err := exchangeBulk(stream, bulkBytes); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"pingMicroseconds": pong.RTT.Microseconds()})
}
