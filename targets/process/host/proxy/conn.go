package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wholeBuffer is the size of the read buffer that net/http gives an HTTP/1.1 connection. A read that asks for this much
// means that the buffer is empty: no byte of the next request waits in user space. Should a later Go use another size,
// connections are no longer passed on and end by "Connection: close" instead; a test notices.
const wholeBuffer = 4096

// past is a deadline that makes a blocked read return at once.
var past = time.Unix(1, 0)

// conn is a client's connection that can be passed to another process between two requests.
//
// net/http reads a connection like this: it reports StateIdle, sets a read deadline, reads until the next request begins,
// and sets another deadline. The connection is fresh from the report until a byte is read or the second deadline is set:
// after that the beginning of a request may sit in net/http's buffer, where no other process would find it.
type conn struct {
	*net.TCPConn
	f *Front

	mu        sync.Mutex
	fresh     bool      // no byte of the next request has left the kernel
	settings  int       // deadlines set since StateIdle
	idle      bool      // fresh because of StateIdle, as opposed to being new
	blocked   bool      // inside a read from which the connection may be passed on
	nudged    bool      // the read was woken to pass the connection on
	gone      bool      // another process has it
	deadline  time.Time // what net/http asked for last; restored after a nudge
	closeOnce sync.Once
}

// Read reads for net/http, unless the connection is to be passed on and this is a moment to do so.
func (c *conn) Read(p []byte) (int, error) {
	for {
		c.mu.Lock()
		movable := c.fresh && len(p) >= wholeBuffer
		if c.gone || movable && c.passOn() {
			c.mu.Unlock()
			return 0, io.EOF
		}
		c.blocked = movable
		c.mu.Unlock()

		n, err := c.TCPConn.Read(p)
		if c.wasNudged(n) && n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		return n, err
	}
}

// wasNudged takes the connection out of a read that returned n bytes and reports whether a nudge had ended it.
func (c *conn) wasNudged(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocked = false
	if n > 0 {
		c.fresh = false
	}
	if !c.nudged {
		return false
	}
	c.nudged = false
	_ = c.TCPConn.SetReadDeadline(c.deadline) // fails only on a closed connection, where the next read says so
	return true
}

// passOn gives the connection to the successor, if there is one. The caller holds c.mu. A successor that no longer
// listens leaves the connection here.
func (c *conn) passOn() bool {
	s := c.f.successor.Load()
	if s == nil {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var sent error
	if err := raw.Control(func(fd uintptr) { sent = (*s)(fd) }); err != nil || sent != nil {
		return false
	}
	c.gone = true
	return true
}

// offer passes on a connection that no server here takes any more, if there is a successor.
func (c *conn) offer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passOn()
}

// nudge ends a read in which nothing has arrived, so that Read looks for a successor.
func (c *conn) nudge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocked && !c.nudged {
		c.nudged = true
		_ = c.TCPConn.SetReadDeadline(past)
	}
}

// rest is called when net/http has answered a request and waits for the next.
func (c *conn) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh, c.idle, c.settings = true, true, 0
}

// isResting reports whether the client has no request under way.
func (c *conn) isResting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh
}

// SetReadDeadline passes the deadline on and notices the one that net/http sets when a request has begun.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.settings++
	if c.idle && c.settings > 1 {
		c.fresh = false
	}
	if c.nudged {
		return nil // the reader restores it
	}
	return c.TCPConn.SetReadDeadline(t)
}

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close closes this process's hold on the connection; the client notices only if nobody else has it.
func (c *conn) Close() error {
	c.closeOnce.Do(func() { c.f.forget(c) })
	return c.TCPConn.Close()
}

// sniff waits for the first bytes and reports whether they are the preface of HTTP/2. It looks without reading, so that a
// connection on which nothing has come yet can be passed on. The result moved is true when that has happened.
func (c *conn) sniff(timeout time.Duration) (h2, moved bool, err error) {
	if err := c.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return false, false, err
	}
	buf := make([]byte, len(preface))
	for {
		c.mu.Lock()
		if c.passOn() {
			c.mu.Unlock()
			return false, true, nil
		}
		c.blocked = true
		c.mu.Unlock()
		n, err := c.peek(buf)
		nudged := c.wasNudged(0)
		switch {
		case nudged && errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return false, false, err
		case n == 0:
			return false, false, io.EOF
		case n < len(preface) && bytes.HasPrefix([]byte(preface), buf[:n]):
			time.Sleep(time.Millisecond) // the preface arrives in pieces: rare, and bounded by the deadline
			if time.Now().After(c.deadline) {
				return false, false, os.ErrDeadlineExceeded
			}
			continue
		}
		return n == len(preface) && string(buf) == preface, false, c.SetReadDeadline(time.Time{})
	}
}

// peek waits until the connection is readable and copies what has arrived without taking it out of the kernel.
func (c *conn) peek(buf []byte) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var got error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, _, got = unix.Recvfrom(int(fd), buf, unix.MSG_PEEK|unix.MSG_DONTWAIT)
			if got != unix.EINTR {
				break
			}
		}
		return got != unix.EAGAIN
	})
	return max(n, 0), errors.Join(err, got)
}
