package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
)

// RuleError means that a rule failed while it judged: no decision was made, so nothing may run.
type RuleError struct{ List diag.List }

func (e *RuleError) Error() string {
	lines := make([]string, len(e.List))
	for i, d := range e.List {
		lines[i] = d.String()
	}
	return "judge plan: " + strings.Join(lines, "; ")
}

// Decide judges the plan. The error is a [RuleError] when a rule failed; the plan's id is checked against its body.
func (e *Engine) Decide(ctx context.Context, f plan.File, facts Facts) (Decision, error) {
	doc, err := e.input(f, facts)
	if err != nil {
		return Decision{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	found, err := e.query.Eval(ctx, rego.EvalParsedInput(doc.value))
	if err != nil && ctx.Err() != nil {
		return Decision{}, fmt.Errorf("judge plan: the rules took longer than %s: %w", e.timeout, err)
	}
	var list diag.List
	if err != nil {
		report(&list, CodeFailed, "", err)
		return Decision{}, &RuleError{List: list.Normalize()}
	}
	if len(found) != 1 {
		return Decision{}, fmt.Errorf("judge plan: the rules gave %d answers, want one", len(found))
	}
	d := Decision{
		Format: DecisionFormat, Plan: f.ID, Policies: e.digest, Facts: facts, Results: []Result{}, Waived: []Waived{},
	}
	for i, r := range e.rules {
		for _, severity := range r.Severities {
			messages, _ := found[0].Bindings[variable(i, severity)].([]any)
			for _, m := range messages {
				res, err := r.read(m, severity, doc.plan)
				if err != nil {
					list.Errorf(CodeFailed, diag.Range{File: r.File}, "", "policy rule: %s: %v", r.Code, err)
					continue
				}
				res.Origin = res.origin(f.Provenance)
				d.settle(r, res.Result, doc.plan, facts)
			}
		}
	}
	if len(list) > 0 {
		return Decision{}, &RuleError{List: list.Normalize()}
	}
	return d.seal()
}

// message is a result with the definition path that a rule gave.
type message struct {
	Result
	at string
}

// read understands one message of the rule: a string, or an object of strings.
func (r Rule) read(v any, severity Severity, p *plan.Plan) (message, error) {
	m := message{Result: Result{Code: r.Code, Severity: severity, Hint: r.Fix}}
	fields, ok := v.(map[string]any)
	if !ok {
		fields = map[string]any{"message": v}
	}
	for _, key := range sortedKeys(fields) {
		text, ok := fields[key].(string)
		if !ok {
			return m, fmt.Errorf("a message has %s %v, want a string", key, fields[key])
		}
		switch key {
		case "message":
			m.Message = text
		case "hint":
			m.Hint = text
		case "stage":
			m.Stage = text
		case "node":
			m.Node = plan.NodeID(text)
		case "at":
			m.at = text
		default:
			return m, fmt.Errorf("a message has the field %q, want message, hint, stage, node or at", key)
		}
	}
	if strings.TrimSpace(m.Message) == "" {
		return m, fmt.Errorf("a message is empty")
	}
	err := m.place(p)
	return m, err
}

// place completes the stage of a node, and refuses names that the plan does not have: the result would point nowhere.
func (m *message) place(p *plan.Plan) error {
	if m.Stage != "" && !slices.ContainsFunc(p.Stages, func(s plan.Stage) bool { return s.Name == m.Stage }) {
		return fmt.Errorf("a message names stage %q, which the plan does not have", m.Stage)
	}
	if m.Node == "" {
		return nil
	}
	i := slices.IndexFunc(p.Nodes, func(n plan.Node) bool { return n.ID == m.Node })
	if i < 0 {
		return fmt.Errorf("a message names node %q, which the plan does not have", m.Node)
	}
	m.Stage = cmp.Or(m.Stage, p.Nodes[i].Stage)
	return nil
}

// origin is the line of what the message points at: the definition, else the node, else the stage, else the nearest
// definition around it.
func (m message) origin(prov plan.Provenance) plan.Origin {
	if o, ok := prov.Definitions[m.at]; ok && m.at != "" {
		return o
	}
	for _, id := range []string{string(m.Node), m.Stage} {
		if o, ok := prov.Nodes[id]; ok && id != "" {
			return o
		}
	}
	for at := m.at; at != ""; {
		at = source.Parent(at)
		if o, ok := prov.Definitions[at]; ok {
			return o
		}
	}
	return prov.Definitions[""]
}

// settle puts the result where it belongs: excused by a waiver, or standing.
func (d *Decision) settle(r Rule, res Result, p *plan.Plan, facts Facts) {
	w, ok := p.Waivers[r.Code]
	if ok && r.Waivable && excuses(w, res, facts.Today) {
		d.Waived = append(d.Waived, Waived{Result: res, Waiver: w})
		return
	}
	d.Results = append(d.Results, res)
}

// excuses reports whether the waiver holds on the day and for the stage. It holds on its last day. Without an expiry, a
// reason or an owner it holds never; dates compare as text.
func excuses(w plan.Waiver, res Result, today string) bool {
	complete := strings.TrimSpace(w.Reason) != "" && strings.TrimSpace(w.Owner) != "" && isDate(w.Expires)
	fits := len(w.Stages) == 0 || slices.Contains(w.Stages, res.Stage)
	return complete && fits && today <= w.Expires
}

// isDate reports whether s is a day written YYYY-MM-DD.
func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
