package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// edge is one arrow of a drawn graph.
type edge struct{ from, to string }

// drawing is a plan's graph reduced to what is drawn.
type drawing struct {
	names  []string
	labels map[string]string
	shape  map[string]string // "people", "writes" or ""
	group  map[string]string
	edges  []edge
}

// Graph writes the plan's graph. Format is "dot" or "mermaid"; nodes draws every instruction instead of the stages.
func Graph(w io.Writer, p *plan.Plan, format string, nodes bool) error {
	d := stageDrawing(p)
	if nodes {
		d = nodeDrawing(p)
	}
	if format == "mermaid" {
		return d.mermaid(w)
	}
	return d.dot(w, p.Pipeline)
}

func stageDrawing(p *plan.Plan) drawing {
	d := drawing{labels: map[string]string{}, shape: map[string]string{}, group: map[string]string{}}
	for _, s := range p.Stages {
		d.names = append(d.names, s.Name)
		label := s.Name + "\n" + s.Action
		if s.Strategy != "" {
			label = s.Name + "\n" + s.Strategy
		}
		d.labels[s.Name] = label
		if s.Environment != "" {
			d.group[s.Name] = s.Environment
		}
		switch s.Action {
		case "approve":
			d.shape[s.Name] = "people"
		case "deploy", "migrate", "promote":
			d.shape[s.Name] = "writes"
		}
		for _, n := range s.Needs {
			d.edges = append(d.edges, edge{n, s.Name})
		}
	}
	return d
}

func nodeDrawing(p *plan.Plan) drawing {
	d := drawing{labels: map[string]string{}, shape: map[string]string{}, group: map[string]string{}}
	for _, n := range p.Nodes {
		id := string(n.ID)
		d.names = append(d.names, id)
		_, step, _ := strings.Cut(id, "/")
		label := step + "\n" + string(n.Do.Op())
		if n.Hold != nil {
			label += " · hold " + n.Hold.For.String()
		}
		d.labels[id] = label
		d.group[id] = n.Stage
		switch {
		case n.Do.Approve != nil:
			d.shape[id] = "people"
		case n.Lock != "":
			d.shape[id] = "writes"
		}
		for _, need := range n.Needs {
			d.edges = append(d.edges, edge{string(need), id})
		}
	}
	return d
}

// groups returns the names by group, in order of first appearance; the empty group first.
func (d drawing) groups() ([]string, map[string][]string) {
	order := []string{""}
	by := map[string][]string{}
	for _, n := range d.names {
		g := d.group[n]
		if _, ok := by[g]; !ok && g != "" {
			order = append(order, g)
		}
		by[g] = append(by[g], n)
	}
	return order, by
}

func (d drawing) dot(w io.Writer, name string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %q {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n", name)
	order, by := d.groups()
	for i, g := range order {
		indent := "  "
		if g != "" {
			fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%q;\n    style=dashed;\n", i, g)
			indent = "    "
		}
		for _, n := range by[g] {
			attr := ""
			switch d.shape[n] {
			case "people":
				attr = ", shape=octagon"
			case "writes":
				attr = ", penwidth=2"
			}
			fmt.Fprintf(&b, "%s%q [label=%q%s];\n", indent, n, d.labels[n], attr)
		}
		if g != "" {
			b.WriteString("  }\n")
		}
	}
	for _, e := range d.edges {
		fmt.Fprintf(&b, "  %q -> %q;\n", e.from, e.to)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (d drawing) mermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	ids := map[string]string{}
	for i, n := range d.names {
		ids[n] = fmt.Sprintf("n%d", i)
	}
	order, by := d.groups()
	for i, g := range order {
		indent := "  "
		if g != "" {
			fmt.Fprintf(&b, "  subgraph g%d[\"%s\"]\n", i, mermaidText(g))
			indent = "    "
		}
		for _, n := range by[g] {
			left, right := "[", "]"
			if d.shape[n] == "people" {
				left, right = "{{", "}}"
			}
			fmt.Fprintf(&b, "%s%s%s\"%s\"%s\n", indent, ids[n], left, mermaidText(d.labels[n]), right)
		}
		if g != "" {
			b.WriteString("  end\n")
		}
	}
	for _, e := range d.edges {
		fmt.Fprintf(&b, "  %s --> %s\n", ids[e.from], ids[e.to])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "\n", "<br/>").Replace(s)
}
