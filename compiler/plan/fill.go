package plan

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// UnboundError means that a hole's value is not known yet.
type UnboundError struct {
	Pointer string
	From    Binding
}

func (e *UnboundError) Error() string {
	return fmt.Sprintf("the value of %s is not known yet (%s)", e.Pointer, e.From)
}

// String names the binding for people.
func (b Binding) String() string {
	switch {
	case b.Artifact != "":
		return "artifact " + b.Artifact
	case b.Variable != "":
		return "variable " + b.Variable
	case b.Output != "":
		return "output " + b.Output
	case b.Prior != "":
		return "prior version of " + string(b.Prior)
	case b.Preview != "":
		return "preview " + string(b.Preview)
	}
	return "nothing"
}

// Fill puts values into the holes of a JSON document and returns its canonical form. Value returns a binding's value and
// whether it is known; the first unknown one ends the filling with an [UnboundError]. A pointer names a member that is
// set (or added) in an object that exists or is made on the way, or an element that exists in an array.
func Fill(spec json.RawMessage, holes []Hole, value func(Binding) (string, bool)) (json.RawMessage, error) {
	var doc any
	dec := json.NewDecoder(strings.NewReader(string(spec)))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("fill spec: %w", err)
	}
	for _, h := range holes {
		v, ok := value(h.From)
		if !ok {
			return nil, fmt.Errorf("fill spec: %w", &UnboundError{h.Pointer, h.From})
		}
		path, err := pointer(h.Pointer)
		if err != nil {
			return nil, fmt.Errorf("fill spec: %w", err)
		}
		if doc, err = set(doc, path, v); err != nil {
			return nil, fmt.Errorf("fill spec: %s: %w", h.Pointer, err)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("fill spec: %w", err)
	}
	return Canonicalize(b)
}

// set returns doc with the value at the path.
func set(doc any, path []string, value string) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	switch d := doc.(type) {
	case nil:
		child, err := set(nil, path[1:], value)
		return map[string]any{path[0]: child}, err
	case map[string]any:
		child, err := set(d[path[0]], path[1:], value)
		d[path[0]] = child
		return d, err
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(d) {
			return nil, fmt.Errorf("there is no element %q", path[0])
		}
		d[i], err = set(d[i], path[1:], value)
		return d, err
	}
	return nil, fmt.Errorf("%q is inside something that is no object", path[0])
}

// Pointer joins names to a JSON pointer (RFC 6901).
func Pointer(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(n))
	}
	return b.String()
}

// pointer splits a JSON pointer.
func pointer(s string) ([]string, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, fmt.Errorf("%q is not a JSON pointer", s)
	}
	parts := strings.Split(s[1:], "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts, nil
}
