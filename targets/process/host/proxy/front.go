package proxy

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options shape a Front.
type Options struct {
	// Hold is how long a request waits for its only version to come back before it is answered 503; zero means 5 s.
	Hold time.Duration
	// Linger is how long an idle connection may take to send one more request when the front closes without a
	// successor; zero means 1 s.
	Linger time.Duration
	// Log receives what net/http has to say about clients; nil discards it.
	Log *log.Logger
}

// idleTimeout ends connections that clients have forgotten. It is long because every close by a server may cross a
// request on its way.
const idleTimeout = 15 * time.Minute

// headerTimeout bounds how long a client may take to send a request's header, and to begin its first one.
const headerTimeout = time.Minute

// PassConn passes a connection, by its descriptor, to the process that takes over.
type PassConn func(fd uintptr) error

// Front is the door of one service: its listening sockets, its connections, the route of its requests.
type Front struct {
	opts      Options
	route     atomic.Pointer[routeState]
	successor atomic.Pointer[PassConn]
	closing   atomic.Bool
	received  atomic.Uint64
	unserved  atomic.Uint64
	foreign   atomic.Pointer[Own]
	handler   http.Handler

	http1, http2 *http.Server
	queue1       *queue
	queue2       *queue
	tasks        sync.WaitGroup

	mu        sync.Mutex
	listeners map[string]*net.TCPListener
	conns     map[*conn]struct{}
}

// Own are the proxy's own numbers for a service, as opposed to those of its versions.
type Own struct {
	// Received is the number of requests that came in.
	Received uint64 `json:"received"`
	// Unserved is how many of them penstock answered itself with 503, because no version took traffic or was ready.
	Unserved uint64 `json:"unserved"`
}

// NewFront returns a door that listens nowhere and routes nothing yet. Close or HandOver ends it.
func NewFront(opts Options) *Front {
	if opts.Hold == 0 {
		opts.Hold = 5 * time.Second
	}
	if opts.Linger == 0 {
		opts.Linger = time.Second
	}
	f := &Front{
		opts: opts, listeners: map[string]*net.TCPListener{}, conns: map[*conn]struct{}{},
		queue1: newQueue(), queue2: newQueue(),
	}
	f.route.Store(&routeState{deck: newDeck(0), changed: make(chan struct{})})
	f.handler = newHandler(f)
	f.http1 = f.newServer(false)
	f.http2 = f.newServer(true)
	f.tasks.Go(func() { _ = f.http1.Serve(f.queue1) })
	f.tasks.Go(func() { _ = f.http2.Serve(f.queue2) })
	return f
}

// newServer returns a server for one protocol. Two servers share the door because HTTP/2 connections must be asked to
// leave (GOAWAY) while those of HTTP/1.1 are passed on.
func (f *Front) newServer(h2 bool) *http.Server {
	protos := new(http.Protocols)
	protos.SetHTTP1(!h2)
	protos.SetUnencryptedHTTP2(h2)
	return &http.Server{
		Handler: f, Protocols: protos, IdleTimeout: idleTimeout, ReadHeaderTimeout: headerTimeout,
		ErrorLog: f.opts.Log, DisableGeneralOptionsHandler: true,
		ConnState: func(nc net.Conn, s http.ConnState) {
			if c, ok := nc.(*conn); ok && s == http.StateIdle && !h2 {
				c.rest()
			}
		},
	}
}

// ServeHTTP answers one request.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.received.Add(1)
	if f.closing.Load() {
		w.Header().Set("Connection", "close")
	}
	f.handler.ServeHTTP(w, r)
}

// SetRoute puts a route in force. Requests that were held look again. A match that makes no sense is refused, and the old
// route stays.
func (f *Front) SetRoute(r Route) error {
	cs, err := compile(r.Matches)
	if err != nil {
		return err
	}
	next := &routeState{Route: r, conditions: cs, deck: newDeck(r.Weight), changed: make(chan struct{})}
	close(f.route.Swap(next).changed)
	return nil
}

// Route returns the route in force.
func (f *Front) Route() Route { return f.route.Load().Route }

// Own returns the proxy's own numbers, those of a predecessor included.
func (f *Front) Own() Own {
	o := Own{Unserved: f.unserved.Load(), Received: f.received.Load()}
	if p := f.foreign.Load(); p != nil {
		o.Received += p.Received
		o.Unserved += p.Unserved
	}
	return o
}

// SetForeign replaces what is known of the numbers of a predecessor process, which are totals.
func (f *Front) SetForeign(o Own) { f.foreign.Store(&o) }

// Listen opens a door on a TCP address.
func (f *Front) Listen(ctx context.Context, addr string) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	return f.Adopt(addr, ln.(*net.TCPListener))
}

// Adopt opens a door on a socket that already listens. Addr is the name it goes by.
func (f *Front) Adopt(addr string, ln *net.TCPListener) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, taken := f.listeners[addr]; taken {
		ln.Close()
		return fmt.Errorf("listen on %s: already open", addr)
	}
	f.listeners[addr] = ln
	f.tasks.Go(func() { f.accept(ln) })
	return nil
}

// Listeners returns the open doors by address.
func (f *Front) Listeners() map[string]*net.TCPListener {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]*net.TCPListener, len(f.listeners))
	for a, l := range f.listeners {
		out[a] = l
	}
	return out
}

// Unlisten closes one door; connections that came through it stay.
func (f *Front) Unlisten(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ln, ok := f.listeners[addr]; ok {
		ln.Close()
		delete(f.listeners, addr)
	}
}

// accept takes connections until its listener is closed. A shortage of descriptors passes, so it is waited out.
func (f *Front) accept(ln *net.TCPListener) {
	for {
		c, err := ln.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		f.AddConn(c)
	}
}

// AddConn serves a connection that was accepted here or by a predecessor.
func (f *Front) AddConn(tc *net.TCPConn) {
	c := &conn{TCPConn: tc, f: f, fresh: true}
	f.mu.Lock()
	f.conns[c] = struct{}{}
	f.mu.Unlock()
	f.tasks.Go(func() {
		h2, moved, err := c.sniff(headerTimeout)
		q := f.queue1
		if h2 {
			q = f.queue2
		}
		if moved || err != nil {
			c.Close()
			return
		}
		if !q.put(c) {
			c.offer()
			c.Close()
		}
	})
}

// forget removes a closed connection.
func (f *Front) forget(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}

// open returns the connections of the moment.
func (f *Front) open() []*conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]*conn, 0, len(f.conns))
	for c := range f.conns {
		out = append(out, c)
	}
	return out
}
