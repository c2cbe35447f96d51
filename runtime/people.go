package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/signed"
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

// Person is who answers: somebody known by name only, or whoever Key stands for.
type Person struct {
	Actor event.Actor
	// Key signs the answer; nil doesn't sign. Read returns the files of the pipeline that list allowed signers.
	Key  ssh.Signer
	Read func(path string) ([]byte, error)
}

func (p Person) answer(l *Loaded, about signed.Context, reason string, now time.Time) (event.Approval, error) {
	if p.Key != nil {
		return signed.Sign(l.Plan, about, reason, now, p.Key, p.Read)
	}
	by := p.Actor
	by.Groups = Groups(l.Plan, by.Name)
	return event.Approval{By: by, Subject: about.Subject, Reason: reason}, nil
}

// Approve answers a question of a run with yes, Reject with no. An empty node means the only question there is. The answer
// is checked first, so that a person is told at once why it wouldn't count; it takes effect when the run reads its inbox.
func Approve(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by Person, reason string) (Question, event.Actor, error) {
	return answer(ctx, st, run, node, by, reason, false)
}

// Reject answers a question of a run with no; see [Approve].
func Reject(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by Person, reason string) (Question, event.Actor, error) {
	return answer(ctx, st, run, node, by, reason, true)
}

func answer(ctx context.Context, st store.Store, run event.RunID, node plan.NodeID, by Person, reason string, reject bool) (Question, event.Actor, error) {
	l, err := Load(ctx, st, run)
	if err != nil {
		return Question{}, event.Actor{}, err
	}
	q, err := l.question(node)
	if err != nil {
		return q, event.Actor{}, err
	}
	now := time.Now().UTC()
	a, err := by.answer(l, signed.Context{Run: run, Node: q.Node, Plan: l.Info.Plan, Subject: q.Subject, Reject: reject}, reason, now)
	if err != nil {
		return q, event.Actor{}, err
	}
	if err := machine.CheckApproval(l.State, q.Node, a, reject, now); err != nil {
		return q, a.By, err
	}
	kind := store.Approve
	if reject {
		kind = store.Reject
	}
	return q, a.By, post(ctx, st, store.Message{Run: run, Kind: kind, At: now, From: a.By}, Answer{q.Node, a})
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

// CheckSignatures verifies the signed answers in a run's record once more, with nothing but the record.
func CheckSignatures(ctx context.Context, st store.Store, run event.RunID) ([]store.Problem, error) {
	info, err := st.Run(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	b, err := st.Plan(ctx, info.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", run, err)
	}
	_, p, err := plan.Read(b)
	if err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", run, err)
	}
	events, err := st.Events(ctx, run, 1)
	if err != nil {
		return nil, fmt.Errorf("journal of run %s: %w", run, err)
	}
	out := []store.Problem{}
	asked := map[plan.NodeID]string{}
	for _, e := range events {
		var err error
		switch e.Type {
		case event.ApprovalRequested:
			var r event.ApprovalRequest
			r, err = event.Payload[event.ApprovalRequest](e)
			asked[e.Node] = r.Subject
		case event.ApprovalGiven, event.ApprovalRejected:
			about := signed.Context{Run: run, Node: e.Node, Plan: info.Plan, Subject: asked[e.Node], Reject: e.Type == event.ApprovalRejected}
			err = genuineAnswer(p, about, e)
		}
		if err != nil {
			out = append(out, store.Problem{Kind: store.ProblemApproval, Seq: e.Seq, Detail: fmt.Sprintf("event %d, %s on %q: %v", e.Seq, e.Type, e.Node, err)})
		}
	}
	return out, nil
}

// genuineAnswer holds a recorded answer against its signature.
func genuineAnswer(p *plan.Plan, about signed.Context, e event.Event) error {
	a, err := event.Payload[event.Approval](e)
	if err != nil {
		return err
	}
	proven, err := signed.Admit(p, about, a, e.Time)
	if err != nil {
		return err
	}
	if proven.By.Name != a.By.Name || proven.By.How != a.By.How || proven.By.Proof != a.By.Proof || !slices.Equal(proven.By.Groups, a.By.Groups) {
		return fmt.Errorf("it is recorded as by %s, and was signed by %s", a.By.Name, proven.By.Name)
	}
	return nil
}
