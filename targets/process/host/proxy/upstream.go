package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// upstreamIdle is how long an unused connection to a version is kept. It is well below the keep-alive time of any server
// (Node.js 5 s, gunicorn 2 s): a connection that the server closes just as a POST is written to it would lose that POST,
// because nobody can tell whether it was executed. A new connection on the loopback costs a tenth of a millisecond.
const upstreamIdle = 250 * time.Millisecond

// Upstream is one version of a program as the proxy sees it: an address that comes and goes, requests under way, counts.
type Upstream struct {
	// ID names the version.
	ID string

	state    atomic.Pointer[upState]
	inflight atomic.Int64
	foreign  atomic.Pointer[Foreign]
	count    *counters
	http1    *http.Transport
	http2    *http.Transport
}

// upState is where a version can be reached, if it can; changed is closed when that is no longer true.
type upState struct {
	addr    string // host:port; empty while the version is down
	changed chan struct{}
	speaks  h2Answer
}

// Foreign is what a predecessor process still does, or has done, for a version.
type Foreign struct {
	InFlight int64  `json:"inFlight"`
	Counts   Counts `json:"counts"`
}

// NewUpstream returns a version that is down.
func NewUpstream(id string) *Upstream {
	u := &Upstream{ID: id, count: newCounters()}
	u.state.Store(&upState{changed: make(chan struct{})})
	u.http1 = newTransport(false)
	u.http2 = newTransport(true)
	return u
}

// SetAddr says where the version can be reached; the empty string means that it is down. Requests held for it wake up.
func (u *Upstream) SetAddr(addr string) {
	old := u.state.Swap(&upState{addr: addr, changed: make(chan struct{})})
	close(old.changed)
	if old.addr != addr {
		u.closeIdle()
	}
}

// Addr is where the version can be reached, or the empty string.
func (u *Upstream) Addr() string { return u.state.Load().addr }

// InFlight is the number of requests, streams and upgraded connections under way, those of a predecessor included.
func (u *Upstream) InFlight() int64 {
	n := u.inflight.Load()
	if f := u.foreign.Load(); f != nil {
		n += f.InFlight
	}
	return n
}

// Counts are the sums since the version was first started, those of a predecessor included.
func (u *Upstream) Counts() Counts {
	own := u.count.snapshot()
	if f := u.foreign.Load(); f != nil {
		own = own.plus(&f.Counts)
	}
	return own
}

// CountOver begins to count the requests that take longer than d.
func (u *Upstream) CountOver(d time.Duration) {
	c := u.Counts()
	for _, s := range c.Slow {
		if s.Over == d {
			return
		}
	}
	before, _ := c.Over(d)
	u.count.watch(d, before)
}

// SetForeign replaces what is known of a predecessor process. Its numbers are totals, not differences.
func (u *Upstream) SetForeign(f Foreign) {
	u.foreign.Store(&f)
	for _, s := range f.Counts.Slow {
		u.count.watch(s.Over, 0)
	}
}

// Settle forgets what a predecessor had under way, when it has ended; what it counted stays.
func (u *Upstream) Settle() {
	if f := u.foreign.Load(); f != nil {
		u.foreign.Store(&Foreign{Counts: f.Counts})
	}
}

// Export returns this process's view in the form its successor takes.
func (u *Upstream) Export() Foreign {
	return Foreign{InFlight: u.InFlight(), Counts: u.Counts()}
}

// Close drops the idle connections to the version.
func (u *Upstream) Close() { u.closeIdle() }

func (u *Upstream) closeIdle() {
	u.http1.CloseIdleConnections()
	u.http2.CloseIdleConnections()
}

// dialError marks a failure before a connection existed: nothing has been sent.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// neverSent reports whether err says that no byte of the request reached the version.
func neverSent(err error) bool {
	var de *dialError
	return errors.As(err, &de)
}

// newTransport returns a transport for one version, either for HTTP/1.1 or for HTTP/2 without TLS.
func newTransport(h2 bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: -1} // on the loopback a dead peer shows at once
	protos := new(http.Protocols)
	protos.SetHTTP1(!h2)
	protos.SetUnencryptedHTTP2(h2)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, &dialError{err}
			}
			return c, nil
		},
		Protocols:           protos,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 512,
		IdleConnTimeout:     upstreamIdle,
	}
}
