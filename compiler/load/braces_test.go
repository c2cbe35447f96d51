package load

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/parser"
)

// TestUnclosed marks the bracket that has no end with "¦".
func TestUnclosed(t *testing.T) {
	for name, src := range map[string]string{
		"last":          "a: ¦{\n\tb: 1\n",
		"inner block":   "a: {\n\tb: ¦{\n\t\tc: 1\n\td: 2\n}\n",
		"innermost":     "a: {\n\tb: {\n\t\tc: ¦{\n\t\t\td: 1\n\t\te: 2\n\t}\n}\n",
		"one line":      "a: {\n\tb: ¦{c: {d: 1}\n\te: 2\n}\n",
		"list":          "a: ¦[\n\t1,\n\t2,\nb: 3\n",
		"list in block": "a: {\n\tb: ¦[1, 2\n\tc: 3\n}\n",
		"call":          "a: strings.Join¦([\"x\"], \"\"\nb: 2\n",
		"after text":    "a: \"}}}\"\nb: ¦{\n\tc: \"\\(d)}\"\n",
		"after nested":  "a: \"x\\(f({y: 1}.y))z\"\nb: ¦{\n",
		"raw text":      "a: #\"\\(\"#\nb: ¦[\n",
		"comment":       "a: {\n\t// }\n}\nb: ¦{ // }\n",
		"several lines": "a: \"\"\"\n\t{{{\n\t\"\"\"\nb: ¦[\n",
		"mixed kinds":   "a: {\n\tb: ¦[1, 2}\n\tc: 3\n}\n",
		"closed":        "a: {b: [1, (2)]}\n",
		"too many":      "a: {b: 1}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			clean := strings.Replace(src, "¦", "", 1)
			before, _, marked := strings.Cut(src, "¦")
			o, ok := unclosed([]byte(clean))
			if ok != marked {
				t.Fatalf("found %v at %v", ok, o.pos)
			}
			line := strings.Count(before, "\n") + 1
			col := len(before) - strings.LastIndexByte(before, '\n')
			if ok && (o.pos.Line != line || o.pos.Column != col) {
				t.Errorf("got %d:%d, want %d:%d", o.pos.Line, o.pos.Column, line, col)
			}
		})
	}
}

// FuzzUnclosed holds that brackets are counted without a panic, and that what CUE can parse has none open.
func FuzzUnclosed(f *testing.F) {
	for _, s := range []string{"a: {", "a: \"\\(x)\"", "\"\\(\"\\({}))", "#\"\\#(1)\"#", "'''\n\\(x)\n'''", "@a(b{c)"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		o, ok := unclosed(src)
		if !ok {
			return
		}
		if o.pos.Line < 1 || o.pos.Column < 1 {
			t.Errorf("place %v", o.pos)
		}
		if _, err := parser.ParseFile("f.cue", src); err == nil {
			t.Errorf("%q is fine, but %v at %v is said to be open", src, o.tok, o.pos)
		}
	})
}
