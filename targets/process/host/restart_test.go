package host_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/test/load"
)

// underLoad sends requests while f runs, and fails the test if one was lost.
func (r *rig) underLoad(rate int, f func()) load.Tally {
	r.t.Helper()
	g := &load.Generator{Addr: r.listen, Rate: rate}
	ctx, stop := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { g.Run(ctx) })
	f()
	stop()
	wg.Wait()
	t := load.Count(g.Results())
	r.t.Logf("sent %d (%d GET, %d POST, %d new, %d kept connections), answered %d, lost %d: %v",
		t.Sent, t.Gets, t.Posts, t.NewConns, t.Kept, t.Answered, t.Lost, t.ByVersion)
	if t.Lost > 0 {
		r.t.Errorf("%d requests lost, the first: %s", t.Lost, t.FirstLoss)
	}
	return t
}

func TestRestartUnderLoadLosesNothing(t *testing.T) {
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	r.shift("v2", 10, time.Hour)
	before := r.observe()
	const restarts = 6
	sent := r.underLoad(500, func() {
		for range restarts {
			time.Sleep(300 * time.Millisecond)
			if err := client.Restart(t.Context(), r.opts); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(300 * time.Millisecond)
	})
	after := r.observe()
	for i, v := range after.Versions {
		if v.PID != before.Versions[i].PID || v.State != control.Running {
			t.Errorf("%s: %+v", v.Version, v)
		}
	}
	if sent.ByVersion["two"] < sent.Sent/20 {
		t.Errorf("%d of %d requests for the canary: the weight was lost", sent.ByVersion["two"], sent.Sent)
	}
	// The counts are those of all hosts together, since the versions were started.
	r.eventually("the earlier hosts to end", func() bool { h, _ := r.c.Host(t.Context()); return !h.Draining })
	c, err := r.c.Counts(t.Context(), r.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	total := c.Versions["v1"].Requests + c.Versions["v2"].Requests
	if bad := c.Versions["v1"].Bad + c.Versions["v2"].Bad; bad != 0 {
		t.Errorf("%d requests counted as bad", bad)
	}
	if int(total) != sent.Sent || int(c.Own.Received) != sent.Sent || c.Own.Unserved != 0 {
		t.Errorf("counted %d requests of %d (%+v)", total, sent.Sent, c.Own)
	}
	r.commit("v2")
	if got := r.share(); got["two"] != 100 {
		t.Errorf("after commit by the last host: %v", got)
	}
}

func TestReleaseUnderLoadLosesNothing(t *testing.T) {
	r := newRig(t)
	r.release("v1", "text=one")
	r.underLoad(400, func() {
		r.stage("v2", "text=two")
		for _, w := range []float64{1, 10, 50, 100} {
			r.shift("v2", w, time.Minute)
			time.Sleep(100 * time.Millisecond)
		}
		r.commit("v2")
		r.must(r.c.Retire(t.Context(), control.Retire{Op: r.op()}))
		r.stage("v3", "text=three") // and one that is taken back
		r.shift("v3", 50, time.Minute)
		time.Sleep(100 * time.Millisecond)
		r.shift("v3", 0, 0)
		r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: "v3"}))
		r.stage("v4", "text=four") // and one that is undone after its commit
		r.shift("v4", 100, time.Minute)
		r.commit("v4")
		r.must(r.c.Restore(t.Context(), control.Restore{Op: r.op(), Version: "v2"}))
		r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: "v4"}))
	})
}

func TestRestartKeepsWhatIsUnderWay(t *testing.T) {
	r := newRig(t)
	r.release("v1", "text=one")
	c, err := net.Dial("tcp", r.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	rd := bufio.NewReader(c)
	if res, err := http.ReadResponse(rd, nil); err != nil || res.StatusCode != 101 {
		t.Fatalf("upgrade: %v", err)
	}
	slow := make(chan string, 1)
	go func() {
		_, text := r.get("/slow?1500ms")
		slow <- text
	}()
	r.eventually("both requests", func() bool { v, _ := r.observe().In(control.Stable); return v.InFlight == 2 })
	if err := client.Restart(t.Context(), r.opts); err != nil {
		t.Fatal(err)
	}
	if h, _ := r.c.Host(t.Context()); !h.Draining {
		t.Error("the new host does not know that the old one is still at work")
	}
	if v, _ := r.observe().In(control.Stable); v.InFlight < 2 {
		t.Errorf("the new host sees %d requests under way, want those of the old one", v.InFlight)
	}
	for _, line := range []string{"still\n", "here\n"} {
		io.WriteString(c, line)
		if got, err := rd.ReadString('\n'); got != line {
			t.Fatalf("upgraded connection: %q, %v", got, err)
		}
	}
	if text := <-slow; text != "one" {
		t.Errorf("slow request: %q", text)
	}
	// A version is not stopped while the old host still uses it.
	r.stage("v2", "text=two")
	r.shift("v2", 100, 0)
	r.commit("v2")
	retired := make(chan error, 1)
	op := r.op()
	go func() {
		_, err := r.c.Retire(t.Context(), control.Retire{Op: op})
		retired <- err
	}()
	r.eventually("draining", func() bool { v, ok := r.observe().In(control.Leaving); return ok && v.State == control.Draining })
	io.WriteString(c, "last\n")
	if got, err := rd.ReadString('\n'); got != "last\n" {
		t.Errorf("while draining: %q, %v", got, err)
	}
	c.Close()
	if err := <-retired; err != nil {
		t.Error(err)
	}
	r.eventually("the old host to end", func() bool { h, _ := r.c.Host(t.Context()); return !h.Draining })
}

func TestStopRightAfterRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	h, err := r.c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slow := make(chan string, 1)
	go func() {
		_, text := r.get("/slow?500ms")
		slow <- text
	}()
	r.eventually("the request", func() bool { v, _ := r.observe().In(control.Stable); return v.InFlight == 1 })
	if err := client.Restart(t.Context(), r.opts); err != nil {
		t.Fatal(err)
	}
	if err := r.c.Stop(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if text := <-slow; text != "one" {
		t.Errorf("the request that the first host was answering: %q", text)
	}
	r.eventually("the first host's end", func() bool { return syscall.Kill(h.PID, 0) != nil || isZombie(h.PID) })
	if status, text := r.get2("/"); status != 200 || text != "one" { // a host that finds the program, and stops it with the test
		t.Errorf("%d %q", status, text)
	}
}

func TestFailedTakeoverChangesNothing(t *testing.T) {
	r := newRig(t)
	r.release("v1", "text=one")
	before, err := r.c.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.underLoad(200, func() {
		// A successor that says hello, takes everything, and dies.
		c, err := net.Dial("unixpacket", r.opts.Dirs.Handover())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, `{"kind":"hello","format":1}`)
		buf := make([]byte, 1<<20)
		if _, err := c.Read(buf); err != nil {
			t.Error(err)
		}
		c.Close()
		// One that speaks another format.
		d, err := net.Dial("unixpacket", r.opts.Dirs.Handover())
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		io.WriteString(d, `{"kind":"hello","format":99}`)
		if _, err := d.Read(buf); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Millisecond)
	})
	r.stage("v2", "text=two") // the old host works on
	r.shift("v2", 100, 0)
	r.commit("v2")
	after, err := r.c.Host(t.Context())
	if err != nil || after.PID != before.PID {
		t.Errorf("host %d became %d, %v", before.PID, after.PID, err)
	}
	if err := client.Restart(t.Context(), r.opts); err != nil {
		t.Errorf("a true successor after failed ones: %v", err)
	}
	if _, text := r.get("/"); text != "two" {
		t.Errorf("answer %q", text)
	}
}
