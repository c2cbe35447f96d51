package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// node is one JSON Schema. Its keywords are written in the order of the fields.
type node struct {
	Schema      string `json:"$schema,omitempty"`
	ID          string `json:"$id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Type        string `json:"type,omitempty"`

	Const     any      `json:"const,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	MinLength int      `json:"minLength,omitempty"`
	Pattern   string   `json:"pattern,omitempty"`

	Minimum          json.Number `json:"minimum,omitempty"`
	ExclusiveMinimum json.Number `json:"exclusiveMinimum,omitempty"`
	Maximum          json.Number `json:"maximum,omitempty"`
	ExclusiveMaximum json.Number `json:"exclusiveMaximum,omitempty"`

	PrefixItems []*node `json:"prefixItems,omitempty"`
	Items       *node   `json:"items,omitempty"`
	MinItems    int     `json:"minItems,omitempty"`

	Properties        members  `json:"properties,omitempty"`
	PatternProperties members  `json:"patternProperties,omitempty"`
	Additional        any      `json:"additionalProperties,omitempty"` // false or a *node
	Required          []string `json:"required,omitempty"`

	OneOf []*node `json:"oneOf,omitempty"`
	AnyOf []*node `json:"anyOf,omitempty"`
	Not   *node   `json:"not,omitempty"`

	Defs members `json:"$defs,omitempty"`

	// rules are the sentences of error arms.
	rules []string
}

// members is an object of schemas that keeps its order.
type members []member

type member struct {
	name string
	node *node
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{one.name, one.node} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := plainJSON(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainJSON is json.Marshal without the escapes that HTML wants.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// and adds the keywords of other to n: both must hold.
func (n *node) and(other *node) error {
	if n.Type != "" && other.Type != "" && n.Type != other.Type {
		return fmt.Errorf("%s and %s at once", n.Type, other.Type)
	}
	if n.Type == "" {
		n.Type = other.Type
	}
	for _, pair := range []struct{ to, from *json.Number }{
		{&n.Minimum, &other.Minimum}, {&n.ExclusiveMinimum, &other.ExclusiveMinimum},
		{&n.Maximum, &other.Maximum}, {&n.ExclusiveMaximum, &other.ExclusiveMaximum},
	} {
		if *pair.to != "" && *pair.from != "" {
			return fmt.Errorf("two bounds %s and %s", *pair.to, *pair.from)
		}
		if *pair.from != "" {
			*pair.to = *pair.from
		}
	}
	if n.Pattern != "" && other.Pattern != "" {
		return fmt.Errorf("two patterns %s and %s", n.Pattern, other.Pattern)
	}
	if other.Pattern != "" {
		n.Pattern = other.Pattern
	}
	n.MinLength = max(n.MinLength, other.MinLength)
	if other.Ref != "" || other.Properties != nil || other.Items != nil || other.Enum != nil || other.AnyOf != nil || other.Const != nil {
		return fmt.Errorf("a conjunction of more than bounds and patterns")
	}
	n.rules = append(n.rules, other.rules...)
	return nil
}
