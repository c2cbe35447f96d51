package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
)

// maxBody is the largest request body that is read.
const maxBody = 1 << 20

// newHandler answers / with the version, /healthz with "ok", and fails the given
// percentage of requests to / with status 500.
func newHandler(version string, fail float64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	hello := func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
		w.Header().Set("X-Version", version)
		switch {
		case err != nil:
			http.Error(w, "cannot read the request", http.StatusBadRequest)
		case rand.Float64()*100 < fail:
			http.Error(w, "version "+version+" is broken", http.StatusInternalServerError)
		case r.Method == http.MethodPost:
			fmt.Fprintf(w, "hello from version %s, thank you for %d bytes\n", version, n)
		default:
			fmt.Fprintf(w, "hello from version %s\n", version)
		}
	}
	mux.HandleFunc("GET /{$}", hello)
	mux.HandleFunc("POST /{$}", hello)
	return mux
}
