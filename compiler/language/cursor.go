package language

import (
	"reflect"
	"strconv"
	"strings"

	"cuelang.org/go/cue/token"
)

// cursor is what an offset in a file points at.
type cursor struct {
	// at is the place of the value around the offset: for a label that of the struct or map it is a key of.
	at place
	// label is set when a field's name is meant; field is that field when it is complete.
	label bool
	field *field
	// body holds the fields beside a label.
	body *body
	// values are those beside an element of a list.
	list *list
	// value is the one that the offset is in; nil between the elements of a list.
	value *value
	// word is what is there: a label, a text, a name that was begun. It is empty (start == end) between words.
	start, end int
	word       *lexeme
	// typed says that a definition of the schema was met, or a pipeline: what is known is known from there.
	typed bool
}

// find says what an offset of a file points at.
func (w words) find(f *File, offset int) cursor {
	c := cursor{start: offset, end: offset, label: true, body: f.top}
	if l, ok := f.at(offset); ok {
		c.word, c.start, c.end = &l, l.start, l.end
	}
	w.inBody(&c, f.top, nil, offset)
	return c
}

// at is the word that an offset is in, or right behind.
func (f *File) at(offset int) (lexeme, bool) {
	for _, l := range f.lexemes {
		if l.start > offset {
			break
		}
		if offset <= l.end && l.end > l.start && (l.isLabel() || l.kind == token.INTERPOLATION) {
			if l.kind != token.IDENT && offset == l.end && l.kind == token.STRING && closedText(l.text) {
				continue // behind a closed text nothing more is typed
			}
			return l, true
		}
	}
	return lexeme{}, false
}

// closedText reports whether a string literal has its closing quote.
func closedText(s string) bool {
	s = strings.Trim(s, "#")
	return len(s) > 1 && s[0] == s[len(s)-1] && !strings.HasSuffix(s, `\"`)
}

func (w words) inBody(c *cursor, b *body, in *place, offset int) {
	c.label, c.field, c.list, c.body = true, nil, nil, b
	c.at = place{}
	if in != nil {
		c.at = *in
	}
	c.typed = in != nil
	for _, f := range b.fields {
		if offset >= f.label.start && offset < f.colon {
			c.field = f
			return
		}
		if offset >= f.colon && offset <= f.value.end {
			at := w.as(under(in, f), f.value)
			w.inValue(c, f.value, at, offset)
			if c.field == nil && !c.label {
				c.field = f
			}
			return
		}
	}
	for _, part := range b.parts {
		for _, s := range part.structs {
			if offset < s.start || offset > s.end {
				continue
			}
			if in == nil {
				at := w.as(place{}, part)
				in = &at
			}
			w.inBody(c, s, in, offset)
			return
		}
	}
}

func (w words) inValue(c *cursor, v *value, at place, offset int) {
	for _, s := range v.structs {
		if offset >= s.start && offset <= s.end {
			if s.implicit && offset < s.fields[0].label.start {
				continue
			}
			w.inBody(c, s, &at, offset)
			return
		}
	}
	for _, l := range v.lists {
		if offset < l.start || offset > l.end {
			continue
		}
		c.label, c.field, c.body, c.list, c.at = false, nil, nil, l, at.child("0")
		for i, e := range l.elems {
			if offset >= e.start && offset <= e.end {
				c.at = at.child(strconv.Itoa(i))
				w.inValue(c, e, c.at, offset)
				if c.list == nil && !c.label && c.body == nil {
					c.list = l
				}
				return
			}
		}
		return
	}
	c.label, c.field, c.body, c.list, c.at, c.value = false, nil, nil, nil, at, v
}

// isText reports whether the word is a string.
func (c cursor) isText() bool {
	return c.word != nil && c.word.kind == token.STRING
}

// reference is what the word refers to, or declares.
func (c cursor) reference() (k kind, name string, declared, ok bool) {
	if c.word == nil {
		return kind{}, "", false, false
	}
	if c.label {
		if c.field == nil || c.field.anyKey || c.at.typ == nil || c.at.typ.Kind() != reflect.Map {
			return kind{}, "", false, false
		}
		k, ok := keyKind(c.at.typ)
		return k, c.field.key, declares(c.at.parent, c.at.field), ok
	}
	if !c.isText() {
		return kind{}, "", false, false
	}
	k, ok = refersTo(c.at.parent, c.at.field, c.at.typ)
	if !ok {
		return kind{}, "", false, false
	}
	name, ok = k.named(c.word.name())
	return k, name, false, ok
}
