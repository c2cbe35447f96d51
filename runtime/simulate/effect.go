package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/targets"
)

// call is one dispatched attempt on its way.
type call struct {
	machine.Dispatch
	order uint64
	node  *plan.Node
	began time.Time
}

// effect makes the change that a call asks for, as a target would: guards first, then a look, then the change. half makes
// only a part of it. It returns what was read back.
func (w *World) effect(c call, half bool) (event.Done, error) {
	if d, handled, err := w.plain(c, half); handled {
		return d, err
	}
	refs := refsOf(c.Do)
	if len(refs) == 0 {
		return event.Done{}, fmt.Errorf("%s has nothing to work on", c.Node)
	}
	d := w.deploy(refs[0])
	switch c.Do.Op() {
	case plan.OpSnapshot:
		return event.Done{Prior: &event.Prior{Absent: d.Stable == "", Version: d.Stable}}, nil
	case plan.OpPreview:
		return event.Done{Bindings: map[string]string{machine.BindingName(plan.Binding{Preview: c.Node}): digest(c.Node, d.Stable)}}, nil
	}
	if err := w.guard(c, d); err != nil {
		return event.Done{}, err
	}
	err := w.change(c, d, half)
	weight := d.Weight
	return event.Done{Weight: &weight}, err
}

func digest(parts ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, parts...))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// plain are the instructions that no target executes.
func (w *World) plain(c call, half bool) (event.Done, bool, error) {
	switch c.Do.Op() {
	case plan.OpExec:
		w.ran[c.Key]++
		w.checkRuns(c)
		b := map[string]string{}
		for _, p := range c.Do.Exec.Produces {
			b[machine.BindingName(plan.Binding{Artifact: p.Artifact})] = digest("artifact", p.Artifact)
		}
		return event.Done{Bindings: b}, true, nil
	case plan.OpNotify:
		w.told = append(w.told, c.Node)
		return event.Done{}, true, nil
	case plan.OpVerifyArtifact:
		return event.Done{}, true, nil
	case plan.OpCopyArtifact:
		w.copied[c.Node] = !half
		return event.Done{}, true, nil
	case plan.OpMigrate, plan.OpRevert:
		if err := w.guardLock(c); err != nil {
			return event.Done{}, true, err
		}
		w.migrate(c, half)
		return event.Done{}, true, nil
	}
	return event.Done{}, false, nil
}

func (w *World) migrate(c call, half bool) {
	to := "applied"
	if c.Do.Revert != nil {
		to = ""
		for _, d := range w.deploys {
			if (d.Canary == NewVersion && d.Weight > 0 || d.Stable == NewVersion && d.began != NewVersion) && environmentOf(d.Ref) == c.Env {
				w.violate("%s was reverted under the running new version of %s", c.Node, d.Ref)
			}
		}
	}
	if half {
		to = "half"
	}
	w.migrated[c.Node] = to
}

// environmentOf is the part of a reference after the last @.
func environmentOf(r plan.Ref) string {
	_, env, _ := cutLast(string(r), "@")
	return env
}

// checkRuns holds the number of executions of a command against what it was declared to bear.
func (w *World) checkRuns(c call) {
	if c.Undo {
		return
	}
	if most := max(c.node.Retry.Attempts, 1); c.Do.Exec.Interrupted == plan.InterruptedFail && w.ran[c.Key] > most {
		w.violate("%s ran %d times under one key; it may %d", c.Node, w.ran[c.Key], most)
	}
	if w.fatal[c.Key] {
		w.violate("%s was repeated after a failure that may not be", c.Node)
	}
}

var errStale = errors.New("the state has changed since it was read")

// guardLock refuses what comes without the environment's lock, or under an old number.
func (w *World) guardLock(c call) error {
	if c.Env == "" {
		return nil
	}
	if c.Fence == 0 {
		w.violate("%s wrote without the lock of %s", c.Node, c.Env)
		return nil
	}
	if l := w.locks[c.Env]; l == nil || l.holder == "" || l.fence != c.Fence {
		return targets.ErrStaleFence
	}
	return nil
}

// guard additionally refuses what a later instruction has overtaken.
func (w *World) guard(c call, d *Deployment) error {
	if err := w.guardLock(c); err != nil {
		return err
	}
	if c.order < d.order {
		return targets.ErrStaleOrder
	}
	d.order = c.order
	if w.fatal[c.Key] && !c.Undo {
		w.violate("%s was repeated after a failure that may not be", c.Node)
	}
	return nil
}

// change works on a deployment. Every change looks first, and finishes what an earlier attempt began.
func (w *World) change(c call, d *Deployment, half bool) error {
	op := c.Do.Op()
	if c.Undo && op == plan.OpApply {
		op = plan.OpRestore
	}
	switch op {
	case plan.OpStage:
		if d.Stable != NewVersion {
			d.Canary, d.Ready = NewVersion, !half
		}
	case plan.OpShift:
		return w.shift(c, d, half)
	case plan.OpCommit:
		return w.commit(c, d, half)
	case plan.OpUnstage:
		w.unstage(c, d, half)
	case plan.OpRestore:
		w.restore(c, d, half)
	case plan.OpRetire:
		d.Prior = ""
	case plan.OpApply:
		if d.Stable == NewVersion && d.Half == "" {
			return nil
		}
		if half {
			d.Half = "apply stopped half-way"
			return nil
		}
		d.Prior, d.Stable, d.Half = d.Stable, NewVersion, ""
	}
	return nil
}

func (w *World) shift(c call, d *Deployment, half bool) error {
	to := c.Do.Shift.Weight
	if d.Stable == NewVersion {
		return nil
	}
	if d.Canary == "" {
		if c.Undo {
			return nil
		}
		return targets.ErrNoVersion
	}
	if !d.Ready {
		return errors.New("the new version isn't ready")
	}
	route := routeOf(c.Do.Shift)
	if half {
		to, route = (d.Weight+to)/2, d.Route
	}
	if to > d.Weight && !c.Undo {
		w.checkRise(c, d)
	}
	if to > d.Weight && c.Undo {
		w.violate("%s raised the weight of %s from %g to %g while going back", c.Node, d.Ref, d.Weight, to)
	}
	if !half && !c.Undo {
		d.shifted, d.hold = w.now, 0
		if c.node.Hold != nil {
			d.hold = time.Duration(c.node.Hold.For)
		}
	}
	d.Weight, d.Route = to, route
	return nil
}

// routeOf writes down what a shift sends to the new version beside its weight.
func routeOf(x *plan.Shift) string {
	if len(x.Match) == 0 && x.Mirror == 0 {
		return ""
	}
	return fmt.Sprintf("match %v, mirror %g %%", x.Match, x.Mirror)
}

// checkRise holds a rise of exposure against what has to come before it: the hold of the former step, no proven harm.
func (w *World) checkRise(c call, d *Deployment) {
	if d.hold > 0 && w.now.Sub(d.shifted) < d.hold {
		w.violate("%s came %s after the step before it, which was to be watched for %s", c.Node, w.now.Sub(d.shifted), d.hold)
	}
	for id, j := range w.judges {
		if j.harm && c.order > j.harmSeq && stageOf(string(id)) == stageOf(string(c.Node)) {
			w.violate("%s raised the exposure of %s after %s had proven harm", c.Node, d.Ref, id)
		}
	}
}

func stageOf(id string) string {
	s, _, _ := cutLast(id, "/")
	return s
}

func (w *World) commit(c call, d *Deployment, half bool) error {
	if d.Stable == NewVersion && d.Half == "" {
		d.Canary, d.Ready, d.Weight, d.Route = "", false, 0, ""
		return nil
	}
	rolling := c.Do.Commit.Surge != "" || c.Do.Commit.Unavailable != ""
	if d.Canary != NewVersion && d.Half == "" && !rolling {
		return targets.ErrNoVersion
	}
	w.checkRise(c, d)
	w.checkVerdict(c)
	if half {
		d.Half = "commit stopped half-way"
		return nil
	}
	if d.Stable != NewVersion {
		d.Prior, d.Stable = d.Stable, NewVersion
	}
	d.Canary, d.Ready, d.Weight, d.Route, d.Half, d.hold = "", false, 0, "", "", 0
	return nil
}

// checkVerdict holds a commit against the monitors that it closes: each must have given its verdict.
func (w *World) checkVerdict(c call) {
	for id, j := range w.judges {
		if j.open && j.closedBy == c.Node {
			w.violate("%s was made while %s had not given its verdict", c.Node, id)
		}
	}
}

func (w *World) unstage(c call, d *Deployment, half bool) {
	if d.Canary == "" {
		return
	}
	if d.Weight > 0 && d.Stable != "" {
		w.violate("%s removed the new version of %s at %g %% of the traffic", c.Node, d.Ref, d.Weight)
	}
	d.Weight, d.Route = 0, ""
	if half {
		d.Ready = false
		return
	}
	d.Canary, d.Ready = "", false
}

func (w *World) restore(c call, d *Deployment, half bool) {
	if d.Stable != NewVersion && d.Half == "" || c.Prior == nil {
		return // what is there isn't ours
	}
	if half {
		d.Half = "restore stopped half-way"
		return
	}
	d.Stable, d.Prior, d.Half = c.Prior.Version, "", ""
	d.Canary, d.Ready, d.Weight, d.Route = "", false, 0, ""
	if w.removes[d.Ref] && d.Stable != "" {
		d.Canary, d.Ready = NewVersion, true // it stays staged without traffic until it is removed
	}
}

// look answers what recovery sees of an earlier attempt.
func (w *World) look(c call) event.Observation {
	is := func(b bool) event.Observation {
		if b {
			return event.EffectDone
		}
		return event.EffectNotDone
	}
	var d *Deployment
	if refs := refsOf(c.Do); len(refs) > 0 {
		d = w.deploy(refs[0])
	}
	switch c.Do.Op() {
	case plan.OpExec:
		if c.Do.Exec.Interrupted != plan.InterruptedCheck {
			return event.EffectUnknown
		}
		return is(w.ran[c.Key] > 0)
	case plan.OpNotify:
		return event.EffectUnknown
	case plan.OpCopyArtifact:
		return is(w.copied[c.Node])
	case plan.OpMigrate:
		if w.migrated[c.Node] == "half" {
			return event.EffectUnknown
		}
		return is(w.migrated[c.Node] == "applied")
	case plan.OpStage:
		return is(d.Stable == NewVersion || d.Canary == NewVersion && d.Ready)
	case plan.OpShift:
		return is(d.Stable == NewVersion || d.Canary == NewVersion && d.Weight == c.Do.Shift.Weight && d.Route == routeOf(c.Do.Shift))
	case plan.OpCommit, plan.OpApply:
		return is(d.Stable == NewVersion && d.Half == "" && d.Canary == "")
	case plan.OpRetire:
		return is(d.Prior == "")
	}
	return event.EffectNotDone
}
