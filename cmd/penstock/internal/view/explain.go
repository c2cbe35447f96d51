package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/policies/engine"
)

// Codes lists every code with its title.
func Codes(w io.Writer, output string, docs []explain.Doc, rules []engine.Rule) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "codes": docs, "policies": rules})
	}
	for _, d := range docs {
		fmt.Fprintf(w, "%-26s %s\n", d.Code, d.Title)
	}
	fmt.Fprintln(w, "\nPolicies:")
	for _, r := range rules {
		fmt.Fprintf(w, "%-26s %s\n", r.Code, r.Title)
	}
	return nil
}

// Code explains one code.
func Code(w io.Writer, output string, d explain.Doc) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "code": d})
	}
	fmt.Fprintf(w, "%s: %s\n\n%s\n", d.Code, d.Title, d.What)
	if d.Why != "" {
		fmt.Fprintf(w, "\n%s\n", d.Why)
	}
	if d.Bad != "" {
		fmt.Fprintf(w, "\nFails:\n\n%s\n", indent(d.Bad))
	}
	if d.Good != "" {
		fmt.Fprintf(w, "\nPasses:\n\n%s\n", indent(d.Good))
	}
	if d.Allow {
		fmt.Fprintf(w, "\nTo allow it where it is right, at the end of its line or on a line of its own directly above:\n\n    %s\n", d.Waiver())
	}
	return nil
}

// Rule explains one policy.
func Rule(w io.Writer, output string, r engine.Rule) error {
	if output == "json" {
		return JSON(w, map[string]any{"format_version": 1, "policy": r})
	}
	fmt.Fprintf(w, "%s: %s (policy)\n\n%s\n", r.Code, r.Title, r.Description)
	if r.Fix != "" {
		fmt.Fprintf(w, "\nWhat to do: %s\n", r.Fix)
	}
	if r.Waivable {
		fmt.Fprintf(w, "\nTo waive it:\n\n    waivers: %q: {reason: \"…\", owner: \"…\", expires: \"YYYY-MM-DD\"}\n", r.Code)
		if r.Waive != "" {
			fmt.Fprintf(w, "\n%s\n", r.Waive)
		}
	}
	return nil
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
