// Command payments accepts payments over HTTP and counts them as its service
// level objectives need: http_requests_total by code, and a histogram of
// durations with a bucket at the objective's 300 ms.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	srv := &http.Server{Addr: ":8080", Handler: newHandler(newMetrics()), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.ListenAndServe() }()
	select {
	case err := <-ended:
		log.Fatal(err)
	case <-ctx.Done():
	}
	// readiness fails first in the cluster; 20 s lie inside the pod's grace period
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := srv.Shutdown(last); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// payment is what a client sends; the amount is in cents.
type payment struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Card     string `json:"card"`
}

func newHandler(m *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("GET /metrics", m)
	mux.Handle("POST /payments", m.observe(http.HandlerFunc(pay)))
	return mux
}

func pay(w http.ResponseWriter, r *http.Request) {
	var p payment
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&p); err != nil {
		http.Error(w, "want a payment as JSON", http.StatusBadRequest)
		return
	}
	if p.Amount <= 0 || len(p.Currency) != 3 || len(p.Card) < 12 {
		http.Error(w, "want an amount above 0, a currency of three letters and a card", http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]any{"state": "accepted", "amount": p.Amount, "currency": p.Currency})
}
