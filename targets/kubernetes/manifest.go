package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Place is where something stands in a file; Line and Column count from 1, Column in bytes.
type Place struct{ Line, Column int }

// File is one file of manifests.
type File struct {
	Objects []Object
	// Malformed is what the file holds that is no object.
	Malformed []Finding
}

// Finding is one thing that is wrong.
type Finding struct {
	Place
	Message, Hint string
}

// Object is one object.
type Object struct {
	Place
	// Last is the line on which it ends.
	Last                              int
	APIVersion, Kind, Namespace, Name string
	// Data is where a Secret carries values; nil for other objects, and for a Secret without.
	Data *Place
	// Replicas is spec.replicas, where it is a number.
	Replicas *Count
	// Scales is the name of the Deployment whose replicas an autoscaler sets.
	Scales string
	Images []Image
	// Values are the variables of containers that are written out, and the entries of a ConfigMap.
	Values []Value
}

// Value is a text with a name.
type Value struct {
	Place
	Name, Text string
}

// Count is a number.
type Count struct {
	Place
	N int
}

// Image is what a container runs.
type Image struct {
	Place
	Container, Ref string
}

// Group is the API group of the object, "" for the core.
func (o Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Parse reads the documents of a file, in YAML or JSON. Behind a mistake of syntax it looks no further.
func Parse(data []byte) File {
	r := &reader{lines: strings.Split(string(data), "\n")}
	docs := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := docs.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return r.out
		}
		if err != nil {
			r.syntax(err)
			return r.out
		}
		if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
			r.document(doc.Content[0])
		}
	}
}

type reader struct {
	lines []string
	out   File
}

const (
	renderHint = "penstock runs no templates: render it first, and name what comes out"
	objectHint = "every document of a manifest has apiVersion, kind and metadata.name"
)

// syntax reports what the YAML parser says, at its line: it knows no column.
func (r *reader) syntax(err error) {
	line, message := 1, strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "yaml: ")
	if rest, numbered := strings.CutPrefix(message, "line "); numbered {
		number, after, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			line, message = n, after
		}
		if strings.HasPrefix(message, "did not find expected ") {
			line++ // the parser, unlike the scanner, counts from 0; it names the line on which the list or mapping begins
		}
	}
	line = min(max(line, 1), len(r.lines))
	text := r.lines[line-1]
	at := Place{line, len(text) - len(strings.TrimLeft(text, " \t")) + 1}
	if i := r.template(); i >= 0 {
		r.wrong(Place{i + 1, strings.Index(r.lines[i], "{{") + 1}, renderHint, "this is a template, and no manifest")
		return
	}
	r.wrong(at, "", "this is not YAML: %s", message)
}

// template is the first line with an action of a Go template, or -1.
func (r *reader) template() int {
	for i, l := range r.lines {
		if strings.Contains(l, "{{") {
			return i
		}
	}
	return -1
}

func (r *reader) wrong(at Place, hint, format string, args ...any) {
	r.out.Malformed = append(r.out.Malformed, Finding{at, fmt.Sprintf(format, args...), hint})
}

// document reads one document, and each of the objects of a List.
func (r *reader) document(n *yaml.Node) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.wrong(r.place(n), objectHint, "this document is no object")
		return
	}
	if !r.unique(n) {
		return
	}
	o := Object{
		Place: r.place(n), Last: last(n), APIVersion: text(n, "apiVersion"), Kind: text(n, "kind"),
		Name: text(n, "metadata", "name"), Namespace: text(n, "metadata", "namespace"),
	}
	switch {
	case strings.HasPrefix(o.APIVersion, "kustomize.config.k8s.io/") || o.Kind == "" && at(n, "resources") != nil && at(n, "metadata") == nil:
		r.wrong(o.Place, "penstock runs no kustomize: render it first, and name what comes out", "this is a kustomization, and no manifest")
	case o.APIVersion == "" || o.Kind == "":
		r.wrong(o.Place, objectHint, "this object has no %s", strings.Join(missing(o), " and no "))
	case strings.HasSuffix(o.Kind, "List") && at(n, "items") != nil:
		for _, item := range at(n, "items").Content {
			r.document(item)
		}
	case o.Name == "":
		r.wrong(o.Place, objectHint, "this %s has no name", o.Kind)
	case strings.Contains(o.Name, "{{"):
		r.wrong(r.place(at(n, "metadata", "name")), renderHint, "this is a template, and no manifest")
	default:
		r.details(&o, n)
		r.out.Objects = append(r.out.Objects, o)
	}
}

func missing(o Object) []string {
	var out []string
	if o.APIVersion == "" {
		out = append(out, "apiVersion")
	}
	if o.Kind == "" {
		out = append(out, "kind")
	}
	return out
}

// unique demands that no mapping has a key twice: the cluster would take the last one.
func (r *reader) unique(n *yaml.Node) bool {
	good := true
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]bool, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind == yaml.MappingNode { // what an action outside of quotes looks like to YAML
				r.wrong(r.place(k), renderHint, "this is a template, and no manifest")
				return false
			}
			if k.Kind == yaml.ScalarNode && k.Tag != "!!merge" && seen[k.Value] {
				r.wrong(r.place(k), "keep one of them", "the key %q is there twice", k.Value)
				good = false
			}
			seen[k.Value] = true
		}
	}
	for _, c := range n.Content {
		good = r.unique(c) && good
	}
	return good
}

// place turns the parser's column, in characters, into one in bytes.
func (r *reader) place(n *yaml.Node) Place {
	at := Place{max(n.Line, 1), max(n.Column, 1)}
	if at.Line <= len(r.lines) {
		line, chars := r.lines[at.Line-1], 0
		for i := range line {
			if chars == n.Column-1 {
				at.Column = i + 1
				break
			}
			chars++
		}
	}
	return at
}

// last is the line of the last node.
func last(n *yaml.Node) int {
	line := n.Line
	if n.Kind == yaml.ScalarNode {
		line += strings.Count(n.Value, "\n")
	}
	for _, c := range n.Content {
		line = max(line, last(c))
	}
	return line
}

// resolve follows an alias. One that leads to another is not followed further.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// at is the node at a path of keys, or nil.
func at(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			return nil
		}
		var found *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				found = n.Content[i+1]
			}
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return resolve(n)
}

// text is the scalar at a path, or "".
func text(n *yaml.Node, path ...string) string {
	if s := at(n, path...); s != nil && s.Kind == yaml.ScalarNode && s.Tag != "!!null" {
		return s.Value
	}
	return ""
}
