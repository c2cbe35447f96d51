package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// succeed replaces a front by a new one with the same route, the way two processes do it: through descriptors only.
func succeed(t testing.TB, old *Front, u *Upstream, moved *atomic.Int64) *Front {
	t.Helper()
	f := NewFront(Options{})
	f.SetRoute(Route{Stable: u})
	for addr, ln := range old.Listeners() {
		file, err := ln.File()
		if err != nil {
			t.Fatal(err)
		}
		dup, err := net.FileListener(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Adopt(addr, dup.(*net.TCPListener)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := old.HandOver(ctx, func(fd uintptr) error {
		n, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		file := os.NewFile(uintptr(n), "conn")
		defer file.Close()
		c, err := net.FileConn(file)
		if err != nil {
			return err
		}
		moved.Add(1)
		f.AddConn(c.(*net.TCPConn))
		return nil
	})
	if err != nil {
		t.Fatalf("hand over: %v", err)
	}
	return f
}

func TestHandOverLosesNothing(t *testing.T) {
	u := version(t, "s", says("s"))
	f := NewFront(Options{})
	if err := f.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.SetRoute(Route{Stable: u})
	addr := f.Listeners()["127.0.0.1:0"].Addr().String()

	// A connection that never sent anything, and one that rests after a request: both must live on.
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var rested *rawClient
	if err := rested.do(&rested, addr, 0); err != nil {
		t.Fatal(err)
	}

	l := startLoad(t, addr, 8)
	var moved atomic.Int64
	for range 20 {
		f = succeed(t, f, u, &moved)
	}
	l.end(t)
	if moved.Load() < 40 {
		t.Errorf("%d connections passed on, want at least 2 per hand-over", moved.Load())
	}
	t.Logf("%d connections passed on", moved.Load())
	if err := rested.do(&rested, addr, 1); err != nil {
		t.Errorf("request on a connection that is 20 hand-overs old: %v", err)
	}
	rested.close()
	io.WriteString(silent, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(silent), nil); err != nil || res.StatusCode != 200 {
		t.Errorf("first request on a silent connection: %v", err)
	}
	silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := f.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestHandOverWaitsForWhatIsUnderWay(t *testing.T) {
	release, began := make(chan struct{}), make(chan struct{}, 1)
	u := version(t, "s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			began <- struct{}{}
			<-release
		}
		fmt.Fprint(w, "ok")
	}))
	f, addr := door(t, Options{}, Route{Stable: u})
	slow := make(chan error, 1)
	c := client(t)
	go func() {
		res, err := c.Get("http://" + addr + "/slow")
		if err == nil {
			res.Body.Close()
		}
		slow <- err
	}()
	<-began
	done := make(chan *Front, 1)
	var moved atomic.Int64
	go func() { done <- succeed(t, f, u, &moved) }()
	// New requests are served by the successor while the old front still waits.
	waitFor(t, "the successor", func() bool { return f.successor.Load() != nil && len(f.Listeners()) == 0 })
	if status, _ := get(t, client(t), "http://"+addr+"/"); status != 200 {
		t.Errorf("status %d", status)
	}
	select {
	case <-done:
		t.Fatal("the old front left before its request was answered")
	default:
	}
	close(release)
	if err := <-slow; err != nil {
		t.Errorf("slow request: %v", err)
	}
	next := <-done
	if moved.Load() == 0 {
		t.Error("the slow request's connection was not passed on after its answer")
	}
	if status, _ := get(t, c, "http://"+addr+"/"); status != 200 { // the same connection, now at the successor
		t.Errorf("status %d", status)
	}
	c.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	next.Close(ctx)
}

func TestHandOverHTTP2(t *testing.T) {
	u := version(t, "s", says("s"))
	f := NewFront(Options{})
	if err := f.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.SetRoute(Route{Stable: u})
	addr := f.Listeners()["127.0.0.1:0"].Addr().String()
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	defer tr.CloseIdleConnections()
	stop, lost, sent := make(chan struct{}), make(chan error, 1), new(atomic.Int64)
	go func() {
		for {
			select {
			case <-stop:
				lost <- nil
				return
			default:
			}
			sent.Add(1)
			res, err := (&http.Client{Transport: tr}).Get("http://" + addr)
			if err != nil {
				lost <- err
				return
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}()
	var moved atomic.Int64
	for range 5 {
		at := sent.Load()
		waitFor(t, "traffic", func() bool { return sent.Load() > at+20 || len(lost) > 0 })
		f = succeed(t, f, u, &moved)
	}
	close(stop)
	if err := <-lost; err != nil {
		t.Errorf("after %d requests: %v", sent.Load(), err)
	}
	tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	f.Close(ctx)
}

func TestAbandonedHandOverEnds(t *testing.T) {
	u := version(t, "s", says("s"))
	f, addr := door(t, Options{}, Route{Stable: u})
	c := client(t)
	get(t, c, "http://"+addr)
	done := make(chan error, 1)
	go func() { done <- f.HandOver(t.Context(), func(uintptr) error { return io.ErrClosedPipe }) }()
	waitFor(t, "the attempt", func() bool { return f.successor.Load() != nil })
	f.Abandon()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestHandOverWithoutReceiverKeepsServing(t *testing.T) {
	u := version(t, "s", says("s"))
	f, addr := door(t, Options{}, Route{Stable: u})
	c := client(t)
	get(t, c, "http://"+addr)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	go f.HandOver(ctx, func(uintptr) error { return io.ErrClosedPipe })
	waitFor(t, "the attempt", func() bool { return f.successor.Load() != nil })
	if status, _ := get(t, c, "http://"+addr); status != 200 {
		t.Errorf("status %d on the kept connection", status)
	}
}
