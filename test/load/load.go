// Package load sends HTTP requests at a steady rate and accounts for every one of them.
//
// It is the witness of the demo and of the end-to-end tests: it never retries, mixes GET with POST and new with kept
// connections, and records for each request which version answered, so that "none was lost" is counted, not believed.
package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"sync"
	"time"
)

// VersionHeader is the response header in which the program under test names its version.
const VersionHeader = "X-Version"

// Result is one request.
type Result struct {
	Start time.Time
	Took  time.Duration
	// Version that answered; empty when no version did.
	Version string
	Status  int
	// Err is set when no answer came at all.
	Err  error
	Post bool
	Kept bool
}

// Lost reports whether no version answered the request.
func (r Result) Lost() bool { return r.Err != nil || r.Version == "" }

// Generator sends Rate requests per second to Addr ("host:port", HTTP/1.1, path /) until its context ends.
type Generator struct {
	Addr string
	Rate int

	mu      sync.Mutex
	results []Result
}

// Run sends until ctx is done, then waits for the answers that are still due. Half the requests are POSTs and, apart
// from that, half use a new connection each.
func (g *Generator) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second / time.Duration(g.Rate))
	defer tick.Stop()
	pool := make(chan *conn, 64)
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		close(pool)
		for c := range pool {
			c.Close()
		}
	}()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		wg.Go(func() { g.add(g.one(i, pool)) })
	}
}

// conn is a client connection under our own hands: Go's transport quietly sends a GET again when a kept connection was
// closed under it, and that would hide a lost request.
type conn struct {
	net.Conn
	r *bufio.Reader
}

// patience bounds one request.
const patience = 10 * time.Second

// one sends request i, exactly once. It is waited for, whatever ends the generator.
func (g *Generator) one(i int, pool chan *conn) Result {
	r := Result{Start: time.Now(), Post: i%2 == 1, Kept: i%4 < 2}
	r.Status, r.Version, r.Err = g.exchange(i, &r, pool)
	r.Took = time.Since(r.Start)
	return r
}

func (g *Generator) exchange(i int, r *Result, pool chan *conn) (int, string, error) {
	var c *conn
	if r.Kept {
		select {
		case c = <-pool:
		default:
		}
	}
	if c == nil {
		nc, err := net.DialTimeout("tcp", g.Addr, patience)
		if err != nil {
			return 0, "", fmt.Errorf("connect: %w", err)
		}
		c = &conn{Conn: nc, r: bufio.NewReader(nc)}
	}
	status, version, again, err := c.send(g.Addr, i, r)
	if err == nil && again && r.Kept {
		select {
		case pool <- c:
			return status, version, nil
		default:
		}
	}
	c.Close()
	return status, version, err
}

// send writes one request and reads its answer; again says that the connection may be used once more.
func (c *conn) send(host string, i int, r *Result) (status int, version string, again bool, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, "", false, err
	}
	method, body := http.MethodGet, ""
	if r.Post {
		method, body = http.MethodPost, fmt.Sprintf("request %d", i)
	}
	head := fmt.Sprintf("%s / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, host, len(body))
	if !r.Kept {
		head += "Connection: close\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"+body); err != nil {
		return 0, "", false, fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, "", false, fmt.Errorf("read answer: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return resp.StatusCode, "", false, fmt.Errorf("read body: %w", err)
	}
	return resp.StatusCode, resp.Header.Get(VersionHeader), !resp.Close, nil
}

func (g *Generator) add(r Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.results = append(g.results, r)
}

// Results returns what is known so far, by start time.
func (g *Generator) Results() []Result {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := append([]Result(nil), g.results...)
	sort.Slice(out, func(i, j int) bool { return out[i].Start.Before(out[j].Start) })
	return out
}

// Tally is the account of a set of results.
type Tally struct {
	Sent, Answered, Lost  int
	Gets, Posts           int
	NewConns, Kept        int
	ByVersion, BadVersion map[string]int
	FirstLoss             string
}

// Count adds results up.
func Count(results []Result) Tally {
	t := Tally{ByVersion: map[string]int{}, BadVersion: map[string]int{}}
	for _, r := range results {
		t.Sent++
		if r.Post {
			t.Posts++
		} else {
			t.Gets++
		}
		if r.Kept {
			t.Kept++
		} else {
			t.NewConns++
		}
		if r.Lost() {
			t.Lost++
			if t.FirstLoss == "" {
				t.FirstLoss = fmt.Sprintf("%s: status %d, %v", r.Start.Format("15:04:05.000"), r.Status, r.Err)
			}
			continue
		}
		t.Answered++
		t.ByVersion[r.Version]++
		if r.Status >= 500 {
			t.BadVersion[r.Version]++
		}
	}
	return t
}
