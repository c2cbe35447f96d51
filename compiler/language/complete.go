package language

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/schema"
)

// ItemKind says what a proposal is.
type ItemKind int

// The kinds of proposals.
const (
	// FieldItem is a field of the schema.
	FieldItem ItemKind = iota
	// ValueItem is one of the values that the schema lists.
	ValueItem
	// NameItem is the name of something that the pipeline declares.
	NameItem
)

// Item is one thing that may stand at a place.
type Item struct {
	Kind  ItemKind
	Label string
	// Detail says in a few words what it is, Doc in a sentence.
	Detail, Doc string
	// Insert is what to write. Snippet is the same with "$0" where the cursor belongs, for editors that know how; it is
	// empty where that is the end.
	Insert, Snippet string
}

// Completion is what may replace a piece of the file.
type Completion struct {
	Start, End int
	// Items come best first.
	Items []Item
}

// Complete lists what may stand at an offset of one of the package's files.
func (l *Language) Complete(p Package, path string, offset int) (Completion, error) {
	w, err := l.words()
	f := p.file(path)
	if err != nil || f == nil || f.inComment(offset) {
		return Completion{}, err
	}
	q := question{Language: l, words: w, pkg: p, file: f, cursor: w.find(f, offset)}
	c := Completion{Start: q.start, End: q.end}
	if q.word != nil && q.word.kind == token.INTERPOLATION {
		return Completion{}, nil
	}
	if q.isText() && !closedText(q.word.text) {
		c.End = offset // nothing says where it will end
	}
	if q.label {
		c.Items = q.labels()
	} else {
		c.Items = q.values()
	}
	if c.Start == offset && offset > 0 && f.Text[offset-1] == ':' {
		for i := range c.Items {
			c.Items[i].Insert = " " + c.Items[i].Insert
			if c.Items[i].Snippet != "" {
				c.Items[i].Snippet = " " + c.Items[i].Snippet
			}
		}
	}
	return c, nil
}

// inComment reports whether an offset is in a comment.
func (f *File) inComment(offset int) bool {
	from := f.lines.starts[f.lines.of(offset)]
	for _, l := range f.lexemes {
		if l.start < offset && l.end >= offset {
			return false
		}
		if l.start >= offset {
			break
		}
		from = max(from, l.end)
	}
	return from < offset && strings.Contains(string(f.Text[from:offset]), "//")
}

// question is one look at a place in a package.
type question struct {
	*Language
	words
	cursor
	pkg  Package
	file *File
}

// labels are the names of fields that may stand here.
func (q question) labels() []Item {
	switch {
	case !q.typed:
		return q.tops()
	case q.at.typ == nil:
		return nil
	case q.at.typ.Kind() == reflect.Struct:
		return q.fields(q.at.typ, q.present())
	case q.at.typ.Kind() == reflect.Map:
		return q.keys(q.at, q.present())
	}
	return nil
}

// tops are the fields at the top of a package that mean something here.
func (q question) tops() []Item {
	if q.body != q.file.top {
		return nil
	}
	present := q.present()
	if present["pipeline"] || present["pipelines"] {
		return nil
	}
	doc := q.typeDoc(reflect.TypeFor[schema.Pipeline]())
	return []Item{
		{Label: "pipeline", Detail: "the pipeline of this package", Doc: doc, Insert: "pipeline: ", Snippet: "pipeline: {\n\t$0\n}"},
		{Label: "pipelines", Detail: "several pipelines by their names", Doc: doc, Insert: "pipelines: ", Snippet: "pipelines: {\n\t$0\n}"},
	}
}

// present is what stands beside the label that is being written. It may stand there a second time for CUE; hardly anybody wants
// that where it isn't a struct of names.
func (q question) present() map[string]bool {
	out := map[string]bool{}
	if q.body == nil {
		return out
	}
	add := func(b *body) {
		for _, f := range b.fields {
			if q.word == nil || f.label.start != q.word.start {
				out[f.key] = true
			}
		}
	}
	add(q.body)
	for _, p := range q.body.parts {
		for _, s := range p.structs {
			add(s)
		}
	}
	return out
}

// fields proposes the fields of a struct.
func (q question) fields(t reflect.Type, present map[string]bool) []Item {
	var ranked [3][]Item
	for _, f := range decode.Fields(t) {
		if present[f.Name] {
			continue
		}
		fw := q.says(t, f.Name)
		it := Item{Kind: FieldItem, Label: f.Name, Detail: decode.Wanted(f.Type), Doc: fw.doc}
		if f.Required {
			it.Detail = "required, " + it.Detail
		}
		it.Insert, it.Snippet = q.written(f, len(q.words.values(fw.expr)) > 0)
		rank := 2
		switch {
		case f.Required:
			rank = 0
		case f.Variant:
			rank = 1
		}
		ranked[rank] = append(ranked[rank], it)
	}
	return slices.Concat(ranked[0], ranked[1], ranked[2])
}

// written is how a field is begun.
func (q question) written(f decode.Field, choice bool) (insert, snippet string) {
	if q.label && q.field != nil {
		return f.Name, "" // the colon is there already
	}
	insert = f.Name + ": "
	switch f.Type.Kind() {
	case reflect.Struct, reflect.Map:
		return insert, insert + "{\n\t$0\n}"
	case reflect.Slice:
		return insert, insert + "[$0]"
	case reflect.String:
		if _, ref := refersTo(nil, f.Name, f.Type); ref || choice || f.Type.Kind() == reflect.String {
			return insert, insert + `"$0"`
		}
	}
	return insert, ""
}

// keys proposes names for the keys of a map that refers to something.
func (q question) keys(at place, present map[string]bool) []Item {
	var items []Item
	if at.typ.Key() == reflect.TypeFor[schema.PolicyCode]() {
		for _, c := range q.codes() {
			items = append(items, Item{Kind: NameItem, Label: c.Name, Detail: "policy", Doc: c.Doc})
		}
	} else if k, ok := keyKind(at.typ); ok && !declares(at.parent, at.field) {
		items = q.namesOf(k)
	}
	var out []Item
	for _, it := range items {
		if present[it.Label] {
			continue
		}
		it.Insert = it.Label
		if !ast.IsValidIdent(it.Label) || q.isText() {
			it.Insert = strconv.Quote(it.Label)
		}
		if !q.label || q.field == nil {
			it.Insert += ": "
			if at.typ.Elem().Kind() == reflect.Struct {
				it.Snippet = it.Insert + "{$0}"
			}
		}
		out = append(out, it)
	}
	return out
}

func (q question) namesOf(k kind) []Item {
	var items []Item
	for _, d := range q.names(q.pkg, q.at.root, k) {
		detail := k.word
		if d.detail != "" {
			detail += fmt.Sprintf(" (%s)", d.detail)
		}
		items = append(items, Item{Kind: NameItem, Label: d.name, Detail: detail, Doc: d.doc})
	}
	return items
}
