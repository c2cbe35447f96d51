package local

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/memory"
)

// TestTwoRuns: a second run of the same environment waits, is rejected, or has the first return to stable, as declared.
func TestTwoRuns(t *testing.T) {
	for name, x := range map[string]struct {
		mode          plan.Concurrency
		descends      func(context.Context, string, string) (bool, error)
		first, second event.Outcome
	}{
		"queue":             {plan.ConcurrencyQueue, nil, event.Succeeded, event.Succeeded},
		"reject":            {plan.ConcurrencyReject, nil, event.Succeeded, event.Aborted},
		"supersede":         {plan.ConcurrencySupersede, yes, event.Aborted, event.Succeeded},
		"by inbox":          {plan.ConcurrencySupersede, yes, event.Aborted, event.Succeeded},
		"older":             {plan.ConcurrencySupersede, firstIsNewer, event.Succeeded, event.Aborted},
		"another line":      {plan.ConcurrencySupersede, no, event.Succeeded, event.Succeeded},
		"nobody knows":      {plan.ConcurrencySupersede, nil, event.Succeeded, event.Succeeded},
		"nobody can say it": {plan.ConcurrencySupersede, broken, event.Succeeded, event.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := handmade.Canary()
				p.Concurrency = x.mode
				w := newWorld(t, p)
				defer w.st.Close()
				w.installed("local")
				w.traffic("local", 0.001)
				as := func(o *Options) {
					if d := w.drv; name == "by inbox" {
						o.Exec.Driver = func(context.Context, string) (targets.Driver, error) { return muteTarget{d, d, d, d, d, d, d, d}, nil }
					}
				}
				one := w.begin("c1")
				type end struct {
					r   Result
					err error
				}
				ended := make(chan end, 1)
				go func() {
					r, err := w.drive(t.Context(), one, as, func(o *Options) { o.Commit, o.Descends = "c1", x.descends })
					ended <- end{r, err}
				}()
				time.Sleep(3 * time.Minute)
				old := w.newVersion("local")
				two := w.begin("c2")
				r, err := w.drive(t.Context(), two, as, func(o *Options) { o.Commit, o.Descends = "c2", x.descends })
				w.outcome(two, r, err, x.second)
				first := <-ended
				w.outcome(one, first.r, first.err, x.first)
				stable := old
				if x.second == event.Succeeded {
					stable = w.newVersion("local")
				}
				w.settled("local", stable)
				if waits := w.events(two, event.LockWaiting); len(waits) != 1 || !strings.Contains(string(waits[0].Data), "run-1") {
					t.Errorf("the second run said %d times for whom it waits", len(waits))
				}
			})
		})
	}
}

func yes(context.Context, string, string) (bool, error) { return true, nil }
func no(context.Context, string, string) (bool, error)  { return false, nil }
func firstIsNewer(_ context.Context, newer, older string) (bool, error) {
	return newer == "c1" && older == "c2", nil
}
func broken(context.Context, string, string) (bool, error) {
	return false, errors.New("no repository")
}

// muteTarget is the in-memory target without what tells about locks and passes wishes on.
type muteTarget struct {
	targets.Driver
	targets.Observer
	targets.Stager
	targets.Router
	targets.Committer
	targets.Locker
	targets.Leaser
	targets.Counter
}

// TestStrayLock: a process dies after it took the lock and before it could record that. The run is aborted meanwhile: it ends
// without the lock being needed, and leaves none behind. Another run's lock is never given back.
func TestStrayLock(t *testing.T) {
	for name, x := range map[string]struct {
		holder string // who has the lock when the run is resumed
		left   bool
	}{
		"its own":   {"run-1", false},
		"another's": {"run-7", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, handmade.Canary())
				defer w.st.Close()
				w.installed("local")
				w.traffic("local", 0.001)
				run := w.begin("c1")
				place := w.dep("local", "old").Place
				if _, err := w.drv.Lock(t.Context(), place, targets.Holder{Run: x.holder}); err != nil {
					t.Fatal(err)
				}
				w.append(run, event.Event{Type: event.RunAbort}.With(event.Abort{Kind: "abort", By: event.Actor{Name: "ada"}}))
				w.again(run)
				r, err := w.drive(t.Context(), run)
				w.outcome(run, r, err, event.Aborted)
				if h, held := w.drv.Holder(place.ID); held != x.left || held && h.Run != x.holder {
					t.Errorf("the lock is held: %v, by %+v", held, h)
				}
			})
		})
	}
}

// TestLockTakenAtTheEnd: the run is given up while its question for the lock is under way, or after the answer was lost.
func TestLockTakenAtTheEnd(t *testing.T) {
	for name, fault := range map[string]memory.Fault{
		"under way":   {Takes: time.Second},
		"answer lost": {Err: &targets.TransientError{Err: errors.New("connection reset")}, Effect: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, handmade.Canary())
				defer w.st.Close()
				w.installed("local")
				run := w.begin("c1")
				signals := make(chan struct{}, 1)
				w.drv.Inject(func(o memory.Operation) memory.Fault {
					if o.Name != "lock" {
						return memory.Fault{}
					}
					signals <- struct{}{}
					return fault
				})
				r, err := w.drive(t.Context(), run, func(o *Options) { o.Signals = signals })
				w.outcome(run, r, err, event.Aborted)
				if h, held := w.drv.Holder(w.dep("local", "old").Place.ID); held {
					t.Errorf("the run has ended and %+v holds the lock", h)
				}
			})
		})
	}
}

// TestLockTaken: a lock that somebody breaks is lost: nothing of the new holder's is touched.
func TestLockTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.001)
		run := w.begin("c1")
		time.AfterFunc(3*time.Minute, func() {
			if _, err := w.drv.Break(t.Context(), w.dep("local", "old").Place, targets.Holder{Run: "intruder"}); err != nil {
				t.Error(err)
			}
		})
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Unsettled)
		if h, _ := w.drv.Holder("process:local"); h.Run != "intruder" {
			t.Errorf("the lock is %+v's", h)
		}
	})
}

// TestFaults: single faults of a target's operations end settled.
func TestFaults(t *testing.T) {
	lost := &targets.TransientError{Err: errors.New("connection reset")}
	for name, x := range map[string]struct {
		op    string
		fault memory.Fault
	}{
		"stage fails":         {"stage", memory.Fault{Err: lost}},
		"stage answer lost":   {"stage", memory.Fault{Err: lost, Effect: true}},
		"shift answer lost":   {"shift", memory.Fault{Err: lost, Effect: true}},
		"shift hangs":         {"shift", memory.Fault{Hang: true}},
		"shift arrives late":  {"shift", memory.Fault{Hang: true, Late: 10 * time.Second}},
		"commit fails":        {"commit", memory.Fault{Err: errors.New("no")}},
		"commit answer lost":  {"commit", memory.Fault{Err: lost, Effect: true}},
		"commit arrives late": {"commit", memory.Fault{Hang: true, Late: time.Minute}},
		"lock fails once":     {"lock", memory.Fault{Err: lost}},
		"lock answer lost":    {"lock", memory.Fault{Err: lost, Effect: true}},
		"unlock fails once":   {"unlock", memory.Fault{Err: lost}},
		"counts fail once":    {"counts", memory.Fault{Err: lost}},
		"observe fails once":  {"observe", memory.Fault{Err: lost}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, handmade.Canary())
				defer w.st.Close()
				w.installed("local")
				w.traffic("local", 0.001)
				run := w.begin("c1")
				hit := false
				w.drv.Inject(func(o memory.Operation) memory.Fault {
					if hit || o.Name != x.op {
						return memory.Fault{}
					}
					hit = true
					return x.fault
				})
				r, err := w.drive(t.Context(), run)
				w.must(err)
				w.drv.Inject(nil)
				if !hit {
					t.Fatal("the fault did not happen")
				}
				time.Sleep(time.Hour) // whatever is late arrives
				switch r.Outcome {
				case event.Succeeded:
					w.settled("local", w.newVersion("local"))
				case event.RolledBack, event.Failed:
					w.settled("local", "old")
				default:
					t.Errorf("outcome %s", r.Outcome)
				}
				t.Log(r.Outcome)
				if t.Failed() {
					w.dump(run)
				}
			})
		})
	}
}

// TestNoLockToBeHad: a target that never answers for its lock ends the run, with nothing changed.
func TestNoLockToBeHad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		run := w.begin("c1")
		w.drv.Inject(func(o memory.Operation) memory.Fault {
			if o.Name == "lock" {
				return memory.Fault{Err: errors.New("host is down")}
			}
			return memory.Fault{}
		})
		began := time.Now()
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Aborted)
		if took := time.Since(began); took < 2*time.Minute || took > 3*time.Minute {
			t.Errorf("it was tried for %s", took)
		}
	})
}
