// Package targettest is the suite that every live driver passes: the contract of package targets, case by case.
//
// A driver's test calls [Run] with a [Factory] that makes a fresh world for each case. What a driver can't do (its
// abilities are interfaces) is skipped by name, so that the test's output tells what was shown.
package targettest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
)

// World is a driver with two versions of one workload that it can deploy in one place.
type World struct {
	Driver targets.Driver
	// A and B are different versions of the same workload in the same place; nothing runs there yet.
	A, B targets.Deploy
	// Secrets go into every call.
	Secrets map[string]string
	// Served, when set, sends requests to the workload and says how many each version answered: the traffic as users see
	// it. Requests that nobody answered are an error.
	Served func(t *testing.T, requests int) map[string]int
	// Timeout bounds one operation, default 30 seconds.
	Timeout time.Duration
}

// Factory makes a fresh world; it cleans up by t.Cleanup.
type Factory func(t *testing.T) World

// Run runs the suite.
func Run(t *testing.T, factory Factory) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := &rig{T: t, World: factory(t), ctx: t.Context()}
			r.bind()
			for _, need := range c.needs {
				if !need(r) {
					t.Skipf("the driver lacks what %s needs", c.name)
				}
			}
			c.run(r)
		})
	}
}

// rig drives a world through one case.
type rig struct {
	*testing.T
	World
	ctx   context.Context
	ob    targets.Observer
	st    targets.Stager
	rt    targets.Router
	co    targets.Committer
	lk    targets.Locker
	run   string
	fence uint64
	order uint64
}

func (r *rig) bind() {
	r.ob, _ = r.Driver.(targets.Observer)
	r.st, _ = r.Driver.(targets.Stager)
	r.rt, _ = r.Driver.(targets.Router)
	r.co, _ = r.Driver.(targets.Committer)
	r.lk, _ = r.Driver.(targets.Locker)
	if r.Timeout == 0 {
		r.Timeout = 30 * time.Second
	}
}

func deploys(r *rig) bool {
	return r.ob != nil && r.st != nil && r.rt != nil && r.co != nil && r.lk != nil
}

func locks(r *rig) bool { return r.lk != nil }

// within bounds one operation.
func (r *rig) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.ctx, r.Timeout)
}

// must stops the case at an error.
func (r *rig) must(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

// want checks which error came back.
func (r *rig) want(what string, got, want error) {
	r.Helper()
	if !errors.Is(got, want) {
		r.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// lock takes the lock for a run; further calls carry its number.
func (r *rig) lock(run string) uint64 {
	r.Helper()
	ctx, cancel := r.within()
	defer cancel()
	fence, err := r.lk.Lock(ctx, r.A.Place, holder(run))
	r.must("lock for "+run, err)
	if fence == 0 {
		r.Fatal("a fencing number is never 0")
	}
	r.run, r.fence = run, fence
	return fence
}

func holder(run string) targets.Holder {
	return targets.Holder{Run: run, Actor: "ada", Command: "penstock run", Host: "here", PID: 1, Since: time.Now().UTC()}
}

// call is the next instruction's call: a new order and a key of its own.
func (r *rig) call(step string) targets.Call {
	r.order++
	return targets.Call{
		Key: r.run + "/" + step + "/1", Run: r.run, Fence: r.fence, Order: r.order, Secrets: r.Secrets,
		Log: func(line string) { r.Logf("%s: %s", step, line) },
	}
}

func (r *rig) stage(d targets.Deploy, c targets.Call) error {
	ctx, cancel := r.within()
	defer cancel()
	_, err := r.st.Stage(ctx, c, d, plan.StageOp{Workload: d.Ref})
	return err
}

func (r *rig) shift(d targets.Deploy, c targets.Call, weight float64) error {
	ctx, cancel := r.within()
	defer cancel()
	got, err := r.rt.Shift(ctx, c, d, plan.Shift{Workload: d.Ref, Weight: weight, Lease: plan.Duration(10 * time.Minute)})
	if err == nil && got != weight {
		return fmt.Errorf("read back %g, asked for %g", got, weight)
	}
	return err
}

func (r *rig) commit(d targets.Deploy, c targets.Call) error {
	ctx, cancel := r.within()
	defer cancel()
	return r.co.Commit(ctx, c, d, plan.Commit{Workload: d.Ref})
}

func (r *rig) unstage(d targets.Deploy, c targets.Call) error {
	ctx, cancel := r.within()
	defer cancel()
	return r.st.Unstage(ctx, c, d)
}

func (r *rig) restore(d targets.Deploy, c targets.Call, p targets.Prior) error {
	ctx, cancel := r.within()
	defer cancel()
	return r.co.Restore(ctx, c, d, p)
}

func (r *rig) retire(d targets.Deploy, c targets.Call, p targets.Prior) error {
	ctx, cancel := r.within()
	defer cancel()
	return r.co.Retire(ctx, c, d, p)
}

func (r *rig) observe(d targets.Deploy) targets.Observed {
	r.Helper()
	ctx, cancel := r.within()
	defer cancel()
	o, err := r.ob.Observe(ctx, d)
	r.must("observe", err)
	return o
}

// prior is what a snapshot would record now.
func (r *rig) prior(d targets.Deploy) targets.Prior {
	r.Helper()
	o := r.observe(d)
	return targets.Prior{Absent: o.Stable == "", Version: o.Stable, Spec: o.StableSpec}
}

// release brings a version all the way.
func (r *rig) release(d targets.Deploy) {
	r.Helper()
	r.must("stage", r.stage(d, r.call("stage "+d.Version)))
	r.must("shift", r.shift(d, r.call("shift "+d.Version), 100))
	r.must("commit", r.commit(d, r.call("commit "+d.Version)))
}

// stands checks what runs: the stable version, the canary and its weight, as observed and as users see it.
func (r *rig) stands(when, stable, canary string, weight float64) {
	r.Helper()
	o := r.observe(r.A)
	if o.Stable != stable || o.Canary != canary && !(canary == any1 && weight == 0) || o.Weight != weight {
		r.Fatalf("%s: stable %q, canary %q at %g %%; want %q, %q at %g %%", when, o.Stable, o.Canary, o.Weight, stable, canary, weight)
	}
	if stable != "" && !o.StableReady {
		r.Fatalf("%s: the stable version isn't ready", when)
	}
	if canary != "" && canary != any1 && !o.CanaryReady {
		r.Fatalf("%s: the staged version isn't ready", when)
	}
	if r.Served == nil || stable == "" && weight == 0 {
		return
	}
	r.served(when, stable, canary, weight)
}

// any1 accepts a version that stays staged without traffic, or none.
const any1 = "*"

// served sends requests and checks who answered.
func (r *rig) served(when, stable, canary string, weight float64) {
	r.Helper()
	const n = 200
	got := r.Served(r.T, n)
	switch {
	case weight == 0 && got[stable] != n, weight == 100 && got[canary] != n:
		r.Fatalf("%s: answers by %v", when, got)
	case weight > 0 && weight < 100 && (got[canary] == 0 || got[stable] == 0 || got[canary]+got[stable] != n):
		r.Fatalf("%s: answers by %v", when, got)
	}
}
