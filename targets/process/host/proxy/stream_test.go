package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestStreamIsFlushedAtOnce(t *testing.T) {
	next := make(chan struct{})
	u := version(t, "s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	}))
	_, addr := door(t, Options{}, Route{Stable: u})
	res, err := client(t).Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	rd := bufio.NewReader(res.Body)
	for i := range 3 { // the version sends the next event only after this one was seen
		line, err := rd.ReadString('\n')
		if err != nil || line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("event %d: %q, %v", i, line, err)
		}
		rd.ReadString('\n')
		next <- struct{}{}
	}
	if rest, err := io.ReadAll(rd); err != nil || len(rest) != 0 {
		t.Errorf("rest %q, %v", rest, err)
	}
}

// echo upgrades a connection and sends back what it receives, line by line.
func echo(w http.ResponseWriter, r *http.Request) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	io.Copy(c, rw)
}

func TestUpgradePassesThrough(t *testing.T) {
	u := version(t, "s", http.HandlerFunc(echo))
	_, addr := door(t, Options{}, Route{Stable: u})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	rd := bufio.NewReader(c)
	res, err := http.ReadResponse(rd, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("%v %v", res, err)
	}
	for _, msg := range []string{"one\n", "two\n"} {
		io.WriteString(c, msg)
		if got, err := rd.ReadString('\n'); got != msg || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	if n := u.InFlight(); n != 1 {
		t.Errorf("in flight %d, want the upgraded connection", n)
	}
	c.Close()
	waitFor(t, "the connection to end", func() bool { return u.InFlight() == 0 })
}

func TestHTTP2AndTrailers(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		fmt.Fprintf(w, "%s te=%s", r.Proto, r.Header.Get("Te"))
		w.Header().Set("Grpc-Status", "0")
	})
	_, addr := door(t, Options{}, Route{Stable: version(t, "s", h)})
	for name, want := range map[string]string{"h2": "HTTP/2.0 te=trailers", "h1": "HTTP/1.1 te=trailers"} {
		t.Run(name, func(t *testing.T) {
			tr := &http.Transport{Protocols: new(http.Protocols)}
			tr.Protocols.SetHTTP1(name == "h1")
			tr.Protocols.SetUnencryptedHTTP2(name == "h2")
			defer tr.CloseIdleConnections()
			req, _ := http.NewRequest("GET", "http://"+addr, nil)
			req.Header.Set("TE", "trailers")
			res, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || string(body) != want {
				t.Errorf("%q, %v, want %q", body, err, want)
			}
			if got := res.Trailer.Get("Grpc-Status"); got != "0" {
				t.Errorf("trailer %q", got)
			}
		})
	}
}

func TestHTTP2ClientOfHTTP1Version(t *testing.T) {
	srv := httptest.NewServer(says("plain"))
	defer srv.Close()
	u := NewUpstream("s")
	u.SetAddr(srv.Listener.Addr().String())
	defer u.Close()
	_, addr := door(t, Options{}, Route{Stable: u})
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	if status, body := get(t, &http.Client{Transport: tr}, "http://"+addr); status != 200 || body != "plain" {
		t.Errorf("%d %q", status, body)
	}
}

func TestCutShortCountsAsBad(t *testing.T) {
	u := version(t, "s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("half"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	_, addr := door(t, Options{}, Route{Stable: u})
	res, err := client(t).Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the client saw a whole response")
	}
	res.Body.Close()
	waitFor(t, "the count", func() bool { c := u.Counts(); return c.Requests == 1 && c.Bad == 1 })
}
