package load

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestEveryRequestIsAccountedFor(t *testing.T) {
	seen := make(chan string, 10000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Method
		w.Header().Set(VersionHeader, "1")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer srv.Close()
	g := &Generator{Addr: strings.TrimPrefix(srv.URL, "http://"), Rate: 200}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	g.Run(ctx)
	tally := Count(g.Results())
	if tally.Sent == 0 || tally.Sent != len(seen) || tally.Lost != 0 || tally.Answered != tally.Sent {
		t.Fatalf("sent %d, server saw %d, answered %d, lost %d (%s)", tally.Sent, len(seen), tally.Answered, tally.Lost, tally.FirstLoss)
	}
	if tally.BadVersion["1"] != tally.Posts || tally.Posts == 0 || tally.Kept == 0 || tally.NewConns == 0 {
		t.Errorf("bad %d of %d posts; %d kept, %d new", tally.BadVersion["1"], tally.Posts, tally.Kept, tally.NewConns)
	}
}

// A server that closes a kept connection under the client loses that request, and the account must show it.
func TestLossIsSeen(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			c.Close()
		}
	}))
	defer srv.Close()
	g := &Generator{Addr: strings.TrimPrefix(srv.URL, "http://"), Rate: 100}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	g.Run(ctx)
	if tally := Count(g.Results()); tally.Sent == 0 || tally.Lost != tally.Sent {
		t.Errorf("sent %d, lost %d", tally.Sent, tally.Lost)
	}
}

func TestUpperBound(t *testing.T) {
	tests := map[string]struct {
		windows []Window
		want    int
	}{
		// qbinom(0.999, 100, 0.1) = 20 and qbinom(0.999, 1000, 0.05) = 73 by exact sums; two halves of one binomial are the same one.
		"one":    {[]Window{{100, 0.1}}, 20},
		"large":  {[]Window{{1000, 0.05}}, 73},
		"halves": {[]Window{{500, 0.05}, {500, 0.05}}, 73},
		"never":  {[]Window{{100, 0}}, 0},
		"always": {[]Window{{7, 1}}, 7},
		"empty":  {nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := UpperBound(tt.windows, 0.999); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	sum := 0.0
	for _, p := range binomial(300, 0.3) {
		sum += p
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("binomial sums to %v", sum)
	}
}
