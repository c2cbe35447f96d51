package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/store"
)

// past is what one pipeline has put into an environment: the one whose deployment is the newest there.
type past struct {
	st  store.Store
	now store.Deployment
	// commits are what was put there and not taken back by the same run, oldest first, with the releases they name.
	commits  []store.Deployment
	releases map[string]store.Release
}

func readPast(ctx context.Context, st store.Store, env string) (past, error) {
	history, err := st.Deployments(ctx, env)
	if err != nil {
		return past{}, fmt.Errorf("history: %w", err)
	}
	p := past{st: st, releases: map[string]store.Release{}}
	p.now, err = st.LastExecuted(ctx, env, "")
	if errors.Is(err, store.ErrNotFound) {
		return past{}, errors.New("nothing was ever released there from here")
	}
	if err != nil {
		return past{}, err
	}
	if p.releases[p.now.Release], err = st.Release(ctx, p.now.Release); err != nil {
		return past{}, fmt.Errorf("release %s: %w", p.now.Release, err)
	}
	for _, d := range slices.Backward(history) {
		if d.Outcome != store.Committed || takenBack(history, d) {
			continue
		}
		if _, known := p.releases[d.Release]; !known {
			rel, err := st.Release(ctx, d.Release)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return past{}, err
			}
			p.releases[d.Release] = rel
		}
		if p.releases[d.Release].Pipeline == p.releases[p.now.Release].Pipeline {
			p.commits = append(p.commits, d)
		}
	}
	return p, nil
}

// takenBack reports whether the run of a commit has itself undone it.
func takenBack(history []store.Deployment, c store.Deployment) bool {
	return slices.ContainsFunc(history, func(d store.Deployment) bool {
		return d.Run == c.Run && d.Workload == c.Workload && d.Outcome == store.RolledBack && !d.At.Before(c.At)
	})
}

// target picks the deployment to go back to: the newest of the wanted release, or of the one before that in force. It is
// one by a full plan: what an earlier rollback left out must not be missing again.
func (p past) target(ctx context.Context, to string) (store.Deployment, error) {
	stack, err := p.stack(ctx)
	if err != nil {
		return store.Deployment{}, err
	}
	want := to
	if to == "" && len(stack) > 1 {
		want = stack[len(stack)-2]
	}
	if want == "" {
		return store.Deployment{}, ErrNothingBefore
	}
	for _, d := range slices.Backward(p.commits) {
		if d.Release != want {
			continue
		}
		back, err := p.isRollback(ctx, d)
		if err != nil {
			return store.Deployment{}, err
		}
		if !back {
			return d, nil
		}
	}
	return store.Deployment{}, fmt.Errorf("release %q never ran here", want)
}

// stack lists the releases that a way back passes, the one in force last. A rollback takes everything off that came after
// the release it brought back, so that going back twice goes back two releases and not to the one just left.
func (p past) stack(ctx context.Context) ([]string, error) {
	var out []string
	for _, d := range p.commits {
		i := slices.Index(out, d.Release)
		if i < 0 {
			out = append(out, d.Release)
			continue
		}
		back, err := p.isRollback(ctx, d)
		switch {
		case err != nil:
			return nil, err
		case back:
			out = out[:i+1]
		case i < len(out)-1: // taken further once more
			out = append(slices.Delete(out, i, i+1), d.Release)
		}
	}
	return out, nil
}

func (p past) isRollback(ctx context.Context, d store.Deployment) (bool, error) {
	_, pl, err := readPlan(ctx, p.st, d.Plan)
	if err != nil {
		return false, fmt.Errorf("plan of release %s: %w", d.Release, err)
	}
	return pl.Inputs[RollbackInput] != "", nil
}

func readPlan(ctx context.Context, st store.Store, id plan.ID) (plan.File, *plan.Plan, error) {
	b, err := st.Plan(ctx, id)
	if err != nil {
		return plan.File{}, nil, err
	}
	return plan.Read(b)
}
