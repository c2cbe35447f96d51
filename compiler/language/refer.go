package language

import (
	"reflect"
	"slices"
	"strings"

	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Definition is where what the word at an offset refers to is declared: the name of something in the pipeline, or a name of
// CUE in the same package.
func (l *Language) Definition(p Package, path string, offset int) ([]Span, error) {
	w, err := l.words()
	f := p.file(path)
	if err != nil || f == nil || f.inComment(offset) {
		return nil, err
	}
	c := w.find(f, offset)
	if k, name, _, ok := c.reference(); ok {
		var out []Span
		for _, d := range w.places(p, c.at.root, k, name) {
			out = append(out, d.span)
		}
		return out, nil
	}
	if c.word == nil || c.word.kind != token.IDENT || c.label && c.field != nil {
		return nil, nil
	}
	return identifier(p, f, *c.word), nil
}

// identifier is where a name of CUE is given: in the structs around it, or at the top of any of the package's files.
func identifier(p Package, f *File, word lexeme) []Span {
	for i, l := range f.lexemes {
		if l.start == word.start && i > 0 && f.lexemes[i-1].kind == token.PERIOD {
			return imported(p, f.imports[f.lexemes[max(i-2, 0)].text], word)
		}
	}
	around := enclosing(f.top, word.start)
	slices.Reverse(around)
	for _, b := range around {
		if spans := given(b, f, word); spans != nil {
			return spans
		}
	}
	var out []Span
	for _, o := range p.Files {
		if o != f && o.pkg == f.pkg {
			out = append(out, given(o.top, o, word)...)
		}
	}
	return out
}

// imported is where a package gives a name. What any other selector means, only evaluation knows.
func imported(p Package, path string, word lexeme) []Span {
	if path == "" || p.Import == nil {
		return nil
	}
	var out []Span
	for _, f := range p.Import(path) {
		for _, s := range given(f.top, f, word) {
			at := f.lines.of(s.Start)
			line, column := at+1, s.Start-f.lines.starts[at]+1
			out = append(out, Span{Range: diag.Range{
				File: f.Path, Start: diag.Position{Line: line, Column: column}, End: diag.Position{Line: line, Column: column + s.End - s.Start},
			}})
		}
	}
	return out
}

// given are the fields and clauses of a body that have the word's name.
func given(b *body, f *File, word lexeme) []Span {
	var out []Span
	for _, l := range b.lets {
		if l.text == word.text {
			out = append(out, Span{File: f.Path, Start: l.start, End: l.end})
		}
	}
	for _, x := range b.fields {
		if x.label.kind == token.IDENT && x.key == word.text && (x.label.start != word.start || x.label.text != word.text) {
			out = append(out, Span{File: f.Path, Start: x.label.start, End: x.label.end})
		}
	}
	return out
}

// enclosing lists the bodies around an offset, from the outside in.
func enclosing(b *body, offset int) []*body {
	out := []*body{b}
	var in func(v *value) []*body
	in = func(v *value) []*body {
		for _, s := range v.structs {
			if offset >= s.start && offset <= s.end {
				return enclosing(s, offset)
			}
		}
		for _, l := range v.lists {
			for _, e := range l.elems {
				if offset >= e.start && offset <= e.end {
					return in(e)
				}
			}
		}
		return nil
	}
	for _, f := range b.fields {
		if offset >= f.label.start && offset <= f.value.end {
			if more := in(f.value); more != nil {
				return append(out, more...)
			}
		}
	}
	for _, v := range b.parts {
		if more := in(v); more != nil {
			return append(out, more...)
		}
	}
	return out
}

// References are all places that name what the word at an offset names; with declared also those that declare it.
func (l *Language) References(p Package, path string, offset int, declared bool) ([]Span, error) {
	w, err := l.words()
	f := p.file(path)
	if err != nil || f == nil {
		return nil, err
	}
	c := w.find(f, offset)
	k, name, _, ok := c.reference()
	if !ok {
		return nil, nil
	}
	var out []Span
	for _, f := range p.Files {
		add := func(start, end int) { out = append(out, Span{File: f.Path, Start: start, End: end}) }
		w.walk(f, visitor{
			field: func(x *field, in *place, _ place) {
				if in == nil || in.root != c.at.root || x.anyKey || x.key != name {
					return
				}
				if got, ok := keyKind(in.typ); ok && got.typ == k.typ && (declared || !declares(in.parent, in.field)) {
					add(x.label.start, x.label.end)
				}
			},
			text: func(x lexeme, at place) {
				got, ok := refersTo(at.parent, at.field, at.typ)
				if !ok || at.root != c.at.root || got.typ != k.typ || x.kind != token.STRING {
					return
				}
				if n, ok := got.named(x.name()); ok && n == name {
					from := x.start + max(strings.Index(x.text, name), 0)
					add(from, from+len(name))
				}
			},
		})
	}
	return out, nil
}

// Symbol is something that a file declares.
type Symbol struct {
	// Name is its own, Detail says what it is: "stage (deploy)".
	Name, Detail string
	// Start and End hold all of it, NameStart and NameEnd its name.
	Start, End, NameStart, NameEnd int
	Children                       []Symbol
}

// Outline lists what a file declares: its pipelines with their stages, environments, workloads and so on.
func (l *Language) Outline(f *File) ([]Symbol, error) {
	w, err := l.words()
	if err != nil {
		return nil, err
	}
	var out []Symbol
	for _, x := range f.top.fields {
		if x.anyKey {
			continue
		}
		at, known := top(x.key)
		at = w.as(at, x.value)
		if !known && at.typ == nil {
			continue
		}
		s := symbol(x, "")
		w.walkValue(x.value, at, visitor{field: func(y *field, in *place, at place) {
			if y.anyKey || in == nil || in.typ == nil || in.typ.Kind() != reflect.Map {
				return
			}
			k, ok := keyKind(in.typ)
			if !ok || !declares(in.parent, in.field) || in.field == "variables" {
				return
			}
			d := declaration{}
			w.describe(&d, y.value, at)
			detail := k.word
			if d.detail != "" {
				detail += " (" + d.detail + ")"
			}
			s.Children = append(s.Children, symbol(y, detail))
		}})
		out = append(out, s)
	}
	return out, nil
}

func symbol(f *field, detail string) Symbol {
	return Symbol{Name: f.key, Detail: detail, Start: f.label.start, End: max(f.value.end, f.label.end), NameStart: f.label.start, NameEnd: f.label.end}
}
