package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/bitset"
	"github.com/penstock-dev/penstock/internal/names"
)

// Facts are what is known from outside the plan. Rules see nothing else of the world.
type Facts struct {
	// Today is the day of the decision, YYYY-MM-DD: the day on which waivers hold or have expired.
	Today string `json:"today"`
	// Actor is who asked for the run; empty when nobody is known.
	Actor string `json:"actor,omitempty"`
	// Selection holds the stages that will run, closed under what they need as the run does it; nil is the whole plan.
	Selection []string `json:"selection,omitempty"`
	// Diff is the semantic difference to the last executed plan, when there is one.
	Diff json.RawMessage `json:"diff,omitempty"`
}

// Input returns the document that rules see as input, as JSON: {plan, graph, facts, waivers, diff}. docs/policies.md describes it.
func (e *Engine) Input(f plan.File, facts Facts) (json.RawMessage, error) {
	doc, err := e.input(f, facts)
	if err != nil {
		return nil, err
	}
	v, err := ast.JSON(doc.value)
	if err != nil {
		return nil, fmt.Errorf("write policy input: %w", err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write policy input: %w", err)
	}
	return b, nil
}

// document is the input with the plan it was made from.
type document struct {
	plan  *plan.Plan
	value ast.Value
}

func (e *Engine) input(f plan.File, facts Facts) (document, error) {
	if got := plan.ID(digest(f.Body)); got != f.ID {
		return document{}, fmt.Errorf("read plan: the id is %s, the body has %s", f.ID, got)
	}
	var p plan.Plan
	if err := json.Unmarshal(f.Body, &p); err != nil {
		return document{}, fmt.Errorf("read plan: %w", err)
	}
	if err := facts.check(&p); err != nil {
		return document{}, err
	}
	body, err := jsonValue(f.Body)
	if err != nil {
		return document{}, fmt.Errorf("read plan: %w", err)
	}
	g, err := newGraph(&p)
	if err != nil {
		return document{}, err
	}
	outside, err := factsValue(facts)
	if err != nil {
		return document{}, err
	}
	doc := ast.NewObject(
		pair("plan", body),
		pair("graph", graphValue(g, &p, body, facts.Selection)),
		pair("facts", outside),
		pair("waivers", e.waiverFacts(&p)),
	)
	if len(facts.Diff) > 0 {
		diff, err := jsonValue(facts.Diff)
		if err != nil {
			return document{}, fmt.Errorf("read plan difference: %w", err)
		}
		doc.Insert(ast.InternedTerm("diff"), ast.NewTerm(diff))
	}
	return document{plan: &p, value: doc}, nil
}

// check refuses facts that would make rules silently mean something else.
func (f Facts) check(p *plan.Plan) error {
	if !isDate(f.Today) {
		return fmt.Errorf("policy facts: today is %q, want YYYY-MM-DD", f.Today)
	}
	for _, name := range f.Selection {
		if !slices.ContainsFunc(p.Stages, func(s plan.Stage) bool { return s.Name == name }) {
			return fmt.Errorf("policy facts: the selection names stage %q, which the plan does not have", name)
		}
	}
	return nil
}

func factsValue(f Facts) (ast.Value, error) {
	f.Diff = nil
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("write policy facts: %w", err)
	}
	return jsonValue(b)
}

// graphValue holds what rules ask about stages and nodes. Names are shared terms, so that the lists of a plan with
// thousands of stages stay affordable.
func graphValue(g *graph, p *plan.Plan, body ast.Value, selection []string) ast.Value {
	terms := make([]*ast.Term, len(g.stages))
	selected := map[string]bool{}
	for _, name := range selection {
		selected[name] = true
	}
	for i, s := range g.stages {
		terms[i] = ast.StringTerm(s.Name)
	}
	stages := ast.NewObject()
	for i, s := range g.stages {
		facts := ast.NewObject(
			pair("runs", ast.Boolean(len(selection) == 0 || selected[s.Name])),
			pair("artifacts", stringsValue(artifactsOf(p, s))),
			pair("ancestors", setValue(terms, g.before[i])),
			pair("dominators", setValue(terms, g.dominators[i])),
			pair("approvals", setValue(terms, g.approvals(i))),
			pair("unapproved", pathValue(terms, g.unapprovedOf(i))),
		)
		stages.Insert(terms[i], ast.NewTerm(facts))
	}
	return ast.NewObject(pair("stages", stages), pair("nodes", nodesValue(body)))
}

// unapprovedOf is unapproved for the stages whose effect could need an approval, and nothing for the others.
func (g *graph) unapprovedOf(i int) []int {
	switch g.stages[i].Action {
	case "deploy", "migrate", "exec", "promote":
		return g.unapproved(i)
	}
	return nil
}

// nodesValue holds the plan's own node objects by id.
func nodesValue(body ast.Value) ast.Value {
	nodes := ast.NewObject()
	list, err := body.Find(ast.Ref{ast.StringTerm("nodes")})
	arr, ok := list.(*ast.Array)
	if err != nil || !ok {
		return nodes
	}
	arr.Foreach(func(t *ast.Term) {
		if o, ok := t.Value.(ast.Object); ok {
			nodes.Insert(o.Get(ast.InternedTerm("id")), t)
		}
	})
	return nodes
}

// artifactsOf returns the names of the artifacts that the stage's workload carries, sorted.
func artifactsOf(p *plan.Plan, s plan.Stage) []string {
	w, ok := p.Workloads[plan.Ref(s.Workload+"@"+s.Environment)]
	if !ok {
		return nil
	}
	var out []string
	for _, h := range w.Holes {
		if h.From.Artifact != "" {
			out = append(out, h.From.Artifact)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// waiverFacts says of each waiver whether its code is known, may be waived, and else which code is nearest.
func (e *Engine) waiverFacts(p *plan.Plan) ast.Value {
	var codes []string
	for _, r := range e.rules {
		codes = append(codes, r.Code)
	}
	facts := ast.NewObject()
	for _, code := range names.Sorted(p.Waivers) {
		r, known := e.rule(code)
		nearest := ""
		if !known {
			nearest, _ = names.Nearest(code, codes)
		}
		facts.Insert(ast.StringTerm(code), ast.ObjectTerm(
			pair("known", ast.Boolean(known)),
			pair("waivable", ast.Boolean(known && r.Waivable)),
			pair("nearest", ast.String(nearest)),
		))
	}
	return facts
}

func pair(key string, v ast.Value) [2]*ast.Term {
	return [2]*ast.Term{ast.InternedTerm(key), ast.NewTerm(v)}
}

func jsonValue(b []byte) (ast.Value, error) {
	return ast.ValueFromReader(bytes.NewReader(b))
}

func stringsValue(list []string) ast.Value {
	terms := make([]*ast.Term, len(list))
	for i, s := range list {
		terms[i] = ast.StringTerm(s)
	}
	return ast.NewArray(terms...)
}

func setValue(names []*ast.Term, members bitset.Set) ast.Value {
	var terms []*ast.Term
	members.Each(func(i int) { terms = append(terms, names[i]) })
	return ast.NewArray(terms...)
}

func pathValue(names []*ast.Term, path []int) ast.Value {
	terms := make([]*ast.Term, len(path))
	for i, at := range path {
		terms[i] = names[at]
	}
	return ast.NewArray(terms...)
}
