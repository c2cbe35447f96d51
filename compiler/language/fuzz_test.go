package language_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/penstock-dev/penstock/compiler/language"
)

// FuzzLanguage: whatever is typed, every question has an answer, and it is about the text.
func FuzzLanguage(f *testing.F) {
	examples, err := filepath.Glob("../../examples/*/*.cue")
	if err != nil || len(examples) == 0 {
		f.Fatalf("no examples: %v", err)
	}
	for _, name := range examples {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, len(text)/2)
		f.Add(text[:len(text)/2], len(text)/3)
	}
	f.Add([]byte("pipeline: stages: \"\\(a + \"\\("), 20)
	f.Add([]byte("a: [for x in {a: [{(]}) }]"), 12)
	l := language.New(nil)
	f.Fuzz(func(t *testing.T, text []byte, offset int) {
		offset = min(max(offset, 0), len(text))
		file := language.Parse("x.cue", text)
		p := language.Package{Files: []*language.File{file}}
		inside := func(what string, start, end int) {
			if start < 0 || end < start || end > len(text) {
				t.Errorf("%s: %d to %d of %d", what, start, end, len(text))
			}
		}
		c, err := l.Complete(p, "x.cue", offset)
		if err != nil {
			t.Fatal(err)
		}
		inside("completion", c.Start, c.End)
		if h, ok, err := l.Hover(p, "x.cue", offset); err != nil {
			t.Fatal(err)
		} else if ok {
			inside("hover", h.Start, h.End)
		}
		spans, err := l.Definition(p, "x.cue", offset)
		if err != nil {
			t.Fatal(err)
		}
		more, err := l.References(p, "x.cue", offset, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range append(spans, more...) {
			inside("place", s.Start, s.End)
		}
		syms, err := l.Outline(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range syms {
			inside("symbol", s.Start, s.End)
			for _, c := range s.Children {
				inside("symbol", c.Start, c.End)
			}
		}
		inside("word", offset, language.WordEnd(text, offset))
	})
}
