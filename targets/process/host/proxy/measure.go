package proxy

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// measure follows one response to its end: how long it took, whether it was cut short, when it stops being under way.
type measure struct {
	u        *Upstream
	ctx      context.Context // the client's; done when the client has gone
	start    time.Time
	bad      bool
	observed atomic.Bool
	ended    sync.Once
}

// observe puts the time so far into the histogram, once.
func (m *measure) observe() {
	if m.observed.CompareAndSwap(false, true) {
		m.u.count.observe(time.Since(m.start))
	}
}

// end closes the books. Complete says that the version sent all it meant to; err is what stopped it otherwise.
func (m *measure) end(complete bool, err error) {
	m.ended.Do(func() {
		switch {
		case complete:
			m.observe()
		case m.ctx.Err() != nil:
			m.u.count.canceled.Add(1)
		case err != nil && !m.bad:
			m.u.count.bad.Add(1)
		}
		m.u.inflight.Add(-1)
	})
}

// measured is a response body that reports its end.
type measured struct {
	io.ReadCloser
	m *measure
}

func (b *measured) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.m.end(true, nil)
	} else if err != nil {
		b.m.end(false, err)
	}
	return n, err
}

func (b *measured) Close() error {
	err := b.ReadCloser.Close()
	b.m.end(false, nil)
	return err
}

// upgraded is a connection that has left HTTP; it is under way until either side closes it.
type upgraded struct {
	io.ReadWriteCloser
	m *measure
}

func (b *upgraded) Close() error {
	err := b.ReadWriteCloser.Close()
	b.m.end(true, nil)
	return err
}

// CloseWrite passes a half-closed connection on, so that a client that has said its last word still hears the answer.
func (b *upgraded) CloseWrite() error {
	if cw, ok := b.ReadWriteCloser.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return b.Close()
}
