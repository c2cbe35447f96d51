package decode

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// foundIn loads and decodes one example of the documentation.
func foundIn(t *testing.T, example string) diag.List {
	t.Helper()
	opts := load.Options{Dir: "/doc", Overlay: map[string][]byte{}}
	if a := txtar.Parse([]byte(example)); len(a.Files) > 0 {
		for _, f := range a.Files {
			opts.Overlay[filepath.Join("/doc", filepath.FromSlash(f.Name))] = f.Data
		}
	} else {
		opts.Overlay["/doc/p.cue"] = []byte(example)
	}
	units, l, err := load.Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		for _, d := range Decode(u) {
			l = append(l, d.Diags...)
		}
	}
	return l.Normalize()
}

// TestDocs holds every example to what it shows.
func TestDocs(t *testing.T) {
	seen := map[diag.Code]bool{}
	for _, d := range Docs() {
		t.Run(string(d.Code), func(t *testing.T) {
			if seen[d.Code] {
				t.Error("documented twice")
			}
			seen[d.Code] = true
			for _, text := range []string{d.Title, d.What, d.Why} {
				if text == "" || strings.Contains(text, "  ") {
					t.Errorf("text %q", text)
				}
			}
			if d.Bad == "" {
				if d.Code != "unknown-tag" { // it takes a command line
					t.Error("no example")
				}
				return
			}
			l := foundIn(t, d.Bad)
			if len(l) != 1 || l[0].Code != d.Code {
				t.Errorf("the bad example gives %v", l)
			}
			if l := foundIn(t, d.Good); len(l) != 0 {
				t.Errorf("the good example gives %v", l)
			}
		})
	}
}
