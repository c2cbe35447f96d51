package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/runtime"
)

func newRollbackCmd(a *App) *cobra.Command {
	var f runFlags
	var pol policyFlags
	var to, emergency string
	cmd := &cobra.Command{
		Use:   "rollback ENV",
		Short: "Bring an earlier release back to an environment",
		Example: `  penstock rollback production
  penstock rollback production --emergency "checkout is down, INC-4711"`,
		Long: `Bring an earlier release back to an environment: a new plan with the digests of that
release, under the same strategy, judge, gates and approvals. Nothing is rebuilt.

--emergency REASON leaves approvals, gates, gradual steps and policies out. The reason is
recorded and shown by history.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, dir, err := f.state.find(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			if to != "" {
				rel, err := releaseOf(ctx, st, "", to)
				if err != nil {
					return err
				}
				to = rel.ID
			}
			back, err := runtime.Rollback(ctx, st, given[0], to, emergency != "")
			if err != nil {
				return err
			}
			if f.output != "json" {
				fmt.Fprintf(a.Stdout, "%s: back from release %s to %s\n", given[0], back.From, back.Release.ID)
			}
			b := runtime.Begin{File: back.File, Plan: back.Plan, Commit: back.Release.Commit, Release: back.Release.ID, Emergency: emergency}
			if emergency == "" {
				if err := a.allow(ctx, &b, pol, dir, f.output); err != nil {
					return err
				}
			}
			return a.drive(ctx, st, dir, back.File.Provenance, back.Plan, f, func(ctx context.Context, o runtime.Options) (runtime.Report, error) {
				return runtime.Start(ctx, o, b)
			})
		},
	}
	f.add(cmd)
	pol.add(cmd)
	cmd.Flags().StringVar(&to, "to", "", "the release to go back to (default: the one before)")
	cmd.Flags().StringVar(&emergency, "emergency", "", "skip approvals, gates, gradual steps and policies, for this recorded reason")
	return cmd
}
