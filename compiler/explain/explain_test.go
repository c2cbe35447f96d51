package explain_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/check"
	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/policies/engine"
)

func TestEveryCodeOnce(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, d := range explain.All() {
		if seen[d.Code] {
			t.Errorf("%s is explained twice", d.Code)
		}
		seen[d.Code] = true
		texts := []string{d.Phase, d.Title, d.What, d.Why}
		if d.Code != "unknown-tag" && d.Phase != "limits" { // it takes a command line, or too long
			texts = append(texts, d.Bad, d.Good)
		}
		for _, text := range texts {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: the text is not complete", d.Code)
			}
		}
	}
	for _, c := range decode.Codes() {
		if !seen[c] {
			t.Errorf("nothing explains %s of load and decode", c)
		}
	}
	for where, c := range codesInSource(t) {
		if !seen[c] {
			t.Errorf("%s: nothing explains %s", where, c)
		}
	}
	if _, ok := explain.Lookup("needs-cycle"); !ok {
		t.Error("needs-cycle is not found")
	}
	if d, ok := explain.Lookup("needs-cycles"); ok {
		t.Errorf("needs-cycles is found: %v", d)
	}
}

// TestRulesHaveOtherCodes: a code means one thing, whoever reports it.
func TestRulesHaveOtherCodes(t *testing.T) {
	e, list, err := engine.Load(t.Context(), engine.Options{})
	if err != nil || len(list) > 0 {
		t.Fatal(list, err)
	}
	for _, r := range e.Rules() {
		if _, taken := explain.Lookup(diag.Code(r.Code)); taken {
			t.Errorf("%s is a rule and a diagnostic", r.Code)
		}
	}
}

// codesInSource finds the codes in the source of the packages that report diagnostics, by place.
func codesInSource(t *testing.T) map[string]diag.Code {
	out := map[string]diag.Code{}
	for _, root := range []string{"..", "../../policies", "../../targets", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				for _, lit := range codeLiterals(n) {
					code, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Error(err)
					}
					out[set.Position(lit.Pos()).String()] = diag.Code(code)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 40 {
		t.Fatalf("only %d codes are found in the source", len(out))
	}
	return out
}

// codeLiterals are the literals of type diag.Code at a node: constants, conversions, and first arguments of reports.
func codeLiterals(n ast.Node) []*ast.BasicLit {
	var from []ast.Expr
	switch n := n.(type) {
	case *ast.ValueSpec:
		if isCode(n.Type) {
			from = n.Values
		}
	case *ast.CallExpr:
		sel, _ := n.Fun.(*ast.SelectorExpr)
		switch {
		case isCode(n.Fun):
			from = n.Args
		case sel != nil && len(n.Args) > 3 && (sel.Sel.Name == "Errorf" || sel.Sel.Name == "Warnf"):
			from = n.Args[:1]
		case sel != nil && len(n.Args) > 2 && (sel.Sel.Name == "errorf" || sel.Sel.Name == "errorKey" || sel.Sel.Name == "warnf"):
			from = n.Args[:1]
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && isDiagnostic(n.Type) {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Code" {
					from = append(from, kv.Value)
				}
			}
		}
	}
	var out []*ast.BasicLit
	for _, e := range from {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && !strings.ContainsAny(lit.Value, " %:") {
			out = append(out, lit)
		}
	}
	return out
}

func isCode(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Code" && fmt.Sprint(sel.X) == "diag"
}

func isDiagnostic(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Diagnostic" && fmt.Sprint(sel.X) == "diag"
}

// TestExamples runs every example of inspect: the bad one has the mistake and no other, the good one none.
func TestExamples(t *testing.T) {
	for _, d := range explain.All() {
		if d.Phase != "inspect" && d.Phase != "allow" {
			continue // digests are no files, rules are tested below, the others beside their texts
		}
		t.Run(string(d.Code), func(t *testing.T) {
			if list := vet(t, d.Good); len(list) > 0 {
				t.Errorf("the good example: %v", list)
			}
			list := vet(t, d.Bad)
			if len(list) == 0 {
				t.Error("the bad example is not bad")
			}
			found := len(list)
			others := slices.DeleteFunc(list, func(o diag.Diagnostic) bool { return o.Code == d.Code })
			if len(others) > 0 && d.Phase != "allow" { // a comment that is refused leaves what it is about
				t.Errorf("the bad example: %v", others)
			}
			if len(others) > 1 || len(others) == found {
				t.Errorf("the bad example: %v", others)
			}
		})
	}
}

// vet checks an example in a directory of its own.
func vet(t *testing.T, example string) diag.List {
	t.Helper()
	a := txtar.Parse([]byte(example))
	if len(a.Files) == 0 {
		a.Files = []txtar.File{{Name: "pipeline.cue", Data: []byte(example)}}
	}
	opts := compiler.Options{Dir: t.TempDir()}
	for _, f := range a.Files {
		path := filepath.Join(opts.Dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, list, err := compiler.Vet(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestPolicyExamples loads the examples of what is wrong with rules.
func TestPolicyExamples(t *testing.T) {
	for _, d := range explain.All() {
		if d.Phase != "policy" || d.Code == engine.CodeFailed {
			continue // what fails while it judges is shown by the engine's own tests
		}
		for example, bad := range map[string]bool{d.Bad: true, d.Good: false} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "rule.rego"), []byte(example), 0o644); err != nil {
				t.Fatal(err)
			}
			_, list, err := engine.Load(t.Context(), engine.Options{Dirs: []string{dir}})
			if err != nil || bad != (len(list) == 1 && list[0].Code == d.Code) {
				t.Errorf("%s: bad %v: %v %v", d.Code, bad, list, err)
			}
		}
	}
}

// TestChecksPage holds docs/checks.md against the texts: UPDATE=1 writes it anew.
func TestChecksPage(t *testing.T) {
	const file = "../../docs/checks.md"
	want := page(explain.All())
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("docs/checks.md is not what the code says (%v): UPDATE=1 go test ./compiler/explain mends it", err)
	}
}

func page(docs []explain.Doc) string {
	var b strings.Builder
	b.WriteString("# What penstock finds\n\n")
	b.WriteString("Generated from the texts in `compiler/check` and `compiler/explain`; `penstock explain CODE` prints one of them.\n")
	b.WriteString("The rules that judge plans are in [policies.md](policies.md).\n\n")
	b.WriteString("Where an example says that it adds, its fields are added to the [pipeline at the end](#the-pipeline-of-the-examples).\n\n")
	b.WriteString("| code | phase | what it means |\n|---|---|---|\n")
	for _, d := range docs {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", d.Code, d.Code, d.Phase, d.Title)
	}
	for _, d := range docs {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s\n", d.Code, d.What, d.Why)
		if d.Allow {
			fmt.Fprintf(&b, "\nWhere it is right all the same, a comment at the line [allows it](vet.md#allowing-a-finding): `%s`.\n", d.Waiver())
		}
		adds := ""
		if d.Adds {
			adds = " (adds)"
		}
		if d.Bad == "" {
			continue
		}
		fmt.Fprintf(&b, "\nWith the mistake%s:\n\n%s\nWithout%s:\n\n%s", adds, fence(d.Bad, d.Phase), adds, fence(d.Good, d.Phase))
	}
	fmt.Fprintf(&b, "\n## The pipeline of the examples\n\n%s", fence(check.Base(), "check"))
	return b.String()
}

func fence(text, phase string) string {
	language := "cue"
	switch phase {
	case "policy":
		language = "rego"
	case "bind":
		language = "text"
	}
	return "```" + language + "\n" + strings.TrimRight(text, "\n") + "\n```\n"
}
