package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/sshsig"
	"github.com/penstock-dev/penstock/runtime"
)

func newApproveCmd(a *App) *cobra.Command { return newAnswerCmd(a, "approve", "yes", false) }

func newRejectCmd(a *App) *cobra.Command { return newAnswerCmd(a, "reject", "no", true) }

// newAnswerCmd answers a question of a run with yes or no.
func newAnswerCmd(a *App, word, meaning string, reject bool) *cobra.Command {
	var state stateFlag
	var reason, keyFile, output string
	cmd := &cobra.Command{
		Use:   word + " [RUN [NODE]]",
		Short: "Say " + meaning + " to what a run asks people",
		Long: `Answer what a run asks people. Without RUN the newest that waits; NODE is needed where it
asks several questions. The answer is bound to what is asked now: the plan, the
source files, the digests of what was built. When any of that changes it no longer counts.`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, dir, info, err := state.findRun(ctx, given[:min(1, len(given))], openRun, "run that waits")
			if err != nil {
				return err
			}
			defer st.Close()
			var node plan.NodeID
			if len(given) == 2 {
				node = plan.NodeID(given[1])
			}
			answer := runtime.Approve
			if reject {
				answer = runtime.Reject
			}
			if state.dir != "" {
				dir = "" // the journal is elsewhere: the pipeline is where this was called
			}
			who, done, err := person(ctx, dir, keyFile)
			if err != nil {
				return err
			}
			q, by, err := answer(ctx, st, info.ID, node, who, reason)
			if err := errors.Join(err, done()); err != nil {
				return err
			}
			owner, err := st.Holder(ctx, info.ID)
			if err != nil {
				return err
			}
			return view.Asked(a.Stdout, output, view.Request{
				Run: info.ID, Asked: word, Node: q.Node, Subject: q.Subject, By: by.Name, Reason: reason, Driven: owner != nil,
			})
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is recorded")
	cmd.Flags().StringVar(&keyFile, "key", "", "sign with this ssh key: a private key, or the public one of a key in the ssh agent")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// person is who answers: whoever the key stands for, or without one the operating system's user. done ends the
// connection to the ssh agent.
func person(ctx context.Context, dir, keyFile string) (who runtime.Person, done func() error, err error) {
	who = runtime.Person{Actor: actor(), Read: func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, path)) }}
	done = func() error { return nil }
	if keyFile != "" {
		who.Key, done, err = sshsig.Open(ctx, keyFile, os.Getenv("SSH_AUTH_SOCK"))
	}
	return who, done, err
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
			st, _, info, err := state.findRun(ctx, given, openRun, "run under way")
			if err != nil {
				return err
			}
			defer st.Close()
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
