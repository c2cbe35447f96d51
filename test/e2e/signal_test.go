package e2e

import (
	"testing"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/targets/process/control"
	"github.com/penstock-dev/penstock/test/load"
	"github.com/penstock-dev/penstock/test/site"
)

// exposing starts a release of version 2 over 1 under traffic, and returns when 2 has some of it.
func exposing(t *testing.T, text string) (*site.Site, *site.Process, func() load.Tally) {
	t.Helper()
	s := site.New(t, bins, text)
	s.Use("1")
	s.Must(0, "run")
	gen, stop := traffic(t, s, 100)
	s.Use("2")
	p := s.Start("run")
	exposed(t, p)
	return s, p, func() load.Tally { stop(); return load.Count(gen.Results()) }
}

// settledOn holds that all users get the version, that no other one is left beside it, and that no request was lost.
func settledOn(t *testing.T, s *site.Site, version string, tally load.Tally) {
	t.Helper()
	if v := serving(t, s); v != version {
		t.Errorf("version %s serves, want %s", v, version)
	}
	if c, ok := service(t, s).In(control.Canary); ok {
		t.Errorf("a canary is left: %+v", c)
	}
	if tally.Lost > 0 || tally.Sent == 0 {
		t.Errorf("%d of %d requests lost, the first at %s", tally.Lost, tally.Sent, tally.FirstLoss)
	}
}

func TestInterruptReturnsToStable(t *testing.T) {
	t.Parallel()
	s, p, tally := exposing(t, pipeline)
	if err := p.Interrupt(); err != nil {
		t.Fatal(err)
	}
	if code, text := p.Wait(); code != 4 {
		t.Errorf("exit code %d, want 4\n%s", code, text)
	}
	settledOn(t, s, "1", tally())
	contains(t, s.Must(3, "resume", newest(t, s)), "is over")
}

func TestTwoInterruptsStopAtOnce(t *testing.T) {
	t.Parallel()
	s, p, tally := exposing(t, pipeline)
	if err := p.Interrupt(); err != nil {
		t.Fatal(err)
	}
	// two signals in one moment can arrive as one: the second is sent when the first has been heard
	if _, ok := p.Await(ofType(event.RunAbort)); !ok {
		t.Fatal("the first interrupt was never recorded")
	}
	if err := p.Interrupt(); err != nil {
		t.Fatal(err)
	}
	if code, text := p.Wait(); code != 6 {
		t.Fatalf("exit code %d, want 6\n%s", code, text)
	}
	contains(t, s.Must(0, "status"), "penstock resume "+newest(t, s))
	s.Must(4, "resume")
	settledOn(t, s, "1", tally())
}

func TestAbort(t *testing.T) {
	t.Parallel()
	const reason = "the wrong branch"
	s, p, tally := exposing(t, pipeline)
	s.Must(0, "abort", "--reason", reason)
	if code, text := p.Wait(); code != 4 {
		t.Errorf("exit code %d, want 4\n%s", code, text)
	}
	contains(t, s.Must(0, "status"), reason)
	settledOn(t, s, "1", tally())
	contains(t, s.Must(3, "abort", newest(t, s)), "is over")
}

// TestNobodyResumes: the host takes back what a dead run has exposed, says so, and later runs go on from there.
func TestNobodyResumes(t *testing.T) {
	t.Parallel()
	s, p, tally := exposing(t, edited(t, pipeline, listen, listen+"\t\tlease: \"3s\"\n"))
	if !p.Kill() {
		t.Fatal("the run was over before it could be killed")
	}
	if w := service(t, s).Weight; w == 0 {
		t.Error("the canary has no traffic right after the run died")
	}
	for limit := time.Now().Add(30 * time.Second); service(t, s).Weight > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the host never took the canary back")
		}
	}
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
	dead := newest(t, s)
	contains(t, s.Must(0, "host", "status"), "lease of run "+dead+" ran out: the host took the canary back by itself")
	contains(t, s.Must(1, "host", "drift"), "lease is expired")
	contains(t, s.Must(0, "status"), "no process drives it", "penstock resume "+dead)
	s.Must(0, "resume", dead)
	s.Use("1")
	s.Must(0, "run")
	settledOn(t, s, "1", tally())
}

// TestLaterRunWaits: a new run of another working copy waits for what a dead one has left behind, says who that is, and goes
// on as soon as somebody settles it.
func TestLaterRunWaits(t *testing.T) {
	t.Parallel()
	s, p, tally := exposing(t, pipeline)
	if !p.Kill() {
		t.Fatal("the run was over before it could be killed")
	}
	other := s.Copy("later")
	other.Use("1")
	later := other.Start("run")
	waiting, ok := later.Await(ofType(event.LockWaiting))
	if !ok {
		t.Fatal("the later run never waited")
	}
	contains(t, string(waiting.Data), newest(t, s))
	s.Must(0, "resume")
	if code, text := later.Wait(); code != 0 {
		t.Errorf("later run: exit code %d\n%s", code, text)
	}
	settledOn(t, s, "1", tally())
}
