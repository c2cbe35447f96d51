package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler"
	"github.com/penstock-dev/penstock/compiler/plan"
)

// sourceFlags choose a pipeline.
type sourceFlags struct {
	tags     []string
	pipeline string
	limits   limitFlags
}

func (f *sourceFlags) add(cmd *cobra.Command) {
	f.addTags(cmd)
	f.limits.add(cmd)
	cmd.Flags().StringVar(&f.pipeline, "pipeline", "", "which pipeline, where the package has several")
}

func (f *sourceFlags) addTags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.tags, "tag", "t", nil, "set a CUE @tag: key=value (repeatable)")
}

// sources quotes the user's files relative to where the command runs.
func (a *App) sources() *view.Sources { return &view.Sources{Dir: "."} }

// planSources quotes the files that a plan of the pipeline in dir came from.
func (a *App) planSources(dir string) *view.Sources {
	return &view.Sources{Dir: ".", Root: moduleRoot(dir)}
}

// options are what load needs.
func (a *App) options(given []string, f sourceFlags) compiler.Options {
	return compiler.Options{
		Args: given, Stdin: a.Stdin, Tags: f.tags, Version: a.Version, Today: time.Now().UTC().Format(time.DateOnly), Limits: f.limits.limits(), Trial: a.trial(given, f, nil),
	}
}

// source is a compiled pipeline and where it lives.
type source struct {
	file plan.File
	plan *plan.Plan
	// dir is the pipeline's directory, absolute.
	dir string
}

// planOf is sourceOf for commands that need only the plan.
func (a *App) planOf(ctx context.Context, given []string, f sourceFlags) (plan.File, *plan.Plan, error) {
	s, err := a.sourceOf(ctx, given, f)
	return s.file, s.plan, err
}

// sourceOf compiles the one pipeline that is meant, or reads a stored plan when the argument is a .json file (its
// directory is then the current one). What the user wrote wrongly is shown and ends the command.
func (a *App) sourceOf(ctx context.Context, given []string, f sourceFlags) (source, error) {
	if len(given) == 1 && strings.HasSuffix(given[0], ".json") {
		return readPlan(given[0])
	}
	all, list, err := compiler.Compile(ctx, a.options(given, f))
	if err != nil {
		return source{}, err
	}
	if len(list) > 0 {
		view.Diagnostics(a.Stderr, a.style(a.Stderr), a.sources(), list.Normalize())
	}
	if list.HasErrors() {
		return source{}, silent(ExitFindings)
	}
	one, err := choose(all, f.pipeline)
	if err != nil {
		return source{}, err
	}
	return source{one.File, one.Plan, one.Dir}, nil
}

func choose(all []compiler.Compiled, name string) (compiler.Compiled, error) {
	var names []string
	for _, c := range all {
		if c.Name == name || name == "" && len(all) == 1 {
			return c, nil
		}
		names = append(names, c.Name)
	}
	if name == "" {
		return compiler.Compiled{}, usagef("there are several pipelines: choose one with --pipeline (%s)", strings.Join(names, ", "))
	}
	return compiler.Compiled{}, usagef("no pipeline %q: there are %s", name, strings.Join(names, ", "))
}

func readPlan(path string) (source, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("read plan: %w", err)
	}
	f, p, err := plan.Read(b)
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", path, err)
	}
	dir, err := os.Getwd()
	return source{f, p, dir}, err
}
