package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/test/load"
	"github.com/penstock-dev/penstock/test/site"
)

// twoCopies is one service with two working copies of its pipeline, each with a journal of its own. Version 1 serves.
func twoCopies(t *testing.T, concurrency string) (a, b *site.Site) {
	t.Helper()
	a = firstServes(t, concurrency, "2s")
	traffic(t, a, 100)
	b = a.Copy("other")
	b.Write("change", "a later commit\n")
	commit(t, b, "second")
	return a, b
}

// firstServes is a service whose pipeline is committed, with the time for which each step is watched; version 1 serves.
func firstServes(t *testing.T, concurrency, hold string) *site.Site {
	t.Helper()
	text := strings.Replace(pipeline, "name: \"hello\"\n", "name: \"hello\"\n\tconcurrency: \""+concurrency+"\"\n", 1)
	s := site.New(t, bins, strings.ReplaceAll(text, `hold: "2s"`, `hold: "`+hold+`"`))
	git(t, s, "init", "-q")
	s.Write(".gitignore", ".penstock/\nbin/\nnext\n")
	commit(t, s, "first")
	s.Use("1")
	s.Must(0, "run")
	return s
}

func git(t *testing.T, s *site.Site, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Dir = s.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

func commit(t *testing.T, s *site.Site, message string) {
	t.Helper()
	git(t, s, "add", "-A")
	git(t, s, "commit", "-q", "-m", message)
}

func ofType(typ event.Type) func(event.Event) bool {
	return func(e event.Event) bool { return e.Type == typ }
}

// exposed waits until the first run has its new version under traffic.
func exposed(t *testing.T, p *site.Process) {
	t.Helper()
	if _, ok := p.Await(holding); !ok {
		code, text := p.Wait()
		t.Fatalf("the first run ended with %d before it shifted traffic\n%s", code, text)
	}
}

func TestTwoRunsQueue(t *testing.T) {
	t.Parallel()
	a, b := twoCopies(t, "queue")
	a.Use("2")
	first := a.Start("run")
	exposed(t, first)
	b.Use("1")
	second := b.Start("run")
	waiting, ok := second.Await(ofType(event.LockWaiting))
	if !ok {
		t.Fatal("the second run never waited")
	}
	if d, err := event.Payload[event.Lock](waiting); err != nil || d.Holder == "" {
		t.Errorf("it doesn't say whom it waits for: %s (%v)", waiting.Data, err)
	}
	ended, ok := first.Await(ofType(event.RunEnded))
	if !ok {
		t.Fatal("the first run never ended")
	}
	acquired, ok := second.Await(ofType(event.LockAcquired))
	if !ok {
		t.Fatal("the second run never got the lock")
	}
	if released := ended.Time.Add(-5 * time.Second); acquired.Time.Before(released) {
		t.Errorf("the second run got the lock at %v, the first ended at %v", acquired.Time, ended.Time)
	}
	for name, p := range map[string]*site.Process{"first": first, "second": second} {
		if code, text := p.Wait(); code != 0 {
			t.Errorf("%s run: exit code %d\n%s", name, code, text)
		}
	}
	if v := serving(t, a); v != "1" {
		t.Errorf("version %s serves, want the second run's 1", v)
	}
}

func TestTwoRunsReject(t *testing.T) {
	t.Parallel()
	a, b := twoCopies(t, "reject")
	a.Use("2")
	first := a.Start("run")
	exposed(t, first)
	b.Use("1")
	code, out, err := b.Run(t.Context(), "run")
	if err != nil || code != 3 || !strings.Contains(out, "locked by run") {
		t.Errorf("second run: exit code %d (%v), want 3 and who holds the lock\n%s", code, err, out)
	}
	if code, text := first.Wait(); code != 0 {
		t.Errorf("first run: exit code %d\n%s", code, text)
	}
	if v := serving(t, a); v != "2" {
		t.Errorf("version %s serves, want the first run's 2", v)
	}
}

// TestHostRestartsUnderLoad restarts the host several times while a canary is exposed, and loses nothing.
func TestHostRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, pipeline)
	s.Use("1")
	s.Must(0, "run")
	gen, stop := traffic(t, s, 300)
	s.Use("2")
	p := s.Start("run")
	exposed(t, p)
	for range 3 {
		s.Must(0, "host", "restart")
		time.Sleep(300 * time.Millisecond)
	}
	if code, text := p.Wait(); code != 0 {
		t.Errorf("run: exit code %d\n%s", code, text)
	}
	s.Must(0, "host", "restart")
	stop()
	tally := load.Count(gen.Results())
	t.Logf("%d requests over 4 restarts: %d answered, %d lost", tally.Sent, tally.Answered, tally.Lost)
	if tally.Lost > 0 || tally.Sent == 0 {
		t.Errorf("%d of %d requests lost, the first at %s", tally.Lost, tally.Sent, tally.FirstLoss)
	}
	if v := serving(t, s); v != "2" {
		t.Errorf("version %s serves, want 2", v)
	}
}
