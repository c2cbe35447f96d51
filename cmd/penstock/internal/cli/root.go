package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/internal/names"
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
		Example: `  penstock init && penstock vet
  penstock run
  penstock status`,
		Args:              knownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:           a.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	cobra.EnableCommandSorting = false // the library knows no other way to keep the order of the list below
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w (see `%s --help`)", err, cmd.CommandPath())
	})
	author := &cobra.Group{ID: "author", Title: "Write and check:"}
	release := &cobra.Group{ID: "release", Title: "Release:"}
	look := &cobra.Group{ID: "look", Title: "Look back:"}
	machine := &cobra.Group{ID: "machine", Title: "This machine:"}
	root.AddGroup(author, release, look, machine)
	for _, g := range []struct {
		group *cobra.Group
		cmds  []*cobra.Command
	}{
		{author, []*cobra.Command{newInitCmd(a), newVetCmd(a), newExplainCmd(a), newCompileCmd(a), newGraphCmd(a), newPolicyCmd(a), newSimulateCmd(a), newLSPCmd(a), newSchemaCmd(a)}},
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

// knownCommand refuses what is no command, with the nearest one.
func knownCommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	if near, ok := names.Nearest(given[0], known); ok {
		return usagef("there is no command %q: did you mean `%s %s`?", given[0], cmd.CommandPath(), near)
	}
	if cmd.HasParent() {
		return usagef("there is no command `%s %s`: there are %s", cmd.CommandPath(), given[0], strings.Join(known, ", "))
	}
	return usagef("there is no command %q: `%s --help` lists all", given[0], cmd.CommandPath())
}

// family is a command that only holds others.
func family(use, short string, members ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(members...)
	return cmd
}

// exclusive refuses a call that sets more than one of the named flags.
func exclusive(cmd *cobra.Command, flags ...string) {
	prev := cmd.PreRunE
	cmd.PreRunE = func(c *cobra.Command, given []string) error {
		var set []string
		for _, f := range flags {
			if c.Flags().Changed(f) {
				set = append(set, "--"+f)
			}
		}
		switch {
		case len(set) > 1:
			return usagef("%s exclude each other: give one", strings.Join(set, " and "))
		case prev != nil:
			return prev(c, given)
		}
		return nil
	}
}

// args wraps cobra's argument checks so that a wrong call ends with the usage code.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := check(cmd, given); err != nil {
			use := strings.TrimSuffix(cmd.UseLine(), " [flags]")
			return usagef("wrong number of arguments (%d): the call is `%s`, see `%s --help`", len(given), use, cmd.CommandPath())
		}
		return nil
	}
}
