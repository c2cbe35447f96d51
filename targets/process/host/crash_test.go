package host_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/client"
	"github.com/penstock-dev/penstock/targets/process/control"
)

// get2 asks the service after making sure that a host runs.
func (r *rig) get2(path string) (int, string) {
	r.t.Helper()
	r.observe()
	return r.get(path)
}

func TestCrashedHostFindsItsPrograms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	r.shift("v2", 10, time.Hour)
	before := r.observe()
	r.killHost()
	after := r.observe() // starts another host
	for i, v := range after.Versions {
		if v.PID != before.Versions[i].PID || v.Starts != 1 {
			t.Errorf("%s: process %d became %d, started %d times", v.Version, before.Versions[i].PID, v.PID, v.Starts)
		}
	}
	if got := r.share(); got["two"] != 10 {
		t.Errorf("the same weight after a crash: %v", got)
	}
	r.commit("v2")
	if d, err := r.c.Drift(t.Context(), r.id); err != nil || len(d) != 0 {
		t.Errorf("drift %+v, %v", d, err)
	}
}

func TestLeaseExpiresWhileNoHostRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	r.shift("v2", 50, 200*time.Millisecond)
	r.killHost()
	time.Sleep(250 * time.Millisecond)
	if st := r.observe(); st.Weight != 0 || st.Lease == nil || !st.Lease.Expired {
		t.Errorf("weight %v, lease %+v", st.Weight, st.Lease)
	}
	if got := r.share(); got["one"] != 100 {
		t.Errorf("answers %v", got)
	}
}

func TestProgramThatDiedWithoutHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	v, _ := r.observe().In(control.Stable)
	r.killHost()
	syscall.Kill(v.PID, syscall.SIGKILL)
	if status, text := r.get2("/"); status != 200 || text != "one" {
		t.Errorf("%d %q", status, text)
	}
	w, _ := r.observe().In(control.Stable)
	if w.PID == v.PID || w.Starts != 2 {
		t.Errorf("%+v", w)
	}
}

func TestStopAndStartAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one noterm")
	v, _ := r.observe().In(control.Stable)
	for _, keep := range []bool{true, false} {
		if err := r.c.Stop(t.Context(), keep); err != nil {
			t.Fatal(err)
		}
		alive := syscall.Kill(v.PID, 0) == nil && !isZombie(v.PID)
		if alive != keep {
			t.Errorf("stop with keep=%v: program alive: %v", keep, alive)
		}
		if status, text := r.get2("/"); status != 200 || text != "one" {
			t.Errorf("after keep=%v: %d %q", keep, status, text)
		}
	}
	r.eventually("readiness", func() bool { v, _ := r.observe().In(control.Stable); return v.State == control.Running })
	if d, err := r.c.Drift(t.Context(), r.id); err != nil || len(d) != 0 {
		t.Errorf("a stop that was asked for is no drift: %+v, %v", d, err)
	}
}

// isZombie reports whether a process has ended and is not reaped yet.
func isZombie(pid int) bool {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(b), ") Z ")
}

func TestTwoClientsStartOneHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.c.Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	pids := make([]int, 8)
	for i := range pids {
		wg.Go(func() {
			h, err := client.Open(r.opts).Host(t.Context())
			if err != nil {
				t.Error(err)
			}
			pids[i] = h.PID
		})
	}
	wg.Wait()
	for _, pid := range pids {
		if pid != pids[0] {
			t.Errorf("several hosts: %v", pids)
			break
		}
	}
}

func TestUnsafeRuntimeDirIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.c.Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(r.opts.Dirs.Runtime, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := r.c.Host(t.Context()); err == nil || !strings.Contains(err.Error(), "mode 0755") {
		t.Errorf("error %v", err)
	}
}
