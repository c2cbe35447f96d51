package simulate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPageListsEveryKind holds the tables of docs/simulate.md against the constants of type Kind.
func TestPageListsEveryKind(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulate.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := regexp.MustCompile("(?m)^\\| (operation|process|decision): .*\n\\|[-|]+\\|\n((?:\\|.*\n)+)").FindAllSubmatch(page, -1)
	row := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+[^|\n]*\\|")
	got := map[string][]string{}
	for _, table := range tables {
		for _, m := range row.FindAllSubmatch(table[2], -1) {
			got[string(table[1])] = append(got[string(table[1])], string(m[1]))
		}
		slices.Sort(got[string(table[1])])
	}
	want := map[string][]string{}
	for _, k := range kinds(t) {
		group := "decision"
		switch {
		case slices.Contains(OpKinds(), k):
			group = "operation"
		case (Fault{Kind: k}).process():
			group = "process"
		}
		want[group] = append(want[group], string(k))
	}
	for _, group := range slices.Sorted(maps.Keys(want)) {
		slices.Sort(want[group])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("docs/simulate.md (-fault.go +page):\n%s", d)
	}
}

// kinds reads the constants of type Kind from the source: a new one cannot be forgotten in a list.
func kinds(t *testing.T) []Kind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if typ, ok := v.Type.(*ast.Ident); !ok || typ.Name != "Kind" {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Kind(text))
		return true
	})
	if len(out) < 20 {
		t.Fatalf("%d kinds found in fault.go: %v", len(out), out)
	}
	return out
}
