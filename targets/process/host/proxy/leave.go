package proxy

import (
	"context"
	"net"
	"sync"
	"time"
)

// HandOver leaves the service to another process that already has the listening sockets. It stops accepting, passes on
// every HTTP/1.1 connection between two requests, asks HTTP/2 clients to reconnect, and returns when nothing is under way
// any more. What is still under way when ctx ends is cut off, and ctx's error returned.
func (f *Front) HandOver(ctx context.Context, pass PassConn) error {
	f.successor.Store(&pass)
	f.stopListening()
	goaway := make(chan error, 1)
	go func() { goaway <- f.http2.Shutdown(ctx) }()
	err := f.whileOpen(ctx, func(c *conn) {
		if f.closing.Load() && c.isResting() {
			c.Close()
			return
		}
		c.nudge()
	})
	<-goaway
	f.finish()
	return err
}

// Abandon tells a front that hands over that its successor has gone: resting connections are closed, what is under way is
// still answered.
func (f *Front) Abandon() {
	f.closing.Store(true)
	f.successor.Store(nil)
}

// IsQuiet reports whether a front that hands over can begin no further request: its doors are closed here and every
// connection it still has is in the middle of one.
func (f *Front) IsQuiet() bool {
	if f.successor.Load() == nil && !f.closing.Load() || len(f.Listeners()) > 0 {
		return false
	}
	for _, c := range f.open() {
		if c.isResting() {
			return false
		}
	}
	return true
}

// Close ends the service: it stops accepting, answers what is under way with "Connection: close", gives idle connections a
// moment for one last request, and returns when all are gone. What is left when ctx ends is cut off.
func (f *Front) Close(ctx context.Context) error {
	f.closing.Store(true)
	f.stopListening()
	goaway := make(chan error, 1)
	go func() { goaway <- f.http2.Shutdown(ctx) }()
	since := time.Now()
	err := f.whileOpen(ctx, func(c *conn) {
		if time.Since(since) > f.opts.Linger && c.isResting() {
			c.Close()
		}
	})
	<-goaway
	f.finish()
	return err
}

// whileOpen calls visit for every connection, again and again, until there is none.
func (f *Front) whileOpen(ctx context.Context, visit func(*conn)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		open := f.open()
		if len(open) == 0 {
			return nil
		}
		for _, c := range open {
			visit(c)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stopListening closes this process's hold on the listening sockets.
func (f *Front) stopListening() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for addr, ln := range f.listeners {
		ln.Close()
		delete(f.listeners, addr)
	}
}

// finish ends the servers and waits for every goroutine of the front.
func (f *Front) finish() {
	for _, c := range f.open() {
		c.Close()
	}
	f.http1.Close()
	f.http2.Close()
	f.queue1.Close()
	f.queue2.Close()
	f.tasks.Wait()
}

// queue is a listener fed by the sniffing goroutines.
type queue struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueue() *queue {
	return &queue{conns: make(chan net.Conn), done: make(chan struct{})}
}

// put hands a connection to the server; it reports false when the server has ended.
func (q *queue) put(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.done:
		return false
	}
}

// Accept waits for the next connection.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

// Addr is required of a listener; the true addresses are those of the front's sockets.
func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }
