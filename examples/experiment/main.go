// Command ranker orders what was found, best first.
package main

import (
	"cmp"
	"encoding/json"
	"log"
	"net/http"
	"slices"
	"strings"
	"time"
)

// document is one finding.
type document struct {
	Title  string `json:"title"`
	Clicks int    `json:"clicks"`
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /rank", func(w http.ResponseWriter, r *http.Request) {
		var docs []document
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&docs); err != nil {
			http.Error(w, "want documents as JSON", http.StatusBadRequest)
			return
		}
		rank(docs, r.URL.Query().Get("q"))
		json.NewEncoder(w).Encode(docs)
	})
	srv := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}

// rank puts titles with the query first, then what is clicked more often, then by title.
func rank(docs []document, query string) {
	hit := func(d document) int {
		if strings.Contains(d.Title, query) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(docs, func(a, b document) int {
		return cmp.Or(cmp.Compare(hit(a), hit(b)), cmp.Compare(b.Clicks, a.Clicks), cmp.Compare(a.Title, b.Title))
	})
}
