package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/store"
)

// RollbackInput is the name under which a rollback plan records the release that it brings back.
const RollbackInput = "penstock.rollback"

// ErrNothingBefore means that an environment has no earlier release to go back to.
var ErrNothingBefore = errors.New("there is no earlier release to go back to")

// RollbackTo is what a rollback goes back to.
type RollbackTo struct {
	Release store.Release
	// From is the release in force now.
	From string
	File plan.File
	Plan *plan.Plan
}

// Rollback makes the plan that brings an earlier release back to an environment: the deploy stages of the plan by which that
// release was put there, with its digests, under the same gates and approvals, strategy and judge. An empty release means
// the one before the one in force. In an emergency approvals, gates, gradual steps and hooks are left out: what remains is
// verify, stage, commit; the reason is recorded by whoever starts it.
func Rollback(ctx context.Context, st store.Store, env, to string, emergency bool) (RollbackTo, error) {
	past, err := readPast(ctx, st, env)
	if err != nil {
		return RollbackTo{}, fmt.Errorf("environment %q: %w", env, err)
	}
	target, err := past.target(ctx, to)
	if err != nil {
		return RollbackTo{}, fmt.Errorf("environment %q: %w", env, err)
	}
	rel := past.releases[target.Release]
	f, p, err := readPlan(ctx, st, target.Plan)
	if err != nil {
		return RollbackTo{}, fmt.Errorf("plan of release %s: %w", rel.ID, err)
	}
	cut := surgery{p: p, env: env, emergency: emergency}
	small, err := cut.reduce(rel)
	if err != nil {
		return RollbackTo{}, err
	}
	file, err := plan.Seal(small, cut.provenance(f.Provenance, small))
	if err != nil {
		return RollbackTo{}, fmt.Errorf("rollback plan: %w", err)
	}
	return RollbackTo{Release: rel, From: past.now.Release, File: file, Plan: small}, nil
}

// genuine refuses a plan that says it is a rollback and isn't the one that the history gives: policies ask less of what ran
// before, so nobody may claim that by a tag or in a plan file.
func genuine(ctx context.Context, st store.Store, b Begin) error {
	claimed, ok := b.Plan.Inputs[RollbackInput]
	if !ok {
		return nil
	}
	for _, s := range b.Plan.Stages {
		if s.Action != "deploy" {
			continue
		}
		made, err := Rollback(ctx, st, s.Environment, claimed, b.Emergency != "")
		switch {
		case err != nil:
			return fmt.Errorf("the plan says that it brings back release %q: %w", claimed, err)
		case made.File.ID == b.File.ID && b.Release == claimed:
			return nil
		}
		break
	}
	return fmt.Errorf("the plan says that it brings back release %q and isn't what the history makes of that: use penstock rollback", claimed)
}
