package proxy

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// version starts a server that answers like one version of a program and returns it as an upstream that is up.
func version(t testing.TB, id string, h http.Handler) *Upstream {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetHTTP1(true)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	u := NewUpstream(id)
	u.SetAddr(srv.Listener.Addr().String())
	t.Cleanup(func() {
		u.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return u
}

// says answers every request with a fixed text and the request's body.
func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s%s", text, body)
	})
}

// door starts a front with a route and returns its address.
func door(t testing.TB, opts Options, r Route) (*Front, string) {
	t.Helper()
	f := NewFront(opts)
	if err := f.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.SetRoute(r)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		f.Close(ctx)
	})
	return f, f.Listeners()["127.0.0.1:0"].Addr().String()
}

// client returns a client whose connections end with the test.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 20 * time.Second}
}

// get returns the status and the body of a request.
func get(t testing.TB, c *http.Client, url string) (int, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestShareIsExact(t *testing.T) {
	stable, canary := version(t, "s", says("s")), version(t, "c", says("c"))
	for _, weight := range []float64{0, 1, 10, 33, 50, 99, 100} {
		t.Run(fmt.Sprint(weight), func(t *testing.T) {
			_, addr := door(t, Options{}, Route{Stable: stable, Canary: canary, Weight: weight})
			c, got := client(t), 0
			for range 300 {
				if _, body := get(t, c, "http://"+addr); body == "c" {
					got++
				}
			}
			if got != int(3*weight) {
				t.Errorf("canary answered %d of 300, want %d", got, int(3*weight))
			}
		})
	}
}

func TestDeckFractionAndOrder(t *testing.T) {
	d, hits := newDeck(0.25), 0
	for range 100_000 {
		if d.deal() {
			hits++
		}
	}
	if math.Abs(float64(hits)-250) > 1 {
		t.Errorf("0.25 %% of 100,000 requests: got %d, want 250 ± 1", hits)
	}
	// A client that alternates between two kinds of request must not send one kind to one version.
	d, even := newDeck(50), 0
	for i := range 100_000 {
		if d.deal() && i%2 == 0 {
			even++
		}
	}
	if even < 24_000 || even > 26_000 {
		t.Errorf("of 50,000 canary requests %d were of the first kind, want about half", even)
	}
}

func TestMatchGoesToCanary(t *testing.T) {
	stable, canary := version(t, "s", says("s")), version(t, "c", says("c"))
	_, addr := door(t, Options{}, Route{Stable: stable, Canary: canary, Matches: []Match{
		{Header: "X-Beta", Prefix: "y"}, {Cookie: "beta", Regex: "[0-9]+"},
	}})
	for name, tc := range map[string]struct{ header, cookie, want string }{
		"none":   {"", "", "s"},
		"header": {"yes", "", "s"},
		"cookie": {"", "beta=12", "s"},
		"value":  {"yes", "beta=1x", "s"},
		"both":   {"yes", "other=1; beta=12", "c"},
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest("GET", "http://"+addr, nil)
			req.Header.Set("X-Beta", tc.header)
			req.Header.Set("Cookie", tc.cookie)
			res, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, _ := io.ReadAll(res.Body); string(body) != tc.want {
				t.Errorf("answered by %q, want %q", body, tc.want)
			}
		})
	}
	if m := canary.Counts().Matched; m != 1 {
		t.Errorf("matched = %d, want 1", m)
	}
}

func TestSenselessMatchIsRefused(t *testing.T) {
	f := NewFront(Options{})
	defer f.Close(t.Context())
	for _, m := range []Match{{}, {Header: "a", Cookie: "b"}, {Header: "a", Regex: "("}} {
		if err := f.SetRoute(Route{Weight: 5, Matches: []Match{m}}); err == nil || f.Route().Weight != 0 {
			t.Errorf("%+v: error %v, weight %v", m, err, f.Route().Weight)
		}
	}
}

func TestCanaryDownIsServedByStable(t *testing.T) {
	stable, canary := version(t, "s", says("s")), NewUpstream("c")
	_, addr := door(t, Options{}, Route{Stable: stable, Canary: canary, Weight: 100})
	res, err := client(t).Post("http://"+addr, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "sx" {
		t.Errorf("got %q", body)
	}
	if c := canary.Counts(); c.Requests != 1 || c.Bad != 1 || c.Retried != 1 {
		t.Errorf("canary counts %+v", c)
	}
}

func TestRefusedPostIsRedirectedOnce(t *testing.T) {
	stable, canary := version(t, "s", says("s")), NewUpstream("c")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	canary.SetAddr(ln.Addr().String()) // nobody listens there
	_, addr := door(t, Options{}, Route{Stable: stable, Canary: canary, Weight: 100})
	res, err := client(t).Post("http://"+addr, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "sx" {
		t.Errorf("got %q", body)
	}
}

func TestBodyThatDoesNotCome(t *testing.T) {
	u := version(t, "s", says("s"))
	f, addr := door(t, Options{}, Route{Stable: u})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
	waitFor(t, "the request", func() bool { return f.Own().Received == 1 })
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, c)
	if n := u.Counts(); n.Requests != 0 || n.Bad != 0 {
		t.Errorf("a client's failure was counted against the version: %+v", n)
	}
}

func TestLargeBodyIsStreamed(t *testing.T) {
	got := make(chan int64, 1)
	u := version(t, "s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		got <- n
	}))
	_, addr := door(t, Options{}, Route{Stable: u})
	for _, size := range []int{smallBody, smallBody + 1, 5 << 20} {
		res, err := client(t).Post("http://"+addr, "text/plain", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if n := <-got; n != int64(size) {
			t.Errorf("the version got %d of %d bytes", n, size)
		}
	}
}

func TestSentPostIsNeverRepeated(t *testing.T) {
	var calls atomic.Int32
	dies := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		calls.Add(1)
		panic(http.ErrAbortHandler)
	})
	stable, canary := version(t, "s", says("s")), version(t, "c", dies)
	f, addr := door(t, Options{}, Route{Stable: stable, Canary: canary, Weight: 100})
	res, err := client(t).Post("http://"+addr, "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadGateway || res.Header.Get("Penstock-Error") != "version-failed" {
		t.Errorf("status %d, header %q", res.StatusCode, res.Header.Get("Penstock-Error"))
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("the version saw the POST %d times", n)
	}
	if status, body := get(t, client(t), "http://"+addr); status != 200 || body != "s" {
		t.Errorf("GET: %d %q, want the answer of stable", status, body)
	}
	if c := canary.Counts(); c.Bad != 2 || c.Retried != 1 {
		t.Errorf("canary counts %+v, want 2 bad of which 1 retried", c)
	}
	if own := f.Own(); own.Unserved != 0 || own.Received != 2 {
		t.Errorf("own %+v", own)
	}
}

func TestHoldUntilStableIsBack(t *testing.T) {
	back := version(t, "x", says("back"))
	stable := NewUpstream("s")
	f, addr := door(t, Options{Hold: 10 * time.Second}, Route{Stable: stable})
	done := make(chan string, 1)
	go func() {
		_, body := get(t, client(t), "http://"+addr)
		done <- body
	}()
	for f.Own().Received == 0 {
		time.Sleep(time.Millisecond)
	}
	stable.SetAddr(back.Addr())
	if body := <-done; body != "back" {
		t.Errorf("got %q", body)
	}
}

func TestUnserved(t *testing.T) {
	f, addr := door(t, Options{Hold: 10 * time.Millisecond}, Route{})
	if status, _ := get(t, client(t), "http://"+addr); status != 503 {
		t.Errorf("no route: status %d", status)
	}
	f.SetRoute(Route{Stable: NewUpstream("s")})
	if status, _ := get(t, client(t), "http://"+addr); status != 503 {
		t.Errorf("down: status %d", status)
	}
	if own := f.Own(); own.Unserved != 2 {
		t.Errorf("own %+v", own)
	}
}

func TestLatencyOverThreshold(t *testing.T) {
	const limit = 123 * time.Millisecond
	observe := func(u *Upstream) {
		for _, d := range []time.Duration{time.Millisecond, limit, limit + 1, time.Hour} {
			u.count.observe(d)
		}
	}
	u := NewUpstream("s")
	observe(u)
	slow, n := u.Counts().Over(100 * time.Millisecond)
	if slow != 3 || n != 4 {
		t.Errorf("over 100 ms, a bound: %d of %d, want 3 of 4", slow, n)
	}
	u.CountOver(limit)
	before := u.Counts().SlowerThan(limit)
	observe(u)
	if got := u.Counts().SlowerThan(limit) - before; got != 2 {
		t.Errorf("over the threshold: %d of 4, want 2", got)
	}
	// A successor goes on counting where its predecessor is, and the predecessor's last requests are added.
	next := NewUpstream("s")
	next.SetForeign(u.Export())
	observe(next)
	next.CountOver(limit)
	observe(u)
	next.SetForeign(u.Export())
	if got := next.Counts().SlowerThan(limit) - before; got != 6 {
		t.Errorf("over the threshold in two processes: %d, want 6", got)
	}
}

func TestForwardedHeaders(t *testing.T) {
	u := version(t, "s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s|%s", r.Host, r.RequestURI, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
	}))
	_, addr := door(t, Options{}, Route{Stable: u})
	req, _ := http.NewRequest("GET", "http://"+addr+"/a%2Fb?x=1;2", nil)
	req.Host = "shop.example"
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	req.Header.Set("X-Forwarded-Proto", "https")
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if want := "shop.example|/a%2Fb?x=1;2|203.0.113.9, 127.0.0.1|https"; string(body) != want {
		t.Errorf("got %q, want %q", body, want)
	}
}

func TestDrainSeesEveryRequest(t *testing.T) {
	// Versions are replaced over and over while requests come; a version is stopped when its count is zero, and a
	// request that reaches a stopped version fails.
	var stopped sync.Map
	handler := func(id string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, dead := stopped.Load(id); dead {
				w.WriteHeader(500)
			}
		})
	}
	cur := version(t, "0", handler("0"))
	f, addr := door(t, Options{}, Route{Stable: cur})
	l := startLoad(t, addr, 4)
	for i := 1; i <= 40; i++ {
		id := fmt.Sprint(i)
		next := version(t, id, handler(id))
		f.SetRoute(Route{Stable: next})
		waitFor(t, "drain", func() bool { return cur.InFlight() == 0 })
		stopped.Store(cur.ID, true)
		cur = next
	}
	l.end(t)
}
