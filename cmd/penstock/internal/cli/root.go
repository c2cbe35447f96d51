package cli

import (
	"github.com/spf13/cobra"
)

// newRootCmd lists every command, in the order in which `penstock help` shows them.
func newRootCmd(a *App) *cobra.Command {
	root := &cobra.Command{
		Use:   "penstock",
		Short: "Vet, compile, check and run release pipelines written in CUE",
		Long: `Penstock vets pipelines offline, compiles them into a plan that a person can read,
checks the plan with policies and executes exactly that plan: progressive rollouts
judged by real traffic, with automatic rollback.

Exit codes: 0 fine, 1 findings, 2 wrong usage, 3 could not do the job,
4 rolled back, 5 parked, 6 unsettled.`,
		Version:           a.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	author := &cobra.Group{ID: "author", Title: "Write and check:"}
	release := &cobra.Group{ID: "release", Title: "Release:"}
	look := &cobra.Group{ID: "look", Title: "Look back:"}
	machine := &cobra.Group{ID: "machine", Title: "This machine:"}
	root.AddGroup(author, release, look, machine)
	for _, g := range []struct {
		group *cobra.Group
		cmds  []*cobra.Command
	}{
		{author, []*cobra.Command{newInitCmd(a), newVetCmd(a), newExplainCmd(a), newCompileCmd(a), newGraphCmd(a), newPolicyCmd(a), newSimulateCmd(a)}},
		{release, []*cobra.Command{newRunCmd(a), newResumeCmd(a), newApproveCmd(a), newRejectCmd(a), newAbortCmd(a), newRollbackCmd(a)}},
		{look, []*cobra.Command{newStatusCmd(a), newHistoryCmd(a), newLogsCmd(a), newAuditCmd(a)}},
		{machine, []*cobra.Command{newHostCmd(a), newVersionCmd(a)}},
	} {
		for _, c := range g.cmds {
			c.GroupID = g.group.ID
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID(machine.ID)
	root.SetCompletionCommandGroupID(machine.ID)
	return root
}

// args wraps cobra's argument checks so that a wrong call ends with the usage code.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := check(cmd, given); err != nil {
			return usagef("%s: %w (see `%s --help`)", cmd.Name(), err, cmd.CommandPath())
		}
		return nil
	}
}
