package live

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/client"
)

func TestReleaseJudgeRollBack(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	if o := r.observe(r.deploy("one")); o.Stable != "" || o.Canary != "" {
		t.Errorf("before the first release: %+v", o)
	}
	if _, err := os.Stat(r.dirs.State); err == nil {
		t.Error("looking started a host")
	}
	r.lock()
	one := r.release("one")
	if o := r.observe(one); o.Stable != "one" || !o.StableReady || string(o.StableSpec) != string(one.Spec) {
		t.Errorf("released: %+v", o)
	}
	bad := r.deploy("bad")
	r.stage(bad)
	r.shift(bad, 20)
	before, err := r.d.Counts(ctx, bad, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int{"one!": 80, "bad!": 20}, r.share()); d != "" {
		t.Error(d)
	}
	after, err := r.d.Counts(ctx, bad, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if after.Canary.Total-before.Canary.Total != 20 || after.Canary.Bad != 20 || after.Stable.Total != 80 || after.Stable.Bad != 0 ||
		after.Canary.Slow != 0 || after.Weight != 20 || after.Canary.Since.IsZero() {
		t.Errorf("counts %+v", after)
	}
	prior := targets.Prior{Version: "one", Spec: one.Spec}
	r.shift(bad, 0)
	if err := r.d.Unstage(ctx, r.next(), bad); err != nil {
		t.Fatal(err)
	}
	if o := r.observe(bad); o.Canary != "" || o.Stable != "one" || o.Weight != 0 {
		t.Errorf("rolled back: %+v", o)
	}

	two := r.release("two")
	if o := r.observe(two); o.Stable != "two" || o.Prior != "one" {
		t.Errorf("committed: %+v", o)
	}
	if p, err := r.d.Counts(ctx, two, 0); err != nil || p.Weight != 100 || p.Stable.Total == 0 {
		t.Errorf("counts after commit: %+v, %v", p, err)
	}
	if err := r.d.Retire(ctx, r.next(), two, prior); err != nil {
		t.Fatal(err)
	}
	c := r.next()
	c.Secrets = map[string]string{"TOKEN": "?"}
	if err := r.d.Restore(ctx, c, two, prior); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int{"one?": 100}, r.share()); d != "" {
		t.Errorf("restored from the store: %s", d)
	}
	if err := r.d.Unstage(ctx, r.next(), two); err != nil {
		t.Fatal(err)
	}
	if err := r.d.Restore(ctx, r.next(), one, targets.Prior{Absent: true}); err != nil {
		t.Fatal(err)
	}
	if o := r.observe(one); o.Stable != "" {
		t.Errorf("restored to nothing: %+v", o)
	}
	if err := r.d.Unlock(ctx, r.place, r.call.Fence); err != nil {
		t.Error(err)
	}
}

func TestErrorsTheRuntimeBranchesOn(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.lock()
	one := r.release("one")
	broken := r.deploy("broken")
	c := r.next()
	c.Secrets = map[string]string{"TOKEN": "x"}
	_, err := r.d.Stage(ctx, c, broken, plan.StageOp{})
	if err == nil || targets.IsTransient(err) || !strings.Contains(err.Error(), "no such table: orders") {
		t.Errorf("broken program: %v", err)
	}
	if len(r.said) == 0 {
		t.Error("its output was not passed on")
	}
	if err := r.d.Unstage(ctx, r.next(), broken); err != nil {
		t.Error(err)
	}
	if _, err := r.d.Shift(ctx, r.next(), r.deploy("two"), plan.Shift{Weight: 5}); !errors.Is(err, targets.ErrNoVersion) {
		t.Errorf("shift of what is not staged: %v", err)
	}
	old := r.next()
	old.Order = 1
	if err := r.d.Unstage(ctx, old, one); !errors.Is(err, targets.ErrStaleOrder) {
		t.Errorf("order: %v", err)
	}
	if _, err := r.d.Lock(ctx, r.place, targets.Holder{Run: "r2"}); err == nil {
		t.Error("two runs hold one lock")
	} else if le := new(targets.LockedError); !errors.As(err, &le) || le.Holder.Run != "r1" || le.Holder.Actor != "ann" {
		t.Errorf("lock: %v", err)
	}
	again, err := r.d.Lock(ctx, r.place, targets.Holder{Run: "r1"})
	if err != nil || again != r.call.Fence {
		t.Errorf("same run: %d, %v", again, err)
	}
	fence, err := r.d.Break(ctx, r.place, targets.Holder{Run: "r2"})
	if err != nil || fence <= r.call.Fence {
		t.Errorf("break: %d, %v", fence, err)
	}
	if err := r.d.Commit(ctx, r.next(), one, plan.Commit{}); !errors.Is(err, targets.ErrStaleFence) {
		t.Errorf("late write: %v", err)
	}
	if err := r.d.Unlock(ctx, r.place, r.call.Fence); !errors.Is(err, targets.ErrStaleFence) {
		t.Errorf("late unlock: %v", err)
	}
	wrong := r.deploy("three")
	wrong.Files["app"] = targets.File{Path: os.Args[0], Digest: "sha256:" + strings.Repeat("0", 64)}
	if _, err := r.d.Stage(ctx, r.next(), wrong, plan.StageOp{}); err == nil {
		t.Error("an artifact with another digest than the spec's was staged")
	}
}

func TestLeaseAndDrift(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	r.lock()
	one := r.release("one")
	if d, err := r.d.Drift(ctx, one); err != nil || len(d) != 0 {
		t.Errorf("no drift: %+v, %v", d, err)
	}
	two := r.deploy("two")
	r.stage(two)
	if _, err := r.d.Shift(ctx, r.next(), two, plan.Shift{Weight: 50, Lease: plan.Duration(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := r.d.RenewLease(ctx, r.next(), two, 300*time.Millisecond); err != nil {
		t.Error(err)
	}
	for r.observe(two).Weight != 0 {
		time.Sleep(10 * time.Millisecond)
	}
	if o := r.observe(two); !strings.Contains(o.Note, "lease of run r1 expired") {
		t.Errorf("note %q", o.Note)
	}
	if err := r.d.RenewLease(ctx, r.next(), two, time.Minute); err == nil || targets.IsTransient(err) {
		t.Errorf("renewed after it expired: %v", err)
	}
	if err := r.d.Unstage(ctx, r.next(), two); err != nil {
		t.Error(err)
	}
	d, err := r.d.Drift(ctx, two)
	if err != nil || len(d) == 0 || d[0].Field != "version" || d[0].Got != "one" {
		t.Errorf("another version than executed: %+v, %v", d, err)
	}

	h, err := client.Open(client.Options{Dirs: r.dirs}).Host(ctx)
	if err != nil {
		t.Fatal(err)
	}
	syscall.Kill(h.PID, syscall.SIGKILL)
	for {
		d, err := r.d.Drift(ctx, one)
		if err != nil {
			t.Fatal(err)
		}
		if len(d) == 1 && d[0].Got == "not running" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if o := r.observe(one); o.Stable != "one" || !o.StableReady { // starts a host, which finds the program
		t.Errorf("after a crash: %+v", o)
	}
}
