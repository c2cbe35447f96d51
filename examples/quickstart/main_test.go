package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	for name, tc := range map[string]struct {
		method, path string
		fail         float64
		status       int
		body         string
	}{
		"get":        {method: "GET", path: "/", status: 200, body: "hello from version 7"},
		"post":       {method: "POST", path: "/", status: 200, body: "thank you for 4 bytes"},
		"healthy":    {method: "GET", path: "/healthz", status: 200, body: "ok"},
		"broken":     {method: "GET", path: "/", fail: 100, status: 500, body: "version 7 is broken"},
		"still well": {method: "GET", path: "/healthz", fail: 100, status: 200, body: "ok"},
		"put":        {method: "PUT", path: "/", status: 405},
		"elsewhere":  {method: "GET", path: "/x", status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			newHandler("7", tc.fail).ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, strings.NewReader("body")))
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.body) {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tc.status, tc.body)
			}
			if v := w.Header().Get("X-Version"); tc.path == "/" && tc.status != 405 && v != "7" {
				t.Errorf("X-Version is %q", v)
			}
		})
	}
}

func TestFailureRate(t *testing.T) {
	h, bad := newHandler("7", 20), 0
	for range 10000 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code == 500 {
			bad++
		}
	}
	// 2000 expected, standard deviation 40: eight of them on either side
	if bad < 1680 || bad > 2320 {
		t.Errorf("%d of 10000 requests failed, want about 2000", bad)
	}
}

// TestServeFinishes holds that a request in flight is answered after the server was told to stop.
func TestServeFinishes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	inside, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-release
		io.WriteString(w, "done")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l, h) }()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-inside
	stop()
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Setenv("PENSTOCK_LISTEN", "")
	for want, args := range map[string][]string{
		"want a command":      nil,
		"unknown command":     {"start"},
		"set PENSTOCK_LISTEN": {"serve"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
	}
}

func TestVersion(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"version"}, &out); err != nil || out.String() != "dev\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
