package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// preface is what a client that knows the server speaks HTTP/2 sends first (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// h2Answer remembers whether a version speaks HTTP/2 without TLS: 0 not asked, 1 yes, 2 no.
type h2Answer struct{ atomic.Int32 }

// speaksH2 reports whether the version understands HTTP/2 without TLS. It asks at most once per start of the version, and
// only when a client has come with HTTP/2: a plain HTTP/1.1 service never sees the probe in its log.
func (s *upState) speaksH2(ctx context.Context) bool {
	if a := s.speaks.Load(); a != 0 {
		return a == 1
	}
	yes, asked := probeH2(ctx, s.addr)
	if asked && yes {
		s.speaks.Store(1)
	}
	if asked && !yes {
		s.speaks.Store(2)
	}
	return yes
}

// probeH2 sends the preface with an empty SETTINGS frame and looks for the SETTINGS frame that a server must send first.
// The second result is false when no connection came about, which says nothing about the protocol.
func probeH2(ctx context.Context, addr string) (yes, asked bool) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false, false
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false, false
	}
	const settings = 0x4
	if _, err := io.WriteString(c, preface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		return false, true
	}
	var head [9]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return false, true
	}
	return head[3] == settings && bytes.Equal(head[5:], make([]byte, 4)), true
}
