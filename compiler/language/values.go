package language

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/schema"
)

// values are what may stand behind the colon, or as an element of the list.
func (q question) values() []Item {
	t := q.at.typ
	if t == nil || q.word == nil && q.value != nil && !q.value.empty {
		return nil // something is there, and this is behind it
	}
	if q.list == nil && t.Kind() == reflect.Slice {
		return q.wrapped()
	}
	switch t.Kind() {
	case reflect.Struct:
		if q.isText() {
			return nil
		}
		return q.fields(t, nil) // a: b: c
	case reflect.Map:
		return q.keys(q.at, nil)
	case reflect.Bool:
		if q.isText() {
			return nil
		}
		return []Item{{Kind: ValueItem, Label: "true", Insert: "true"}, {Kind: ValueItem, Label: "false", Insert: "false"}}
	case reflect.String:
		return q.texts(q.at)
	}
	return nil
}

// wrapped proposes the first element of a list that isn't begun, with its brackets.
func (q question) wrapped() []Item {
	if q.word != nil && q.word.kind == token.STRING {
		return nil
	}
	elem := q.at.child("0")
	if elem.typ == nil || elem.typ.Kind() != reflect.String {
		return nil
	}
	items := q.texts(elem)
	for i := range items {
		items[i].Snippet = "[" + items[i].Insert + "$0]"
		items[i].Insert = "[" + items[i].Insert + "]"
	}
	return items
}

// texts proposes strings: what the schema lists, or the names of what they refer to.
func (q question) texts(at place) []Item {
	fw := q.says(at.parent, at.field)
	var items []Item
	for _, v := range q.words.values(fw.expr) {
		items = append(items, Item{Kind: ValueItem, Label: v, Doc: q.valueDoc(at)})
	}
	if k, ok := refersTo(at.parent, at.field, at.typ); ok && items == nil {
		for _, it := range q.namesOf(k) {
			it.Label = k.prefix + it.Label + k.suffix
			items = append(items, it)
		}
	}
	if at.typ == reflect.TypeFor[schema.Principal]() {
		if at.parent == reflect.TypeFor[schema.Group]() {
			items = nil // a group has people, no groups
		}
		items = append(items, q.people()...)
	}
	taken := q.taken()
	if len(at.path) > 1 && at.path[0] == "stages" && at.typ == reflect.TypeFor[schema.StageName]() {
		taken[at.path[1]] = true // no stage waits for itself
	}
	items = slices.DeleteFunc(items, func(it Item) bool { return taken[it.Label] })
	for i := range items {
		items[i].Insert = strconv.Quote(items[i].Label)
		if suffix := strings.HasSuffix(items[i].Label, "."); suffix {
			items[i].Snippet = strconv.Quote(items[i].Label + "$0")
		}
	}
	return items
}

// valueDoc says what the values at a place mean: the comment of their own definition, or else that of the field.
func (q question) valueDoc(at place) string {
	if doc := q.typeDoc(at.typ); doc != "" {
		return doc
	}
	return q.says(at.parent, at.field).doc
}

// taken are the other elements of the list.
func (q question) taken() map[string]bool {
	out := map[string]bool{}
	if q.list == nil {
		return out
	}
	for _, e := range q.list.elems {
		if e.literal != nil && (q.word == nil || e.literal.start != q.word.start) {
			out[e.literal.name()] = true
		}
	}
	return out
}

// people are the users that the package's files name.
func (q question) people() []Item {
	var names []string
	for _, f := range q.pkg.Files {
		q.walk(f, visitor{text: func(l lexeme, at place) {
			if name := l.name(); at.typ == reflect.TypeFor[schema.Principal]() && strings.HasPrefix(name, "user:") && len(name) > len("user:") {
				if q.word == nil || l.start != q.word.start || f != q.file {
					names = append(names, name)
				}
			}
		}})
	}
	slices.Sort(names)
	var items []Item
	for _, n := range slices.Compact(names) {
		items = append(items, Item{Kind: NameItem, Label: n, Detail: "person"})
	}
	return items
}
