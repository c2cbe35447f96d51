package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/simulate/handmade"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets"
)

// answers is a metrics provider that says what it is told to; a query that it isn't told about has no answer.
type answers map[string]func() float64

func (a answers) Query(_ context.Context, _ plan.Environment, query string, _ time.Time) (float64, error) {
	f, ok := a[query]
	if !ok {
		return 0, errors.New("no data")
	}
	return f(), nil
}

func constant(v float64) func() float64 { return func() float64 { return v } }

// TestStrategies: every strategy releases what is good and takes back what is bad, in each of its environments.
func TestStrategies(t *testing.T) {
	for _, x := range []struct {
		plan func() *plan.Plan
		envs []string
		// judged says that the strategy notices a bad version
		judged bool
	}{
		{handmade.Canary, []string{"local"}, true},
		{handmade.Linear, []string{"staging"}, true},
		{blueGreen, []string{"local"}, true},
		{handmade.Rolling, []string{"local"}, false},
		{handmade.AllAtOnce, []string{"local"}, false},
		{handmade.Regions, []string{"eu", "us"}, true},
		{handmade.Parallel, []string{"a", "b"}, true},
		{handmade.Joined, []string{"a", "b"}, true},
		{handmade.Verify, []string{"local"}, true},
	} {
		for word, bad := range map[string]float64{"good": 0.001, "bad": 0.3} {
			p := x.plan()
			t.Run(p.Pipeline+" "+word, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { strategy(t, p, x.envs, x.judged, bad) })
			})
		}
	}
}

// blueGreen is judged by the objective: at 100 % nothing is left to compare with.
func blueGreen() *plan.Plan {
	p := handmade.BlueGreen()
	for i := range p.Monitors {
		p.Monitors[i].Judge.Against = "objective"
	}
	return p
}

func strategy(t *testing.T, p *plan.Plan, envs []string, judged bool, bad float64) {
	for i := range p.Nodes { // the budgets are full
		if g := p.Nodes[i].Do.Gate; g != nil && g.ErrorBudget != nil {
			g.ErrorBudget = nil
			g.Query = &plan.QueryGate{Environment: envs[0], Query: "budget", Above: new(20.0)}
		}
	}
	w := newWorld(t, p)
	defer w.st.Close()
	for _, env := range envs {
		w.installed(env)
		w.traffic(env, bad)
	}
	run := w.begin("c1")
	r, err := w.drive(t.Context(), run, func(o *Options) { o.Exec.Metrics = answers{"budget": constant(80)} })
	if bad < 0.1 || !judged {
		w.outcome(run, r, err, event.Succeeded)
		for _, env := range envs {
			w.settled(env, w.newVersion(env))
		}
		return
	}
	w.outcome(run, r, err, event.RolledBack)
	for _, env := range envs {
		w.settled(env, "old")
	}
}

// TestInconclusive: what happens without traffic is what was declared; it is never a pass by silence.
func TestInconclusive(t *testing.T) {
	for mode, want := range map[string]event.Outcome{
		"rollback": event.RolledBack, "promote": event.Succeeded, "hold": event.RolledBack, "ask": event.Succeeded,
	} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := handmade.Canary()
				for i := range p.Monitors {
					p.Monitors[i].Judge.Inconclusive, p.Monitors[i].Judge.HoldMore = mode, plan.Duration(7*time.Minute)
				}
				w := newWorld(t, p)
				defer w.st.Close()
				w.installed("local")
				run := w.begin("c1")
				began := time.Now()
				if mode == "ask" {
					time.AfterFunc(25*time.Minute, func() { w.answer(run, store.Approve, "release/commit", w.state(run), "ada", "sre") })
				}
				r, err := w.drive(t.Context(), run)
				w.outcome(run, r, err, want)
				v, err := event.Payload[event.Verdict](w.events(run, event.MonitorClosed)[0])
				if err != nil || v.Verdict != "inconclusive" || !slices.Contains(v.Findings, "a: no-traffic") {
					t.Errorf("verdict %+v, %v", v, err)
				}
				if took := time.Since(began); mode == "hold" && took < 27*time.Minute {
					t.Errorf("it was watched for %s, want 7 minutes more", took)
				}
			})
		})
	}
}

// TestLimits: a bound that is broken is harm at once; one that nobody can tell is not a pass.
func TestLimits(t *testing.T) {
	for name, x := range map[string]struct {
		metrics answers
		want    event.Outcome
		says    string
	}{
		"kept":   {answers{"queue": constant(5)}, event.Succeeded, ""},
		"broken": {answers{"queue": risesAfter(12 * time.Minute)}, event.RolledBack, "queue: 50, want below 10"},
		"mute":   {answers{}, event.RolledBack, "no-data: limit queue"},
		"nobody": {nil, event.RolledBack, "no metrics provider"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := handmade.Canary()
				for i := range p.Monitors {
					p.Monitors[i].Judge.Limits = []plan.Limit{{Name: "queue", Environment: "local", Query: "queue", Below: new(10.0)}}
				}
				if name == "mute" { // otherwise the hold would wait for an answer until the stage's time is up
					for i := range p.Stages {
						if p.Stages[i].Name == "release" {
							p.Stages[i].Timeout = plan.Duration(40 * time.Minute)
						}
					}
				}
				w := newWorld(t, p)
				defer w.st.Close()
				w.installed("local")
				w.traffic("local", 0.001)
				run := w.begin("c1")
				r, err := w.drive(t.Context(), run, func(o *Options) {
					if x.metrics != nil {
						o.Exec.Metrics = x.metrics
					}
				})
				w.outcome(run, r, err, x.want)
				var said strings.Builder
				for _, e := range w.events(run, event.MonitorClosed, event.MonitorVerdict) {
					said.Write(e.Data)
				}
				if !strings.Contains(said.String(), x.says) {
					t.Errorf("the verdicts don't say %q:\n%s", x.says, said.String())
				}
			})
		})
	}
}

func risesAfter(d time.Duration) func() float64 {
	var began time.Time
	return func() float64 {
		if began.IsZero() {
			began = time.Now()
		}
		if time.Since(began) > d {
			return 50
		}
		return 5
	}
}

// TestSupersedeAcrossStores: two working copies with a store each; the wish reaches the older run where the lock is.
func TestSupersedeAcrossStores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := handmade.Canary()
		p.Concurrency = plan.ConcurrencySupersede
		one := newWorld(t, p)
		defer one.st.Close()
		one.installed("local")
		one.traffic("local", 0.001)
		two := newWorld(t, p)
		defer two.st.Close()
		two.drv, two.runs = one.drv, 1
		share := func(o *Options) {
			o.Exec.Driver = func(context.Context, string) (targets.Driver, error) { return one.drv, nil }
			o.Descends = yes
		}
		first := one.begin("c1")
		type end struct {
			r   Result
			err error
		}
		ended := make(chan end, 1)
		go func() {
			r, err := one.drive(t.Context(), first, share, func(o *Options) { o.Commit = "c1" })
			ended <- end{r, err}
		}()
		time.Sleep(3 * time.Minute)
		second := two.begin("c2")
		r, err := two.drive(t.Context(), second, share, func(o *Options) { o.Commit = "c2" })
		two.outcome(second, r, err, event.Succeeded)
		x := <-ended
		one.outcome(first, x.r, x.err, event.Aborted)
		two.settled("local", two.newVersion("local"))
		a, err := event.Payload[event.Abort](one.events(first, event.RunAbort)[0])
		if err != nil || a.Kind != "supersede" || a.Successor != second {
			t.Errorf("recorded %+v, %v", a, err)
		}
	})
}

// TestTold: those who want to know are told, and what goes wrong with that fails nothing.
func TestTold(t *testing.T) {
	var mu sync.Mutex
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.URL.Path)
		if r.URL.Path == "/run" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer srv.Close()
	p := layers(1, 1)
	p.Notify = map[string]plan.Notification{"chat": {On: []string{"started", "done"}, Webhook: &plan.Webhook{URL: srv.URL + "/run"}}}
	p.Stages[0].Notify = map[string]plan.Notification{"team": {On: []string{"done", "failed"}, Webhook: &plan.Webhook{URL: srv.URL + "/stage"}}}
	w := newWorld(t, p)
	defer w.st.Close()
	run := w.begin("c1")
	r, err := w.drive(t.Context(), run)
	w.outcome(run, r, err, event.Succeeded)
	slices.Sort(got)
	if want := []string{"/run", "/run", "/stage"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

// TestCommands: a command that fails is repeated as often as it may be, one that hangs is stopped when its time is up, and
// one that is under way when a signal comes is stopped when it may be.
func TestCommands(t *testing.T) {
	dir := t.TempDir()
	script := func(text string) []string { return []string{"sh", "-c", text} }
	node := func(text string, n plan.Node) *plan.Plan {
		p := layers(1, 1)
		n.ID, n.Stage = "all/n00-000", "all"
		n.Do = plan.Do{Exec: &plan.Exec{Command: script(text), Interrupted: plan.InterruptedFail}}
		n.Retry.Attempts = max(n.Retry.Attempts, 1)
		p.Nodes[0] = n
		return p
	}
	count := filepath.Join(dir, "count")
	for name, x := range map[string]struct {
		plan    *plan.Plan
		signal  bool
		want    event.Outcome
		because string
		runs    int
	}{
		"repeated":  {node("echo x >>"+count+"; exit 3", plan.Node{Retry: plan.Retry{Attempts: 3}}), false, event.Failed, "exit code 3", 3},
		"timed out": {node("echo x >>"+count+"; exec sleep 60", plan.Node{Timeout: plan.Duration(200 * time.Millisecond)}), false, event.Failed, "timed out", 1},
		"stopped":   {node("echo x >>"+count+"; exec sleep 60", plan.Node{Interruptible: true}), true, event.Aborted, "signal", 1},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(count, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			w := newWorldAsIs(t, x.plan)
			defer w.st.Close()
			run := w.begin("c1")
			signals := make(chan struct{}, 1)
			if x.signal {
				go func() {
					for b, _ := os.ReadFile(count); len(b) == 0; b, _ = os.ReadFile(count) {
						time.Sleep(5 * time.Millisecond)
					}
					signals <- struct{}{}
				}()
			}
			r, err := w.drive(t.Context(), run, func(o *Options) { o.Signals = signals })
			w.outcome(run, r, err, x.want)
			b, err := os.ReadFile(count)
			w.must(err)
			if n := strings.Count(string(b), "x"); n != x.runs {
				t.Errorf("it ran %d times, want %d", n, x.runs)
			}
			if got := fmt.Sprint(r.State.Causes()); !strings.Contains(got, x.because) {
				t.Errorf("causes %s, want %q", got, x.because)
			}
		})
	}
}
