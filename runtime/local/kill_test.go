package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// childVariable names the directory in which a copy of this test binary is one process of a run.
const childVariable = "PENSTOCK_DRIVE_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// quickPlan is the canary with holds of a fraction of a second.
func quickPlan(bad bool) *plan.Plan {
	p := handmade.Canary()
	p.Concurrency = plan.ConcurrencyQueue
	p.SLOs = map[string]plan.SLO{"a": {Objective: 90, Over: plan.Duration(time.Hour), SLI: plan.SLI{Requests: &plan.RequestsSLI{Workload: "hello"}}}}
	for ref, w := range p.Workloads {
		w.Spec = fmt.Appendf(nil, `{"bad":%v}`, bad)
		p.Workloads[ref] = w
	}
	for i := range p.Monitors {
		j := &p.Monitors[i].Judge
		j.SLIs = []plan.JudgedSLI{{SLO: "a", Tolerate: 1, Safe: 2, Weight: 1}}
		j.Tick, j.Alpha, j.Sticky = plan.Duration(20*time.Millisecond), 0.05, true
		j.Against, j.Require = "stable", "no-harm"
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		n.Retry.Backoff = plan.Duration(10 * time.Millisecond)
		if n.Hold != nil {
			n.Hold.For = plan.Duration(150 * time.Millisecond)
		}
		if n.Do.Retire != nil {
			n.Do.Retire.After = plan.Duration(50 * time.Millisecond)
		}
		if n.Do.Exec != nil {
			n.Do.Exec.Interrupted = plan.InterruptedRerun
		}
	}
	order(p)
	return p
}

// child is one process: it begins the run of its directory, or resumes it.
func child(dir string) error {
	ctx := context.Background()
	st, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer st.Close()
	_, noBad := os.Stat(filepath.Join(dir, "bad"))
	p := quickPlan(noBad == nil)
	f, err := plan.Seal(p, plan.Provenance{})
	if err != nil {
		return err
	}
	b, err := plan.Encode(f)
	if err != nil {
		return err
	}
	if err := st.PutPlan(ctx, f.ID, b); err != nil {
		return err
	}
	owner, err := store.Self("child")
	if err != nil {
		return err
	}
	const run = event.RunID("run-1")
	w, err := st.Writer(ctx, run, owner)
	if err != nil {
		return err
	}
	first := event.Event{Type: event.RunStarted, Time: time.Now().UTC()}.With(event.Started{Format: event.Format, Plan: f.ID, Actor: event.Actor{Name: "author", How: "ssh"}})
	switch info, err := st.Run(ctx, run); {
	case err == nil && info.State == store.Ended:
		return nil
	case err == nil:
		first = event.Event{Type: event.RunResumed, Time: time.Now().UTC()}.With(event.Resumed{})
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if _, err := w.Append(ctx, []event.Event{first}); err != nil {
		return err
	}
	rig := &world{plan: p}
	x := rig.bareIn(dir)
	x.Driver = func(context.Context, string) (targets.Driver, error) {
		return &fileTarget{filepath.Join(dir, "world.json")}, nil
	}
	_, err = Run(ctx, Options{Plan: p, Record: Record{Writer: w, Journal: st, Inbox: st, Evidence: st}, Exec: x, Holder: targets.Holder{Host: "here"}}, run)
	return errors.Join(err, w.Close(ctx))
}

// TestKilled really kills the process of a run, again and again, and resumes it until it has ended: it ends released or
// taken back, with one version and a free lock, and with a whole record.
func TestKilled(t *testing.T) {
	runs := 6
	if testing.Short() {
		runs = 2
	}
	rnd := rand.New(rand.NewPCG(7, 11))
	kills := 0
	for i := range runs {
		kills += killed(t, i%2 == 1, rnd)
	}
	t.Logf("%d runs, %d kills", runs, kills)
	if kills < runs {
		t.Errorf("only %d kills in %d runs", kills, runs)
	}
}

func killed(t *testing.T, bad bool, rnd *rand.Rand) (kills int) {
	t.Helper()
	dir := t.TempDir()
	if bad {
		if err := os.WriteFile(filepath.Join(dir, "bad"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	world := &fileTarget{filepath.Join(dir, "world.json")}
	if err := world.with(func(w *fileWorld) error { w.Stable = "old"; return nil }); err != nil {
		t.Fatal(err)
	}
	for try := 0; ; try++ {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childVariable+"="+dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		limit := time.Minute
		if try < 12 { // later ones may end in peace
			limit = time.Duration(20+rnd.IntN(130)) * time.Millisecond
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("process %d: %v", try, err)
			}
			settledWorld(t, dir, world, bad)
			return kills
		case <-time.After(limit):
			kills++
			_ = cmd.Process.Kill()
			<-done
		}
	}
}

func settledWorld(t *testing.T, dir string, world *fileTarget, bad bool) {
	t.Helper()
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	info, err := st.Run(t.Context(), "run-1")
	if err != nil {
		t.Fatal(err)
	}
	rep, err := st.Verify(t.Context(), "run-1", nil)
	if err != nil || !rep.OK() {
		t.Errorf("the record is not whole: %+v, %v", rep, err)
	}
	want := event.Succeeded
	if bad {
		want = event.RolledBack
	}
	if err := world.with(func(w *fileWorld) error {
		if info.Outcome != want || w.Held || w.Canary != "" || w.Weight != 0 || (w.Stable == "old") != bad {
			t.Errorf("%s (want %s); the world is %+v", info.Outcome, want, *w)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		all, _ := st.Events(t.Context(), "run-1", 1)
		for _, e := range all {
			t.Logf("%3d %s %-18s %s%s undo=%v g%d a%d %.200s", e.Seq, e.Time.Format("05.000"), e.Type, e.Node, e.Monitor, e.Undo, e.Generation, e.Attempt, e.Data)
		}
		t.FailNow()
	}
}
