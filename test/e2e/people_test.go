package e2e

import (
	"testing"
	"time"

	"github.com/penstock-dev/penstock/test/site"
)

// asking is the pipeline with a question to people before the release.
func asking(t *testing.T, approve string) *site.Site {
	t.Helper()
	s := site.New(t, bins, edited(t, pipeline, canary, atOnce,
		"name: \"hello\"\n", "name: \"hello\"\n\tgroups: ops: members: [\"user:"+me(t)+"\", \"user:ada\"]\n\tgroups: others: members: [\"user:ada\", \"user:bob\"]\n",
		`needs: ["build"]`, `needs: ["asked"]`,
		"\t\trelease: {", "\t\tasked: {needs: [\"build\"], approve: {"+approve+"}}\n\t\trelease: {"))
	s.Use("1")
	return s
}

// nothing holds that nothing went to users.
func nothing(t *testing.T, s *site.Site) {
	t.Helper()
	if d := deployments(t, s, "local"); len(d) != 0 {
		t.Errorf("deployed without the approval that counts: %+v", d)
	}
}

func TestApprovalIsBoundToSources(t *testing.T) {
	t.Parallel()
	s := asking(t, `by: ["group:ops"]`)
	contains(t, s.Must(5, "run", "--park"), "penstock approve")
	s.Must(0, "approve")
	s.Write("pipeline.cue", read(t, s, "pipeline.cue")+"// said afterwards\n")
	contains(t, s.Must(5, "resume", "--park"), "asked")
	nothing(t, s)
	s.Must(0, "approve", "--reason", "read it again")
	s.Must(0, "resume")
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
}

func TestQuorum(t *testing.T) {
	t.Parallel()
	s := asking(t, `by: ["group:ops"], count: 2`)
	s.Must(5, "run", "--park")
	s.Must(0, "approve")
	s.Must(5, "resume", "--park")
	contains(t, s.Must(3, "approve"), "has agreed already")
	contains(t, s.Must(5, "resume", "--park"), "penstock approve")
	nothing(t, s)
}

func TestWhoMayNotApprove(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ approve, why string }{
		"author":    {`by: ["group:ops"], notAuthor: true`, "may not approve"},
		"not asked": {`by: ["group:others"]`, "not among those who are asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := asking(t, c.approve)
			s.Must(5, "run", "--park")
			contains(t, s.Must(3, "approve"), c.why)
			s.Must(5, "resume", "--park")
			nothing(t, s)
		})
	}
}

func TestReject(t *testing.T) {
	t.Parallel()
	const reason = "not before the holidays"
	s := asking(t, `by: ["group:ops"]`)
	s.Must(5, "run", "--park")
	s.Must(0, "reject", "--reason", reason)
	contains(t, s.Must(3, "resume"), reason)
	contains(t, s.Must(0, "status"), reason, "rejected by "+me(t))
	nothing(t, s)
	contains(t, s.Must(3, "resume", newest(t, s)), "is over")
	contains(t, s.Must(3, "approve", newest(t, s)), "asks nobody")
}

// production has a staging tier that a release must have been in for a while, and people to ask.
func production(t *testing.T) (s, staging *site.Site) {
	t.Helper()
	addr := otherAddr(t)
	s = site.New(t, bins, edited(t, pipeline,
		`environments: local: {tier: "development", process: {}}`,
		`environments: staging: {tier: "staging", process: host: "staging"}
	environments: local: {tier: "production", process: {}, requires: {approval: true, judged: true, after: staging: soak: "6s"}}`,
		"workloads: hello: process: {", "workloads: hello: in: {staging: process: listen: \""+addr+"\", local: process: listen: \"ADDR\"}\n\tworkloads: hello: process: {",
		"\t"+listen, "",
		`needs: ["build"]`, `needs: ["asked"]
			gates: soaked: {every: "1s", soak: {in: "staging", atLeast: "6s"}}`,
		"\t\trelease: {", `		staging: {needs: ["build"], deploy: {workload: "hello", in: "staging", allAtOnce: keep: "1s"}}
		asked: {needs: ["staging"], approve: {by: ["user:`+me(t)+`"], allowOSUser: true}}
		release: {`))
	stopHost(t, s, "staging")
	copied := *s
	copied.Addr = addr
	return s, &copied
}

// TestSoakAndApproval walks two releases through a soaked, approved, judged production, and brings the first one back: asked
// again, judged again, but not denied for what staging runs by now.
func TestSoakAndApproval(t *testing.T) {
	t.Parallel()
	s, staging := production(t)
	s.Use("1")
	s.Must(5, "run", "--park")
	s.Must(0, "approve")
	s.Must(5, "resume", "--park")
	nothing(t, s)
	s.Must(0, "resume")
	soaked(t, s)
	traffic(t, s, 100)
	s.Use("2")
	s.Must(5, "run", "--park")
	s.Must(0, "approve")
	s.Must(0, "resume")
	soaked(t, s)
	if a, b := serving(t, staging), serving(t, s); a != "2" || b != "2" {
		t.Fatalf("staging serves %s, production %s", a, b)
	}
	out := s.Must(5, "rollback", "local", "--park")
	contains(t, out, "asked")
	if v := serving(t, s); v != "2" {
		t.Errorf("version %s serves before anybody agreed\n%s", v, out)
	}
	s.Must(0, "approve")
	s.Must(0, "resume")
	if v := serving(t, s); v != "1" {
		t.Errorf("version %s serves, want 1", v)
	}
}

// soaked holds that the newest release was in staging for as long as production demands.
func soaked(t *testing.T, s *site.Site) {
	t.Helper()
	up, down := deployments(t, s, "local")[0], deployments(t, s, "staging")[0]
	if up.Release != down.Release || up.At.Sub(down.At) < 6*time.Second {
		t.Errorf("production got %s at %s, staging %s at %s", up.Release, up.At, down.Release, down.At)
	}
}
