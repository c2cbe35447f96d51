package source

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Once keeps one diagnostic for each mistake in a line that several parts of a pipeline are built from, by a definition or a
// loop. The list must be in order.
func Once(l diag.List) diag.List {
	type mistake struct {
		code       diag.Code
		at, shared diag.Range
		field      string
	}
	first := map[mistake]string{} // the path of the one that is kept
	return slices.DeleteFunc(l, func(d diag.Diagnostic) bool {
		m := mistake{code: d.Code, at: d.Range, field: strings.TrimPrefix(d.Path, Parent(d.Path))}
		if d.Code == "bad-name" {
			m.field = "" // a label that a loop puts together comes out as many names
		}
		if len(d.Related) > 0 {
			m.shared = d.Related[0].Range
		}
		path, again := first[m]
		if !again {
			first[m] = d.Path
		}
		return again && d.Path != path && d.Path != "" && !d.Range.IsZero()
	})
}
