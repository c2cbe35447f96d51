package lower

import (
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// deploy is a deploy stage in the making.
type deploy struct {
	*builder
	ref      plan.Ref
	src      schema.Deploy
	workload schema.Workload // as it is in the environment
	// lease bounds exposure while nobody renews it; 0 where the target has no such thing.
	lease    plan.Duration
	snapshot plan.NodeID
}

// deployStage brings a workload into an environment by the strategy that is present.
func deployStage(b *builder) error {
	d := &deploy{builder: b, src: *b.s.src.Deploy}
	present := d.src.Variants()
	if len(present) != 1 {
		return fmt.Errorf("it has %d strategies", len(present))
	}
	var err error
	if d.ref, d.workload, err = b.on(d.src.Workload, d.src.In); err != nil {
		return err
	}
	if d.workload.Process != nil {
		d.lease = span(d.workload.Process.LeaseOrDefault())
	}
	b.s.out.Strategy = present[0]
	b.path = source.Join(b.path, present[0])
	for _, s := range strategies() {
		if s.field == present[0] {
			return s.lower(d)
		}
	}
	return fmt.Errorf("unknown strategy %q", present[0])
}

// prepare adds everything up to the recorded prior version: gates, trust, snapshot.
func (d *deploy) prepare() error {
	if err := d.enter(true); err != nil {
		return err
	}
	d.side(func(needs []plan.NodeID) []plan.NodeID {
		var added []plan.NodeID
		for _, name := range Artifacts(d.workload) {
			if d.l.p.Artifacts[name].Trust() == nil {
				continue
			}
			do := plan.Do{VerifyArtifact: &plan.VerifyArtifact{Artifact: string(name), Workload: d.ref}}
			added = append(added, d.node("verify-"+string(name), source.Join("artifacts", string(name)), needs, do).ID)
		}
		return added
	})
	d.snapshot = d.next("snapshot", d.path, plan.Do{Snapshot: &plan.DeployRef{Workload: d.ref}}).ID
	return nil
}

// stageUp adds the node that brings the new version up beside the stable one.
func (d *deploy) stageUp(op plan.StageOp) error {
	if err := d.prepare(); err != nil {
		return err
	}
	op.Workload = d.ref
	n := d.next("stage", d.path, plan.Do{Stage: &op})
	n.Undo = &plan.Do{Unstage: &plan.DeployRef{Workload: d.ref}}
	return nil
}

// shift adds a node that moves traffic behind the given ones; it is undone by taking all traffic back.
func (d *deploy) shift(step, path string, needs []plan.NodeID, op plan.Shift) *plan.Node {
	op.Workload, op.Lease = d.ref, d.lease
	n := d.node(step, path, needs, plan.Do{Shift: &op})
	n.Undo = &plan.Do{Shift: &plan.Shift{Workload: d.ref}}
	return n
}

// finish adds the commit, and the retirement of the old version.
func (d *deploy) finish(op plan.Commit) *plan.Node {
	op.Workload, op.Keep = d.ref, span(d.src.KeepOrDefault())
	commit := d.next("commit", d.path, plan.Do{Commit: &op})
	commit.Undo = &plan.Do{Restore: &plan.Restore{Workload: d.ref, Snapshot: d.snapshot}}
	d.s.retire = d.node("retire", d.path, []plan.NodeID{commit.ID}, plan.Do{Retire: &plan.Retire{Workload: d.ref, Snapshot: d.snapshot, After: op.Keep}})
	d.s.retire.When = d.present()
	return commit
}

// present is the branch on which there is a stable version, absent that of a first deploy.
func (d *deploy) present() *plan.When { return &plan.When{Snapshot: d.snapshot} }
func (d *deploy) absent() *plan.When  { return &plan.When{Snapshot: d.snapshot, Absent: true} }

// whole moves all traffic in one step, holds, and commits. Unjudged it is the same on both branches; judged, a first deploy
// has a monitor of its own: where nobody is served yet, no traffic is no reason to take it back.
func (d *deploy) whole(hold schema.Duration, path string, a *schema.Analysis, commit plan.Commit) error {
	if !judges(a) {
		shift, err := d.all("shift-100", "100", path, hold, nil)
		if err != nil {
			return err
		}
		d.tail = []plan.NodeID{shift.ID}
		d.finish(commit)
		return nil
	}
	shift, err := d.all("shift-100", "100", path, hold, d.present())
	if err != nil {
		return err
	}
	first, err := d.all("first", "first", path, hold, d.absent())
	if err != nil {
		return err
	}
	d.tail = []plan.NodeID{shift.ID, first.ID}
	closes := d.finish(commit).ID
	for _, w := range []struct {
		name  string
		opens *plan.Node
		first bool
	}{{"judge", shift, false}, {"judge-first", first, true}} {
		id := d.monitor(w.name, path, a, watched{ref: d.ref, against: "objective", opens: w.opens.ID, closes: closes, when: w.opens.When, first: w.first}, span(hold))
		if w.opens.Hold != nil {
			w.opens.Hold.Monitor = id
		}
	}
	return nil
}

// all adds a node that moves all traffic and holds, behind what came before and the gates that are asked again.
func (d *deploy) all(step, gate, path string, hold schema.Duration, when *plan.When) (*plan.Node, error) {
	needs, err := d.reask(gate, when, d.tail)
	if err != nil {
		return nil, err
	}
	n := d.shift(step, path, needs, plan.Shift{Weight: 100})
	n.When = when
	if hold.Value() > 0 {
		n.Hold = &plan.Hold{For: span(hold)}
	}
	return n, nil
}

// Artifacts lists what a resolved workload runs, sorted: what its manifests and its function or program come from.
func Artifacts(w schema.Workload) []schema.ArtifactName {
	set := map[schema.ArtifactName]bool{}
	switch {
	case w.Process != nil:
		set[w.Process.Artifact] = true
	case w.Lambda != nil:
		set[w.Lambda.Artifact] = true
	case w.Kubernetes != nil:
		for _, name := range w.Kubernetes.Images {
			set[name] = true
		}
	}
	return sorted(set)
}
