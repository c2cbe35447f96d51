// Command storefront shows the shop's shelves, and counts requests by code in http_requests_total.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	srv := &http.Server{Addr: ":8080", Handler: newHandler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.ListenAndServe() }()
	select {
	case err := <-ended:
		log.Fatal(err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		log.Fatal(err)
	}
}

// article is one thing on a shelf; the price is in cents.
type article struct {
	Name  string `json:"name"`
	Price int64  `json:"price"`
}

func newHandler() http.Handler {
	shelf := map[string]article{"1": {"kettle", 3990}, "2": {"teapot", 5490}}
	var found, missing atomic.Uint64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %d\nhttp_requests_total{code=\"404\"} %d\nhttp_requests_total{code=\"500\"} 0\n", found.Load(), missing.Load())
	})
	mux.HandleFunc("GET /articles/{id}", func(w http.ResponseWriter, r *http.Request) {
		a, ok := shelf[r.PathValue("id")]
		if !ok {
			missing.Add(1)
			http.NotFound(w, r)
			return
		}
		found.Add(1)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(a)
	})
	return mux
}
