package local

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
)

// TestReleased: a good version is promoted after its holds, under renewed leases, and its evidence is sealed.
func TestReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.001)
		began := time.Now()
		run := w.begin("c1")
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.Succeeded)
		w.settled("local", w.newVersion("local"))
		if took := time.Since(began); took < 50*time.Minute || took > 52*time.Minute {
			t.Errorf("two holds of 10 min and a keep of 30 min took %s", took)
		}
		closed := w.events(run, event.MonitorClosed)
		if len(closed) != 1 {
			t.Fatalf("%d monitors closed", len(closed))
		}
		v, err := event.Payload[event.Verdict](closed[0])
		w.must(err)
		digest, n, err := w.st.Seal(t.Context(), run, closed[0].Monitor)
		w.must(err)
		if v.Verdict != "no-harm" && v.Verdict != "safe" || v.Evidence != digest || v.Ticks != n || n < 80 || time.Duration(v.Judged) < 20*time.Minute {
			t.Errorf("verdict %+v; the stream has %d ticks, %s", v, n, digest)
		}
		rep, err := w.st.Verify(t.Context(), run, nil)
		if err != nil || !rep.OK() {
			t.Errorf("the record is not whole: %+v, %v", rep, err)
		}
	})
}

// TestHarm: a bad version is found out and taken back long before its hold is over.
func TestHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, handmade.Canary())
		defer w.st.Close()
		w.installed("local")
		w.traffic("local", 0.2)
		began := time.Now()
		run := w.begin("c1")
		r, err := w.drive(t.Context(), run)
		w.outcome(run, r, err, event.RolledBack)
		w.settled("local", "old")
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("harm was found after %s", took)
		}
		if len(w.events(run, event.MonitorVerdict)) != 1 {
			t.Error("harm is said once")
		}
	})
}

// TestFirstDeploy: where nothing runs the new version is judged by its objective; harm leaves nothing.
func TestFirstDeploy(t *testing.T) {
	for name, x := range map[string]struct {
		bad  float64
		want event.Outcome
	}{"good": {0, event.Succeeded}, "bad": {0.5, event.RolledBack}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, handmade.Canary())
				defer w.st.Close()
				w.traffic("local", x.bad)
				run := w.begin("c1")
				r, err := w.drive(t.Context(), run)
				w.outcome(run, r, err, x.want)
				want := ""
				if x.want == event.Succeeded {
					want = w.newVersion("local")
				}
				w.settled("local", want)
			})
		})
	}
}
