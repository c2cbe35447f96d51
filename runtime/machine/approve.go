package machine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// approval is a question to people and the answers so far.
type approval struct {
	subject string
	expires time.Time
	given   []string // names, in order
}

// What is wrong with an answer that doesn't count.
var (
	ErrNotAsked      = errors.New("nobody is asked about this")
	ErrOtherSubject  = errors.New("that answer is about something else: what is asked for has changed since")
	ErrNotEntitled   = errors.New("not among those who are asked")
	ErrIsAuthor      = errors.New("whoever started the run may not approve it")
	ErrOSUser        = errors.New("the operating system's user is not enough here: sign with a key or log in")
	ErrAlreadyAgreed = errors.New("has agreed already")
	ErrExpired       = errors.New("the question has expired")
)

// CheckApproval says whether an answer to the question of a node counts, and if not, why. Expired answers and those of
// people who aren't asked never do; at is when the answer was given.
func CheckApproval(s *State, node plan.NodeID, a event.Approval, reject bool, at time.Time) error {
	i, ok := s.g.index[node]
	if !ok {
		return fmt.Errorf("node %q: %w", node, ErrNotAsked)
	}
	if err := s.counts(i, a, reject, at); err != nil {
		return fmt.Errorf("%s on %q: %w", a.By.Name, node, err)
	}
	return nil
}

// Asked returns what is asked at a node now: its subject, when that expires and who has agreed.
func (s *State) Asked(node plan.NodeID) (subject string, expires time.Time, given []string, ok bool) {
	i, found := s.g.index[node]
	if !found {
		return "", time.Time{}, nil, false
	}
	q := s.question(i)
	if q == nil {
		return "", time.Time{}, nil, false
	}
	return q.subject, q.expires, slices.Clone(q.given), true
}

// question is what people are asked at node i now: its own approval, or what to do about an inconclusive verdict.
func (s *State) question(i int32) *approval {
	if s.g.nodes[i].op == plan.OpApprove {
		if s.nodes[i].do.phase == waiting {
			return s.approvals[i]
		}
		return nil
	}
	if m := s.askingMonitor(i); m != none {
		return s.monitors[m].asked
	}
	return nil
}

// askingMonitor is the monitor about whose inconclusive verdict people have to decide before node i runs.
func (s *State) askingMonitor(i int32) int32 {
	if !s.open(s.g.nodes[i].stage) || s.nodes[i].do.phase != idle {
		return none
	}
	for _, m := range s.g.closes[i] {
		if x := &s.monitors[m]; x.phase == monitorClosed && !x.passed && !x.must && s.g.monitors[m].m.Judge.Inconclusive == "ask" {
			return m
		}
	}
	return none
}

func (s *State) counts(i int32, a event.Approval, reject bool, at time.Time) error {
	q := s.question(i)
	if q == nil {
		return ErrNotAsked
	}
	if a.Subject != q.subject {
		return ErrOtherSubject
	}
	if !q.expires.IsZero() && at.After(q.expires) {
		return ErrExpired
	}
	x := s.g.nodes[i].n.Do.Approve
	if x == nil { // about a verdict: whoever is known by name, and well enough for where it goes
		switch {
		case a.By.Name == "":
			return ErrNotEntitled
		case a.By.How == "os-user" && !reject && s.g.refuses(i):
			return ErrOSUser
		}
		return nil
	}
	if !s.entitled(x.By, a.By) {
		return ErrNotEntitled
	}
	if a.By.How == "os-user" && !x.AllowOSUser && s.g.refusesOSUser[i] {
		return ErrOSUser
	}
	if reject {
		return nil
	}
	if x.NotAuthor && a.By.Name == s.started.Actor.Name {
		return ErrIsAuthor
	}
	if slices.Contains(q.given, a.By.Name) {
		return ErrAlreadyAgreed
	}
	return nil
}

// entitled reports whether a person is among "user:ada" and "group:sre"; nobody named means everybody known by name. Who
// is in a group that the plan spells out is the plan's word, not the answer's.
func (s *State) entitled(by []string, who event.Actor) bool {
	if who.Name == "" {
		return false
	}
	for _, b := range by {
		kind, name, _ := strings.Cut(b, ":")
		in := kind == "user" && name == who.Name
		if kind == "group" {
			in = slices.Contains(who.Groups, name)
			if g := s.g.plan.Groups[name]; len(g.Members) > 0 {
				listed := g.SignersDigest == "" || who.How != "ssh" || in // by the group's own list of signers
				in = listed && slices.Contains(g.Members, "user:"+who.Name)
			}
		}
		if in {
			return true
		}
	}
	return len(by) == 0
}

func (s *State) foldApproval(e event.Event, i int32) error {
	switch e.Type {
	case event.ApprovalRequested:
		return s.foldRequested(e, i)
	case event.ApprovalExpired:
		q := s.question(i)
		if q == nil || e.Generation != int(s.nodes[i].do.gen) || q.expires.IsZero() || s.now.Before(q.expires) {
			return nil
		}
		s.decline(i, "nobody decided in time")
		return nil
	}
	a, err := decode[event.Approval](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	if e.Generation != 0 && e.Generation != int(s.nodes[i].do.gen) {
		return nil
	}
	reject := e.Type == event.ApprovalRejected
	if s.counts(i, a, reject, e.Time) != nil {
		return nil
	}
	if reject {
		s.decline(i, strings.TrimSuffix("rejected by "+a.By.Name+": "+a.Reason, ": "))
		return nil
	}
	q := s.question(i)
	q.given = append(q.given, a.By.Name)
	if m := s.askingMonitor(i); m != none {
		s.monitors[m].passed = true
		s.out.answered(i, false)
		return nil
	}
	if len(q.given) >= max(s.g.nodes[i].n.Do.Approve.Count, 1) {
		s.finish(i, done)
		s.touchCovered(i)
	}
	return nil
}

func (s *State) foldRequested(e event.Event, i int32) error {
	r, err := decode[event.ApprovalRequest](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	n := &s.nodes[i]
	if e.Generation != int(n.do.gen) || n.do.phase != idle || n.wait > 0 || !s.open(s.g.nodes[i].stage) {
		return illegal(e, "it isn't this node's turn to ask")
	}
	if m := s.askingMonitor(i); m != none {
		s.monitors[m].asked = &approval{subject: r.Subject, expires: r.Expires}
		s.out.answered(i, false)
		return nil
	}
	if s.g.nodes[i].op != plan.OpApprove {
		return illegal(e, "the node asks nobody")
	}
	n.do.phase, n.do.since = waiting, s.clock()
	s.approvals[i] = &approval{subject: r.Subject, expires: r.Expires}
	s.begin(i)
	s.out.answered(i, false)
	return nil
}

// decline is a "no" of people.
func (s *State) decline(i int32, why string) {
	if m := s.askingMonitor(i); m != none {
		s.verdictFails(m, s.g.nodes[i].stage, "inconclusive, and "+why, event.Verdict{})
		return
	}
	s.fail(i, event.Cause{Message: why})
}
