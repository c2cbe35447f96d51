package cli

import (
	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
)

func newApproveCmd(a *App) *cobra.Command { return newAnswerCmd(a, "approve", "yes", false) }

func newRejectCmd(a *App) *cobra.Command { return newAnswerCmd(a, "reject", "no", true) }

// newAnswerCmd answers a question of a run with yes or no.
func newAnswerCmd(a *App, word, meaning string, reject bool) *cobra.Command {
	var state stateFlag
	var reason, output string
	cmd := &cobra.Command{
		Use:   word + " [RUN [NODE]]",
		Short: "Say " + meaning + " to what a run asks people",
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
			owner, err := st.Holder(ctx, info.ID)
			if err != nil {
				return err
			}
			return view.Asked(a.Stdout, output, view.Request{
				Run: info.ID, Asked: word, Node: q.Node, Subject: q.Subject, By: actor().Name, Reason: reason, Driven: owner != nil,
			})
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is recorded")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func newAbortCmd(a *App) *cobra.Command {
	var state stateFlag
	var reason, output string
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
			return view.Asked(a.Stdout, output, view.Request{Run: info.ID, Asked: "abort", By: actor().Name, Reason: reason, Driven: alive})
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is recorded")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
