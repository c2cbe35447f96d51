package host_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/targets/process/control"
)

func TestNotReadySaysWhy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	for name, tc := range map[string]struct{ program, want string }{
		"exits": {"exit=3", "exit status 3"},
		"mute":  {"mute", "503"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := r.spec("v2-"+name, tc.program)
			spec.Ready.Timeout = time.Second
			_, err := r.c.Stage(t.Context(), control.Stage{Op: r.op(), Spec: spec, Artifact: os.Args[0]})
			if !is(err, control.NotReady) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			r.must(r.c.Remove(t.Context(), control.Remove{Op: r.op(), Version: spec.Version}))
		})
	}
	if got := r.share(); got["one"] != 100 {
		t.Errorf("stable meanwhile: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	ctx := t.Context()

	op := r.op()
	op.Fence += 7
	if _, err := r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 5}); !is(err, control.StaleFence) {
		t.Errorf("stale fence: %v", err)
	}
	op = r.op()
	op.Order = 1
	if _, err := r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 5}); !is(err, control.StaleOrder) {
		t.Errorf("stale order: %v", err)
	}
	if _, err := r.c.Stage(ctx, control.Stage{Op: r.op(), Spec: r.spec("v3", ""), Artifact: os.Args[0]}); !is(err, control.Conflict) {
		t.Errorf("second canary: %v", err)
	}
	bad := r.spec("v4", "")
	bad.Digest = "sha256:" + strings.Repeat("0", 64)
	if _, err := r.c.Stage(ctx, control.Stage{Op: r.op(), Spec: bad, Artifact: os.Args[0]}); !is(err, control.BadDigest) {
		t.Errorf("wrong digest: %v", err)
	}
	op = r.op()
	if _, err := r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 5}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 50}); !is(err, control.KeyReused) {
		t.Errorf("key reused: %v", err)
	}
	if st := r.must(r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 5})); st.Weight != 5 {
		t.Errorf("repeated: %+v", st)
	}

	// Another run takes the lock away: the first run's late write is refused.
	if _, err := r.c.Acquire(ctx, control.Acquire{Place: r.id.Place, Holder: control.Holder{Run: "run-2"}}); !is(err, control.Locked) {
		t.Errorf("lock: %v", err)
	}
	l, err := r.c.Acquire(ctx, control.Acquire{Place: r.id.Place, Holder: control.Holder{Run: "run-2"}, Break: true})
	if err != nil || l.Fence <= r.fence {
		t.Fatalf("break: %+v, %v", l, err)
	}
	if _, err := r.c.Shift(ctx, control.Shift{Op: r.op(), Version: "v2", Weight: 100}); !is(err, control.StaleFence) {
		t.Errorf("late write: %v", err)
	}
	if st := r.observe(); st.Weight != 5 {
		t.Errorf("weight %v after refused writes", st.Weight)
	}
	if _, err := r.c.Release(ctx, control.Release{Place: r.id.Place, Fence: l.Fence}); err != nil {
		t.Error(err)
	}
	op = r.op()
	op.Fence = l.Fence
	if _, err := r.c.Shift(ctx, control.Shift{Op: op, Version: "v2", Weight: 100}); !is(err, control.StaleFence) {
		t.Errorf("write after giving the lock up: %v", err)
	}
}

func TestNextRunClearsWhatADeadOneLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	r.stage("v2", "text=two")
	r.shift("v2", 50, time.Hour)
	l, err := r.c.Acquire(t.Context(), control.Acquire{Place: r.id.Place, Holder: control.Holder{Run: "run-2"}, Break: true})
	if err != nil {
		t.Fatal(err)
	}
	r.fence = l.Fence
	st := r.stage("v3", "text=three")
	if v, _ := st.In(control.Canary); v.Version != "v3" || st.Weight != 0 || st.Lease != nil {
		t.Errorf("status %+v", st)
	}
	r.eventually("the old canary to leave", func() bool { return len(r.observe().Versions) == 2 })
	if got := r.share(); got["one"] != 100 {
		t.Errorf("answers %v", got)
	}
}

func TestRestoreMovesTrafficEvenIfStableIsInTrouble(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	spec := r.spec("v1", "text=one")
	spec.Restart.Attempts = 0
	r.must(r.c.Stage(t.Context(), control.Stage{Op: r.op(), Spec: spec, Artifact: os.Args[0]}))
	r.shift("v1", 100, 0)
	r.commit("v1")
	r.stage("v2", "text=two")
	r.shift("v2", 50, time.Hour)
	v, _ := r.observe().In(control.Stable)
	syscall.Kill(v.PID, syscall.SIGKILL)
	r.eventually("stable to fail", func() bool { v, _ := r.observe().In(control.Stable); return v.State == control.Failed })
	op := r.op()
	op.Wait = 0
	st, err := r.c.Restore(t.Context(), control.Restore{Op: op, Version: "v1"})
	if err != nil {
		t.Errorf("restore starts it again: %v", err)
	}
	if v, _ := st.In(control.Stable); st.Weight != 0 || v.State != control.Running {
		t.Errorf("status %+v", st)
	}
}

func TestAddressTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.release("v1", "text=one")
	other := *r
	other.id.Workload = "other"
	_, err := r.c.Stage(t.Context(), control.Stage{Op: other.op(), Spec: r.spec("v1", "text=other"), Artifact: os.Args[0]})
	if !is(err, control.AddressTaken) {
		t.Errorf("error %v", err)
	}
	if st, _ := r.c.Observe(t.Context(), other.id); len(st.Versions) != 0 {
		t.Errorf("left behind: %+v", st.Versions)
	}
}
