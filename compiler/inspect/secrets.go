package inspect

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/leak"
	"github.com/penstock-dev/penstock/targets/kubernetes"
)

// secrets looks for what is secret in the files that the pipeline names.
func (in *inspection) secrets() {
	for _, name := range sorted(in.out.Digests) {
		text := string(in.contents[name])
		for _, f := range leak.Find(text) {
			if p := placeOf(text, f.Start); !in.reported(name, p.Line) {
				in.concealed(in.list.Errorf(CodeLiteral, in.within(name, p), in.named[name], "this has the form of a secret (%s), and it is written out", f.Rule))
			}
		}
		for _, v := range in.values(name, text) {
			if leak.Named(v.Name, v.Text) && !in.reported(name, v.Line) {
				in.concealed(in.list.Warnf(CodeLiteral, in.within(name, v.Place), in.named[name], "the value of %q looks like a secret, and it is written out", v.Name))
			}
		}
	}
}

func (in *inspection) concealed(d *diag.Diagnostic) {
	d.Conceal = true
	d.Hint = "take it back where it was issued, keep the new one where secrets are kept, and refer to it"
}

// reported reports whether a line belongs to a Secret that is a mistake as a whole, or has a diagnostic of this kind.
func (in *inspection) reported(name string, line int) bool {
	if slices.ContainsFunc(in.out.Objects[name], func(o kubernetes.Object) bool { return o.Data != nil && o.Line <= line && line <= o.Last }) {
		return true
	}
	shown := in.shown(name)
	return slices.ContainsFunc(in.list, func(d diag.Diagnostic) bool {
		return d.Code == CodeLiteral && d.Range.File == shown && d.Range.Start.Line == line
	})
}

// values are what a file calls by name: variables of containers, entries of ConfigMaps, variables of Terraform.
func (in *inspection) values(name, text string) []kubernetes.Value {
	var out []kubernetes.Value
	for _, o := range in.out.Objects[name] {
		out = append(out, o.Values...)
	}
	if !strings.HasSuffix(name, ".tfvars") {
		return out
	}
	n := 0
	for l := range strings.Lines(text) {
		n++
		key, value, ok := strings.Cut(l, "=")
		if value = strings.TrimSpace(value); !ok || strings.HasPrefix(strings.TrimSpace(key), "#") {
			continue
		}
		at := kubernetes.Place{Line: n, Column: strings.Index(l, value) + 1}
		out = append(out, kubernetes.Value{Place: at, Name: strings.TrimSpace(key), Text: strings.Trim(value, `"`)})
	}
	return out
}

// placeOf is the line and column of a byte.
func placeOf(text string, offset int) kubernetes.Place {
	before := text[:offset]
	return kubernetes.Place{Line: strings.Count(before, "\n") + 1, Column: offset - strings.LastIndexByte(before, '\n')}
}
