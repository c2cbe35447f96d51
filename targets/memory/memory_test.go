package memory_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/memory"
	"github.com/penstock-dev/penstock/targets/targettest"
)

func deploy(version string) targets.Deploy {
	return targets.Deploy{
		Ref: "hello@local", Kind: "memory", Version: version, Spec: []byte(`{"version":"` + version + `"}`),
		Place: targets.Place{ID: "memory:local", Env: "local"},
	}
}

func TestSuite(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.World {
		d := memory.New("")
		return targettest.World{Driver: d, A: deploy("a"), B: deploy("b"), Served: func(t *testing.T, n int) map[string]int {
			return d.Serve(deploy("a"), n, rand.New(rand.NewPCG(1, 2)).Float64)
		}}
	})
}

func call(fence, order uint64) targets.Call {
	return targets.Call{Key: "r/n/do/1", Run: "r", Fence: fence, Order: order, Log: func(string) {}}
}

// TestTraffic: counts follow the weights over time, and the versions' failures.
func TestTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, d, a, b := t.Context(), memory.New("process"), deploy("a"), deploy("b")
		fence, err := d.Lock(ctx, a.Place, targets.Holder{Run: "r"})
		must(t, err)
		_, err = d.Stage(ctx, call(fence, 1), a, plan.StageOp{})
		must(t, err)
		must(t, d.Commit(ctx, call(fence, 2), a, plan.Commit{}))
		d.SetTraffic(a, memory.Traffic{RPS: 100, Bad: map[string]float64{"b": 0.2}})
		_, err = d.Stage(ctx, call(fence, 3), b, plan.StageOp{})
		must(t, err)
		_, err = d.Shift(ctx, call(fence, 4), b, plan.Shift{Weight: 10, Lease: plan.Duration(30 * time.Second)})
		must(t, err)
		time.Sleep(20 * time.Second)
		p, err := d.Counts(ctx, b, 0)
		must(t, err)
		if p.Canary.Total != 200 || p.Canary.Bad != 40 || p.Stable.Total != 1800 || p.Stable.Bad != 0 {
			t.Fatalf("after 20 s: %+v", p)
		}
		time.Sleep(time.Minute) // the lease runs out after ten seconds of it
		o, err := d.Observe(ctx, b)
		must(t, err)
		if p, err = d.Counts(ctx, b, 0); err != nil || p.Canary.Total != 300 || o.Weight != 0 || o.Note == "" {
			t.Fatalf("after the lease: %+v, %+v, %v", p, o, err)
		}
	})
}

// TestFaults: an injected fault does what it says.
func TestFaults(t *testing.T) {
	lost := errors.New("lost")
	for name, x := range map[string]struct {
		fault  memory.Fault
		err    error
		at     time.Duration // when to look
		canary string
	}{
		"fails":       {memory.Fault{Err: lost}, lost, 0, ""},
		"answer lost": {memory.Fault{Err: lost, Effect: true}, lost, 0, "b"},
		"hangs":       {memory.Fault{Hang: true}, context.DeadlineExceeded, time.Hour, ""},
		"late before": {memory.Fault{Hang: true, Late: time.Minute}, context.DeadlineExceeded, 30 * time.Second, ""},
		"late":        {memory.Fault{Hang: true, Late: time.Minute}, context.DeadlineExceeded, 2 * time.Minute, "b"},
		"slow":        {memory.Fault{Takes: time.Second}, nil, 0, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := memory.New("")
				fence, err := d.Lock(t.Context(), deploy("a").Place, targets.Holder{Run: "r"})
				must(t, err)
				d.Inject(func(o memory.Operation) memory.Fault {
					if o.Name == "stage" && o.Count == 1 {
						return x.fault
					}
					return memory.Fault{}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if _, err = d.Stage(ctx, call(fence, 1), deploy("b"), plan.StageOp{}); !errors.Is(err, x.err) {
					t.Fatalf("got %v, want %v", err, x.err)
				}
				time.Sleep(x.at)
				synctest.Wait()
				if o, _ := d.Observe(t.Context(), deploy("b")); o.Canary != x.canary {
					t.Fatalf("canary %q, want %q", o.Canary, x.canary)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
