package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/test/load"
	"github.com/penstock-dev/penstock/test/site"
)

// hold changes and commits how long each step of a canary is watched.
func hold(t *testing.T, s *site.Site, from, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "pipeline.cue"))
	if err != nil {
		t.Fatal(err)
	}
	s.Write("pipeline.cue", strings.ReplaceAll(string(text), `hold: "`+from+`"`, `hold: "`+to+`"`))
	commit(t, s, "hold for "+to)
}

// rest is what a process tells from now to its end.
func rest(p *site.Process) []event.Event {
	var list []event.Event
	for e := range p.Events {
		list = append(list, e)
	}
	return list
}

// find returns the first event that the function accepts.
func find(t *testing.T, what string, list []event.Event, want func(event.Event) bool) event.Event {
	t.Helper()
	i := slices.IndexFunc(list, want)
	if i < 0 {
		t.Fatalf("no %s among %d events", what, len(list))
	}
	return list[i]
}

func undone(prefix string) func(event.Event) bool {
	return func(e event.Event) bool {
		return e.Type == event.NodeDone && e.Undo && strings.HasPrefix(string(e.Node), prefix)
	}
}

// TestTwoRunsSupersede: a good release that would be watched for two more minutes ends at once, since a descendant of its
// commit comes from another working copy with a journal of its own.
func TestTwoRunsSupersede(t *testing.T) {
	t.Parallel()
	a := firstServes(t, "supersede", "500ms")
	hold(t, a, "500ms", "60s")
	b := a.Copy("other")
	hold(t, b, "60s", "1s")
	gen, stop := traffic(t, a, 100)

	a.Use("2")
	first := a.Start("run")
	exposed(t, first)
	b.Use("2")
	second := b.Start("run")
	one := rest(first)
	if code, text := first.Wait(); code != 4 {
		t.Errorf("superseded run: exit code %d, want 4\n%s", code, text)
	}
	two := rest(second)
	if code, text := second.Wait(); code != 0 {
		t.Errorf("successor: exit code %d\n%s", code, text)
	}

	aborted := find(t, "run.abort", one, ofType(event.RunAbort))
	if x, err := event.Payload[event.Abort](aborted); err != nil || x.Kind != "supersede" || x.Successor != two[0].Run {
		t.Errorf("aborted by %s (%v), want superseded by %s", aborted.Data, err, two[0].Run)
	}
	ended := find(t, "run.ended", one, ofType(event.RunEnded))
	if x, err := event.Payload[event.Ended](ended); err != nil || x.Outcome != event.Aborted {
		t.Errorf("ended as %s (%v)", ended.Data, err)
	}
	before := find(t, "shift that was undone", one, undone("release/shift-"))
	find(t, "stage that was undone", one, undone("release/stage"))
	released := find(t, "lock.released", one, ofType(event.LockReleased))
	acquired := find(t, "lock.acquired", two, ofType(event.LockAcquired))
	after := find(t, "shift of the successor", two, anyDispatched("release/shift-", false))
	if !before.Time.Before(acquired.Time) || !before.Time.Before(released.Time) || !acquired.Time.Before(after.Time) {
		t.Errorf("traffic was back at %v, the lock given up at %v and taken at %v, traffic shifted again at %v",
			before.Time, released.Time, acquired.Time, after.Time)
	}
	stop()
	between := answersBetween(gen.Results(), before.Time, after.Time)
	if len(between) != 1 || between["1"] == 0 {
		t.Errorf("between the two runs answers came from %v, want version 1 only", between)
	}
	if tally := load.Count(gen.Results()); tally.Lost > 0 {
		t.Errorf("%d of %d requests lost, the first at %s", tally.Lost, tally.Sent, tally.FirstLoss)
	}
	if v := serving(t, a); v != "2" {
		t.Errorf("version %s serves, want the successor's 2", v)
	}
}

// answersBetween counts, by version, the requests that were sent and answered between two moments.
func answersBetween(list []load.Result, from, to time.Time) map[string]int {
	out := map[string]int{}
	for _, r := range list {
		if r.Start.After(from) && r.Start.Add(r.Took).Before(to) {
			out[r.Version]++
		}
	}
	return out
}

// TestTwoRunsSupersedeSiblings: of two commits on different lines neither replaces the other: the second run waits for its
// turn, whether its working copy knows the other commit or not.
func TestTwoRunsSupersedeSiblings(t *testing.T) {
	for _, known := range []bool{true, false} {
		t.Run(map[bool]string{true: "known", false: "unknown"}[known], func(t *testing.T) {
			t.Parallel()
			a := firstServes(t, "supersede", "500ms")
			b := a.Copy("other")
			hold(t, a, "500ms", "3s")
			hold(t, b, "500ms", "1s")
			if known {
				git(t, b, "fetch", "-q", a.Dir, "HEAD")
			}
			traffic(t, a, 100)
			a.Use("2")
			first := a.Start("run")
			exposed(t, first)
			b.Use("1")
			second := b.Start("run")
			if _, ok := second.Await(saysWaiting); !ok {
				t.Fatal("the second run doesn't say that it waits")
			}
			one := rest(first)
			if code, text := first.Wait(); code != 0 {
				t.Errorf("first run: exit code %d\n%s", code, text)
			}
			if i := slices.IndexFunc(one, ofType(event.RunAbort)); i >= 0 {
				t.Errorf("the first run was aborted: %s", one[i].Data)
			}
			two := rest(second)
			if code, text := second.Wait(); code != 0 {
				t.Errorf("second run: exit code %d\n%s", code, text)
			}
			committed := find(t, "commit of the first run", one, doneNode("release/commit"))
			if got := find(t, "lock.acquired", two, ofType(event.LockAcquired)); !committed.Time.Before(got.Time) {
				t.Errorf("the second run got the lock at %v, the first committed at %v", got.Time, committed.Time)
			}
			if v := serving(t, a); v != "1" {
				t.Errorf("version %s serves, want the second run's 1", v)
			}
		})
	}
}

// saysWaiting accepts the note of a run that may not supersede the holder of its lock.
func saysWaiting(e event.Event) bool {
	x, err := event.Payload[event.Noted](e)
	return e.Type == event.Note && err == nil && strings.Contains(x.Text, "is not superseded") && strings.HasSuffix(x.Text, "; waiting")
}

func doneNode(node plan.NodeID) func(event.Event) bool {
	return func(e event.Event) bool { return e.Type == event.NodeDone && e.Node == node && !e.Undo }
}
