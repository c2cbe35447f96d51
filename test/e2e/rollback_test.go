package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/test/load"
	"github.com/penstock-dev/penstock/test/site"
)

func read(t *testing.T, s *site.Site, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func digest(t *testing.T, version string) string {
	t.Helper()
	b, err := os.ReadFile(bins.Programs[version])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// TestRollbackIsJudged brings release 1 back as carefully as any release comes: by steps, under the judge, with its bytes.
func TestRollbackIsJudged(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, edited(t, pipeline, buildCommand, marked))
	contains(t, s.Must(3, "rollback", "local"), "nothing has run from")
	s.Use("1")
	s.Must(0, "run")
	contains(t, s.Must(3, "rollback", "local"), "there is no earlier release to go back to")
	contains(t, s.Must(3, "rollback", "moon"), "nothing was ever released there")
	gen, stop := traffic(t, s, 100)
	s.Use("2")
	s.Must(0, "run")
	s.Use("3") // must not be picked up
	p := s.Start("rollback", "local")
	if _, ok := p.Await(holding); !ok {
		t.Error("the rollback took no step")
	}
	if _, ok := p.Await(ofType(event.MonitorClosed)); !ok {
		t.Error("nobody judged the rollback")
	}
	if code, text := p.Wait(); code != 0 {
		t.Fatalf("rollback: exit code %d\n%s", code, text)
	}
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
	first := deployments(t, s, "local")[0]
	all := releases(t, s)
	if len(all) != 2 || first.Release != all[1].ID {
		t.Errorf("in force is release %s of %+v", first.Release, all)
	}
	if got := stable(t, s).Digest; got != digest(t, "1") || all[1].Digests["app"] != got {
		t.Errorf("the program is %s, release 1 has %s, it was built as %s", got, all[1].Digests["app"], digest(t, "1"))
	}
	if n := builds(t, s); n != 2 {
		t.Errorf("%d builds, want 2", n)
	}
	contains(t, s.Must(3, "rollback", "local"), "there is no earlier release to go back to")
	contains(t, s.Must(2, "rollback", "local", "--to", "nosuch"), "no release")
	s.Must(0, "rollback", "local", "--to", all[0].ID)
	if v := serving(t, s); v != "2" {
		t.Errorf("version %s serves, want the 2 that --to named", v)
	}
	stop()
	if tally := load.Count(gen.Results()); tally.Lost > 0 {
		t.Errorf("%d of %d requests lost, the first at %s", tally.Lost, tally.Sent, tally.FirstLoss)
	}
}

// TestEmergencyRollback needs no traffic and no approval, and says for ever why. Going on from there, judge and approval
// are back.
func TestEmergencyRollback(t *testing.T) {
	t.Parallel()
	const question = "\t\tasked: {needs: [\"build\"], approve: by: [\"user:"
	s := site.New(t, bins, edited(t, pipeline, buildCommand, marked, canary, atOnce,
		`needs: ["build"]`, `needs: ["asked"]`, "\t\trelease: {", question+me(t)+"\"]}\n\t\trelease: {"))
	for _, v := range []string{"1", "2"} {
		s.Use(v)
		s.Must(5, "run", "--park")
		s.Must(0, "approve")
		s.Must(0, "resume")
	}
	const reason = "pager 4711: checkout is down"
	out := s.Must(0, "rollback", "local", "--emergency", reason)
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1\n%s", v, out)
	}
	contains(t, s.Must(0, "logs", "--events"), reason)
	contains(t, s.Must(0, "status", "-o", "json"), reason)
	contains(t, s.Must(0, "status"), "emergency, without approvals", reason)
	s.Must(0, "audit", "verify")
	s.Must(5, "rollback", "local", "--to", releases(t, s)[0].ID, "--park")
	s.Must(0, "approve")
	s.Must(0, "resume")
	s.Must(5, "rollback", "local", "--park") // what the emergency left out is not forgotten
	s.Must(0, "approve")
	s.Must(0, "resume")
	if v, n := serving(t, s), builds(t, s); v != "1" || n != 2 {
		t.Errorf("version %s serves after %d builds, want 1 after 2", v, n)
	}
}

// TestRollbackRestoresSpec goes back over a change of nothing but the workload's settings, and two releases by two rollbacks.
func TestRollbackRestoresSpec(t *testing.T) {
	t.Parallel()
	text := edited(t, pipeline, canary, atOnce, "args: [\"serve\"]", "args: [\"serve\"]\n\t\tenv: MODE: \"one\"")
	s := site.New(t, bins, text)
	s.Use("1")
	s.Must(0, "run")
	for _, mode := range []string{"two", "three"} {
		text = strings.ReplaceAll(read(t, s, "pipeline.cue"), "MODE: ", "MODE: \""+mode+"\" //")
		s.Write("pipeline.cue", text)
		s.Must(0, "run")
		if got := variable(t, s, "MODE"); got != mode {
			t.Fatalf("MODE is %q, want %q", got, mode)
		}
	}
	for _, mode := range []string{"two", "one"} {
		s.Must(0, "rollback", "local")
		if got := variable(t, s, "MODE"); got != mode {
			t.Errorf("MODE is %q after the rollback, want %q", got, mode)
		}
	}
	contains(t, s.Must(3, "rollback", "local"), "there is no earlier release")
}

// TestForgedRollback: a plan that only says it is a rollback is refused, for a new release and for one that ran.
func TestForgedRollback(t *testing.T) {
	t.Parallel()
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce))
	s.Use("1")
	s.Must(0, "run")
	rel := releases(t, s)[0].ID
	s.Must(0, "compile", "--out", "forged.json")
	f, p, err := plan.Read([]byte(read(t, s, "forged.json")))
	if err != nil {
		t.Fatal(err)
	}
	p.Inputs = map[string]string{runtime.RollbackInput: rel}
	forged, err := plan.Seal(p, f.Provenance)
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Encode(forged)
	if err != nil {
		t.Fatal(err)
	}
	s.Write("forged.json", string(b))
	contains(t, s.Must(3, "run", "forged.json"), "use penstock rollback")
	contains(t, s.Must(3, "run", "forged.json", "--release", rel, "--only", "release"), "use penstock rollback")
	if d := deployments(t, s, "local"); len(d) != 1 {
		t.Errorf("%d deployments, want the first only", len(d))
	}
	s.Write("pipeline.cue", edited(t, read(t, s, "pipeline.cue"), "package hello\n", "package hello\n\n_x: *\"\" | string @tag(\"penstock.rollback\")\n"))
	contains(t, s.Must(1, "run", "-t", "penstock.rollback="+rel), "pipeline.cue:3")
}
