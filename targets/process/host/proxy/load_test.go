package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func waitFor(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for range 10_000 {
		if cond() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

// load sends requests without retries: on kept and on new connections, GET and POST.
type load struct {
	stop chan struct{}
	wg   sync.WaitGroup
	sent atomic.Int64
	mu   sync.Mutex
	errs []string
}

func startLoad(t testing.TB, addr string, workers int) *load {
	l := &load{stop: make(chan struct{})}
	for w := range workers {
		l.wg.Go(func() { l.work(addr, w) })
	}
	waitFor(t, "load", func() bool { return l.sent.Load() > 20 })
	return l
}

func (l *load) work(addr string, w int) {
	var c *rawClient
	for i := 0; ; i++ {
		select {
		case <-l.stop:
			c.close()
			return
		default:
		}
		if w%2 == 1 { // odd workers open a connection for each request
			c.close()
			c = nil
		}
		l.sent.Add(1)
		if err := c.do(&c, addr, i); err != nil {
			l.mu.Lock()
			l.errs = append(l.errs, fmt.Sprintf("worker %d request %d: %v", w, i, err))
			l.mu.Unlock()
			c.close()
			c = nil
		}
		if w%4 == 2 { // some connections are idle most of the time
			time.Sleep(3 * time.Millisecond)
		}
	}
}

// end stops the load and fails the test for every request that was lost.
func (l *load) end(t testing.TB) {
	t.Helper()
	close(l.stop)
	l.wg.Wait()
	t.Logf("%d requests sent, %d lost", l.sent.Load(), len(l.errs))
	for i, e := range l.errs {
		if i < 5 {
			t.Error(e)
		}
	}
	if len(l.errs) > 0 {
		t.Errorf("%d of %d requests lost", len(l.errs), l.sent.Load())
	}
}

// rawClient writes requests to a socket itself: nothing is ever retried behind its back.
type rawClient struct {
	c  net.Conn
	rd *bufio.Reader
}

func (c *rawClient) close() {
	if c != nil {
		c.c.Close()
	}
}

func (c *rawClient) do(keep **rawClient, addr string, i int) error {
	if c == nil {
		nc, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		c = &rawClient{nc, bufio.NewReader(nc)}
		*keep = c
	}
	method, body := "GET", ""
	if i%2 == 1 {
		method, body = "POST", strings.Repeat("p", i%3000)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", method, i, len(body), body)
	c.c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.c.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	res, err := http.ReadResponse(c.rd, nil)
	if err != nil {
		return fmt.Errorf("%s: read: %w", method, err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	if res.Close {
		c.close()
		*keep = nil
	}
	return nil
}
