// Command ledger books postings: what one account loses another gains. It
// counts them by result in ledger_postings_total, as its objective needs.
//
// Amounts are integers of cents. The book is kept in memory in this example;
// the migrations under db/ are those of the database that would keep it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	srv := &http.Server{Addr: ":8080", Handler: newHandler(&book{accounts: map[string]int64{}}), ReadHeaderTimeout: 10 * time.Second}
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

// posting moves an amount from one account to another.
type posting struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int64  `json:"amount"`
}

// book holds the balances; their sum is always zero.
type book struct {
	mu       sync.Mutex
	accounts map[string]int64
	booked   uint64
	refused  uint64
}

func (b *book) post(p posting) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.From == "" || p.To == "" || p.From == p.To || p.Amount <= 0 {
		b.refused++
		return fmt.Errorf("want two different accounts and an amount above 0")
	}
	b.accounts[p.From] -= p.Amount
	b.accounts[p.To] += p.Amount
	b.booked++
	return nil
}

func newHandler(b *book) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE ledger_postings_total counter\nledger_postings_total{result=\"booked\"} %d\nledger_postings_total{result=\"refused\"} %d\nledger_postings_total{result=\"error\"} 0\n", b.booked, b.refused)
	})
	mux.HandleFunc("POST /postings", func(w http.ResponseWriter, r *http.Request) {
		var p posting
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&p); err != nil {
			http.Error(w, "want a posting as JSON", http.StatusBadRequest)
			return
		}
		if err := b.post(p); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return mux
}
