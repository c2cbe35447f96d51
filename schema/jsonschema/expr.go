package jsonschema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// expr translates the constraint that an expression is.
func (g *generator) expr(e ast.Expr) (*node, error) {
	switch e := e.(type) {
	case *ast.Ident:
		return g.ident(e.Name)
	case *ast.BasicLit:
		return constant(e)
	case *ast.UnaryExpr:
		return bound(e)
	case *ast.ParenExpr:
		return g.expr(e.X)
	case *ast.ListLit:
		return g.list(e)
	case *ast.StructLit:
		return g.mapping(e)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.AND:
			return g.both(e)
		case token.OR:
			return g.choice(e)
		}
	}
	return nil, fmt.Errorf("no translation for a %T", e)
}

func (g *generator) ident(name string) (*node, error) {
	switch name {
	case "string", "number":
		return &node{Type: name}, nil
	case "bool":
		return &node{Type: "boolean"}, nil
	case "int":
		return &node{Type: "integer"}, nil
	case "_":
		return &node{}, nil
	}
	if def := strings.TrimPrefix(name, "#"); g.defs[def] != nil {
		return ref(def), nil
	}
	return nil, fmt.Errorf("nothing is called %s", name)
}

func constant(lit *ast.BasicLit) (*node, error) {
	switch lit.Kind {
	case token.TRUE, token.FALSE:
		return &node{Const: lit.Kind == token.TRUE}, nil
	case token.STRING:
		s, err := literal.Unquote(lit.Value)
		return &node{Type: "string", Enum: []string{s}}, err
	}
	return nil, fmt.Errorf("no translation for %s", lit.Value)
}

// bound translates =~"…", !="" and the comparisons with a number.
func bound(e *ast.UnaryExpr) (*node, error) {
	lit, ok := e.X.(*ast.BasicLit)
	if !ok {
		return nil, fmt.Errorf("no translation for %s of a %T", e.Op, e.X)
	}
	if e.Op == token.MAT || e.Op == token.NEQ {
		s, err := literal.Unquote(lit.Value)
		switch {
		case err != nil:
			return nil, err
		case e.Op == token.MAT:
			return &node{Type: "string", Pattern: s}, portable(s)
		case s == "":
			return &node{Type: "string", MinLength: 1}, nil
		}
		return nil, fmt.Errorf("no translation for !=%s", lit.Value)
	}
	v := json.Number(lit.Value)
	if _, err := v.Float64(); err != nil {
		return nil, err
	}
	switch e.Op {
	case token.GEQ:
		return &node{Minimum: v}, nil
	case token.GTR:
		return &node{ExclusiveMinimum: v}, nil
	case token.LEQ:
		return &node{Maximum: v}, nil
	case token.LSS:
		return &node{ExclusiveMaximum: v}, nil
	}
	return nil, fmt.Errorf("no translation for %s", e.Op)
}

func (g *generator) both(e *ast.BinaryExpr) (*node, error) {
	x, err := g.expr(e.X)
	if err != nil {
		return nil, err
	}
	y, err := g.expr(e.Y)
	if err != nil {
		return nil, err
	}
	return x, x.and(y)
}

// choice translates a disjunction: words become an enum, error arms a sentence for people.
func (g *generator) choice(e *ast.BinaryExpr) (*node, error) {
	var arms []*node
	var rules, words []string
	for _, arm := range flatten(e) {
		if rule, ok := errorArm(arm); ok {
			rules = append(rules, rule)
			continue
		}
		n, err := g.expr(arm)
		if err != nil {
			return nil, err
		}
		words = append(words, n.Enum...)
		arms = append(arms, n)
	}
	var n *node
	switch {
	case len(arms) == 1:
		n = arms[0]
	case len(words) == len(arms):
		return &node{Type: "string", Enum: words}, nil // which says the same as the sentence
	default:
		n = &node{AnyOf: arms}
	}
	n.rules = append(n.rules, rules...)
	return n, nil
}

func flatten(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.OR {
		return append(flatten(b.X), flatten(b.Y)...)
	}
	return []ast.Expr{e}
}

// errorArm is the sentence of error("…").
func errorArm(e ast.Expr) (string, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	fun, isIdent := call.Fun.(*ast.Ident)
	lit, isLit := call.Args[0].(*ast.BasicLit)
	if !isIdent || !isLit || fun.Name != "error" {
		return "", false
	}
	s, err := literal.Unquote(lit.Value)
	return s, err == nil
}

// list translates [...#X] and [#X, ...#Y].
func (g *generator) list(l *ast.ListLit) (*node, error) {
	n := &node{Type: "array"}
	for i, e := range l.Elts {
		rest, ok := e.(*ast.Ellipsis)
		if !ok {
			item, err := g.expr(e)
			if err != nil {
				return nil, err
			}
			n.PrefixItems = append(n.PrefixItems, item)
			continue
		}
		if i != len(l.Elts)-1 || rest.Type == nil {
			return nil, fmt.Errorf("a list whose rest isn't typed")
		}
		var err error
		if n.Items, err = g.expr(rest.Type); err != nil {
			return nil, err
		}
	}
	if n.Items == nil {
		return nil, fmt.Errorf("a list of fixed length")
	}
	n.MinItems = len(n.PrefixItems)
	if len(n.PrefixItems) == 1 && reflect.DeepEqual(n.PrefixItems[0], n.Items) {
		n.PrefixItems = nil
	}
	return n, nil
}

// isMap reports whether a struct is of the form {[pattern]: value}.
func isMap(s *ast.StructLit) bool {
	if len(s.Elts) != 1 {
		return false
	}
	f, ok := s.Elts[0].(*ast.Field)
	if !ok {
		return false
	}
	_, ok = f.Label.(*ast.ListLit)
	return ok
}

// mapping translates {[#Name]: #X} and {[string]: #X}.
func (g *generator) mapping(s *ast.StructLit) (*node, error) {
	if !isMap(s) {
		return nil, fmt.Errorf("a struct without a definition")
	}
	f := s.Elts[0].(*ast.Field)
	label := f.Label.(*ast.ListLit)
	key, ok := label.Elts[0].(*ast.Ident)
	if !ok || len(label.Elts) != 1 {
		return nil, fmt.Errorf("keys without a definition")
	}
	v, err := g.expr(f.Value)
	if err != nil {
		return nil, err
	}
	if key.Name == "string" {
		return &node{Type: "object", Additional: v}, nil
	}
	pattern, err := g.pattern(strings.TrimPrefix(key.Name, "#"))
	return &node{Type: "object", PatternProperties: members{{pattern, v}}, Additional: false}, err
}

// pattern is the regular expression that a definition is.
func (g *generator) pattern(def string) (string, error) {
	if len(g.defs[def]) != 1 {
		return "", fmt.Errorf("#%s is no pattern", def)
	}
	n, err := g.expr(g.defs[def][0].Value)
	if err != nil {
		return "", err
	}
	if n.Pattern == "" {
		return "", fmt.Errorf("#%s is no pattern", def)
	}
	return n.Pattern, nil
}

// foreign is what RE2 and ECMA 262, with the flag u as validators set it, read differently or not both.
var foreign = regexp.MustCompile(`\(\?|\[\[:|\\[^.\[\]\\/(){}*+?|^$dwDW]|\\$`)

// portable refuses a regular expression that not every validator would read as CUE does.
func portable(pattern string) error {
	if at := foreign.FindString(pattern); at != "" {
		return fmt.Errorf("%s in a pattern has no meaning that RE2 and ECMA 262 share", strconv.Quote(at))
	}
	return nil
}

func isRequired(f *ast.Field) (bool, error) {
	switch f.Constraint {
	case token.NOT:
		return true, nil
	case token.OPTION:
		return false, nil
	}
	return false, fmt.Errorf("neither optional nor required")
}
