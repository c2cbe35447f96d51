package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/policies/engine"
)

func newPolicyCmd(a *App) *cobra.Command {
	return family("policy", "Ask the policies about a plan, or test them", newPolicyEvalCmd(a), newPolicyTestCmd(a))
}

// policyFlags choose the rules.
type policyFlags struct {
	dirs      []string
	noShipped bool
}

func (f *policyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.dirs, "policy", nil, "directory with rules of your own (repeatable)")
	cmd.Flags().BoolVar(&f.noShipped, "no-shipped-policies", false, "leave the shipped rules out; recorded in the decision")
}

func newPolicyEvalCmd(a *App) *cobra.Command {
	var src sourceFlags
	var pol policyFlags
	var output, today string
	cmd := &cobra.Command{
		Use:   "eval [PKG | PLAN.json]",
		Short: "Say what the policies think of a plan",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			oneShot()
			from, err := a.sourceOf(cmd.Context(), given, src)
			if err != nil {
				return err
			}
			if today == "" {
				today = time.Now().Format(time.DateOnly)
			}
			d, err := a.decide(cmd.Context(), from.file, pol, engine.Facts{Today: today})
			if err != nil {
				return err
			}
			if output == "json" {
				if err := view.JSON(a.Stdout, d); err != nil {
					return err
				}
			} else {
				view.Decision(a.Stdout, a.style(a.Stdout), a.planSources(from.dir), d)
			}
			if !d.Allowed {
				return silent(ExitFindings)
			}
			return nil
		},
	}
	src.add(cmd)
	pol.add(cmd)
	outputFlag(cmd, &output, "text", "json")
	cmd.Flags().StringVar(&today, "today", "", "the day on which waivers are judged, YYYY-MM-DD (default: today)")
	return cmd
}

func newPolicyTestCmd(a *App) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "test [DIR...]",
		Short: "Run the tests of rules, with coverage (without DIR: the shipped ones)",
		RunE: func(cmd *cobra.Command, dirs []string) error {
			rep, list, err := engine.Test(cmd.Context(), dirs)
			if err != nil {
				return err
			}
			if len(list) > 0 {
				return a.show(view.Findings{List: list.Normalize()}, a.sources(), output)
			}
			if output == "json" {
				if err := view.JSON(a.Stdout, struct {
					Format int `json:"format_version"`
					engine.TestReport
				}{1, rep}); err != nil {
					return err
				}
			} else {
				view.PolicyTests(a.Stdout, a.style(a.Stdout), rep)
			}
			if !rep.OK() {
				return silent(ExitFindings)
			}
			return nil
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// decide asks the policies. Broken rules are shown as diagnostics.
func (a *App) decide(ctx context.Context, f plan.File, pol policyFlags, facts engine.Facts) (engine.Decision, error) {
	eng, list, err := engine.Load(ctx, engine.Options{Dirs: pol.dirs, NoShipped: pol.noShipped})
	if err != nil {
		return engine.Decision{}, err
	}
	if list.HasErrors() {
		return engine.Decision{}, a.findings(list)
	}
	d, err := eng.Decide(ctx, f, facts)
	var rule *engine.RuleError
	if errors.As(err, &rule) {
		return engine.Decision{}, a.findings(rule.List)
	}
	return d, err
}

// findings shows diagnostics on standard error and ends with their exit code.
func (a *App) findings(list diag.List) error {
	view.Diagnostics(a.Stderr, a.style(a.Stderr), a.sources(), list.Normalize())
	return silent(ExitFindings)
}
