package host

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

// routes returns the control API. It is versioned by its first path element; within a version fields are only added.
func (h *Host) routes(stop func(keep bool) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/host", func(w http.ResponseWriter, r *http.Request) { reply(w, h.Describe(os.Getpid()), nil) })
	mux.HandleFunc("GET /v1/service", func(w http.ResponseWriter, r *http.Request) { reply(w, h.Observe(serviceOf(r)), nil) })
	mux.HandleFunc("GET /v1/counts", h.serveCounts)
	mux.HandleFunc("GET /v1/drift", func(w http.ResponseWriter, r *http.Request) { reply(w, h.Drift(serviceOf(r)), nil) })
	mux.HandleFunc("GET /v1/logs", h.serveLogs)
	handle(mux, "/v1/stage", h.Stage)
	handle(mux, "/v1/shift", h.Shift)
	handle(mux, "/v1/renew", h.Renew)
	handle(mux, "/v1/commit", h.Commit)
	handle(mux, "/v1/restore", h.Restore)
	handle(mux, "/v1/remove", h.Remove)
	handle(mux, "/v1/retire", h.Retire)
	handle(mux, "/v1/lock/acquire", func(_ context.Context, r *control.Acquire) (control.Lock, error) { return h.Acquire(r) })
	handle(mux, "/v1/lock/release", func(_ context.Context, r *control.Release) (control.Lock, error) { return h.Release(r) })
	handle(mux, "/v1/lock/wish", func(_ context.Context, r *control.AskLock) (control.Lock, error) { return h.AskLock(r) })
	mux.HandleFunc("GET /v1/lock", func(w http.ResponseWriter, r *http.Request) { reply(w, h.Lock(serviceOf(r).Place), nil) })
	handle(mux, "/v1/stop", func(_ context.Context, r *control.StopHost) (struct{}, error) {
		return struct{}{}, stop(r.Keep)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		reply(w, nil, control.Errorf(control.NotFound, "no such request: %s %s", r.Method, r.URL.Path))
	})
	return mux
}

// whileServing answers only as long as this host is the one that decides. While it is being replaced both hosts accept on
// the socket, and a word to the one that leaves would be lost.
func (h *Host) whileServing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		frozen := h.frozen
		h.mu.Unlock()
		if frozen {
			reply(w, nil, errReplaced())
			return
		}
		next.ServeHTTP(w, r)
	})
}

// errReplaced tells a client to ask again: another host answers then, or this one after a failed replacement.
func errReplaced() error {
	return control.Errorf(control.Restarting, "the host is being replaced or stopped")
}

// checker is a pointer to a request that can be decoded and checked.
type checker[T any] interface {
	*T
	control.Checker
}

// handle adds one request that changes something.
func handle[T, A any, P checker[T]](mux *http.ServeMux, path string, do func(context.Context, P) (A, error)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		req := P(new(T))
		if err := control.Decode(r.Body, req); err != nil {
			reply(w, nil, err)
			return
		}
		ans, err := do(r.Context(), req)
		reply(w, ans, err)
	})
}

// serviceOf reads which service a question is about.
func serviceOf(r *http.Request) control.Service {
	q := r.URL.Query()
	return control.Service{Place: q.Get("place"), Workload: q.Get("workload")}
}

// serveCounts answers GET /v1/counts.
func (h *Host) serveCounts(w http.ResponseWriter, r *http.Request) {
	var slowerThan time.Duration
	if s := r.URL.Query().Get("slowerThan"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			reply(w, nil, control.Errorf(control.Invalid, "slowerThan %q is not a duration", s))
			return
		}
		slowerThan = d
	}
	c, err := h.Counts(serviceOf(r), slowerThan)
	reply(w, c, err)
}

// serveLogs answers GET /v1/logs.
func (h *Host) serveLogs(w http.ResponseWriter, r *http.Request) {
	lines := 100
	if s := r.URL.Query().Get("lines"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > 10_000 {
			reply(w, nil, control.Errorf(control.Invalid, "lines %q is not a number from 0 to 10000", s))
			return
		}
		lines = n
	}
	out, err := h.Logs(serviceOf(r), r.URL.Query().Get("version"), lines)
	if out == nil {
		out = []string{}
	}
	reply(w, out, err)
}

// reply writes an answer, or an error with a status that fits its code.
func reply(w http.ResponseWriter, v any, err error) {
	status := http.StatusOK
	if err != nil {
		var e *control.Error
		if !errors.As(err, &e) {
			e = control.Errorf(control.Internal, "%v", err)
		}
		v, status = e, statusOf(e.Code)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close") // a kept connection would stay with the old host when it is replaced
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: it will ask again
}

// statusOf maps codes to HTTP, for people who look with curl.
func statusOf(c control.Code) int {
	switch c {
	case control.Invalid:
		return http.StatusBadRequest
	case control.NotFound, control.NoVersion:
		return http.StatusNotFound
	case control.Restarting:
		return http.StatusServiceUnavailable
	case control.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusConflict
}

// newServer returns the server of the control socket. Answers may be waited for, so only reading is bounded.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10,
	}
}
