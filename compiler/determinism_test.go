package compiler_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/compiler"
)

// TestSamePlan compiles each example twice, on another path, with the fields of every struct the other way round, and
// with other comments: the plan has the same bytes and the same id.
func TestSamePlan(t *testing.T) {
	for _, dir := range examples(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			want := compileAll(t, dir, compiler.Options{})
			for name, change := range map[string]func(*testing.T, []byte) []byte{
				"again":     nil,
				"elsewhere": func(_ *testing.T, b []byte) []byte { return b },
				"reordered": reordered,
				"comments":  commented,
			} {
				at := dir
				if change != nil {
					at = copyChanged(t, dir, change)
				}
				got := compileAll(t, at, compiler.Options{Version: name})
				for i := range want {
					if got[i].File.ID != want[i].File.ID || !bytes.Equal(got[i].File.Body, want[i].File.Body) {
						t.Errorf("%s: pipeline %q has another plan", name, want[i].Name)
					}
				}
			}
		})
	}
}

// copyChanged copies a directory, with its CUE files changed; modules that it imports stay as they are.
func copyChanged(t *testing.T, dir string, change func(*testing.T, []byte) []byte) string {
	to := filepath.Join(t.TempDir(), "some", "where else")
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".cue") && !strings.HasPrefix(rel, "cue.mod") {
			b = change(t, b)
		}
		out := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		return os.WriteFile(out, b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// reordered reverses the fields of every struct. Comments stay with the fields behind them.
func reordered(t *testing.T, src []byte) []byte {
	f, err := parser.ParseFile("pipeline.cue", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Walk(f, nil, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.StructLit:
			reverseFields(n.Elts)
		case *ast.File:
			reverseFields(n.Decls)
		}
	})
	b, err := format.Node(f)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b, src) {
		t.Fatal("nothing was reordered")
	}
	return b
}

// reverseFields reverses the fields among the declarations and leaves everything else where it is.
func reverseFields(decls []ast.Decl) {
	var at []int
	for i, d := range decls {
		if _, ok := d.(*ast.Field); ok {
			at = append(at, i)
		}
	}
	fields := make([]ast.Decl, len(at))
	for k, i := range at {
		fields[len(at)-1-k] = decls[i]
	}
	for k, i := range at {
		decls[i] = fields[k]
	}
}

// commented takes all comments away and puts others at every line's end.
func commented(t *testing.T, src []byte) []byte {
	f, err := parser.ParseFile("pipeline.cue", src)
	if err != nil {
		t.Fatal(err)
	}
	b, err := format.Node(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		if strings.HasSuffix(l, "}") || strings.HasSuffix(l, "{") {
			lines[i] = l + " // noted"
		}
	}
	return []byte("// head\n\n" + strings.Join(slices.Concat(lines, []string{"// tail"}), "\n"))
}
