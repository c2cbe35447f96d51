package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/runtime/simulate"
)

func newSimulateCmd(a *App) *cobra.Command {
	var src sourceFlags
	var faults []string
	var output string
	var explore bool
	cmd := &cobra.Command{
		Use:   "simulate [PKG | PLAN.json]",
		Short: "Execute a plan against a model of the world, in virtual time, with faults",
		Example: `  penstock simulate
  penstock simulate --fault release/judge:harm@2
  penstock simulate --explore`,
		Long: `Execute a plan against a model of the world. Nothing outside is touched; hours take
milliseconds. Without --fault everything goes well, and people approve.

A fault names what goes wrong and where:
  release/shift-10:fail            an attempt fails and may be repeated
  release/shift-10:fail-persistent every attempt fails until the fault is lifted
  release/commit:reply-lost        the effect is made, the answer is lost
  release/stage:hang               it never answers
  release/shift-50:late            times out; the effect arrives afterwards
  release/commit:undo:partial      half of the effect of what undoes it
  release/judge:harm@2             the judge proves harm at its second tick
  go/approve:reject                somebody rejects
  kill-after:12                    penstock dies after the twelfth append, and is resumed
  hello@local:absent               nothing runs yet: a first deploy

--explore plays every single fault at every place, and every second fault in the
compensation, and says whether each ended settled.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			f, p, err := a.planOf(cmd.Context(), given, src)
			if err != nil {
				return err
			}
			parsed, err := simulate.ParseFaults(p, faults)
			if err != nil {
				return usagef("%w", err)
			}
			opts := simulate.Options{Plan: f.ID, Faults: parsed}
			if explore {
				rep, err := simulate.Explore(cmd.Context(), p, simulate.Scope{Options: opts})
				if err != nil {
					return err
				}
				if err := view.Exploration(a.Stdout, output, rep); err != nil {
					return err
				}
				if len(rep.Violations) > 0 {
					return silent(ExitFindings)
				}
				return nil
			}
			res, err := simulate.Run(p, opts)
			if err != nil {
				return err
			}
			if output == "json" {
				if err := view.SimulationJSON(a.Stdout, res); err != nil {
					return err
				}
			} else {
				view.Simulation(a.Stdout, a.style(a.Stdout), p, res)
			}
			if len(res.Violations) > 0 {
				return silent(ExitFailed)
			}
			undone := slices.ContainsFunc(res.Log, func(o simulate.Operation) bool { return o.Undo })
			return silent(outcomeCode(res.Outcome, undone))
		},
	}
	src.add(cmd)
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "what goes wrong (repeatable)")
	cmd.Flags().BoolVar(&explore, "explore", false, "play every fault instead of one scenario")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
