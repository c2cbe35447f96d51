package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/store"
)

func newStatusCmd(a *App) *cobra.Command {
	var state stateFlag
	var output string
	cmd := &cobra.Command{
		Use:   "status [RUN]",
		Short: "Show where a run stands, stage by stage (without RUN: the newest)",
		Args:  args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, _, info, err := state.findRun(ctx, given, anyRun, "run")
			if err != nil {
				return err
			}
			defer st.Close()
			l, err := runtime.Load(ctx, st, info.ID)
			if err != nil {
				return err
			}
			rep, err := l.Report(ctx, st)
			if err != nil {
				return err
			}
			owner, err := st.Holder(ctx, info.ID)
			if err != nil {
				return err
			}
			if output == "json" {
				return view.ReportJSON(a.Stdout, rep)
			}
			view.Report(a.Stdout, a.style(a.Stdout), rep)
			view.RunProcess(a.Stdout, a.style(a.Stdout), rep, owner)
			return nil
		},
	}
	state.add(cmd)
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func newHistoryCmd(a *App) *cobra.Command {
	var state stateFlag
	var output, env string
	var releases bool
	var limit int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List runs, releases, or what went to an environment; newest first",
		Example: `  penstock history
  penstock history --env production`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			st, _, err := state.find(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			switch {
			case env != "":
				list, err := st.Deployments(ctx, env)
				if err != nil {
					return err
				}
				return view.Deployments(a.Stdout, output, env, cut(list, limit))
			case releases:
				list, err := st.Releases(ctx, "")
				if err != nil {
					return err
				}
				return view.Releases(a.Stdout, output, cut(list, limit))
			}
			list, err := st.Runs(ctx, store.Filter{Limit: limit})
			if err != nil {
				return err
			}
			return view.Runs(a.Stdout, a.style(a.Stdout), output, list)
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&env, "env", "", "what went to this environment")
	cmd.Flags().BoolVar(&releases, "releases", false, "list releases with their digests")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many; 0 for all")
	outputFlag(cmd, &output, "text", "json")
	exclusive(cmd, "env", "releases")
	return cmd
}

func cut[T any](list []T, limit int) []T {
	if limit > 0 && len(list) > limit {
		return list[:limit]
	}
	return list
}

func newLogsCmd(a *App) *cobra.Command {
	var state stateFlag
	var output string
	var events bool
	cmd := &cobra.Command{
		Use:   "logs [RUN [NODE]]",
		Short: "Show what a run did, or the output of a node's command",
		Example: `  penstock logs
  penstock logs 20261123-225918-97a34d build/exec`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, _, info, err := state.findRun(ctx, given[:min(1, len(given))], anyRun, "run")
			if err != nil {
				return err
			}
			defer st.Close()
			l, err := runtime.Load(ctx, st, info.ID)
			if err != nil {
				return err
			}
			if len(given) == 2 {
				return a.nodeLog(st, l, plan.NodeID(given[1]))
			}
			if output == "json" {
				for _, e := range l.Events {
					if err := view.EventJSON(a.Stdout, e); err != nil {
						return err
					}
				}
				return nil
			}
			v := view.NewRun(a.Stdout, view.Style{Colour: a.style(a.Stdout).Colour}, l.Plan)
			for _, e := range l.Events {
				if events {
					fmt.Fprintf(a.Stdout, "%6d %s %s %s\n", e.Seq, e.Type, e.Node, e.Data)
					continue
				}
				v.Event(e)
			}
			return nil
		},
	}
	state.add(cmd)
	cmd.Flags().BoolVar(&events, "events", false, "every event with its payload, one a line")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// nodeLog copies the output of a node's command; secrets were masked when it was written.
func (a *App) nodeLog(st *store.Local, l *runtime.Loaded, node plan.NodeID) error {
	run := l.Info.ID
	path, err := st.LogPath(run, node)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return wroteNothing(st, l, node)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(a.Stdout, f)
	return err
}

// wroteNothing says which nodes of the run have a log.
func wroteNothing(st *store.Local, l *runtime.Loaded, node plan.NodeID) error {
	var logs []string
	for _, n := range l.Plan.Nodes {
		if path, err := st.LogPath(l.Info.ID, n.ID); err == nil {
			if f, err := os.Stat(path); err == nil && f.Size() > 0 {
				logs = append(logs, string(n.ID))
			}
		}
	}
	if len(logs) == 0 {
		return fmt.Errorf("no node of run %s wrote anything", l.Info.ID)
	}
	return fmt.Errorf("node %q of run %s wrote nothing; these did: %s", node, l.Info.ID, strings.Join(logs, ", "))
}

func newAuditCmd(a *App) *cobra.Command {
	return family("audit", "Prove that the record was not changed", newAuditVerifyCmd(a))
}

func newAuditVerifyCmd(a *App) *cobra.Command {
	var state stateFlag
	var output, anchor string
	cmd := &cobra.Command{
		Use:   "verify [RUN]",
		Short: "Check the hash chain of a run, or of all",
		Long: `Check the hash chain of a run, or of all. An edit, a missing or an added event is always
found. That the end was cut off, or that everything was rewritten, is found against an
anchor: the head that each run's report prints, kept elsewhere.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			ctx := cmd.Context()
			st, _, err := state.find(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			head, err := parseAnchor(anchor, given)
			if err != nil {
				return err
			}
			var runs []store.RunInfo
			if len(given) == 1 {
				info, err := runOf(ctx, st, given, anyRun, "run")
				if err != nil {
					return err
				}
				runs = []store.RunInfo{info}
			} else if runs, err = st.Runs(ctx, store.Filter{}); err != nil {
				return err
			}
			ok := true
			reports := []store.VerifyReport{}
			for _, r := range runs {
				rep, err := st.Verify(ctx, r.ID, head)
				if err != nil {
					return err
				}
				if rep.OK() { // of a record that was changed, signatures say nothing more
					if rep.Problems, err = runtime.CheckSignatures(ctx, st, r.ID); err != nil {
						return err
					}
				}
				reports = append(reports, rep)
				ok = ok && rep.OK()
			}
			if err := view.Audit(a.Stdout, a.style(a.Stdout), output, reports); err != nil {
				return err
			}
			if !ok {
				return silent(ExitFindings)
			}
			return nil
		},
	}
	state.add(cmd)
	cmd.Flags().StringVar(&anchor, "anchor", "", "a head that was kept elsewhere: SEQ@sha256:HEX (needs RUN)")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func parseAnchor(text string, given []string) (*store.Head, error) {
	if text == "" {
		return nil, nil
	}
	if len(given) != 1 {
		return nil, usagef("--anchor is the head of one run: name it")
	}
	h, err := store.ParseHead(text)
	if err != nil {
		return nil, usagef("--anchor: %w", err)
	}
	return &h, nil
}
