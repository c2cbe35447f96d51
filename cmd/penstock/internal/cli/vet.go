package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/internal/diag"
)

// vetFlags are the flags of vet.
type vetFlags struct {
	source sourceFlags
	output string
	strict bool
	since  string
}

func newVetCmd(a *App) *cobra.Command {
	var f vetFlags
	cmd := &cobra.Command{
		Use:   "vet [PKG | FILE | ./... | -]...",
		Short: "Check pipelines offline: what is wrong, at which line, and what would be right",
		Example: `  penstock vet
  penstock vet ./... -o json
  penstock vet ./... --since main --strict`,
		Long: `Check pipelines without a network, a cluster or a run. Arguments are packages, files,
patterns such as ./..., or - for standard input; none means the package here. Files
that are named one by one are one package together.

A comment "// penstock:allow CODE reason" at the line allows what is found there, if
it is a warning or ` + "`penstock explain CODE`" + ` says so.

With --since REV only those pipelines are checked of which something differs from a git
revision, committed or not: CUE files of the package and of what it imports, and files
that the pipeline names. It is the only use of git.

Exit code 0: no errors (warnings are shown). 1: findings.`,
		RunE: func(cmd *cobra.Command, given []string) error {
			return a.vet(cmd.Context(), given, f, cmd.Flags().Changed("since"))
		},
	}
	f.source.addTags(cmd)
	f.source.limits.add(cmd)
	outputFlag(cmd, &f.output, view.FindingFormats()...)
	cmd.Flags().StringVar(&f.since, "since", "", "check only pipelines of which an input differs from this git `revision`")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "warnings fail too (exit code 1)")
	return cmd
}

// vet checks what is given; with partly only what changed.
func (a *App) vet(ctx context.Context, given []string, f vetFlags, partly bool) error {
	oneShot()
	var changed map[string]bool
	if partly {
		var err error
		if changed, err = changedSince(ctx, f.since); err != nil {
			return err
		}
	}
	opts, src := a.options(given, f.source), a.sources()
	if slices.Contains(given, "-") {
		text, err := io.ReadAll(io.LimitReader(a.Stdin, compiler.MaxFile+1))
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		src.Give("-", text)
		opts.Stdin = bytes.NewReader(text)
		opts.Trial = a.trial(given, f.source, text)
	}
	res, _, err := compiler.Vet(ctx, opts)
	if err != nil {
		return err
	}
	left := 0
	if partly {
		if res, left, err = onlyChanged(res, changed); err != nil {
			return err
		}
	}
	found := findings(res)
	found.Since, found.Unchanged = f.since, left
	found.Strict, found.Version, found.Base = f.strict, a.Version, a.base()
	return a.show(found, src, f.output)
}

// findings are what vet found in all pipelines.
func findings(res compiler.Result) view.Findings {
	f := view.Findings{Packages: res.Packages, List: slices.Clone(res.Packages)}
	for _, p := range res.Pipelines {
		f.Pipelines = append(f.Pipelines, view.Checked{Name: p.Name, Package: p.Unit, List: p.Found})
		f.List, f.Allowed = append(f.List, p.Found...), append(f.Allowed, p.Allowed...)
	}
	f.List = f.List.Normalize()
	order := func(a, b diag.Allowed) int { return diag.Compare(a.Diagnostic, b.Diagnostic) }
	slices.SortStableFunc(f.Allowed, order)
	f.Allowed = slices.CompactFunc(f.Allowed, func(a, b diag.Allowed) bool { return order(a, b) == 0 })
	return f
}

// show writes findings to standard output and returns the exit code as an error.
func (a *App) show(f view.Findings, src *view.Sources, output string) error {
	if err := f.Write(a.Stdout, a.style(a.Stdout), src, output); err != nil {
		return err
	}
	if f.Failed() {
		return silent(ExitFindings)
	}
	return nil
}

// base is the path from the workspace of a GitHub workflow to the working directory: GitHub looks for files from there.
func (a *App) base() string {
	root := a.Getenv("GITHUB_WORKSPACE")
	dir, err := os.Getwd()
	if root == "" || err != nil {
		return ""
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(rel)
}
