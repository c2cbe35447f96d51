package check

import (
	"strings"

	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func peopleDocs() []Doc {
	return []Doc{
		{
			Code:  "quorum-unreachable",
			Title: "more people must agree than there are",
			What:  "An approval's count is larger than the number of people behind its `by`: users named and members of groups, each counted once.",
			Why:   "It could never be given.",
			Bad:   "groups: release: members: [\"user:ada\", \"user:grace\"]\nstages: agree: {needs: [\"staging\"], approve: {by: [\"group:release\", \"user:ada\"], count: 3}}",
			Good:  "groups: release: members: [\"user:ada\", \"user:grace\"]\nstages: agree: {needs: [\"staging\"], approve: {by: [\"group:release\", \"user:ada\"], count: 2}}",
		},
		{
			Code:  "quorum-author",
			Title: "nobody is left to agree when one of the approvers is the author",
			What:  "An approval has notAuthor and needs as many people as there are.",
			Why:   "As soon as one of them is the author it could not be given: there are too few others.",
			Allow: true,
			Bad:   `stages: agree: {needs: ["staging"], approve: {by: ["user:ada"], notAuthor: true}}`,
			Good:  `stages: agree: {needs: ["staging"], approve: {by: ["user:ada", "user:grace"], notAuthor: true}}`,
		},
		{
			Code:  "unknown-group",
			Title: "a group is named that is nearly one of the pipeline's",
			What:  "An approval asks a group that the pipeline does not have, but it has one of nearly the same name. A group that whoever signs people in knows need not be declared.",
			Why:   "A misspelt group has no members: nobody could approve.",
			Allow: true,
			Bad:   "groups: release: members: [\"user:ada\"]\nstages: agree: {needs: [\"staging\"], approve: by: [\"group:relaese\"]}",
			Good:  "groups: release: members: [\"user:ada\"]\nstages: agree: {needs: [\"staging\"], approve: by: [\"group:release\"]}",
		},
	}
}

// people checks that those who are asked to approve are enough.
func people(p *pass) {
	for i := range p.stages {
		questions(p.paths[i], &p.defs[i], p.question)
	}
}

// questions calls f for every question that a stage asks people.
func questions(stage *at, s *schema.Stage, f func(where *at, a *schema.Approve)) {
	if s.Approve != nil {
		f(stage.field("approve"), s.Approve)
	}
	if s.Deploy == nil {
		return
	}
	if b := s.Deploy.BlueGreen; b != nil && b.Before != nil && b.Before.Approve != nil {
		f(stage.field("deploy").field("blueGreen").field("before").field("approve"), b.Before.Approve)
	}
	if c := s.Deploy.Canary; c != nil {
		for i, step := range c.Steps {
			if step.Approve != nil {
				f(stage.field("deploy").field("canary").field("steps").item(i).field("approve"), step.Approve)
			}
		}
	}
}

func (p *pass) question(where *at, a *schema.Approve) {
	behind, all := map[string]bool{}, true
	for i, by := range a.By {
		kind, name, _ := strings.Cut(string(by), ":")
		if kind == "user" {
			behind[name] = true
			continue
		}
		g, known := p.pipe.Groups[schema.GroupName(name)]
		all = all && known
		for _, m := range g.Members {
			behind[strings.TrimPrefix(string(m), "user:")] = true
		}
		if near, found := p.meantGroup(name); found {
			d := p.warnf("unknown-group", where.field("by").item(i), "the pipeline has no group %q (did you mean %q?)", name, near)
			d.Hint = "if another group is meant, known to whoever signs people in, allow this"
		}
	}
	n, count := len(behind), a.CountOrDefault()
	if !all || n == 0 {
		return // who else is in a group that is not declared, nobody here knows
	}
	place := where.field("by")
	if a.Count != nil {
		place = where.field("count")
	}
	switch {
	case count > n:
		p.errorf("quorum-unreachable", place, "%d people must agree, and there %s", count, only(n)).Hint = "lower count, or name more people"
	case a.NotAuthor && count > n-1:
		d := p.warnf("quorum-author", where.field("notAuthor"), "%d must agree who did not start the run, and there %s to ask", count, only(n))
		d.Hint = "name one person more, or lower count"
	}
}

// meantGroup is the declared group that a name which is none most likely stands for. One that only goes on after another is
// more likely another group than a mistake.
func (p *pass) meantGroup(name string) (schema.GroupName, bool) {
	if _, known := p.pipe.Groups[schema.GroupName(name)]; known || len(p.pipe.Groups) == 0 {
		return "", false
	}
	near, found := names.Nearest(name, names.Sorted(p.pipe.Groups))
	return schema.GroupName(near), found && !strings.HasPrefix(near, name) && !strings.HasPrefix(name, near)
}

func only(n int) string {
	if n == 1 {
		return "is only 1"
	}
	return "are only " + decimal(float64(n))
}
