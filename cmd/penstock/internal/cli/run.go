package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/penstock-dev/penstock/cmd/penstock/internal/view"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/policies/engine"
	"github.com/penstock-dev/penstock/runtime"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
	"github.com/penstock-dev/penstock/targets/all"
)

// runFlags are what all commands that drive a run share.
type runFlags struct {
	state  stateFlag
	park   bool
	output string
}

func (f *runFlags) add(cmd *cobra.Command) {
	f.state.add(cmd)
	cmd.Flags().BoolVar(&f.park, "park", false, "end with exit code 5 instead of waiting for people or a window; resume goes on")
	outputFlag(cmd, &f.output, "text", "json")
}

// runRequest is a run as the flags ask for it.
type runRequest struct {
	src      sourceFlags
	pol      policyFlags
	run      runFlags
	to, only []string
	release  string
	from     string
}

func newRunCmd(a *App) *cobra.Command {
	var r runRequest
	cmd := &cobra.Command{
		Use:   "run [PKG | PLAN.json]",
		Short: "Compile a pipeline, ask the policies, and execute the plan",
		Example: `  penstock run
  penstock run --to staging
  penstock run --release 20261123-225918-97a34d --from production`,
		Long: `Compile a pipeline, ask the policies and execute the plan. A run that was interrupted,
parked or left unsettled goes on with penstock resume.

Ctrl-C returns to stable and ends; a second one stops at once, unsettled.

Exit codes: 0 released, 1 findings or denied, 3 failed, 4 rolled back, 5 parked, 6 unsettled.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.run(cmd.Context(), given, r) },
	}
	r.src.add(cmd)
	r.pol.add(cmd)
	r.run.add(cmd)
	cmd.Flags().StringSliceVar(&r.to, "to", nil, "run only these stages and what they need")
	cmd.Flags().StringSliceVar(&r.only, "only", nil, "run only these stages; what they need must have been done for the release")
	cmd.Flags().StringVar(&r.release, "release", "", "take this release further instead of making a new one; it is not rebuilt")
	cmd.Flags().StringVar(&r.from, "from", "", "with --release: the stage to go on from")
	exclusive(cmd, "to", "only", "from")
	return cmd
}

func (a *App) run(ctx context.Context, given []string, r runRequest) error {
	if r.from != "" && r.release == "" {
		return usagef("--from needs --release: which release goes on from %q?", r.from)
	}
	src, err := a.sourceOf(ctx, given, r.src)
	if err != nil {
		return err
	}
	st, err := r.run.state.open(ctx, src.dir)
	if err != nil {
		return err
	}
	defer st.Close()
	b := runtime.Begin{File: src.file, Plan: src.plan, Commit: commit(ctx, src.dir)}
	if err := selectStages(ctx, st, &b, r); err != nil {
		return err
	}
	if err := a.allow(ctx, &b, r.pol, src.dir, r.run.output); err != nil {
		return err
	}
	return a.drive(ctx, st, src.dir, src.file.Provenance, src.plan, r.run, func(ctx context.Context, o runtime.Options) (runtime.Report, error) {
		return runtime.Start(ctx, o, b)
	})
}

// allow asks the policies about the plan and shows what they object to.
func (a *App) allow(ctx context.Context, b *runtime.Begin, pol policyFlags, dir, output string) error {
	d, err := a.decide(ctx, b.File, pol, engine.Facts{Today: time.Now().Format(time.DateOnly), Actor: actor().Name, Selection: b.Selection})
	if err != nil {
		return err
	}
	if len(d.Results) > 0 || len(d.Waived) > 0 {
		w := a.Stdout
		if output == "json" {
			w = a.Stderr
		}
		view.Decision(w, a.style(w), a.planSources(dir), d)
	}
	if !d.Allowed {
		return silent(ExitFindings)
	}
	b.Decision = d.ID
	b.DecisionJSON, err = json.Marshal(d)
	return err
}

// selectStages turns --to, --only, --release and --from into a selection with what is reused.
func selectStages(ctx context.Context, st store.Store, b *runtime.Begin, r runRequest) error {
	for _, name := range slices.Concat(r.to, r.only, fromList(r.from)) {
		if b.Plan.StageByName(name) == nil {
			return usagef("there is no stage %q: there are %s", name, strings.Join(stageNames(b.Plan), ", "))
		}
	}
	switch {
	case len(r.to) > 0:
		b.Selection, _ = b.Plan.Closure(r.to)
	case len(r.only) > 0:
		b.Selection = r.only
	case r.from != "":
		b.Selection = stagesFrom(b.Plan, r.from)
	}
	if r.release == "" && len(r.only) == 0 {
		return nil
	}
	rel, err := releaseOf(ctx, st, b.Plan.Pipeline, r.release)
	if err != nil {
		return err
	}
	if len(b.Selection) == 0 {
		return usagef("--release needs --from, --only or --to: which stages are next?")
	}
	b.Release = rel.ID
	b.Reused, b.Bindings, err = runtime.Reuse(ctx, st, b.Plan, rel, b.Selection)
	return err
}

func fromList(from string) []string {
	if from == "" {
		return nil
	}
	return []string{from}
}

// releaseOf finds a release by its id or the beginning of it; "" means the newest.
func releaseOf(ctx context.Context, st store.Store, pipeline, id string) (store.Release, error) {
	rels, err := st.Releases(ctx, pipeline)
	if err != nil {
		return store.Release{}, err
	}
	for _, r := range rels {
		if strings.HasPrefix(r.ID, id) {
			return r, nil
		}
	}
	return store.Release{}, usagef("there is no release %q of %s: `penstock history --releases` lists them", id, pipeline)
}

// stagesFrom returns a stage and all that come after it.
func stagesFrom(p *plan.Plan, from string) []string {
	in := map[string]bool{from: true}
	var out []string
	for _, s := range p.Stages { // in topological order
		if s.Name == from || slices.ContainsFunc(s.Needs, func(n string) bool { return in[n] }) {
			in[s.Name] = true
			out = append(out, s.Name)
		}
	}
	return out
}

func stageNames(p *plan.Plan) []string {
	var out []string
	for _, s := range p.Stages {
		out = append(out, s.Name)
	}
	return out
}

// drive runs with live progress and signals, and ends with the exit code of the outcome.
func (a *App) drive(ctx context.Context, st *store.Local, dir string, prov plan.Provenance, p *plan.Plan, f runFlags, walk func(context.Context, runtime.Options) (runtime.Report, error)) error {
	set := all.New(all.Options{Root: dir})
	defer set.Close()
	o := runtime.Options{
		Store: st, Content: st, Dir: dir, Driver: set.Driver, Environ: os.Environ(), Actor: actor(), Command: "penstock " + strings.Join(os.Args[1:], " "),
		Tree: tree(prov), Park: f.park,
		Descends: func(ctx context.Context, newer, older string) (bool, error) {
			return descends(ctx, dir, older, newer), nil
		},
	}
	v := view.NewRun(a.Stdout, a.style(a.Stdout), p)
	if f.output == "json" {
		var failed error
		o.View = func(e event.Event) {
			if err := view.EventJSON(a.Stdout, e); err != nil {
				failed = errors.Join(failed, err)
			}
		}
	} else {
		o.View, o.Tick = v.Event, v.Evidence
	}
	signals, stop := a.signals()
	defer stop()
	o.Signals = signals
	rep, err := walk(ctx, o)
	v.Close()
	if rep.Run != "" {
		if f.output == "json" {
			err = errors.Join(err, view.ReportJSON(a.Stdout, rep))
		} else {
			view.Report(a.Stdout, a.style(a.Stdout), rep)
		}
	}
	if err != nil {
		return err
	}
	return silent(outcomeCode(rep.Outcome, undone(rep)))
}

// undone reports whether a run took something back.
func undone(rep runtime.Report) bool {
	for _, s := range rep.Stages {
		for _, n := range s.Nodes {
			if n.Status == machine.NodeUndone {
				return true
			}
		}
	}
	return false
}

func newResumeCmd(a *App) *cobra.Command {
	var f runFlags
	var everything bool
	cmd := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run that was interrupted, parked or left unsettled",
		Example: `  penstock resume
  penstock resume --all`,
		Long: `Go on with a run that has no process: it was killed, it parked, or a persistent fault left
it unsettled. What was under way is looked at first. Without RUN the newest such run.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			st, dir, err := f.state.find(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			if everything {
				return a.resumeAll(cmd.Context(), st, dir, f)
			}
			info, err := runOf(cmd.Context(), st, given, openRun, "run to resume")
			if err != nil {
				return err
			}
			return a.resume(cmd.Context(), st, dir, f, info)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&everything, "all", false, "resume every run that waits, one after the other, parking again what still waits (for a timer)")
	return cmd
}

func (a *App) resume(ctx context.Context, st *store.Local, dir string, f runFlags, info store.RunInfo) error {
	l, err := runtime.Load(ctx, st, info.ID)
	if err != nil {
		return err
	}
	return a.drive(ctx, st, dir, a.treeNow(ctx, dir, l.File), l.Plan, f, func(ctx context.Context, o runtime.Options) (runtime.Report, error) {
		return runtime.Resume(ctx, o, info.ID)
	})
}

// resumeAll ends with the worst exit code.
func (a *App) resumeAll(ctx context.Context, st *store.Local, dir string, f runFlags) error {
	f.park = true
	runs, err := st.Runs(ctx, store.Filter{Active: true})
	if err != nil {
		return err
	}
	slices.Reverse(runs) // the oldest first
	worst := ExitFine
	for _, info := range runs {
		if owner, err := st.Holder(ctx, info.ID); err != nil || owner != nil {
			continue // a process drives it
		}
		err := a.resume(ctx, st, dir, f, info)
		var e *exitError
		if err != nil && (!errors.As(err, &e) || e.err != nil) {
			fmt.Fprintf(a.Stderr, "penstock: run %s: %v\n", info.ID, err)
		}
		worst = max(worst, codeOf(err))
	}
	return silent(worst)
}

// treeNow recomputes the digest of the files that a plan was compiled from: approvals of another tree are reopened.
func (a *App) treeNow(_ context.Context, dir string, f plan.File) plan.Provenance {
	now := f.Provenance
	now.Inputs = map[string]string{}
	for name, was := range f.Provenance.Inputs {
		now.Inputs[name] = was
		if sum, err := fileSum(filepath.Join(moduleRoot(dir), filepath.FromSlash(name))); err == nil {
			now.Inputs[name] = sum
		}
	}
	return now
}
