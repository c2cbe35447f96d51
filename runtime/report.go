package runtime

import (
	"context"
	"fmt"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
	"github.com/penstock-dev/penstock/runtime/machine"
	"github.com/penstock-dev/penstock/runtime/store"
)

// Report is what became of a run so far, or in the end.
type Report struct {
	Run      event.RunID   `json:"run"`
	Pipeline string        `json:"pipeline"`
	Plan     plan.ID       `json:"plan"`
	Release  string        `json:"release,omitempty"`
	Commit   string        `json:"commit,omitempty"`
	State    store.State   `json:"state"`
	Outcome  event.Outcome `json:"outcome,omitempty"`
	// Emergency is the declared reason of an emergency rollback.
	Emergency string `json:"emergency,omitempty"`
	// Causes are root causes only.
	Causes []event.Cause `json:"causes,omitempty"`
	Stages []StageReport `json:"stages"`
	// Waiting are questions that people are asked.
	Waiting []Question `json:"waiting,omitempty"`
	// Head is the end of the run's hash chain: kept elsewhere, it anchors the record (`audit verify --anchor`).
	Head store.Head `json:"head"`
}

// StageReport is what became of a stage.
type StageReport struct {
	Name string `json:"name"`
	// Status is "pending", "active", "failing", "undoing", "stuck", "done", "undone", "skipped" or "not-run".
	Status string `json:"status"`
	// Because says why: the stage's own failure, or what kept it from running.
	Because string       `json:"because,omitempty"`
	Nodes   []NodeReport `json:"nodes"`
}

// NodeReport is what became of a node.
type NodeReport struct {
	ID       plan.NodeID        `json:"id"`
	Status   machine.NodeStatus `json:"status"`
	Attempts int                `json:"attempts,omitempty"`
}

// Question is what people are asked.
type Question struct {
	Node    plan.NodeID `json:"node"`
	Subject string      `json:"subject"`
	By      []string    `json:"by,omitempty"`
	Message string      `json:"message,omitempty"`
	Given   []string    `json:"given,omitempty"`
}

// Loaded is a run with everything that its journal says.
type Loaded struct {
	Info   store.RunInfo
	File   plan.File
	Plan   *plan.Plan
	Events []event.Event
	State  *machine.State
}

// Load reads a run and folds its journal.
func Load(ctx context.Context, st store.Store, run event.RunID) (*Loaded, error) {
	info, err := st.Run(ctx, run)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	b, err := st.Plan(ctx, info.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", run, err)
	}
	f, p, err := plan.Read(b)
	if err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", run, err)
	}
	events, err := st.Events(ctx, run, 1)
	if err != nil {
		return nil, fmt.Errorf("journal of run %s: %w", run, err)
	}
	s, err := Fold(p, events)
	if err != nil {
		return nil, fmt.Errorf("journal of run %s: %w", run, err)
	}
	return &Loaded{Info: info, File: f, Plan: p, Events: events, State: s}, nil
}

// started is how the run began.
func (l *Loaded) started() event.Started {
	if len(l.Events) == 0 {
		return event.Started{}
	}
	s, err := event.Payload[event.Started](l.Events[0])
	if err != nil {
		return event.Started{} // the fold has read it already
	}
	return s
}

// Fold replays a journal.
func Fold(p *plan.Plan, events []event.Event) (*machine.State, error) {
	s, err := machine.New(p, machine.Options{})
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := machine.Apply(s, e); err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
	}
	return s, nil
}

// Report summarises a loaded run.
func (l *Loaded) Report(ctx context.Context, st store.Store) (Report, error) {
	head, err := st.Head(ctx, l.Info.ID)
	if err != nil {
		return Report{}, fmt.Errorf("head of run %s: %w", l.Info.ID, err)
	}
	r := Report{
		Run: l.Info.ID, Pipeline: l.Info.Pipeline, Plan: l.Info.Plan, Release: l.Info.Release, Commit: l.Info.Commit,
		State: l.Info.State, Outcome: l.Info.Outcome, Emergency: l.started().Emergency, Causes: l.State.Causes(), Head: head,
	}
	nodes := map[string][]NodeReport{}
	because := map[string]string{}
	for _, n := range l.State.Nodes() {
		nodes[n.Stage] = append(nodes[n.Stage], NodeReport{n.ID, n.Status, n.Attempts})
		if n.Because != nil && because[n.Stage] == "" {
			because[n.Stage] = "because of " + CauseText(*n.Because)
		}
	}
	for _, s := range l.State.Stages() {
		sr := StageReport{Name: s.Name, Status: s.Status, Because: because[s.Name], Nodes: nodes[s.Name]}
		if s.Cause != nil {
			sr.Because = CauseText(*s.Cause)
		}
		if notRun(sr) {
			sr.Status = "not-run"
		}
		r.Stages = append(r.Stages, sr)
	}
	r.Waiting = l.questions()
	return r, nil
}

// notRun tells a stage that a failure elsewhere kept from running from one that was skipped on purpose.
func notRun(s StageReport) bool {
	dropped := false
	for _, n := range s.Nodes {
		switch n.Status {
		case machine.NodeDropped:
			dropped = true
		case machine.NodeSkipped, machine.NodePending:
		default:
			return false
		}
	}
	return dropped
}

func (l *Loaded) questions() []Question {
	var out []Question
	for i := range l.Plan.Nodes {
		n := &l.Plan.Nodes[i]
		subject, _, given, ok := l.State.Asked(n.ID)
		if !ok {
			continue
		}
		q := Question{Node: n.ID, Subject: subject, Given: given}
		if a := n.Do.Approve; a != nil {
			q.By, q.Message = a.By, a.Message
		}
		out = append(out, q)
	}
	return out
}

// CauseText is a cause in one line.
func CauseText(c event.Cause) string {
	where := c.Stage
	switch {
	case c.Node != "":
		where = string(c.Node)
	case c.Monitor != "":
		where = string(c.Monitor)
	}
	text := strings.TrimPrefix(where+": "+c.Message, ": ")
	if c.Fix != "" {
		text += " (" + c.Fix + ")"
	}
	return text
}
