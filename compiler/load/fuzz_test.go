package load

import (
	"bytes"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/internal/diag"
)

const sound = "package p\n\npipeline: {name: \"p\", stages: build: exec: command: [\"make\"]}\n"

// said holds what load says: something, in sound sentences of one line.
func said(t *testing.T, units []*Unit, diags diag.List) {
	t.Helper()
	if len(units) == 0 && len(diags) == 0 {
		t.Error("neither a unit nor a diagnostic")
	}
	for _, d := range diags {
		if strings.Contains(d.Message, "\n") || d.Message == "" || d.Code == "" {
			t.Errorf("message %q, code %q", d.Message, d.Code)
		}
	}
}

// FuzzModule gives a sound package any module file.
func FuzzModule(f *testing.F) {
	for _, s := range []string{
		"module: \"a.example\"\nlanguage: version: \"v0.17.0\"\n",
		"module: \"a.example@v1\"\nlanguage: version: \"v0.9.0\"\nsource: kind: \"self\"\ndeps: \"b.example@v0\": v: \"v0.1.0\"\n",
		"module: \"penstock.dev/schema@v1\"\nlanguage: version: \"v0.17.0\"\n",
		"deps: \"penstock.dev/schema@v1\": {v: \"v1.0.0\", default: true}\n", "language: version: \"v9.0.0\"\n", "module: 1\n", "", "{", "custom: a: b: 1",
	} {
		f.Add([]byte(s))
	}
	l, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<12 {
			t.Skip("long")
		}
		units, diags, err := l.Load(t.Context(), Options{
			Dir: "/fuzz", Overlay: map[string][]byte{"/fuzz/p.cue": []byte(sound), "/fuzz/cue.mod/module.cue": src},
		})
		if err != nil {
			t.Fatal(err)
		}
		said(t, units, diags)
	})
}

// FuzzStdin gives load any standard input, with a tag.
func FuzzStdin(f *testing.F) {
	for _, s := range []string{
		sound, "", "package", "import \"list\"\n" + sound, sound + "x: string @tag(env)\n", "@if(env)\n\n" + sound,
		"pipelines: {a: stages: {}, b: {}}", "@extern(embed)\n" + sound + "x: _ @embed(file=x.json)\n", "#A: {a: #A}\n" + sound, "a: b\nb: a\n" + sound,
		"\xef\xbb\xbf" + sound, "pipeline: {\x00}", "pipeline: \"\\(1\"",
	} {
		f.Add([]byte(s), "env=x")
	}
	l, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte, tag string) {
		if len(src) > 1<<12 {
			t.Skip("long")
		}
		units, diags, err := l.Load(t.Context(), Options{Dir: "/fuzz", Args: []string{"-"}, Stdin: bytes.NewReader(src), Tags: []string{tag}})
		if err != nil {
			t.Fatal(err)
		}
		said(t, units, diags)
	})
}
