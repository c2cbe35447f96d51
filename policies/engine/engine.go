package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/penstock-dev/penstock/internal/diag"
)

// DefaultTimeout bounds one decision.
const DefaultTimeout = 10 * time.Second

// Options say which rules judge.
type Options struct {
	// Dirs are users' directories; their .rego files and their data.json are read, folders below included.
	Dirs []string
	// NoShipped leaves the shipped rules out. penstock.lib stays.
	NoShipped bool
	// Timeout bounds one decision; 0 is DefaultTimeout.
	Timeout time.Duration
}

// Engine is a compiled set of rules. It may be used concurrently.
type Engine struct {
	rules   []Rule
	query   rego.PreparedEvalQuery
	digest  string
	timeout time.Duration
}

// Load reads and compiles the rules. What is wrong with users' rules comes as diagnostics, at file and line of the rule;
// the engine is nil then. An error means that a directory could not be read.
func Load(ctx context.Context, opts Options) (*Engine, diag.List, error) {
	src, list, err := readSources(!opts.NoShipped, opts.Dirs)
	if err != nil {
		return nil, nil, err
	}
	modules, _ := src.split()
	rules, more := describe(src, modules)
	list = append(list, more...)
	if list.HasErrors() {
		return nil, list.Normalize(), nil
	}
	c := compiler()
	if c.Compile(modules); c.Failed() {
		report(&list, CodeBroken, "", c.Errors)
		return nil, list.Normalize(), nil
	}
	e := &Engine{rules: rules, digest: src.digest(), timeout: opts.Timeout}
	if e.timeout == 0 {
		e.timeout = DefaultTimeout
	}
	e.query, err = rego.New(
		rego.ParsedQuery(askAll(rules)), rego.Compiler(c), rego.Capabilities(capabilities()),
		rego.Store(inmem.NewFromObject(src.data)), rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare policies: %w", err)
	}
	return e, list.Normalize(), nil
}

// Rules describes the rules that judge, in the order of their codes.
func (e *Engine) Rules() []Rule { return append([]Rule(nil), e.rules...) }

func (e *Engine) rule(code string) (Rule, bool) {
	for _, r := range e.rules {
		if r.Code == code {
			return r, true
		}
	}
	return Rule{}, false
}

// askAll binds the set of each rule and severity to a variable of its own.
func askAll(rules []Rule) ast.Body {
	body := ast.NewBody(ast.NewExpr(ast.BooleanTerm(true)))
	for i, r := range rules {
		for _, severity := range r.Severities {
			set := ast.MustParseRef("data." + r.Package + "." + string(severity))
			body.Append(ast.Equality.Expr(ast.VarTerm(variable(i, severity)), ast.NewTerm(set)))
		}
	}
	return body
}

// variable is the name under which a rule's messages are found in the result.
func variable(rule int, severity Severity) string {
	return fmt.Sprintf("%s_%d", strings.ToLower(string(severity)), rule)
}
