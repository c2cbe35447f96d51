package op

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/targets"
)

// unsupported says that a driver lacks an ability. The compiler refuses such plans; this is for plans of another build.
func unsupported(d targets.Driver, what string) error {
	return fmt.Errorf("the %s target of this build cannot %s", d.Kind(), what)
}

// as returns the driver's ability of type T.
func as[T any](d targets.Driver, what string) (T, error) {
	v, ok := d.(T)
	if !ok {
		return v, unsupported(d, what)
	}
	return v, nil
}

// Deploy fills a workload's holes: what a driver is given. With loose set, unknown values stay empty: an observer needs the
// place and the name only.
func (x *Executor) Deploy(ctx context.Context, ref plan.Ref, bindings map[string]string, loose bool) (targets.Deploy, error) {
	w, ok := x.Plan.Workloads[ref]
	if !ok {
		return targets.Deploy{}, fmt.Errorf("the plan has no workload %s", ref)
	}
	env := x.Plan.Envs[w.Environment]
	c := Call{Bindings: bindings}
	d := targets.Deploy{
		Ref: ref, Kind: w.Kind, Files: map[string]targets.File{},
		Place: targets.Place{ID: env.Place, Env: w.Environment, Config: env.Config},
	}
	spec, err := plan.Fill(w.Spec, w.Holes, func(b plan.Binding) (string, bool) {
		v, ok := x.value(c, w.Environment, b)
		return v, ok || loose
	})
	if err != nil {
		return d, fmt.Errorf("workload %s: %w", ref, err)
	}
	sum := sha256.Sum256(spec)
	d.Spec, d.Version = spec, "sha256:"+hex.EncodeToString(sum[:])
	for _, h := range w.Holes {
		name := h.From.Artifact
		if name == "" || x.Plan.Artifacts[name].File == nil {
			continue
		}
		digest, ok := x.artifactDigest(c, name)
		if !ok {
			continue // loose: Fill has refused it otherwise
		}
		path, err := x.Content.File(ctx, digest)
		if err != nil {
			return d, fmt.Errorf("artifact %q: %w", name, err)
		}
		d.Files[name] = targets.File{Path: path, Digest: digest}
	}
	return d, nil
}

func (x *Executor) call(ctx context.Context, c Call, ref plan.Ref) (targets.Call, error) {
	tc := targets.Call{Key: c.Key, Run: c.Run, Fence: c.Fence, Order: c.Order, Log: func(l string) { x.line(c.Node, l) }}
	for name, r := range x.Plan.Workloads[ref].Secrets {
		v, err := x.Secret(ctx, r)
		if err != nil {
			return tc, fmt.Errorf("secret %s: %w", name, err)
		}
		if tc.Secrets == nil {
			tc.Secrets = map[string]string{}
		}
		tc.Secrets[name] = v
	}
	return tc, nil
}

// target prepares the driver, the deployment and the call of a target's instruction.
func (x *Executor) target(ctx context.Context, c Call) (targets.Driver, targets.Deploy, targets.Call, error) {
	ref, ok := c.Do.Workload()
	if !ok {
		return nil, targets.Deploy{}, targets.Call{}, fmt.Errorf("instruction %q names no workload", c.Do.Op())
	}
	d, err := x.Deploy(ctx, ref, c.Bindings, false)
	if err != nil {
		return nil, d, targets.Call{}, err
	}
	drv, err := x.Driver(ctx, d.Kind)
	if err != nil {
		return nil, d, targets.Call{}, err
	}
	tc, err := x.call(ctx, c, ref)
	return drv, d, tc, err
}

// onTarget executes what a target's driver does.
func (x *Executor) onTarget(ctx context.Context, c Call) (*event.Done, error) {
	drv, d, tc, err := x.target(ctx, c)
	if err != nil {
		return nil, err
	}
	switch do := c.Do; do.Op() {
	case plan.OpSnapshot:
		return snapshot(ctx, drv, d)
	case plan.OpStage:
		s, err := as[targets.Stager](drv, "stage a version")
		if err != nil {
			return nil, err
		}
		got, err := s.Stage(ctx, tc, d, *do.Stage)
		if err != nil {
			return nil, err
		}
		return &event.Done{Detail: got.Detail}, nil
	case plan.OpUnstage:
		s, err := as[targets.Stager](drv, "remove a version")
		if err != nil {
			return nil, err
		}
		return weighed(0, "the new version is removed", s.Unstage(ctx, tc, d))
	case plan.OpShift:
		r, err := as[targets.Router](drv, "shift traffic")
		if err != nil {
			return nil, err
		}
		w, err := r.Shift(ctx, tc, d, *do.Shift)
		return weighed(w, "", err)
	case plan.OpCommit, plan.OpRestore, plan.OpRetire:
		return x.commitOrBack(ctx, drv, d, tc, c)
	}
	return nil, unsupported(drv, "execute "+string(c.Do.Op()))
}

func (x *Executor) commitOrBack(ctx context.Context, drv targets.Driver, d targets.Deploy, tc targets.Call, c Call) (*event.Done, error) {
	m, err := as[targets.Committer](drv, "commit a version")
	if err != nil {
		return nil, err
	}
	if c.Do.Op() == plan.OpCommit {
		return weighed(100, "the new version is stable", m.Commit(ctx, tc, d, *c.Do.Commit))
	}
	if c.Prior == nil {
		return nil, errors.New("the journal has no record of what ran before")
	}
	prior := targets.Prior{Absent: c.Prior.Absent, Version: c.Prior.Version, Spec: c.Prior.Spec}
	if c.Do.Op() == plan.OpRestore {
		detail := "the version before is stable again"
		if prior.Absent {
			detail = "nothing runs, as before"
		}
		return weighed(0, detail, m.Restore(ctx, tc, d, prior))
	}
	if err := m.Retire(ctx, tc, d, prior); err != nil {
		return nil, err
	}
	return &event.Done{Detail: "the version before is stopped"}, nil
}

func weighed(w float64, detail string, err error) (*event.Done, error) {
	if err != nil {
		return nil, err
	}
	return &event.Done{Weight: &w, Detail: detail}, nil
}

// snapshot records what runs now. Somebody else's half-done release is not ours to judge: it is refused.
func snapshot(ctx context.Context, drv targets.Driver, d targets.Deploy) (*event.Done, error) {
	o, err := as[targets.Observer](drv, "observe")
	if err != nil {
		return nil, err
	}
	now, err := o.Observe(ctx, d)
	if err != nil {
		return nil, err
	}
	if now.Canary != "" && now.Weight > 0 && now.Canary != d.Version {
		return nil, fmt.Errorf("%s: another version (%s) has %g %% of the traffic and no run of yours put it there: settle that first", d.Ref, shortDigest(now.Canary), now.Weight)
	}
	if now.Stable == "" {
		return &event.Done{Prior: &event.Prior{Absent: true}, Detail: "nothing runs here yet"}, nil
	}
	detail := "version " + shortDigest(now.Stable) + " is stable"
	if now.Stable == d.Version {
		detail += ": it is the one to be released"
	}
	return &event.Done{Prior: &event.Prior{Version: now.Stable, Spec: now.StableSpec}, Detail: detail}, nil
}

// observe says what an interrupted attempt left, without changing anything.
func (x *Executor) observe(ctx context.Context, c Call) (*event.Observed, error) {
	switch d := c.Do; d.Op() {
	case plan.OpExec:
		return x.observeExec(ctx, c, d.Exec)
	case plan.OpMigrate:
		return x.observeMigrate(ctx, c, d.Migrate, true)
	case plan.OpRevert:
		return x.observeMigrate(ctx, c, d.Revert, false)
	case plan.OpNotify:
		return &event.Observed{Effect: event.EffectUnknown, Detail: "a notification can't be asked whether it arrived"}, nil
	case plan.OpStage, plan.OpUnstage, plan.OpShift, plan.OpCommit, plan.OpRestore, plan.OpRetire:
		return x.observeTarget(ctx, c)
	case plan.OpApply:
		return &event.Observed{Effect: event.EffectUnknown}, nil
	}
	// the rest only looks: doing it again is always right
	return &event.Observed{Effect: event.EffectNotDone}, nil
}

func (x *Executor) observeTarget(ctx context.Context, c Call) (*event.Observed, error) {
	drv, d, _, err := x.target(ctx, c)
	if err != nil {
		return nil, err
	}
	o, err := as[targets.Observer](drv, "observe")
	if err != nil {
		return nil, err
	}
	now, err := o.Observe(ctx, d)
	if err != nil {
		return nil, err
	}
	ok, done := took(c, d, now)
	if !ok {
		return &event.Observed{Effect: event.EffectNotDone, Detail: now.Note}, nil
	}
	return &event.Observed{Effect: event.EffectDone, Done: done, Detail: now.Note}, nil
}

// took compares what is there with what the instruction wanted. Where the observation can't tell (conditions of a match),
// it says no: the instruction is idempotent and is done again.
func took(c Call, d targets.Deploy, now targets.Observed) (bool, *event.Done) {
	weight := func(w float64) *event.Done { return &event.Done{Weight: &w} }
	switch do := c.Do; do.Op() {
	case plan.OpStage:
		return now.Canary == d.Version && now.CanaryReady || now.Stable == d.Version && now.StableReady, &event.Done{}
	case plan.OpUnstage:
		return now.Canary != d.Version, weight(0)
	case plan.OpShift:
		s := do.Shift
		plain := len(s.Match) == 0 && s.Mirror == 0
		return plain && now.Canary == d.Version && now.Weight == s.Weight, weight(now.Weight)
	case plan.OpCommit:
		return now.Stable == d.Version && now.StableReady && now.Weight == 0, weight(100)
	case plan.OpRestore:
		if c.Prior == nil || c.Prior.Absent {
			return c.Prior != nil && now.Stable == "" && now.Canary == "", weight(0)
		}
		return now.Stable == c.Prior.Version && now.StableReady && now.Weight == 0, weight(0)
	case plan.OpRetire:
		return now.Prior == "", &event.Done{}
	}
	return false, nil
}
