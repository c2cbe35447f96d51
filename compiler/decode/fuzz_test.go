package decode

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/corpus"
)

// FuzzFile gives one file to load and decode: whatever it holds, they say something and return.
func FuzzFile(f *testing.F) {
	for _, dir := range []string{"broken", "good"} {
		names, err := filepath.Glob("../testdata/" + dir + "/*.txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			a, err := corpus.Read(name)
			if err != nil {
				f.Fatal(err)
			}
			for _, file := range a.Files {
				if strings.HasSuffix(file.Name, ".cue") && !strings.HasSuffix(file.Name, "module.cue") {
					f.Add(file.Data)
				}
			}
		}
	}
	l, err := load.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<13 {
			t.Skip("long")
		}
		units, diags, err := l.Load(t.Context(), load.Options{Dir: "/fuzz", Args: []string{"p.cue"}, Overlay: map[string][]byte{"/fuzz/p.cue": src}})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			for _, d := range Decode(u) {
				diags = append(diags, d.Diags...)
				if d.Pipeline == nil && !d.Diags.HasErrors() {
					t.Error("no pipeline, and nobody says why")
				}
			}
		}
		if len(units) == 0 && len(diags) == 0 {
			t.Error("neither a unit nor a diagnostic")
		}
		for _, d := range diags {
			if strings.Contains(d.Message, "\n") || d.Message == "" || d.Code == "" {
				t.Errorf("message %q, code %q", d.Message, d.Code)
			}
		}
	})
}
