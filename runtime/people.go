package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// ErrOver means that a run has ended and takes no more messages.
var ErrOver = errors.New("the run is over")

// Answer is the body of approve and reject messages.
type Answer struct {
	Node     plan.NodeID    `json:"node"`
	Approval event.Approval `json:"approval"`
}

// Groups returns the plan's groups that a user is in.
func Groups(p *plan.Plan, user string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(p.Groups)) {
		if slices.Contains(p.Groups[name].Members, "user:"+user) {
			out = append(out, name)
		}
	}
	return out
}

// Approve answers a question of a run with yes, Reject with no. An empty node means the only question there is. The answer
// is checked first, so that a person is told at once why it wouldn't count; it takes effect when the run reads its inbox.
func Approve(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by event.Actor, reason string) (Question, error) {
	return answer(ctx, st, run, node, by, reason, false)
}

// Reject answers a question of a run with no; see [Approve].
func Reject(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by event.Actor, reason string) (Question, error) {
	return answer(ctx, st, run, node, by, reason, true)
}

func answer(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by event.Actor, reason string, reject bool) (Question, error) {
	l, err := Load(ctx, st, run)
	if err != nil {
		return Question{}, err
	}
	q, err := l.question(node)
	if err != nil {
		return q, err
	}
	by.Groups = Groups(l.Plan, by.Name)
	a := event.Approval{By: by, Subject: q.Subject, Reason: reason}
	now := time.Now().UTC()
	if err := machine.CheckApproval(l.State, q.Node, a, reject, now); err != nil {
		return q, err
	}
	kind := store.Approve
	if reject {
		kind = store.Reject
	}
	return q, post(ctx, st, store.Message{Run: run, Kind: kind, At: now, From: by}, Answer{q.Node, a})
}

func (l *Loaded) question(node plan.NodeID) (Question, error) {
	all := l.questions()
	var open []string
	for _, q := range all {
		if q.Node == node || node == "" && len(all) == 1 {
			return q, nil
		}
		open = append(open, string(q.Node))
	}
	switch {
	case len(all) == 0:
		return Question{}, fmt.Errorf("run %s asks nobody anything", l.Info.ID)
	case node == "":
		return Question{}, fmt.Errorf("run %s asks several questions: name one of %v", l.Info.ID, open)
	}
	return Question{}, fmt.Errorf("run %s asks nothing at %q; it does at %v", l.Info.ID, node, open)
}

// AskAbort asks a run to return to stable. It reports whether a process is there to read it.
func AskAbort(ctx context.Context, st store.Store, run event.RunID, by event.Actor, reason string) (alive bool, err error) {
	info, err := st.Run(ctx, run)
	if err != nil {
		return false, fmt.Errorf("run %s: %w", run, err)
	}
	if info.State == store.Ended {
		return false, fmt.Errorf("run %s: %w", run, ErrOver)
	}
	m := store.Message{Run: run, Kind: store.Abort, At: time.Now().UTC(), From: by}
	if err := post(ctx, st, m, event.Abort{Kind: "abort", By: by, Reason: reason}); err != nil {
		return false, err
	}
	owner, err := st.Holder(ctx, run)
	return owner != nil, err
}

func post(ctx context.Context, st store.Store, m store.Message, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	m.Body = b
	if _, err := st.Post(ctx, m); err != nil {
		return fmt.Errorf("post to run %s: %w", m.Run, err)
	}
	return nil
}
