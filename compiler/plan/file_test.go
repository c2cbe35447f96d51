package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// small is a valid plan: build, then a release with both branches of a first deploy.
func small() *Plan {
	const ref = Ref("web@live")
	snap := NodeID("release/snapshot")
	retry := Retry{Attempts: 1}
	judge := Judge{Against: "stable", SLIs: []JudgedSLI{{SLO: "ok", Tolerate: 1, Safe: 2, Weight: 1}}, Alpha: 0.05, Tick: Duration(time.Second), Require: "no-harm", Inconclusive: "rollback"}
	return &Plan{
		Format: 1, Pipeline: "web", Concurrency: ConcurrencyQueue,
		Artifacts: map[string]Artifact{"app": {File: &FileArtifact{Path: "app"}, Producer: "build/exec"}},
		Envs:      map[string]Environment{"live": {Tier: "test", Kind: "process", Place: "process:default/web/live", Config: json.RawMessage(`{"host":"<default>"}`)}},
		Workloads: map[Ref]Workload{ref: {Name: "web", Environment: "live", Kind: "process", Spec: json.RawMessage(`{"artifact":{"name":"app"}}`), Holes: []Hole{{Pointer: "/artifact/digest", From: Binding{Artifact: "app"}}}}},
		SLOs:      map[string]SLO{"ok": {Objective: 99, SLI: SLI{Requests: &RequestsSLI{Workload: "web"}}}},
		Stages: []Stage{
			{Name: "build", Action: "exec", Nodes: []NodeID{"build/exec"}},
			{Name: "release", Action: "deploy", Strategy: "canary", Needs: []string{"build"}, Rollback: []string{"build"}, Workload: "web", Environment: "live", Nodes: []NodeID{snap, "release/shift-10", "release/commit"}},
		},
		Nodes: []Node{
			{ID: "build/exec", Stage: "build", Do: Do{Exec: &Exec{Command: []string{"make", "<all>"}, Interrupted: InterruptedFail}}, Retry: retry},
			{ID: snap, Stage: "release", Needs: []NodeID{"build/exec"}, Do: Do{Snapshot: &DeployRef{ref}}, Retry: retry, Lock: "live"},
			{ID: "release/shift-10", Stage: "release", Needs: []NodeID{snap}, When: &When{Snapshot: snap}, Do: Do{Shift: &Shift{Workload: ref, Weight: 10}}, Undo: &Do{Shift: &Shift{Workload: ref}}, Hold: &Hold{For: Duration(time.Minute), Monitor: "release/judge"}, Retry: retry, Lock: "live"},
			{ID: "release/commit", Stage: "release", Needs: []NodeID{"release/shift-10"}, Do: Do{Commit: &Commit{Workload: ref}}, Undo: &Do{Restore: &Restore{Workload: ref, Snapshot: snap}}, Retry: retry, Lock: "live"},
		},
		Monitors: []Monitor{{ID: "release/judge", Stage: "release", Workload: ref, Opens: "release/shift-10", Closes: "release/commit", When: &When{Snapshot: snap}, Judge: judge}},
	}
}

func seal(t testing.TB, p *Plan) File {
	t.Helper()
	f, err := Seal(p, Provenance{Compiler: "test", Nodes: map[string]Origin{"build": {Path: "stages.build", File: "a&b.cue", Line: 1, Column: 2}}, Inputs: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWriteAndRead(t *testing.T) {
	f := seal(t, small())
	b, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	got, p, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, got); diff != "" {
		t.Errorf("another file:\n%s", diff)
	}
	if diff := cmp.Diff(small(), p); diff != "" {
		t.Errorf("another plan:\n%s", diff)
	}
	if !bytes.Contains(b, f.Body) || !bytes.Contains(f.Body, []byte(`"<all>"`)) {
		t.Error("the body is stored byte for byte, without escapes that nobody needs")
	}
	f.Provenance.Nodes["build"] = Origin{Path: "stages.build", File: "elsewhere.cue", Line: 7}
	other, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if again, _, err := Read(other); err != nil || again.ID != f.ID {
		t.Errorf("where it came from is not part of the id: %v", err)
	}
}

// TestReadRefuses holds what a stored plan may not be.
func TestReadRefuses(t *testing.T) {
	f := seal(t, small())
	whole, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	resealed := func(old, new string) []byte {
		body := strings.Replace(string(f.Body), old, new, 1)
		if body == string(f.Body) {
			t.Fatalf("nothing to replace: %s", old)
		}
		b, err := Encode(File{ID: Sum([]byte(body)), Body: []byte(body), Provenance: f.Provenance})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name string
		in   []byte
		is   error
		says string
	}{
		{"changed body", bytes.Replace(whole, []byte(`"weight":10`), []byte(`"weight":99`), 1), ErrID, ""},
		{"newer", resealed(`"format_version":1`, `"format_version":2`), ErrFormat, ""},
		{"no plan", resealed(`"format_version":1`, `"format_version":0`), nil, "not a plan"},
		{"space", resealed(`"format_version":1`, `"format_version": 1`), ErrNotCanonical, ""},
		{"twice, in another case", resealed(`{"artifacts"`, `{"Pipeline":"other","artifacts"`), ErrNotCanonical, ""},
		{"unknown field", resealed(`{"artifacts"`, `{"also":1,"artifacts"`), nil, `unknown field "also"`},
		{"another form of a duration", resealed(`"1m0s"`, `"60s"`), ErrNotCanonical, ""},
		{"unknown workload", resealed(`"do":{"commit":{"workload":"web@live"`, `"do":{"commit":{"workload":"wob@live"`), nil, `unknown workload "wob@live"`},
		{"nothing", nil, nil, "EOF"},
		{"two documents", append(bytes.Clone(whole), whole...), nil, "something follows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Read(c.in)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v %q", err, c.is, c.says)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	if err := Validate(small()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Plan)
		says   string
	}{
		{"no stages", func(p *Plan) { p.Stages = nil }, "no stages"},
		{"no name", func(p *Plan) { p.Pipeline = "" }, "no name"},
		{"concurrency", func(p *Plan) { p.Concurrency = "race" }, `concurrency "race"`},
		{"stage twice", func(p *Plan) { p.Stages[1].Name = "build" }, "occurs twice"},
		{"needs later", func(p *Plan) { p.Stages[0].Needs = []string{"release"} }, "does not come before"},
		{"rolls back nobody", func(p *Plan) { p.Stages[1].Rollback = []string{"x"} }, "rolls back unknown"},
		{"environment", func(p *Plan) { p.Stages[1].Environment = "x" }, `unknown environment "x"`},
		{"order", func(p *Plan) { p.Nodes[0].Needs = []NodeID{"release/commit"} }, "does not come before it"},
		{"two instructions", func(p *Plan) { p.Nodes[0].Do.Hold = &HoldOp{} }, "2 instructions"},
		{"none", func(p *Plan) { p.Nodes[0].Do = Do{} }, "0 instructions"},
		{"undo as do", func(p *Plan) { p.Nodes[3].Do = *p.Nodes[3].Undo }, "only undoes"},
		{"weight", func(p *Plan) { p.Nodes[2].Do.Shift.Weight = 101 }, "weight 101"},
		{"attempts", func(p *Plan) { p.Nodes[2].Retry.Attempts = 0 }, "0 attempts"},
		{"lock", func(p *Plan) { p.Nodes[2].Lock = "x" }, "locks unknown"},
		{"branch", func(p *Plan) { p.Nodes[2].When = &When{Snapshot: "build/exec"} }, "not a snapshot"},
		{"name", func(p *Plan) { p.Nodes[0].ID = "other/exec" }, "not named after its stage"},
		{"unlisted", func(p *Plan) { p.Stages[0].Nodes = nil }, "does not list"},
		{"monitor closes first", func(p *Plan) { p.Monitors[0].Closes = "build/exec" }, "open at a node before"},
		{"unjudged hold", func(p *Plan) { p.Monitors = nil }, "unknown monitor"},
		{"alpha", func(p *Plan) { p.Monitors[0].Judge.Alpha = 1 }, "alpha 1"},
		{"SLO", func(p *Plan) { p.Monitors[0].Judge.SLIs[0].SLO = "x" }, `SLO "x"`},
		{"producer", func(p *Plan) { p.Artifacts["app"] = Artifact{Producer: "release/commit"} }, "runs no command"},
		{"hole", func(p *Plan) { p.Workloads["web@live"].Holes[0].Pointer = "a" }, "not a JSON pointer"},
		{"ref", func(p *Plan) { w := p.Workloads["web@live"]; w.Name = "x"; p.Workloads["web@live"] = w }, `is that of "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := small()
			c.change(p)
			err := Validate(p)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if _, serr := Seal(p, Provenance{}); serr == nil {
				t.Error("it was sealed all the same")
			}
		})
	}
}

func TestFill(t *testing.T) {
	known := func(b Binding) (string, bool) {
		return map[string]string{"app": "sha256:1"}[b.Artifact], b.Artifact == "app"
	}
	app := Binding{Artifact: "app"}
	for _, c := range []struct {
		name, spec, want string
		holes            []Hole
	}{
		{"into an object", `{"artifact":{"name":"app"}}`, `{"artifact":{"digest":"sha256:1","name":"app"}}`, []Hole{{"/artifact/digest", app}}},
		{"objects are made", `{}`, `{"env":{"A/B":"sha256:1"}}`, []Hole{{Pointer("env", "A/B"), app}}},
		{"an element", `{"l":["a","b"]}`, `{"l":["a","sha256:1"]}`, []Hole{{"/l/1", app}}},
		{"numbers are kept", `{"n":1e3,"m":0.10}`, `{"m":0.1,"n":1000,"~":"sha256:1"}`, []Hole{{Pointer("~"), app}}},
		{"none", `{"b":1,"a":2}`, `{"a":2,"b":1}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Fill(json.RawMessage(c.spec), c.holes, known)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
	var unbound *UnboundError
	if _, err := Fill(json.RawMessage(`{}`), []Hole{{"/x", Binding{Output: "net.id"}}}, known); !errors.As(err, &unbound) || unbound.From.Output != "net.id" {
		t.Errorf("got %v, want an unbound output", err)
	}
	for _, p := range []string{"/l/2", "/l/x", "/s/x", "x"} {
		if got, err := Fill(json.RawMessage(`{"l":[1,2],"s":"t"}`), []Hole{{p, app}}, known); err == nil {
			t.Errorf("%s: got %s", p, got)
		}
	}
}

func TestClosure(t *testing.T) {
	p := small()
	closed, unknown := p.Closure([]string{"release", "z", "y"})
	if strings.Join(closed, " ") != "build release" || strings.Join(unknown, " ") != "y z" {
		t.Errorf("got %v, %v", closed, unknown)
	}
	if w := p.Writes("release"); len(w) != 1 || w[0] != "process:default/web/live" {
		t.Errorf("writes %v", w)
	}
	if p.NodeByID("release/commit") == nil || p.NodeByID("x") != nil || p.StageByName("x") != nil {
		t.Error("nodes and stages by name")
	}
}

// TestOps holds that every instruction has its name, and that the name is that of its field.
func TestOps(t *testing.T) {
	b, err := json.Marshal(Do{Revert: &Migrate{}})
	if err != nil || (Do{}).Op() != "" {
		t.Fatal(err)
	}
	for _, op := range []Op{OpExec, OpVerifyArtifact, OpCopyArtifact, OpSnapshot, OpPreview, OpStage, OpUnstage, OpShift, OpCommit, OpRestore, OpRetire, OpApply, OpMigrate, OpRevert, OpHold, OpApprove, OpGate, OpNotify} {
		var d Do
		if err := json.Unmarshal([]byte(`{"`+string(op)+`":{}}`), &d); err != nil || d.Op() != op {
			t.Errorf("%s is read as %q, %v", op, d.Op(), err)
		}
	}
	if !strings.Contains(string(b), `"revert"`) {
		t.Error(string(b))
	}
}

// FuzzRead holds that whatever is accepted is written again byte for byte, and that nothing panics. The id is made to fit,
// so that the fuzzer gets past it.
func FuzzRead(f *testing.F) {
	good := seal(f, small())
	f.Add([]byte(good.Body))
	f.Add([]byte(`{"format_version":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		file := File{ID: Sum(body), Body: body}
		p, err := file.Plan()
		if err != nil {
			return
		}
		again, err := Body(p)
		if err != nil || !bytes.Equal(again, body) {
			t.Fatalf("read %s, would write %s (%v)", body, again, err)
		}
		b, err := Encode(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := Read(b); err != nil || got.ID != file.ID {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzReadFile holds that any bytes are a plan or an error, and that what is read is written again as it was.
func FuzzReadFile(f *testing.F) {
	b, err := Encode(seal(f, small()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	for _, s := range []string{"", "{", "{}", "null", "[]", `{"id":"sha256:00","body":{}}`, strings.Repeat("[", 1000), `{"body":` + strings.Repeat(`{"a":`, 1000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, _, err := Read(data)
		if err != nil {
			return
		}
		b, err := Encode(file)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := Read(b)
		if err != nil || again.ID != file.ID || !bytes.Equal(again.Body, file.Body) {
			t.Fatalf("read %s again: %v", b, err)
		}
	})
}
