package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/targets/process/host/internal/content"
	"github.com/penstock-dev/penstock/targets/process/host/proxy"
)

// settled waits until no more goroutines run than before, and shows them otherwise.
func settled(t *testing.T, before int) {
	t.Helper()
	for range 500 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	var b bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&b, 1)
	t.Errorf("%d goroutines, before %d:\n%s", runtime.NumGoroutine(), before, b.String())
}

func TestRunLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	rt, err := os.MkdirTemp("/tmp", "penstock-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(rt)
	dirs := control.Dirs{State: filepath.Join(t.TempDir(), "state"), Runtime: rt}
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Run(ctx, Options{Dirs: dirs}) }()
		for !answers(ctx, dirs) {
			time.Sleep(time.Millisecond)
		}
		if err := Run(ctx, Options{Dirs: dirs}); !errors.Is(err, ErrRunning) {
			t.Errorf("second host: %v", err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	settled(t, before)
	if entries, _ := os.ReadDir(rt); len(entries) != 0 {
		t.Errorf("sockets left behind: %v", entries)
	}
}

func TestServiceLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	life, end := context.WithCancel(t.Context())
	dirs := control.Dirs{State: t.TempDir(), Runtime: t.TempDir()}
	h, err := newHost(life, Options{Dirs: dirs}, discard())
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "program") // opens no port: it never becomes ready
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	digest, err := content.Sum(script)
	if err != nil {
		t.Fatal(err)
	}
	id := control.Service{Place: "p", Workload: "w"}
	l, err := h.Acquire(&control.Acquire{Place: id.Place, Holder: control.Holder{Run: "r"}})
	if err != nil {
		t.Fatal(err)
	}
	op := control.Op{Service: id, Key: "k1", Fence: l.Fence}
	spec := control.Spec{
		Version: "v", Name: "n", Digest: digest, Listen: "127.0.0.1:0", Stop: time.Second,
		Ready: control.Ready{Every: time.Millisecond, Timeout: time.Minute},
	}
	ans, err := h.Stage(t.Context(), &control.Stage{Op: op, Spec: spec, Artifact: script})
	if err != nil || ans.Done {
		t.Fatalf("%+v, %v", ans, err)
	}
	op.Key, op.Wait = "k2", 20*time.Second
	if ans, err := h.Remove(t.Context(), &control.Remove{Op: op, Version: "v"}); err != nil || !ans.Done {
		t.Errorf("%+v, %v", ans, err)
	}
	end()
	h.runners.Wait()
	h.tasks.Wait()
	settled(t, before)
}

func TestPeerOfAnotherUserIsRefused(t *testing.T) {
	if err := allow(peer{uid: 1001, pid: 7}, 1000); err == nil {
		t.Error("another user was let in")
	}
	if err := allow(peer{uid: 0}, 1000); err == nil {
		t.Error("root of another session was let in: it has its own host")
	}
	path := filepath.Join(t.TempDir(), "s")
	ln, err := listenUnix("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	denied := make(chan error, 1)
	strict := &peerListener{UnixListener: ln, uid: uint32(os.Getuid()) + 1, deny: func(err error) { denied <- err }}
	go strict.Accept()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := <-denied; err == nil {
		t.Error("denied without a reason")
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the refused connection stays open")
	}
}

func TestStateOfAnotherFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"newer": `{"format":2}`, "broken": `{"format":`} {
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readState(dir); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPutThatCannotBeWrittenChangesNothing(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	defer end()
	dirs := control.Dirs{State: t.TempDir(), Runtime: t.TempDir()}
	h, err := newHost(life, Options{Dirs: dirs}, discard())
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: "r"}})
	if err != nil {
		t.Fatal(err)
	}
	h.dirs.State = filepath.Join(dirs.State, "absent")
	if _, err := h.Release(&control.Release{Place: "p", Fence: l.Fence}); err == nil {
		t.Error("a lock was given up without a record")
	}
	if got := h.locks["p"]; got.Holder == nil || got.Fence != l.Fence {
		t.Errorf("lock %+v", got)
	}
	if _, err := h.Acquire(&control.Acquire{Place: "q", Holder: control.Holder{Run: "r"}}); err == nil {
		t.Error("a lock was taken without a record")
	}
	if _, ok := h.locks["q"]; ok {
		t.Error("a lock is there without a record")
	}
	op := control.Op{Service: control.Service{Place: "p", Workload: "w"}, Key: "k", Fence: l.Fence}
	if _, err := h.Remove(t.Context(), &control.Remove{Op: op, Version: "v"}); err == nil {
		t.Error("a request was executed without a record")
	}
}

func TestLockNumbersGrow(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	defer end()
	dirs := control.Dirs{State: t.TempDir(), Runtime: t.TempDir()}
	h, err := newHost(life, Options{Dirs: dirs}, discard())
	if err != nil {
		t.Fatal(err)
	}
	take := func(run string, ttl time.Duration) (control.Lock, error) {
		return h.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: run}, TTL: ttl})
	}
	a, _ := take("a", time.Hour)
	again, err := take("a", time.Hour)
	if err != nil || again.Fence != a.Fence {
		t.Errorf("the holder asks again: %+v, %v", again, err)
	}
	if _, err := take("b", 0); !errors.Is(err, &control.Error{Code: control.Locked}) {
		t.Errorf("another run: %v", err)
	}
	if _, err := h.Release(&control.Release{Place: "p", Fence: a.Fence, Renew: time.Nanosecond}); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Millisecond)
	b, err := take("b", 0)
	if err != nil || b.Fence != a.Fence+1 {
		t.Errorf("after it ran out: %+v, %v", b, err)
	}
	if _, err := h.Release(&control.Release{Place: "p", Fence: a.Fence}); !errors.Is(err, &control.Error{Code: control.StaleFence}) {
		t.Errorf("stale release: %v", err)
	}
	if _, err := h.Release(&control.Release{Place: "p", Fence: b.Fence}); err != nil {
		t.Error(err)
	}
	next, err := newHost(life, Options{Dirs: dirs}, discard()) // another host reads what this one has written
	if err != nil {
		t.Fatal(err)
	}
	c, err := next.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: "c"}})
	if err != nil || c.Fence != b.Fence+1 {
		t.Errorf("after a restart: %+v, %v", c, err)
	}
}

// TestWishesOutliveTheHost: a wish is durable, keeps when it was first said, and is gone when the lock changes hands.
func TestWishesOutliveTheHost(t *testing.T) {
	life, end := context.WithCancel(t.Context())
	defer end()
	dirs := control.Dirs{State: t.TempDir(), Runtime: t.TempDir()}
	h, err := newHost(life, Options{Dirs: dirs}, discard())
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: "a", PID: 1, Commit: "c1"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(of, by string) control.Lock {
		l, err := h.AskLock(&control.AskLock{Place: "p", Of: of, Wish: control.Wish{Holder: control.Holder{Run: by, Commit: "c2"}, Reason: "newer"}})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := ask("x", "b"); l.Wish != nil {
		t.Errorf("the wish was for another run: %+v", l.Wish)
	}
	first := ask("a", "b")
	if again := ask("a", "b"); again.Wish == nil || !again.Wish.Since.Equal(first.Wish.Since) || first.Wish.Since.IsZero() {
		t.Errorf("asked twice: %+v, then %+v", first.Wish, again.Wish)
	}
	next, err := newHost(life, Options{Dirs: dirs}, discard()) // another host reads what this one has written
	if err != nil {
		t.Fatal(err)
	}
	if l := next.Describe(1).Locks[0]; l.Wish == nil || l.Wish.Run != "b" || l.Wish.Commit != "c2" || l.Holder.Commit != "c1" {
		t.Errorf("after a restart: %+v", l)
	}
	resumed, err := next.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: "a", PID: 2}})
	if err != nil || resumed.Fence != a.Fence || resumed.Holder.PID != 2 || resumed.Wish == nil {
		t.Errorf("resumed: %+v, %v", resumed, err)
	}
	broken, err := next.Acquire(&control.Acquire{Place: "p", Holder: control.Holder{Run: "c"}, Break: true})
	if err != nil || broken.Wish != nil {
		t.Errorf("broken: %+v, %v", broken, err)
	}
}

// FuzzHandover feeds any message to both ends of a hand-over.
func FuzzHandover(f *testing.F) {
	for _, kind := range []string{"lock", "control", "door", "runner", "secret", "tally", "conn", "bye"} {
		f.Add(`{"kind":"` + kind + `","service":"w@p","generation":1,"foreign":{},"own":{},"name":"n","value":"eA=="}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m message
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		h, err := newHost(t.Context(), Options{Dirs: control.Dirs{State: t.TempDir()}}, discard())
		if err != nil {
			t.Fatal(err)
		}
		h.services["w@p"] = newService(record{Service: control.Service{Place: "p", Workload: "w"}})
		inh := &inheritance{doors: map[string]map[string]*net.TCPListener{}, runners: map[key]*legacy{}, own: map[string]proxy.Own{}}
		_ = inh.take(m, nil)
		_ = h.hear(m, nil)
		inh.settle(h)
		for _, s := range h.services {
			if s.front != nil {
				s.front.Close(t.Context())
			}
		}
	})
}
