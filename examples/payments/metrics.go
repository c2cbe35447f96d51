package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// buckets are the upper bounds of the histogram; 300 ms is the objective's.
var buckets = [...]time.Duration{
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second,
}

// metrics are written in Prometheus's text format when it is asked over HTTP.
type metrics struct {
	mu      sync.Mutex
	byCode  map[int]uint64
	buckets [len(buckets)]uint64
	sum     time.Duration
	count   uint64
}

func newMetrics() *metrics { return &metrics{byCode: map[int]uint64{}} }

// observe counts what h answers and how long it takes.
func (m *metrics) observe(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, rec := time.Now(), &recorder{ResponseWriter: w, code: http.StatusOK}
		h.ServeHTTP(rec, r)
		m.add(rec.code, time.Since(began))
	})
}

func (m *metrics) add(code int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byCode[code]++
	m.sum += took
	m.count++
	for i, bound := range buckets {
		if took <= bound {
			m.buckets[i]++
		}
	}
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for _, code := range slices.Sorted(maps.Keys(m.byCode)) {
		fmt.Fprintf(w, "http_requests_total{code=\"%d\"} %d\n", code, m.byCode[code])
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	for i, bound := range buckets {
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=\"%g\"} %d\n", bound.Seconds(), m.buckets[i])
	}
	fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=\"+Inf\"} %d\n", m.count)
	fmt.Fprintf(w, "http_request_duration_seconds_sum %g\nhttp_request_duration_seconds_count %d\n", m.sum.Seconds(), m.count)
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}
