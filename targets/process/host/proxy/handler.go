package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
)

// newHandler returns the reverse proxy of a front. The choice of version, retries and counting are in Front.RoundTrip.
func newHandler(f *Front) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     f,
		FlushInterval: -1, // at once: whether a response is a stream is for the version to know
		BufferPool:    &bufferPool{pool: sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}},
		ErrorHandler:  f.answerError,
		ErrorLog:      f.opts.Log,
	}
}

// rewrite makes the outgoing request: same host, path and query as the client sent, with the forwarding headers added.
// What an earlier proxy said is believed only when it runs on this machine.
func rewrite(pr *httputil.ProxyRequest) {
	pr.Out.URL.Scheme = "http"
	pr.Out.Host = pr.In.Host
	pr.Out.URL.RawQuery = pr.In.URL.RawQuery
	local := fromLoopback(pr.In.RemoteAddr)
	if local {
		pr.Out.Header["X-Forwarded-For"] = pr.In.Header["X-Forwarded-For"]
	}
	pr.SetXForwarded()
	if !local {
		return
	}
	for _, h := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"} {
		if v, ok := pr.In.Header[h]; ok {
			pr.Out.Header[h] = v
		}
	}
}

// fromLoopback reports whether an address belongs to this machine's loopback.
func fromLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && net.ParseIP(host).IsLoopback()
}

// answerError writes the response for a request that no version answered. The header Penstock-Error tells it from a
// response of the program.
func (f *Front) answerError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // the client has gone; nobody reads this
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if errors.Is(err, errClient) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status, reason := http.StatusBadGateway, "version-failed"
	if errors.Is(err, ErrNotReady) || errors.Is(err, ErrNoRoute) {
		f.unserved.Add(1)
		status, reason = http.StatusServiceUnavailable, "not-ready"
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Penstock-Error", reason)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "penstock: %s\n", http.StatusText(status))
}

// bufferPool lends the buffers in which bodies are copied.
type bufferPool struct{ pool sync.Pool }

// Get lends a buffer.
func (p *bufferPool) Get() []byte { return *p.pool.Get().(*[]byte) }

// Put takes it back.
func (p *bufferPool) Put(b []byte) { p.pool.Put(&b) }
