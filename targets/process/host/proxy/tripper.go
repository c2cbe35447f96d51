package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Errors that the proxy itself answers with, as opposed to what a version answers.
var (
	// ErrNoRoute means that no version takes traffic: nothing was released yet, or the last version was removed.
	ErrNoRoute = errors.New("no version of this service takes traffic")
	// ErrNotReady means that the version was down for longer than a request is held.
	ErrNotReady = errors.New("no version of this service is ready")
)

// errClient marks a failure of the client: its body did not come.
var errClient = errors.New("client")

// retryPause is the wait before a version that refused a connection is tried again, unless it reports a change earlier.
const retryPause = 20 * time.Millisecond

// RoundTrip sends a request to the version that the route chooses, and to another one where that is safe.
func (f *Front) RoundTrip(out *http.Request) (*http.Response, error) {
	t := &trip{f: f, out: out, start: time.Now()}
	defer t.stop()
	if err := t.takeBody(); err != nil {
		return nil, err
	}
	for {
		u, st, err := t.acquire(out.Context())
		if err != nil {
			return nil, err
		}
		res, err := t.send(u, st)
		if err == nil {
			return t.answered(u, res), nil
		}
		if again := t.failed(u, err); !again {
			return nil, &versionError{id: u.ID, err: err}
		}
		if s := f.route.Load().Stable; s != nil && s != u {
			t.avoid = u
			continue
		}
		if err := t.pause(out.Context(), st); err != nil {
			return nil, err
		}
	}
}

// versionError is a failure of a version, already counted against it.
type versionError struct {
	id  string
	err error
}

func (e *versionError) Error() string { return "version " + e.id + ": " + e.err.Error() }
func (e *versionError) Unwrap() error { return e.err }

// trip is one request on its way through the proxy.
type trip struct {
	f     *Front
	out   *http.Request
	small []byte       // the whole body, when it is small
	body  *guardedBody // the body otherwise; nil without one
	start time.Time
	avoid *Upstream   // the version that has failed this request; stable is asked instead
	timer *time.Timer // bounds the time a request is held
}

func (t *trip) stop() {
	if t.timer != nil {
		t.timer.Stop()
	}
}

// smallBody is the size up to which a request's body is read before the request is sent. With the whole body in hand, a
// request whose kept connection turned out to be closed by the version is sent again on another one, as long as no byte
// had gone out; that holds for a POST too.
const smallBody = 64 << 10

// takeBody reads a small body. A client that wants to be asked first (Expect), and one that sends a stream, is not waited
// for.
func (t *trip) takeBody() error {
	switch n := t.out.ContentLength; {
	case t.out.Body == nil:
		return nil
	case n <= 0 || n > smallBody || t.out.Header.Get("Expect") != "":
		t.body = &guardedBody{ReadCloser: t.out.Body}
		return nil
	default:
		t.small = make([]byte, n)
		if _, err := io.ReadFull(t.out.Body, t.small); err != nil {
			return fmt.Errorf("%w: %w", errClient, err)
		}
		return nil
	}
}

// deadline returns the channel that fires when the request has been held long enough.
func (t *trip) deadline() <-chan time.Time {
	if t.timer == nil {
		t.timer = time.NewTimer(t.f.opts.Hold)
	}
	return t.timer.C
}

// acquire chooses a version that is up and counts the request as under way there. It holds the request while the only
// version that may take it is down.
func (t *trip) acquire(ctx context.Context) (*Upstream, *upState, error) {
	for {
		rs := t.f.route.Load()
		u, matched := rs.Stable, false
		if t.avoid == nil || rs.Stable == nil {
			u, matched = rs.choose(t.out)
		}
		if u == nil {
			return nil, nil, ErrNoRoute
		}
		u.inflight.Add(1)
		if t.f.route.Load() != rs { // whoever drains u may already have seen zero: choose again
			u.inflight.Add(-1)
			continue
		}
		st := u.state.Load()
		if st.addr != "" {
			if matched {
				u.count.matched.Add(1)
			}
			return u, st, nil
		}
		u.inflight.Add(-1)
		if u == rs.Canary && rs.Stable != nil {
			// A canary that is down has failed this request; the user is served by stable.
			u.count.requests.Add(1)
			u.count.bad.Add(1)
			u.count.retried.Add(1)
			t.avoid = u
			continue
		}
		if err := t.wait(ctx, st, rs); err != nil {
			return nil, nil, err
		}
	}
}

// wait holds a request until the version or the route changes.
func (t *trip) wait(ctx context.Context, st *upState, rs *routeState) error {
	select {
	case <-st.changed:
	case <-rs.changed:
	case <-ctx.Done():
		return ctx.Err()
	case <-t.deadline():
		return ErrNotReady
	}
	return nil
}

// pause waits a moment before a version is tried again; supervision will notice meanwhile that it is down.
func (t *trip) pause(ctx context.Context, st *upState) error {
	p := time.NewTimer(retryPause)
	defer p.Stop()
	select {
	case <-p.C:
	case <-st.changed:
	case <-ctx.Done():
		return ctx.Err()
	case <-t.deadline():
		return ErrNotReady
	}
	return nil
}

// send makes one try. The request is copied because a transport may not change the one it was given.
func (t *trip) send(u *Upstream, st *upState) (*http.Response, error) {
	req := new(http.Request)
	*req = *t.out
	target := *t.out.URL
	target.Host = st.addr
	req.URL = &target
	switch {
	case t.body != nil:
		req.Body = t.body
	case t.small != nil:
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(t.small)), nil }
		req.Body = io.NopCloser(bytes.NewReader(t.small))
	}
	rt := u.http1
	if t.out.ProtoMajor == 2 && st.speaksH2(t.out.Context()) {
		rt = u.http2
	}
	return rt.RoundTrip(req)
}

// failed counts a try without response and reports whether the request may be tried again.
func (t *trip) failed(u *Upstream, err error) (again bool) {
	defer u.inflight.Add(-1)
	u.count.requests.Add(1)
	if t.out.Context().Err() != nil {
		u.count.canceled.Add(1)
		return false
	}
	u.count.bad.Add(1)
	fresh := t.body == nil || !t.body.touched.Load()
	if !fresh || !neverSent(err) && !repeatable(t.out.Method) {
		return false
	}
	u.count.retried.Add(1)
	return true
}

// repeatable reports whether a method may be sent twice by its definition (RFC 9110, 9.2.2), restricted to the safe ones:
// a PUT or DELETE that was half done before a crash is for the client to judge.
func repeatable(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// answered counts a response and keeps counting until its last byte.
func (t *trip) answered(u *Upstream, res *http.Response) *http.Response {
	u.count.requests.Add(1)
	bad := res.StatusCode >= 500
	if bad {
		u.count.bad.Add(1)
	}
	m := &measure{u: u, ctx: t.out.Context(), start: t.start, bad: bad}
	if rw, ok := res.Body.(io.ReadWriteCloser); ok && res.StatusCode == http.StatusSwitchingProtocols {
		m.observe()
		res.Body = &upgraded{ReadWriteCloser: rw, m: m}
		return res
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		m.observe()
	}
	res.Body = &measured{ReadCloser: res.Body, m: m}
	return res
}

// guardedBody remembers whether any of a request's body was read. It is closed by the server, not by a try.
type guardedBody struct {
	io.ReadCloser
	touched atomic.Bool
}

func (b *guardedBody) Read(p []byte) (int, error) {
	b.touched.Store(true)
	return b.ReadCloser.Read(p)
}

func (b *guardedBody) Close() error { return nil }
