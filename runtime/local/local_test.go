package local

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

// judged gives the monitors of a plan something to judge: the requests of their workload.
func judged(p *plan.Plan) *plan.Plan {
	p.SLOs = map[string]plan.SLO{"ok": {Objective: 99, SLI: plan.SLI{Requests: &plan.RequestsSLI{Workload: "hello"}}}}
	p.Concurrency = plan.ConcurrencyQueue
	for i := range p.Monitors {
		j := &p.Monitors[i].Judge
		j.Alpha = 0.05
		j.SLIs = []plan.JudgedSLI{{SLO: "ok", Tolerate: 1, Safe: 2, Weight: 1}}
		if p.Monitors[i].When != nil && p.Monitors[i].When.Absent {
			j.Against = "objective"
		}
	}
	return p
}

// TestPlans runs every hand-written plan to its end, in virtual time: synctest fails when a goroutine is left behind.
func TestPlans(t *testing.T) {
	for _, x := range handmade.All() {
		for _, first := range []bool{false, true} {
			name := x.Name
			if first {
				name += "/first"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, judged(find(x.Name)))
					if !first {
						w.seed(map[string]float64{"old": 0.002, "new": 0.002})
					} else {
						for ref := range w.p.Workloads {
							w.drv.SetTraffic(w.dep(ref, "new"), traffic(200, 0.002))
						}
					}
					r, err := Run(t.Context(), w.options())
					if err != nil || r.Outcome != event.Succeeded {
						w.dump()
						t.Fatalf("ended %q %v, error %v", r.Outcome, r.Causes, err)
					}
					for ref, l := range w.p.Workloads {
						if l.Kind == "process" && w.stable(ref) != "new" {
							t.Errorf("%s runs %s", ref, w.stable(ref))
						}
					}
					w.unlocked()
					w.replayed(r.State)
				})
			})
		}
	}
}

func find(name string) *plan.Plan {
	for _, x := range handmade.All() {
		if x.Name == name {
			return x.Plan
		}
	}
	panic(name)
}

// TestHarm proves harm in the middle of a hold: the shift is taken back at once and the old version is what runs.
func TestHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, judged(handmade.Canary()))
		w.seed(map[string]float64{"old": 0.002, "new": 0.2})
		r, err := Run(t.Context(), w.options())
		w.must(err)
		if r.Outcome != event.RolledBack || w.stable("hello@local") != "old" {
			w.dump()
			t.Fatalf("ended %s, %s runs", r.Outcome, w.stable("hello@local"))
		}
		v := w.b.find(event.MonitorVerdict)
		if len(v) != 1 {
			t.Fatalf("%d verdicts", len(v))
		}
		x, err := event.Payload[event.Verdict](v[0])
		w.must(err)
		if x.Verdict != "harm" || x.Ticks == 0 || x.Evidence == "" || len(x.Explain) != 1 || !strings.Contains(x.Explain[0], "harm proven") {
			t.Errorf("verdict %+v", x)
		}
		held := w.b.find(event.NodeWoke)
		if len(held) != 0 {
			t.Errorf("the hold went on: %v", held)
		}
		w.unlocked()
		w.replayed(r.State)
	})
}

// TestStoppedAtEveryAppend kills the process behind each append, and refuses each append, and resumes the run. Whatever
// was cut off, it ends with the new version everywhere and with no lock.
func TestStoppedAtEveryAppend(t *testing.T) {
	cases := 0
	for _, name := range []string{"canary", "parallel", "approvals", "migration", "regions"} {
		most := 1
		for n := 1; n <= most; n++ {
			for _, refuse := range []bool{false, true} {
				cases++
				ok := t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { most = max(most, stopAt(t, name, n, refuse)) })
				})
				if !ok {
					t.Fatalf("at append %d, refused %t", n, refuse)
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// stopAt stops the first process at append n and returns how many appends the whole run took.
func stopAt(t *testing.T, name string, n int, refuse bool) int {
	w := newWorld(t, judged(find(name)))
	for i := range w.p.Nodes { // what is interrupted may be run again, so that every run can succeed
		if x := w.p.Nodes[i].Do.Exec; x != nil {
			x.Interrupted = plan.InterruptedRerun
		}
	}
	w.seed(map[string]float64{"old": 0.002, "new": 0.002})
	ctx, kill := context.WithCancelCause(t.Context())
	defer kill(nil)
	died := errors.New("killed")
	if refuse {
		w.b.refuse = n
	} else {
		w.b.after = func(call int) {
			if call == n {
				kill(died)
			}
		}
	}
	r, err := Run(ctx, w.options())
	if !errors.Is(err, died) && !errors.Is(err, errDisk) && r.Outcome == "" {
		t.Fatalf("the first process ended with %v", err)
	}
	ran := len(w.ran)
	time.Sleep(5 * time.Second)
	if len(w.ran) != ran {
		t.Errorf("%d effects were begun after the end", len(w.ran)-ran)
	}
	w.b.refuse, w.b.after = 0, nil
	if r.Outcome == "" {
		r, err = Run(t.Context(), w.options())
	}
	if errors.Is(err, ErrEnded) {
		err = nil
	}
	if err != nil || r.Outcome != event.Succeeded {
		w.dump()
		t.Fatalf("ended %q %v, error %v", r.Outcome, r.Causes, err)
	}
	for ref := range w.p.Workloads {
		if w.stable(ref) != "new" {
			t.Errorf("%s runs %s", ref, w.stable(ref))
		}
	}
	w.unlocked()
	w.replayed(r.State)
	return w.b.calls
}

// TestRefusedAppend demands that nothing is begun behind an append that failed.
func TestRefusedAppend(t *testing.T) {
	for n := 1; n < 40; n++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, judged(handmade.Canary()))
			w.seed(nil)
			w.b.refuse = n
			r, err := Run(t.Context(), w.options())
			if r.Outcome == event.Succeeded {
				return
			}
			if !errors.Is(err, errDisk) {
				t.Fatalf("append %d: %v", n, err)
			}
			for _, what := range w.ran {
				_, node, _ := strings.Cut(what, " ")
				if !slices.ContainsFunc(w.b.events, func(e event.Event) bool { return e.Type == event.NodeDispatched && string(e.Node) == node }) {
					t.Errorf("append %d: %q without a record", n, what)
				}
			}
		})
	}
}

// TestNothingToResume asks for a run that never began.
func TestNothingToResume(t *testing.T) {
	w := newWorld(t, handmade.Exec())
	o := w.options()
	o.Started = nil
	if _, err := Run(t.Context(), o); err == nil {
		t.Fatal("a run that never began was resumed")
	}
	if _, err := Run(t.Context(), Options{}); err == nil {
		t.Fatal("a run without anything was begun")
	}
}

// TestEnded refuses to resume what has ended.
func TestEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Exec())
		r, err := Run(t.Context(), w.options())
		w.must(err)
		n := len(w.b.events)
		again, err := Run(t.Context(), w.options())
		if !errors.Is(err, ErrEnded) || again.Outcome != r.Outcome || len(w.b.events) != n {
			t.Errorf("ended %s, then %s with %v and %d more events", r.Outcome, again.Outcome, err, len(w.b.events)-n)
		}
	})
}

// TestTimeout lets an attempt hang: it is cancelled, reported as timed out and tried again.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Exec())
		hung := 0
		w.exec = func(ctx context.Context, c machine.Dispatch) (Outcome, bool) {
			if c.Node != "reverts/exec" || hung == 2 {
				return Outcome{}, false
			}
			hung++
			if hung == 2 { // doesn't notice, and comes back much later
				time.Sleep(3*time.Minute + c.Timeout)
				return Outcome{Done: &event.Done{}}, true
			}
			<-ctx.Done()
			return Outcome{Failure: &event.Failure{Message: "killed", Unknown: true}}, true
		}
		r, err := Run(t.Context(), w.options())
		w.must(err)
		if got := len(w.b.find(event.NodeTimedOut)); r.Outcome != event.Succeeded || got != 2 {
			w.dump()
			t.Errorf("ended %s with %d attempts timed out", r.Outcome, got)
		}
		time.Sleep(10 * time.Minute) // what was abandoned comes to its end
	})
}
