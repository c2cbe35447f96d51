package language

import (
	"fmt"
	"reflect"
	"strings"

	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/decode"
	"github.com/penstock-dev/penstock/schema"
)

// Hover is what is known about a word, in Markdown.
type Hover struct {
	Markdown   string
	Start, End int
}

// Hover says what the word at an offset is; ok is false when there is nothing to say.
func (l *Language) Hover(p Package, path string, offset int) (h Hover, ok bool, err error) {
	w, err := l.words()
	f := p.file(path)
	if err != nil || f == nil {
		return Hover{}, false, err
	}
	q := question{Language: l, words: w, pkg: p, file: f, cursor: w.find(f, offset)}
	if q.word == nil || f.inComment(offset) {
		return Hover{}, false, nil
	}
	text := q.hover()
	return Hover{Markdown: text, Start: q.start, End: q.end}, text != "", nil
}

func (q question) hover() string {
	if def := q.definitionName(); def != "" {
		if d := q.defs[def]; d != nil {
			return "**#" + def + "**\n\n" + d.doc
		}
		return ""
	}
	if k, name, _, ok := q.reference(); ok {
		return q.aboutName(k, name)
	}
	if q.label {
		return q.aboutLabel()
	}
	if !q.typed && q.at.typ == nil {
		return ""
	}
	if q.isText() || q.word.kind == token.TRUE || q.word.kind == token.FALSE {
		return q.aboutField(q.at.parent, q.at.field)
	}
	return ""
}

// definitionName is the schema's definition that the word selects.
func (q question) definitionName() string {
	name, ok := strings.CutPrefix(q.word.text, "#")
	if !ok {
		return ""
	}
	for i, l := range q.file.lexemes {
		if l.start == q.start && i >= 2 && q.file.lexemes[i-1].kind == token.PERIOD && q.file.isSchema(q.file.lexemes[i-2].text) {
			return name
		}
	}
	return ""
}

func (q question) aboutLabel() string {
	switch {
	case q.field == nil || q.field.anyKey:
		return ""
	case !q.typed:
		if at, ok := top(q.field.key); ok {
			return "**" + at.root + "**\n\n" + q.typeDoc(reflect.TypeFor[schema.Pipeline]())
		}
		return ""
	case q.at.typ == nil:
		return ""
	case q.at.typ.Kind() == reflect.Map:
		if doc := q.typeDoc(q.at.typ.Elem()); doc != "" {
			return "**" + q.field.key + "** in " + q.at.field + "\n\n" + doc
		}
		return q.aboutField(q.at.parent, q.at.field)
	}
	return q.aboutField(q.at.typ, q.field.key)
}

// aboutField is what the schema says about a field of a struct.
func (q question) aboutField(parent reflect.Type, name string) string {
	for _, f := range decode.Fields(parent) {
		if f.Name != name {
			continue
		}
		fw := q.says(parent, name)
		out := fmt.Sprintf("**%s**: %s", name, decode.Wanted(f.Type))
		if f.Required {
			out += ", required"
		}
		if fw.doc != "" {
			out += "\n\n" + fw.doc
		}
		if vs := q.words.values(fw.expr); vs != nil {
			out += "\n\nOne of `" + strings.Join(vs, "`, `") + "`."
			if doc := q.typeDoc(f.Type); doc != "" {
				out += " " + doc
			}
		}
		return out
	}
	return ""
}

// aboutName is what the package's files say about something that has a name.
func (q question) aboutName(k kind, name string) string {
	ds := q.places(q.pkg, q.at.root, k, name)
	if len(ds) == 0 {
		return fmt.Sprintf("No %s is called %q here.", k.word, name)
	}
	out := fmt.Sprintf("%s **%s**", k.word, name)
	for _, d := range ds {
		if d.detail != "" {
			out += ": " + d.detail
			break
		}
	}
	for _, d := range ds {
		if d.doc != "" {
			out += "\n\n" + d.doc
			break
		}
	}
	for _, d := range ds {
		if at := q.where(d.span); at != "" {
			out += "\n\nDeclared in `" + at + "`."
			break
		}
	}
	return out
}

// where is file:line of a span, without the directories.
func (q question) where(s Span) string {
	if s.File == "" {
		if s.Range.IsZero() {
			return ""
		}
		return fmt.Sprintf("%s:%d", base(s.Range.File), s.Range.Start.Line)
	}
	f := q.pkg.file(s.File)
	if f == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", base(s.File), f.lines.of(s.Start)+1)
}

func base(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }
