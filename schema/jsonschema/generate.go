package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/schema"
)

// Generate returns the JSON Schema of a file that holds a pipeline under "pipeline", or several under "pipelines".
func Generate() ([]byte, error) {
	g, err := parse()
	if err != nil {
		return nil, err
	}
	root, err := g.root()
	if err != nil {
		return nil, err
	}
	text, err := plainJSON(root)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return nil, fmt.Errorf("indent: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// generator knows the definitions of the schema, and their groups of fields.
type generator struct {
	names  []string                // of the definitions, without "#", sorted
	defs   map[string][]*ast.Field // a definition may be spread over several files
	groups map[string]group
}

func parse() (*generator, error) {
	files, err := schema.Files()
	if err != nil {
		return nil, err
	}
	g := &generator{defs: map[string][]*ast.Field{}, groups: groups()}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(name, "/") {
			continue
		}
		f, err := parser.ParseFile(name, files[name], parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse the embedded schema: %w", err)
		}
		for _, d := range f.Decls {
			if field, ok := d.(*ast.Field); ok {
				label, _, err := ast.LabelName(field.Label)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				def := strings.TrimPrefix(label, "#")
				g.defs[def] = append(g.defs[def], field)
			}
		}
	}
	for _, parts := range g.defs { // the file that documents a definition comes first
		slices.SortStableFunc(parts, func(a, b *ast.Field) int { return strings.Compare(doc(b), doc(a)) })
	}
	g.names = slices.Sorted(maps.Keys(g.defs))
	return g, nil
}

// root is the schema of a whole file. It is open: whatever else a file holds serves to build its pipelines.
func (g *generator) root() (*node, error) {
	n := &node{
		Schema: "https://json-schema.org/draft/2020-12/schema", ID: schema.JSONSchemaID,
		Title:       "Penstock pipelines",
		Description: "A file with a release pipeline under \"pipeline\", or several under \"pipelines\".",
		Type:        "object",
		AnyOf:       []*node{{Required: []string{"pipeline"}}, {Required: []string{"pipelines"}}},
	}
	for _, name := range g.names {
		def, err := g.definition(name)
		if err != nil {
			return nil, fmt.Errorf("#%s: %w", name, err)
		}
		n.Defs = append(n.Defs, member{name, def})
	}
	keyed, err := g.definition("Pipeline")
	if err != nil {
		return nil, err
	}
	keyed.Description += " Its name is its key."
	keyed.Required = slices.DeleteFunc(keyed.Required, func(s string) bool { return s == "name" })
	n.Defs = append(n.Defs, member{"KeyedPipeline", keyed})
	pattern, err := g.pattern("Name")
	if err != nil {
		return nil, err
	}
	n.Properties = members{
		{"pipeline", ref("Pipeline")},
		{"pipelines", &node{
			Description: "pipelines are several, each under its name.", Type: "object",
			PatternProperties: members{{pattern, ref("KeyedPipeline")}}, Additional: false,
		}},
	}
	return n, nil
}

// definition is the schema of #name, from all files that add to it.
func (g *generator) definition(name string) (*node, error) {
	parts := g.defs[name]
	if body, ok := parts[0].Value.(*ast.StructLit); ok && !isMap(body) {
		n := &node{Description: doc(parts[0]), Type: "object", Additional: false}
		for _, part := range parts {
			body, ok := part.Value.(*ast.StructLit)
			if !ok {
				return nil, fmt.Errorf("a struct in one file and something else in another")
			}
			if err := g.fields(n, body); err != nil {
				return nil, err
			}
		}
		return n, g.groups[name].apply(n)
	}
	if len(parts) > 1 {
		return nil, fmt.Errorf("defined twice")
	}
	return g.described(parts[0])
}

// fields adds the fields of a struct to n.
func (g *generator) fields(n *node, body *ast.StructLit) error {
	for _, d := range body.Elts {
		f, ok := d.(*ast.Field)
		if !ok {
			return fmt.Errorf("no translation for a %T in a struct", d)
		}
		name, _, err := ast.LabelName(f.Label)
		if err != nil {
			return err
		}
		v, err := g.described(f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n.Properties = append(n.Properties, member{name, v})
		switch required, err := isRequired(f); {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case required:
			n.Required = append(n.Required, name)
		}
	}
	return nil
}

// described is the schema of a field's value, with what its comment and its error arm say.
func (g *generator) described(f *ast.Field) (*node, error) {
	n, err := g.expr(f.Value)
	if err != nil {
		return nil, err
	}
	n.Description = strings.Join(append([]string{doc(f)}, n.rules...), "\n")
	return n, nil
}

// doc is a field's comment on one line.
func doc(f *ast.Field) string {
	for _, c := range ast.Comments(f) {
		if c.Doc {
			return strings.Join(strings.Fields(c.Text()), " ")
		}
	}
	return ""
}

func ref(def string) *node { return &node{Ref: "#/$defs/" + def} }
