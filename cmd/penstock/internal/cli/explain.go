package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/policies/engine"
)

func newExplainCmd(a *App) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what a finding means; without CODE list all codes",
		Example: `  penstock explain needs-cycle
  penstock explain production-approval`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			docs := explain.All()
			eng, list, err := engine.Load(cmd.Context(), engine.Options{})
			if err != nil || list.HasErrors() {
				return fmt.Errorf("load the shipped rules: %w %v", err, list)
			}
			rules := eng.Rules()
			if len(given) == 0 {
				return view.Codes(a.Stdout, output, docs, rules)
			}
			if i := slices.IndexFunc(docs, func(d explain.Doc) bool { return d.Code == diag.Code(given[0]) }); i >= 0 {
				return view.Code(a.Stdout, output, docs[i])
			}
			if i := slices.IndexFunc(rules, func(r engine.Rule) bool { return r.Code == given[0] }); i >= 0 {
				return view.Rule(a.Stdout, output, rules[i])
			}
			return unknownCode(given[0], docs, rules)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var codes []string
			for _, d := range explain.All() {
				codes = append(codes, string(d.Code))
			}
			return codes, cobra.ShellCompDirectiveNoFileComp
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func unknownCode(code string, docs []explain.Doc, rules []engine.Rule) error {
	var known []string
	for _, d := range docs {
		known = append(known, string(d.Code))
	}
	for _, r := range rules {
		known = append(known, r.Code)
	}
	if near, ok := names.Nearest(code, known); ok {
		return usagef("unknown code %q: did you mean %q?", code, near)
	}
	return usagef("unknown code %q: `penstock explain` lists all", code)
}
