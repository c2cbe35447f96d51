// Package e2e holds penstock, as users run it, against the world: killed at every kind of moment, started twice at once,
// its host restarted under load.
package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/test/load"
	"github.com/penstock-dev/penstock/test/site"
)

var bins *site.Binaries

func TestMain(m *testing.M) {
	var err error
	if bins, err = site.Build("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := bins.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

const pipeline = `package hello

pipeline: {
	name: "hello"
	owner: {team: "web", runbook: "RUNBOOK.md"}
	artifacts: app: file: path: "bin/hello"
	environments: local: {tier: "development", process: {}}
	workloads: hello: process: {
		artifact: "app"
		args: ["serve"]
		listen: "ADDR"
		ready: http: "/healthz"
	}
	slos: availability: {objective: 99, over: "1h", sli: requests: workload: "hello"}
	stages: {
		build: {
			exec: {command: ["sh", "-c", "mkdir -p bin && cp next bin/hello.new && mv bin/hello.new bin/hello"], produces: app: {}}
			interrupted: "rerun"
		}
		release: {
			needs: ["build"]
			deploy: {
				workload: "hello"
				in:       "local"
				canary: {
					steps: [{weight: 5, hold: "2s"}, {weight: 50, hold: "2s"}]
					analysis: slos: availability: {}
					keep: "1s"
				}
			}
		}
	}
}
`

// Two seconds at 5 % are two ticks of about five requests on the new version: enough to convict one that fails nine
// tenths of them, and no more than that.

// moment is when the process is killed: at a random time after an event.
type moment struct {
	name string
	// version that is being released: 3 fails and is compensated.
	version string
	at      func(event.Event) bool
	within  time.Duration
}

func dispatched(node plan.NodeID, undo bool) func(event.Event) bool {
	return func(e event.Event) bool { return e.Type == event.NodeDispatched && e.Node == node && e.Undo == undo }
}

func anyDispatched(prefix string, undo bool) func(event.Event) bool {
	return func(e event.Event) bool {
		return e.Type == event.NodeDispatched && strings.HasPrefix(string(e.Node), prefix) && e.Undo == undo
	}
}

func holding(e event.Event) bool {
	return e.Type == event.NodeDone && strings.HasPrefix(string(e.Node), "release/shift-") && !e.Undo
}

var moments = []moment{
	{"stage", "2", dispatched("release/stage", false), 30 * time.Millisecond},
	{"shift", "2", anyDispatched("release/shift-", false), 10 * time.Millisecond},
	{"hold", "2", holding, 1500 * time.Millisecond},
	{"commit", "2", dispatched("release/commit", false), 10 * time.Millisecond},
	{"compensation", "3", anyDispatched("release/", true), 5 * time.Millisecond},
}

// killsPerMoment is how often each moment is hit.
const killsPerMoment = 3

// TestKilledRunsSettle kills `penstock run` with SIGKILL and resumes until the run is over: all traffic must then be on the
// old version or all on the new one, whatever was under way.
func TestKilledRunsSettle(t *testing.T) {
	for _, m := range moments {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s := site.New(t, bins, pipeline)
			s.Use("1")
			s.Must(0, "run")
			gen, stop := traffic(t, s, 100)

			old := "1"
			for kills, tries := 0, 0; kills < killsPerMoment; tries++ {
				if tries > 4*killsPerMoment {
					t.Fatalf("%d runs, but only %d could be killed in time", tries, kills)
				}
				// releasing what serves already would be no change: go back and forth between 1 and 2
				next := m.version
				if next == old {
					next = "1"
				}
				s.Use(next)
				var killed bool
				if old, killed = killAndResume(t, s, m, tries, old, next); killed {
					kills++
				}
			}
			stop()
			if tally := load.Count(gen.Results()); tally.Lost > 0 {
				t.Errorf("%d of %d requests lost, the first at %s", tally.Lost, tally.Sent, tally.FirstLoss)
			}
		})
	}
}

// traffic sends requests until stop is called or the test ends.
func traffic(t *testing.T, s *site.Site, rate int) (gen *load.Generator, stop func()) {
	gen = &load.Generator{Addr: s.Addr, Rate: rate}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); gen.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return gen, stop
}

// killAndResume returns the version that serves in the end, and whether the run was killed before it was over by itself.
func killAndResume(t *testing.T, s *site.Site, m moment, i int, old, next string) (string, bool) {
	t.Helper()
	p := s.Start("run")
	if _, ok := p.Await(m.at); !ok {
		code, text := p.Wait()
		t.Fatalf("kill %d: the run of version %s ended with %d before the moment came\n%s", i, next, code, text)
	}
	time.Sleep(rand.N(m.within))
	if !p.Kill() {
		return serving(t, s), false
	}
	code, out, err := s.Run(t.Context(), "resume")
	if err != nil || code != 0 && code != 4 {
		t.Fatalf("kill %d: resume: exit code %d (%v)\n%s", i, code, err, out)
	}
	now := serving(t, s)
	if want := map[int]string{0: next, 4: old}[code]; now != want {
		t.Fatalf("kill %d: resume said %d, so version %s should serve, but %s does\n%s", i, code, want, now, out)
	}
	return now, true
}

// serving asks often enough that a share of 1 % would be seen with 99 % probability.
func serving(t *testing.T, s *site.Site) string {
	t.Helper()
	seen := map[string]int{}
	for range 450 {
		resp, err := http.Get("http://" + s.Addr + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		seen[resp.Header.Get(load.VersionHeader)]++
	}
	if len(seen) != 1 {
		t.Fatalf("not settled: answers came from %v", seen)
	}
	for v := range seen {
		return v
	}
	return ""
}
