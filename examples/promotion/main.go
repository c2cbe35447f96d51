// Command catalog answers what the shop has, and counts requests by code in http_requests_total.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

func main() {
	srv := &http.Server{Addr: ":8080", Handler: newHandler([]string{"kettle", "teapot", "tea cosy"}), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}

func newHandler(names []string) http.Handler {
	var answered atomic.Uint64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %d\n", answered.Load())
	})
	mux.HandleFunc("GET /catalog", func(w http.ResponseWriter, r *http.Request) {
		found := []string{}
		for _, name := range names {
			if strings.Contains(name, r.URL.Query().Get("q")) {
				found = append(found, name)
			}
		}
		answered.Add(1)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(found)
	})
	return mux
}
