package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// bind folds values that node i established. When one differs from before, approvals that were given for it are reopened.
func (s *State) bind(i int32, values map[string]string) {
	changed := false
	for k, v := range values {
		if old, ok := s.bindings[k]; ok && old != v {
			changed = true
		}
		s.bindings[k] = v
	}
	s.bound[i] = values
	s.version++
	if changed {
		s.reopenApprovals()
	}
}

// subject is what an approval at node i is about: plan, source tree, the values given at the start and those established
// upstream, previews' hashes among them. The encoding is frozen: canonical JSON (sorted keys) of these three fields.
func (s *State) subject(i int32) string {
	if c, ok := s.out.subject[i]; ok && c.version == s.version {
		return c.subject
	}
	values := make(map[string]string, len(s.started.Bindings))
	for k, v := range s.started.Bindings {
		values[k] = v
	}
	for _, b := range s.g.binders[i] {
		for k := range s.bound[b] {
			values[k] = s.bindings[k]
		}
	}
	raw, err := json.Marshal(struct {
		Bindings map[string]string `json:"bindings"`
		Plan     plan.ID           `json:"plan"`
		Tree     string            `json:"tree"`
	}{values, s.started.Plan, s.tree})
	if err != nil {
		panic("machine: subject: " + err.Error()) // strings always marshal
	}
	sum := sha256.Sum256(raw)
	out := "sha256:" + hex.EncodeToString(sum[:])
	s.out.subject[i] = cached{s.version, out}
	return out
}

// covered returns the subject under which node i may be dispatched: that of the approval above it, or a hash over those of
// all. ok is false while one of them isn't given, or was given for something else.
func (s *State) covered(i int32) (subject string, ok bool) {
	set := s.g.covers[s.g.nodes[i].cover]
	if len(set) == 0 {
		return "", true
	}
	var all []string
	for _, a := range set {
		if s.nodes[a].do.phase == skipped {
			continue
		}
		q := s.approvals[a]
		if s.nodes[a].do.phase != done || q != nil && q.subject != s.subject(a) {
			return "", false
		}
		if q != nil {
			all = append(all, q.subject)
		}
	}
	if len(all) <= 1 {
		return strings.Join(all, ""), true
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:]), true
}

// reopenApprovals asks again wherever an answer was given, or is being asked for, about something that has changed.
func (s *State) reopenApprovals() {
	for i := range s.nodes {
		q := s.approvals[int32(i)]
		if q == nil || q.subject == s.subject(int32(i)) {
			continue
		}
		switch s.nodes[i].do.phase {
		case waiting:
			s.nodes[i].do = side{gen: s.nodes[i].do.gen + 1, since: s.clock()}
			s.out.answered(int32(i), false)
		case done:
			if !s.stopping {
				s.reopen(int32(i))
			}
		}
	}
}

// reopen asks a gate or an approval that was passed once more, before anything further that needs it.
func (s *State) reopen(i int32) {
	n, k := &s.nodes[i], s.g.nodes[i].stage
	n.do = side{gen: n.do.gen + 1, since: s.clock()}
	delete(s.approvals, i)
	if s.stages[k].phase.final() {
		s.unsettle(k, active)
	}
	s.stages[k].open++
	s.stages[k].main++
	for _, d := range s.g.dependents(i) {
		s.nodes[d].wait++
	}
	s.out.answered(i, false)
}

// touchCovered looks again at everything that an approval was missing for.
func (s *State) touchCovered(i int32) {
	for k := range s.nodes {
		if n := &s.nodes[k]; n.do.phase == idle && n.wait == 0 && slices.Contains(s.g.covers[s.g.nodes[k].cover], i) {
			s.out.touch(int32(k))
		}
	}
}
