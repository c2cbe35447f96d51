package e2e

import (
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/test/site"
)

// staged has two environments on hosts of their own: staging, and local where users are.
func staged(t *testing.T, strategy string) (s, staging *site.Site) {
	t.Helper()
	addr := otherAddr(t)
	text := edited(t, pipeline, buildCommand, marked, canary, strategy,
		`environments: local: {tier: "development", process: {}}`,
		`environments: {staging: {tier: "development", process: host: "staging"}, local: {tier: "development", process: {}}}`,
		"workloads: hello: process: {", "workloads: hello: in: staging: process: listen: \""+addr+"\"\n\tworkloads: hello: in: local: process: listen: \"ADDR\"\n\tworkloads: hello: process: {",
		"\t"+listen, "",
		`needs: ["build"]`, `needs: ["staging"]`,
		"\t\trelease: {", "\t\tstaging: {needs: [\"build\"], deploy: {workload: \"hello\", in: \"staging\", allAtOnce: keep: \"1s\"}}\n\t\trelease: {")
	s = site.New(t, bins, text)
	stopHost(t, s, "staging")
	copied := *s
	copied.Addr = addr
	return s, &copied
}

// TestReleaseGoesOn takes a release that stopped in staging further, with what was built then.
func TestReleaseGoesOn(t *testing.T) {
	t.Parallel()
	s, staging := staged(t, atOnce)
	s.Use("1")
	s.Must(0, "run")
	s.Use("2")
	s.Must(0, "run", "--to", "staging")
	if a, b := serving(t, staging), serving(t, s); a != "2" || b != "1" {
		t.Fatalf("after --to staging, staging serves %s and local %s", a, b)
	}
	second := releases(t, s)[0]
	s.Use("3") // lies there, but nobody may build it
	s.Must(0, "run", "--to", "staging")
	out := s.Must(0, "run", "--release", second.ID, "--from", "release")
	if v := serving(t, s); v != "2" {
		t.Errorf("version %s serves, want the release's 2\n%s", v, out)
	}
	if n := builds(t, s); n != 3 {
		t.Errorf("%d builds, want one for each of three releases", n)
	}
	if got := releases(t, s); len(got) != 3 || got[1].Digests["app"] != second.Digests["app"] || got[0].Digests["app"] == second.Digests["app"] {
		t.Errorf("releases %+v", got)
	}
	contains(t, s.Must(0, "history", "--releases"), second.ID, second.Digests["app"])
	if d := deployments(t, s, "local")[0]; d.Release != second.ID || d.Outcome != store.Committed {
		t.Errorf("newest deployment %+v", d)
	}
	contains(t, s.Must(2, "run", "--release", "nosuch", "--from", "release"), "no release")
	contains(t, s.Must(2, "run", "--release", second.ID, "--from", "relaese"), "no stage")
	contains(t, s.Must(2, "run", "--from", "release"), "--release")
}

// TestReleaseRefusesWhatChanged: what was done under another definition counts for nothing.
func TestReleaseRefusesWhatChanged(t *testing.T) {
	t.Parallel()
	for name, pairs := range map[string][]string{
		"command":  {"echo built", "echo really built"},
		"strategy": {`in: "staging", allAtOnce: keep: "1s"`, `in: "staging", allAtOnce: keep: "2s"`},
		"workload": {"process: {\n\t\tartifact", "process: {\n\t\tenv: MODE: \"other\"\n\t\tartifact"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := staged(t, atOnce)
			s.Use("1")
			s.Must(0, "run", "--to", "staging")
			text := read(t, s, "pipeline.cue")
			s.Write("pipeline.cue", edited(t, text, pairs...))
			out := s.Must(3, "run", "--release", releases(t, s)[0].ID, "--from", "release")
			contains(t, out, "as this plan says")
			if n := builds(t, s); n != 1 {
				t.Errorf("%d builds, want the first only", n)
			}
			if d := deployments(t, s, "local"); len(d) != 0 {
				t.Errorf("something was deployed: %+v", d)
			}
			s.Write("pipeline.cue", text)
			s.Must(0, "run", "--release", releases(t, s)[0].ID, "--from", "release")
		})
	}
}

// TestOnly runs one stage of the newest release, once what it needs was done.
func TestOnly(t *testing.T) {
	t.Parallel()
	s, staging := staged(t, atOnce)
	s.Use("1")
	s.Must(0, "run", "--to", "build")
	contains(t, s.Must(3, "run", "--only", "release"), `"staging/`)
	s.Must(0, "run", "--only", "staging")
	s.Must(0, "run", "--only", "release")
	if a, b := serving(t, staging), serving(t, s); a != "1" || b != "1" {
		t.Errorf("staging serves %s, local %s", a, b)
	}
	if n := builds(t, s); n != 1 {
		t.Errorf("%d builds, want 1", n)
	}
	stages := s.Must(0, "status")
	for _, name := range []string{"build", "staging"} {
		if !strings.Contains(stages, " "+name+" ") {
			t.Errorf("%s is missing in\n%s", name, stages)
		}
	}
}
