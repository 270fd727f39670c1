package main

import (
	"crypto/rand"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	blankhost "github.com/libp2p/go-libp2p/p2p/host/blank"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

type node struct {
	host     host.Host
	identify identify.IDService
}

// newNode makes a node with TCP, noise, yamux, identify and ping, put together by hand: all of go-libp2p takes much longer
// to build.
func newNode(listen bool, dialerForAddr tcp.DialerForAddr) (*node, error) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, err
	}
	store, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, err
	}
	if err := store.AddPrivKey(id, key); err != nil {
		return nil, err
	}
	network, err := swarm.NewSwarm(id, store, eventbus.NewBus())
	if err != nil {
		return nil, err
	}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	security, err := noise.New(noise.ID, key, muxers)
	if err != nil {
		return nil, err
	}
	up, err := upgrader.New([]sec.SecureTransport{security}, muxers, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	var options []tcp.Option
	if dialerForAddr != nil {
		options = append(options, tcp.WithDialerForAddr(dialerForAddr))
	}
	transport, err := tcp.NewTCPTransport(up, nil, nil, options...)
	if err != nil {
		return nil, err
	}
	if err := network.AddTransport(transport); err != nil {
		return nil, err
	}
	if listen {
		if err := network.Listen(ma.StringCast("/ip4/127.0.0.1/tcp/0")); err != nil {
			return nil, err
		}
	}
	h := blankhost.NewBlankHost(network)
	ping.NewPingService(h)
	h.SetStreamHandler(bulkProtocol, serveBulk)
	// It tells of the protocols that are there when it starts.
	service, err := identify.NewIDService(h)
	if err != nil {
		return nil, err
	}
	service.Start()
	return &node{host: h, identify: service}, nil
}
