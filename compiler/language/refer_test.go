package language_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/language"
)

// written are the pieces of text that spans hold, with their files.
func written(t *testing.T, p language.Package, spans []language.Span) []string {
	t.Helper()
	var out []string
	for _, s := range spans {
		for _, f := range p.Files {
			if f.Path == s.File {
				out = append(out, fmt.Sprintf("%s:%d:%s", f.Path, strings.Count(string(f.Text[:s.Start]), "\n")+1, f.Text[s.Start:s.End]))
			}
		}
	}
	return out
}

func TestDefinition(t *testing.T) {
	l := language.New(nil)
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"stage":                {`pipeline: stages: x: needs: ["bu|ild"]`, []string{"a.cue:15:build"}},
		"group":                {`pipeline: stages: x: approve: by: ["group:rel|ease"]`, []string{"a.cue:5:release"}},
		"person":               {`pipeline: stages: x: approve: by: ["user:a|nn"]`, nil},
		"quoted name":          {`pipeline: stages: x: promote: artifact: "my|-lib"`, []string{`a.cue:6:"my-lib"`}},
		"key":                  {`pipeline: environments: e: requires: after: stag|ing: {}`, []string{"a.cue:9:staging"}},
		"output":               {`pipeline: stages: x: exec: inject: A: output: "we|b.url"`, []string{"a.cue:13:web"}},
		"written twice":        {"pipeline: stages: build: timeout: \"1m\"\npipeline: stages: x: before: [\"b|uild\"]", []string{"a.cue:15:build", "b.cue:1:build"}},
		"dangling":             {`pipeline: stages: x: needs: ["b|"]`, nil},
		"another pipeline":     {`pipelines: b: stages: x: needs: ["bu|ild"]`, nil},
		"hidden field":         {"_t: \"1m\"\npipeline: stages: x: timeout: _|t", []string{"b.cue:1:_t"}},
		"let":                  {"pipeline: {\n\tlet t = \"1m\"\n\tstages: x: timeout: t|\n}", []string{"b.cue:2:t"}},
		"innermost":            {"t: 1\npipeline: {\n\tt: \"1m\"\n\tstages: x: timeout: t|\n}", []string{"b.cue:3:t"}},
		"selector":             {"t: 1\nx: a.|t", nil},
		"behind a broken part": {"pipeline: stages: {\n\ty: needs: [\n\tx: needs: [\"bu|ild\"]\n}", []string{"a.cue:15:build"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, path, offset := files(t, names, "package p\n"+tc.text)
			for i := range p.Files { // lines of the test's own text count from 1
				if p.Files[i].Path == path {
					p.Files[i] = language.Parse(path, append([]byte(nil), p.Files[i].Text...))
				}
			}
			spans, err := l.Definition(p, path, offset)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, w := range tc.want {
				if rest, ok := strings.CutPrefix(w, "b.cue:"); ok {
					var line int
					var what string
					line, what = int(rest[0]-'0'), rest[2:]
					w = fmt.Sprintf("b.cue:%d:%s", line+1, what)
				}
				want = append(want, w)
			}
			if diff := cmp.Diff(want, written(t, p, spans)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	l := language.New(nil)
	p, path, offset := files(t, names, "package p\npipeline: workloads: web: in: stag|ing: {}\npipeline: stages: x: gates: s: soak: in: \"staging\"\n")
	for declared, want := range map[bool][]string{
		false: {"b.cue:2:staging", "b.cue:3:staging"},
		true:  {"a.cue:9:staging", "b.cue:2:staging", "b.cue:3:staging"},
	} {
		spans, err := l.References(p, path, offset, declared)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, written(t, p, spans)); diff != "" {
			t.Errorf("declared %v: %s", declared, diff)
		}
	}
}

func TestHover(t *testing.T) {
	l := language.New(nil)
	for name, tc := range map[string]struct{ text, want string }{
		"field":       {`pipeline: stages: x: time|out: "1m"`, "**timeout**: a duration such as \"10m\"\n\n"},
		"required":    {`pipeline: stages: x: deploy: wor|kload: "web"`, "**workload**: the name of a workload, required\n\nworkload is what is deployed."},
		"value":       {`pipeline: environments: e: tier: "prod|uction"`, "One of `development`, `test`, `staging`, `preproduction`, `production`. Tier is the rank"},
		"element":     {`pipeline: notify: n: on: ["fai|led"]`, "**on**: a list"},
		"name":        {`pipeline: stages: x: deploy: workload: "w|eb"`, "workload **web**: process\n\nDeclared in `a.cue:13`."},
		"description": {`pipeline: stages: x: needs: ["dep|loy"]`, "stage **deploy**: deploy\n\nto users"},
		"declaration": {`pipeline: stages: y|y: exec: command: ["a"]`, "stage **yy**: exec"},
		"map":         {`pipeline: stages: x: gates: offi|ce: every: "1m"`, "Gate is a condition asked when a stage is ready."},
		"pipeline":    {`pipe|line: name: "p"`, "**pipeline**\n\n"},
		"definition":  {"import \"penstock.dev/schema\"\n_s: schema.#Can|ary & {}", "**#Canary**\n\nCanary gives"},
		"hidden":      {`pipeline: _x|: 1`, ""},
		"unknown":     {`pipeline: stages: x: tmeo|ut: 1`, ""},
		"elsewhere":   {`other: field|: 1`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, path, offset := files(t, names, tc.text)
			h, ok, err := l.Hover(p, path, offset)
			if err != nil {
				t.Fatal(err)
			}
			if ok != (tc.want != "") || !strings.Contains(h.Markdown, tc.want) {
				t.Errorf("got %q, want %q", h.Markdown, tc.want)
			}
		})
	}
}

// TestInsert: what is written is CUE, with the blank that people leave behind a colon.
func TestInsert(t *testing.T) {
	l := language.New(nil)
	for name, tc := range map[string]struct{ text, label, insert, snippet string }{
		"struct":        {`pipeline: stages: x: {|}`, "deploy", "deploy: ", "deploy: {\n\t$0\n}"},
		"list":          {`pipeline: stages: x: {|}`, "needs", "needs: ", "needs: [$0]"},
		"text":          {`pipeline: stages: x: deploy: {|}`, "in", "in: ", `in: "$0"`},
		"renamed":       {`pipeline: stages: x: {tim|: "1m"}`, "timeout", "timeout", ""},
		"after a colon": {`pipeline: stages: x: deploy: in:|`, "staging", ` "staging"`, ""},
		"list value":    {`pipeline: stages: x: needs: |`, "build", `["build"]`, `["build"$0]`},
		"dashed key":    {`pipeline: stages: x: exec: produces: {|}`, "my-lib", `"my-lib": `, `"my-lib": {$0}`},
		"output":        {`pipeline: stages: x: exec: inject: A: output: "|"`, "web.", `"web."`, `"web.$0"`},
	} {
		t.Run(name, func(t *testing.T) {
			p, path, offset := files(t, names, tc.text)
			c, err := l.Complete(p, path, offset)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range c.Items {
				if it.Label == tc.label {
					if it.Insert != tc.insert || it.Snippet != tc.snippet {
						t.Errorf("insert %q, snippet %q", it.Insert, it.Snippet)
					}
					return
				}
			}
			t.Errorf("%q is not in %q", tc.label, labels(c))
		})
	}
}

func TestRename(t *testing.T) {
	for _, tc := range []struct{ old, name, want string }{
		{`"a"`, "b", `"b"`}, {"a", "b", "b"}, {"a", "b-c", `"b-c"`}, {"{a: 1}", "b", ""}, {`"a`, "b", ""}, {"", "b", ""},
	} {
		if got := language.Rename(tc.old, tc.name); got != tc.want {
			t.Errorf("%s to %s: %s", tc.old, tc.name, got)
		}
	}
}

func BenchmarkComplete(b *testing.B) {
	var text strings.Builder
	text.WriteString("package p\n\npipeline: stages: {\n")
	for i := range 5000 {
		fmt.Fprintf(&text, "\ts%d: {needs: [\"s%d\"], exec: {command: [\"make\", \"test\"], in: \"e\"}}\n", i+1, i)
	}
	offset := text.Len() + len("\tlast: needs: [\"")
	text.WriteString("\tlast: needs: [\"\n")
	l := language.New(nil)
	for b.Loop() {
		p := language.Package{Files: []*language.File{language.Parse("a.cue", []byte(text.String()))}}
		if c, err := l.Complete(p, "a.cue", offset); err != nil || len(c.Items) != 5000 {
			b.Fatal(len(c.Items), err)
		}
	}
}
