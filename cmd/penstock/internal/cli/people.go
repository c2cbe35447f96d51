package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
)

func newApproveCmd(a *App) *cobra.Command { return newAnswerCmd(a, "approve", false) }

func newRejectCmd(a *App) *cobra.Command { return newAnswerCmd(a, "reject", true) }

// newAnswerCmd answers a question of a run with yes or no.
func newAnswerCmd(a *App, word string, reject bool) *cobra.Command {
	var state stateFlag
	var reason string
	cmd := &cobra.Command{
		Use:   word + " [RUN [NODE]]",
		Short: "Answer what a run asks people: " + word,
		Long: `Answer what a run asks people. Without RUN the newest that waits; NODE is needed where it
asks several questions. The answer is bound to what is asked now: the plan, the
source files, the digests of what was built. When any of that changes it no longer counts.`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, _, err := state.find(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			info, err := runOf(ctx, st, given[:min(1, len(given))], openRun, "run that waits")
			if err != nil {
				return err
			}
			var node plan.NodeID
			if len(given) == 2 {
				node = plan.NodeID(given[1])
			}
			answer := runtime.Approve
			if reject {
				answer = runtime.Reject
			}
			q, err := answer(ctx, st, info.ID, node, actor(), reason)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "%s %s of run %s as %s, for %s\n", word, q.Node, info.ID, actor().Name, q.Subject)
			owner, err := st.Holder(ctx, info.ID)
			if err == nil && owner == nil {
				fmt.Fprintf(a.Stdout, "no process drives the run: penstock resume %s\n", info.ID)
			}
			return err
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is recorded")
	return cmd
}

func newAbortCmd(a *App) *cobra.Command {
	var state stateFlag
	var reason string
	cmd := &cobra.Command{
		Use:   "abort [RUN]",
		Short: "Ask a run to return to stable and end",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, _, err := state.find(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			info, err := runOf(ctx, st, given, openRun, "run under way")
			if err != nil {
				return err
			}
			alive, err := runtime.AskAbort(ctx, st, info.ID, actor(), reason)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "asked run %s to return to stable\n", info.ID)
			if !alive {
				fmt.Fprintf(a.Stdout, "no process drives the run: penstock resume %s\n", info.ID)
			}
			return nil
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is recorded")
	return cmd
}
