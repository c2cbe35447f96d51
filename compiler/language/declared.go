package language

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// Pipeline is what the compiler last made of one.
type Pipeline struct {
	// Root is "pipeline", or "pipelines.NAME".
	Root     string
	Pipeline *schema.Pipeline
	Source   *source.Map
}

// Package is what there is to know about the files of one package.
type Package struct {
	Files []*File
	// Pipelines are those that could be decoded, the last time that they could.
	Pipelines []Pipeline
	// Import reads the files of a package that is imported; nil when that can't be done.
	Import func(path string) []*File
}

func (p Package) file(path string) *File {
	for _, f := range p.Files {
		if f.Path == path {
			return f
		}
	}
	return nil
}

// Span is a piece of a file.
type Span struct {
	// File is the path of one of the package's files, or empty when Range says where it is.
	File       string
	Start, End int
	// Range is a place that the compiler knew, in a file that need not be one of the package's.
	Range diag.Range
}

// declaration is a name with where it is given.
type declaration struct {
	name string
	span Span
	// doc is the comment above it, or its description; detail says in a word what it is.
	doc, detail string
}

// declared lists what the files declare of a kind, in the order in which they stand. Root "" means any pipeline.
func (w words) declared(p Package, root string, k kind) []declaration {
	var out []declaration
	for _, f := range p.Files {
		w.walk(f, visitor{field: func(x *field, in *place, at place) {
			if in == nil || x.anyKey || hidden(x.key) || root != "" && in.root != root || in.typ == nil || in.typ.Kind() != reflect.Map {
				return
			}
			if in.typ.Key() != k.typ || !declares(in.parent, in.field) {
				return
			}
			d := declaration{name: x.key, span: Span{File: f.Path, Start: x.label.start, End: x.label.end}, doc: x.label.doc}
			w.describe(&d, x.value, at)
			out = append(out, d)
		}})
	}
	return out
}

// describe fills in what the value of a declaration says about it.
func (w words) describe(d *declaration, v *value, at place) {
	choices := variants(at.typ)
	for _, s := range v.structs {
		for _, f := range s.fields {
			if f.key == "description" && f.value.literal != nil && d.doc == "" {
				d.doc = f.value.literal.name()
			}
			if f.key == "tier" && f.value.literal != nil {
				d.detail = f.value.literal.name()
			}
			if d.detail == "" && slices.Contains(choices, f.key) {
				d.detail = f.key
			}
		}
	}
}

func variants(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	return schema.VariantNames(reflect.Zero(t).Interface())
}

// names lists all that may be referred to in the pipeline at root: each name once, sorted.
func (w words) names(p Package, root string, k kind) []declaration {
	byName := map[string]declaration{}
	add := func(d declaration) {
		if have, ok := byName[d.name]; !ok || have.doc == "" && d.doc != "" {
			byName[d.name] = d
		}
	}
	for _, d := range w.declared(p, root, k) {
		add(d)
	}
	for _, pipe := range p.Pipelines {
		if pipe.Root != root || pipe.Pipeline == nil {
			continue
		}
		for _, name := range pipe.names(k) {
			if _, ok := byName[name]; !ok {
				add(declaration{name: name})
			}
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b declaration) int { return strings.Compare(a.name, b.name) })
}

// names lists what a decoded pipeline has of a kind.
func (p Pipeline) names(k kind) []string {
	var out []string
	if k.field == "variables" {
		for _, e := range p.Pipeline.Environments {
			for name := range e.Variables {
				out = append(out, string(name))
			}
		}
		return out
	}
	v := reflect.ValueOf(p.Pipeline).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Map && f.Type().Key() == k.typ {
			for _, key := range f.MapKeys() {
				out = append(out, key.String())
			}
		}
	}
	return out
}

// places is where a name of the pipeline at root is declared, the package's own files first.
func (w words) places(p Package, root string, k kind, name string) []declaration {
	var out []declaration
	for _, d := range w.declared(p, root, k) {
		if d.name == name {
			out = append(out, d)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, pipe := range p.Pipelines {
		if pipe.Root != root || pipe.Source == nil || k.field == "variables" {
			continue
		}
		entries := pipe.Source.All(source.Join(k.field, name))
		shared := slices.ContainsFunc(entries, func(e source.Entry) bool { return e.Module != "" })
		for _, e := range entries {
			if shared && e.Module == "" {
				continue // the reference through which it came
			}
			out = append(out, declaration{name: name, span: Span{Range: e.Key}})
		}
	}
	return out
}
