package decode

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/schema"
)

// sameAsCUE holds the reader to what CUE's own decoder makes of each pipeline of some packages.
func sameAsCUE(t *testing.T, opts load.Options) int {
	t.Helper()
	units, diags, err := load.Load(t.Context(), opts)
	if err != nil || diags.HasErrors() {
		t.Fatalf("load: %v %v", err, diags)
	}
	n := 0
	for _, u := range units {
		for i, d := range Decode(u) {
			if d.Pipeline == nil {
				t.Fatalf("%s: %v", d.Name, d.Diags)
			}
			var want schema.Pipeline
			if err := u.Value.LookupPath(u.Pipelines[i].Path).Decode(&want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&want, d.Pipeline); diff != "" {
				t.Errorf("%s: reader differs from CUE (-cue +reader):\n%s", d.Name, diff)
			}
			n++
		}
	}
	return n
}

func TestReaderEqualsCUE(t *testing.T) {
	n := sameAsCUE(t, load.Options{Dir: filepath.Join("..", ".."), Args: []string{"examples/..."}})
	names, err := filepath.Glob("../testdata/good/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		opts := load.Options{Dir: "/corpus", Overlay: map[string][]byte{}}
		for _, f := range a.Files {
			if f.Name == "args" {
				opts.Args = strings.Fields(string(f.Data))
				continue
			}
			opts.Overlay[filepath.Join("/corpus", filepath.FromSlash(f.Name))] = f.Data
		}
		n += sameAsCUE(t, opts)
	}
	t.Logf("%d pipelines", n)
}

// TestReaderOnOddSyntax covers what examples seldom write.
func TestReaderOnOddSyntax(t *testing.T) {
	for name, body := range map[string]string{
		"numbers": `stages: a: {exec: command: ["x"], retry: attempts: 0x10}
			slos: s: {objective: 99.90, over: "1d", sli: requests: workload: "w"}
			slos: t: {objective: 9.9e1, over: "1d", sli: requests: workload: "w"}
			stages: c: exec: {command: ["x"], env: {N: "1_000"}}
			stages: d: {exec: command: ["x"], retry: attempts: +3}`,
		"texts": `description: """
				two
				lines
				"""
			stages: a: exec: command: [#"raw "text""#, 'b' & string | "c", "tab\tend", "\u00e9"]`,
		"keys": `stages: a: exec: {command: ["x"], env: {"_UNDER": "1", PLAIN: "2", "QUOTED": "3", ("PUT"+"TOGETHER"): "4", _hidden: "5", #def: "6"}}`,
		"optional": `#Base: {timeout?: "5m", exec: dir?: "src", exec: command: [...string]}
			stages: a: #Base & {exec: command: ["x"]}
			stages: b: #Base & {exec: {command: ["x"], dir: string}, timeout: string}`,
		"defaults": `stages: a: {timeout: *"5m" | string, exec: command: *["x"] | [...string]}
			stages: b: *{exec: command: ["x"]} | {approve: by: ["user:a"]}`,
		"lists": `_more: ["y", "z"]
			stages: a: exec: command: ["x", for m in _more {m}]
			stages: b: exec: command: [string, "y"] & ["x", ...]
			stages: c: exec: command: _more`,
		"embedding": `_base: {exec: {command: ["x"]}}
			stages: a: {_base, timeout: "1m"}
			stages: b: {_base, {description: "b"}, if true {timeout: "2m"}}`,
		"aliases": `stages: {
				A=a: {exec: command: ["x"]}
				b: X={exec: command: ["x"], description: "\(len(X.exec.command))"}
				c: {exec: command: A.exec.command}
			}`,
		"patterns": `stages: [string]: timeout: "9m"
			stages: a: exec: command: ["x"]
			stages: [=~"^b"]: description: "begins with b"
			stages: b: exec: command: ["x"]`,
		"conditions": `_on: true
			stages: a: {exec: command: ["x"], if _on {timeout: "1m"}, if !_on {timeout: "2m"}}`,
		"let": `let cmd = {command: ["x", "y"]}
			stages: a: exec: cmd
			stages: b: exec: cmd & {dir: "src"}`,
		"any": `workloads: w: terraform: {module: "m", vars: {n: 3, f: 1.5, t: "s", l: [1, "a", {b: true}], o: {x: null}}}
			stages: a: exec: command: ["x"]`,
		"empty": `environments: e: {tier: "test", labels: {}, allowTags: [], process: {}}
			stages: a: {needs: [], exec: command: ["x"]}`,
		"index": `_all: {one: {exec: command: ["1"]}, two: {exec: command: ["2"]}}
			stages: a: _all["one"]
			stages: b: _all[[for k, _ in _all {k}][1]]
			stages: c: [_all.one, _all.two][1]`,
	} {
		t.Run(name, func(t *testing.T) {
			src := "package p\n\npipeline: {\nname: \"p\"\n" + body + "\n}\n"
			sameAsCUE(t, load.Options{Dir: "/odd", Overlay: map[string][]byte{"/odd/p.cue": []byte(src)}})
		})
	}
}

func TestReaderAtTopLevel(t *testing.T) {
	for name, src := range map[string]string{
		"condition": "package p\nif true {pipeline: {name: \"p\", stages: a: exec: command: [\"x\"]}}\n",
		"loop":      "package p\nfor n in [\"p\", \"q\"] {pipelines: (n): stages: a: exec: command: [n]}\n",
		"pattern":   "package p\npipelines: [string]: owner: team: \"t\"\npipelines: p: stages: a: exec: command: [\"x\"]\n",
		"reference": "package p\n_p: {name: \"p\", stages: a: exec: command: [\"x\"]}\npipeline: _p\n",
		"embedded":  "package p\n{pipeline: {name: \"p\", stages: a: exec: command: [\"x\"]}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if n := sameAsCUE(t, load.Options{Dir: "/odd", Overlay: map[string][]byte{"/odd/p.cue": []byte(src)}}); n == 0 {
				t.Error("no pipeline")
			}
		})
	}
}
