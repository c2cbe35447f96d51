package local

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
	"github.com/penstock-dev/penstock/runtime/store"
)

// errKilled is how a process ends in these tests.
var errKilled = errors.New("killed")

// mortal is a writer whose process dies at its n-th fact: before the fact is durable or right after it.
type mortal struct {
	store.Writer
	left  int
	after bool
	dead  func()
}

func (m *mortal) Append(ctx context.Context, events []event.Event) ([]event.Event, error) {
	return m.append(ctx, events, nil)
}

func (m *mortal) AppendAck(ctx context.Context, events []event.Event, ack []store.MessageID) ([]event.Event, error) {
	return m.append(ctx, events, ack)
}

func (m *mortal) append(ctx context.Context, events []event.Event, ack []store.MessageID) ([]event.Event, error) {
	if m.left <= 0 {
		return nil, errKilled
	}
	m.left -= len(events)
	if m.left > 0 {
		return m.Writer.AppendAck(ctx, events, ack)
	}
	if m.after {
		if _, err := m.Writer.AppendAck(ctx, events, ack); err != nil {
			return nil, err
		}
	}
	m.dead()
	return nil, errKilled
}

// TestDeathAtEveryFact kills the process before and after each of its facts, and resumes until the run has ended: it
// always ends released or taken back, with exactly one version and a free lock, and the record is whole.
func TestDeathAtEveryFact(t *testing.T) {
	for name, bad := range map[string]float64{"good": 0.001, "bad": 0.2} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n < 60; n++ {
				for _, after := range []bool{false, true} {
					more := false
					synctest.Test(t, func(t *testing.T) { more = death(t, n, after, bad) })
					if !more && after {
						t.Logf("died at each of %d facts, before and after", n-1)
						return
					}
				}
			}
			t.Error("the run has more facts than expected")
		})
	}
}

// death is one such run; it is false when the process didn't get as far as the n-th fact.
func death(t *testing.T, n int, after bool, bad float64) bool {
	w := newWorld(t, handmade.Canary())
	defer w.st.Close()
	w.installed("local")
	w.traffic("local", bad)
	run := w.begin("c1")
	died := false
	w.wrap = func(wr store.Writer) store.Writer {
		return &mortal{Writer: wr, left: n, after: after, dead: func() { died = true }}
	}
	r, err := w.drive(t.Context(), run)
	w.wrap = nil
	if died && !errors.Is(err, errKilled) {
		t.Fatalf("fact %d: the store's refusal came out as %v", n, err)
	}
	for i := 0; r.Outcome == "" || err != nil; i++ {
		if i == 3 {
			w.dump(run)
			t.Fatalf("fact %d, after=%v: does not end: %v", n, after, err)
		}
		info, ierr := w.st.Run(t.Context(), run)
		w.must(ierr)
		if info.State == store.Ended {
			r.Outcome, err = info.Outcome, nil
			break
		}
		time.Sleep(3 * time.Second)
		w.again(run)
		r, err = w.drive(t.Context(), run)
	}
	want, stable := event.Succeeded, w.newVersion("local")
	if bad > 0.1 {
		want, stable = event.RolledBack, "old"
	}
	// an interrupted test command (declared "fail") ends the run before anything was released, and one after it takes it back
	if r.Outcome == event.Failed || r.Outcome == event.RolledBack && want == event.Succeeded {
		stable = "old"
	} else if r.Outcome != want {
		w.dump(run)
		t.Fatalf("fact %d, after=%v: %s, %v; want %s", n, after, r.Outcome, err, want)
	}
	w.settled("local", stable)
	if rep, err := w.st.Verify(t.Context(), run, nil); err != nil || !rep.OK() {
		t.Errorf("fact %d: the record is not whole: %+v, %v", n, rep, err)
	}
	if t.Failed() {
		w.dump(run)
		t.Fatalf("at fact %d, after=%v", n, after)
	}
	return died
}

// TestRefusingStore: nothing is begun once the store has refused.
func TestRefusingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		run := w.begin("c1")
		var at int
		w.wrap = func(wr store.Writer) store.Writer {
			return &mortal{Writer: wr, left: 9, dead: func() { at = len(w.drv.Done()) }}
		}
		if _, err := w.drive(t.Context(), run); !errors.Is(err, errKilled) {
			t.Fatalf("got %v", err)
		}
		if now := len(w.drv.Done()); at == 0 || now != at {
			t.Errorf("%d operations when the store refused, %d at the end", at, now)
		}
	})
}

// TestInterrupted: a process whose context ends leaves a run that goes on, with the evidence that it had.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.001)
		run := w.begin("c1")
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		if _, err := w.drive(ctx, run); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("got %v", err)
		}
		ticks, err := w.st.Ticks(t.Context(), run, "release/judge")
		w.must(err)
		if len(ticks) < 20 {
			t.Fatalf("%d ticks in six minutes", len(ticks))
		}
		began := time.Now()
		w.again(run)
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Succeeded)
		w.settled("local", w.newVersion("local"))
		// of the first hold four minutes are left, the second has ten, and the old version is kept for thirty
		if took := time.Since(began); took < 43*time.Minute || took > 46*time.Minute {
			t.Errorf("the rest took %s", took)
		}
		again, err := w.st.Ticks(t.Context(), run, "release/judge")
		w.must(err)
		for i := range ticks {
			if string(ticks[i]) != string(again[i]) {
				t.Fatalf("tick %d is another one", i)
			}
		}
	})
}

// TestLeaseRunsOut: when nobody watches for longer than the lease, the target takes the exposure back; the resumed run
// notices and gives the share again before it goes on.
func TestLeaseRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.001)
		run := w.begin("c1")
		ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
		defer cancel()
		_, err := w.drive(ctx, run)
		if !errors.Is(err, ErrInterrupted) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(10 * time.Minute)
		o, err := w.drv.Observe(t.Context(), w.dep("local", "old"))
		w.must(err)
		if o.Weight != 0 {
			t.Fatalf("the lease has run out and the weight is %g", o.Weight)
		}
		w.again(run)
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Succeeded)
		w.settled("local", w.newVersion("local"))
	})
}

// TestSignals: the first Ctrl-C returns to stable; the second stops at once, and a resume settles it.
func TestSignals(t *testing.T) {
	for _, hits := range []int{1, 2} {
		t.Run(fmt.Sprint(hits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, handmade.Canary())
				defer w.st.Close()
				w.installed("local")
				w.traffic("local", 0.001)
				run := w.begin("c1")
				signals := make(chan struct{}, 2)
				time.AfterFunc(3*time.Minute, func() {
					for range hits {
						signals <- struct{}{}
					}
				})
				r, err := w.drive(t.Context(), run, func(o *Options) { o.Signals = signals })
				if hits == 1 {
					w.outcome(run, r, err, event.Aborted)
					w.settled("local", "old")
					return
				}
				w.outcome(run, r, err, event.Unsettled)
				if _, held := w.drv.Holder("process:local"); !held {
					t.Error("an unsettled run keeps its lock")
				}
				w.again(run)
				r, err = w.drive(t.Context(), run)
				w.outcome(run, r, err, event.Aborted)
				w.settled("local", "old")
			})
		})
	}
}

// TestParked: a run that waits for people ends its process without a lock, and goes on when they have answered.
func TestParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := handmade.Migration()
		production := p.Envs["production"]
		production.AllowOSUser = true
		p.Envs["production"] = production
		w := newWorld(t, p)
		defer w.st.Close()
		run := w.begin("c1")
		r, err := w.drive(t.Context(), run, func(o *Options) { o.Park = true })
		w.must(err)
		if r.Parked == nil || len(r.Parked.Waiting) != 1 || r.Parked.Waiting[0] != "go/approve" {
			t.Fatalf("parked %+v", r.Parked)
		}
		if _, held := w.drv.Holder("process:production"); held {
			t.Error("a parked run holds a lock")
		}
		if v, _ := r.State.Node("go/approve"); v.Status != machine.NodeWaiting {
			t.Errorf("status %s", v.Status)
		}
		w.answer(run, store.Reject, "go/approve", r, "eve", "sre")
		w.again(run)
		r, err = w.drive(t.Context(), run, func(o *Options) { o.Park = true })
		w.outcome(run, r, err, event.Failed)
	})
}
