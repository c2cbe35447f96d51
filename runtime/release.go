package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

const artifactPrefix = "artifact:"

// digestsOf picks the artifact digests out of bindings.
func digestsOf(bindings map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range bindings {
		if name, ok := strings.CutPrefix(k, artifactPrefix); ok {
			out[name] = v
		}
	}
	return out
}

// recorder keeps the history of releases and environments in step with a run's journal. It is told each event after it is
// durable; what it writes can be derived again, so a run that died between the two catches up when it is resumed.
type recorder struct {
	st      store.Store
	plan    *plan.Plan
	info    store.RunInfo
	nodes   map[plan.NodeID]*plan.Node
	digests map[string]string
	done    map[string]bool // deployments that are recorded
}

func newRecorder(ctx context.Context, st store.Store, p *plan.Plan, info store.RunInfo, digests map[string]string) (*recorder, error) {
	r := &recorder{st: st, plan: p, info: info, nodes: map[plan.NodeID]*plan.Node{}, digests: maps.Clone(digests), done: map[string]bool{}}
	if r.digests == nil {
		r.digests = map[string]string{}
	}
	for i := range p.Nodes {
		r.nodes[p.Nodes[i].ID] = &p.Nodes[i]
	}
	for _, env := range slices.Sorted(maps.Keys(p.Envs)) {
		history, err := st.Deployments(ctx, env)
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", env, err)
		}
		for _, d := range history {
			if d.Run == info.ID {
				r.done[deploymentKey(d)] = true
			}
		}
	}
	return r, nil
}

func deploymentKey(d store.Deployment) string {
	return d.Env + "\x00" + d.Workload + "\x00" + string(d.Outcome) + "\x00" + d.At.UTC().Format(time.RFC3339Nano)
}

// observe takes one event into the history.
func (r *recorder) observe(ctx context.Context, e event.Event) error {
	done, ok := r.effect(e)
	if !ok {
		return nil
	}
	if got := digestsOf(done.Bindings); len(got) > 0 {
		maps.Copy(r.digests, got)
		rel := store.Release{ID: r.info.Release, Pipeline: r.plan.Pipeline, Commit: r.info.Commit, Digests: maps.Clone(r.digests), Created: r.info.Started, Run: r.info.ID}
		if known, err := r.st.Release(ctx, rel.ID); err == nil {
			rel.Created, rel.Run = known.Created, known.Run
		}
		if err := r.st.PutRelease(ctx, rel); err != nil {
			return fmt.Errorf("record release %s: %w", rel.ID, err)
		}
	}
	n := r.nodes[e.Node]
	if n == nil {
		return nil
	}
	outcome := store.Committed
	do := &n.Do
	if e.Undo {
		outcome, do = store.RolledBack, n.Undo
	}
	if do == nil || !(do.Commit != nil || do.Apply != nil || do.Restore != nil) {
		return nil
	}
	ref, _ := do.Workload()
	workload, env := ref.Split()
	d := store.Deployment{Env: env, Workload: workload, Run: r.info.ID, Plan: r.info.Plan, Release: r.info.Release, Outcome: outcome, At: e.Time.UTC()}
	if r.done[deploymentKey(d)] {
		return nil
	}
	r.done[deploymentKey(d)] = true
	if err := r.st.RecordDeployment(ctx, d); err != nil {
		return fmt.Errorf("record deployment: %w", err)
	}
	return nil
}

// effect returns what an event says was done, whether at once or as recovery found it.
func (r *recorder) effect(e event.Event) (event.Done, bool) {
	switch e.Type {
	case event.NodeDone:
		d, err := event.Payload[event.Done](e)
		return d, err == nil
	case event.NodeObserved:
		o, err := event.Payload[event.Observed](e)
		if err != nil || o.Effect != event.EffectDone || o.Done == nil {
			return event.Done{}, false
		}
		return *o.Done, true
	}
	return event.Done{}, false
}

// history answers soak gates from the recorded deployments.
type history struct {
	st   store.Store
	plan *plan.Plan
}

// RunsSince says since when the environment runs exactly these artifacts. Workloads of others, or that the plan no longer
// has, don't count.
func (h history) RunsSince(ctx context.Context, env string, digests map[string]string) (time.Time, bool, error) {
	all, err := h.st.Deployments(ctx, env)
	if err != nil {
		return time.Time{}, false, err
	}
	var since time.Time
	seen := map[string]bool{}
	for _, d := range all {
		if seen[d.Workload] {
			continue
		}
		seen[d.Workload] = true
		if _, ours := h.plan.Workloads[plan.RefOf(d.Workload, env)]; !ours {
			continue
		}
		cur, ok := store.Current(all, d.Workload)
		if !ok {
			continue
		}
		rel, err := h.st.Release(ctx, cur.Release)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return time.Time{}, false, err
		}
		if !same(rel.Digests, digests) {
			return time.Time{}, false, nil
		}
		if cur.At.After(since) {
			since = cur.At
		}
	}
	return since, !since.IsZero(), nil
}

func same(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return len(want) > 0
}

// Reuse returns the nodes outside the selection whose outcome the runs of a release have already established, and their
// bindings. An outcome is reused only when all that it depends on is the same to the last byte. What the selection needs and nobody has
// done is an error: a release is never rebuilt on the way.
func Reuse(ctx context.Context, st store.Store, p *plan.Plan, rel store.Release, selection []string) (nodes []plan.NodeID, bindings map[string]string, err error) {
	runs, err := st.Runs(ctx, store.Filter{Pipeline: p.Pipeline})
	if err != nil {
		return nil, nil, fmt.Errorf("runs of %s: %w", p.Pipeline, err)
	}
	wanted := fingerprints(p)
	bindings = map[string]string{}
	done := map[plan.NodeID]bool{}
	for _, info := range slices.Backward(runs) { // what a later run found out counts
		if info.Release != rel.ID {
			continue
		}
		l, err := Load(ctx, st, info.ID)
		if err != nil {
			return nil, nil, err
		}
		old := fingerprints(l.Plan)
		part := l.started().Selection
		for _, n := range l.State.Nodes() {
			if len(part) > 0 && !slices.Contains(part, n.Stage) {
				continue // left out, or taken over from a run that is asked itself
			}
			switch same := old[n.ID] != "" && old[n.ID] == wanted[n.ID]; n.Status {
			case machine.NodeDone, machine.NodeSkipped:
				done[n.ID] = done[n.ID] || same
			case machine.NodeUndoing, machine.NodeUndone, machine.NodeStuck:
				delete(done, n.ID)
			}
		}
		maps.Copy(bindings, l.State.Bindings())
	}
	for name, d := range rel.Digests {
		bindings[artifactPrefix+name] = d
	}
	closed, unknown := p.Closure(selection)
	if len(unknown) > 0 {
		return nil, nil, fmt.Errorf("no stage %q", unknown[0])
	}
	for i := range p.Nodes {
		n := &p.Nodes[i]
		switch {
		case slices.Contains(selection, n.Stage) || !slices.Contains(closed, n.Stage):
		case done[n.ID]:
			nodes = append(nodes, n.ID)
		case n.Do.Retire != nil: // what is kept for later holds nobody up
		default:
			return nil, nil, fmt.Errorf("stage %q needs %q, and no run of release %s has done it as this plan says: run the pipeline from there", selection[0], n.ID, rel.ID)
		}
	}
	return nodes, bindings, nil
}

// fingerprints say for each node what its outcome depends on: the node itself, the workload and the environment that it
// works on, the artifacts and how they are produced, and who watches.
func fingerprints(p *plan.Plan) map[plan.NodeID]string {
	monitors := map[plan.NodeID][]plan.Monitor{}
	for _, m := range p.Monitors {
		monitors[m.Closes] = append(monitors[m.Closes], m)
	}
	out := map[plan.NodeID]string{}
	for _, n := range p.Nodes {
		parts := []any{n, monitors[n.ID]}
		if st := p.StageByName(n.Stage); st != nil && st.Environment != "" {
			parts = append(parts, p.Envs[st.Environment])
		}
		if ref, ok := n.Do.Workload(); ok {
			w := p.Workloads[ref]
			parts = append(parts, w)
			for _, h := range w.Holes {
				parts = append(parts, p.Artifacts[h.From.Artifact])
			}
		}
		out[n.ID] = sorted(parts)
	}
	return out
}

// sorted writes values as JSON with all keys in order: settings of a target are in the order of the source in a plan that was
// just compiled, and in canonical order in one that was read. It is empty for what can't be written, which equals nothing.
func sorted(parts []any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return ""
	}
	if b, err = json.Marshal(v); err != nil {
		return ""
	}
	return string(b)
}
