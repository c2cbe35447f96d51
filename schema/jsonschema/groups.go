package jsonschema

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/penstock-dev/penstock/schema"
)

// group is a set of fields of one struct of which only some may, or must, be present together.
type group struct {
	fields []string
	how    how
}

type how int

const (
	exactlyOne how = iota
	atMostOne
	atLeastOne
)

// groups are the groups of all definitions: the variants, which the Go types mark, and the bounds of which one must be
// there.
func groups() map[string]group {
	out := map[string]group{
		"Limit":       {[]string{"above", "below"}, atLeastOne},
		"GateQuery":   {[]string{"above", "below"}, atLeastOne},
		"ErrorBudget": {[]string{"atLeast", "burnRateBelow"}, atLeastOne},
	}
	optional := []string{
		"Produce", "ProcessReady", // there is a default
		"Workload", "Overlay", "KubernetesTraffic", // the other half of the workload may choose
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			if seen[t] {
				return
			}
			seen[t] = true
			if fields := schema.VariantNames(reflect.New(t).Interface()); len(fields) > 0 {
				g := group{fields, exactlyOne}
				if slices.Contains(optional, t.Name()) {
					g.how = atMostOne
				}
				out[t.Name()] = g
			}
			for i := range t.NumField() {
				walk(t.Field(i).Type)
			}
		}
	}
	walk(reflect.TypeFor[schema.Pipeline]())
	return out
}

// apply adds the group to the schema of its struct.
func (g group) apply(n *node) error {
	var present []*node
	for _, name := range g.fields {
		if !slices.ContainsFunc(n.Properties, func(m member) bool { return m.name == name }) {
			return fmt.Errorf("there is no field %q", name)
		}
		present = append(present, &node{Required: []string{name}})
	}
	switch {
	case len(present) == 0:
	case g.how == exactlyOne && len(present) == 1:
		n.Required = append(n.Required, g.fields[0])
	case g.how == exactlyOne:
		n.OneOf = present
	case g.how == atMostOne:
		n.OneOf = append(present, &node{Not: &node{AnyOf: slices.Clone(present)}})
	default:
		n.AnyOf = present
	}
	return nil
}
