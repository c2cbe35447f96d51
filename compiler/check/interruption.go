package check

import "github.com/penstock-dev/penstock/schema"

func interruptionDocs() []Doc {
	return []Doc{{
		Code:  "no-check",
		Title: "interrupted work cannot be asked",
		What:  `A stage, or a command beside a step, says interrupted: "check", and what it runs has no check.`,
		Why:   "After a crash nobody could say whether the work was done.",
		Bad:   `stages: build: interrupted: "check"`,
		Good:  `stages: build: interrupted: "rerun"`,
	}}
}

// interruptions checks that what shall be asked after a crash can answer.
func interruptions(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		if s.Interrupted == schema.InterruptedCheck && s.Migrate == nil && (s.Exec == nil || s.Exec.Check == nil) {
			p.noCheck(p.stageAt(name).field("interrupted"))
		}
		if s.Deploy == nil {
			continue
		}
		if b := s.Deploy.BlueGreen; b != nil && b.Before != nil && cannotAsk(b.Before.Interrupted, b.Before.Exec) {
			p.noCheck(p.stageAt(name).field("deploy").field("blueGreen").field("before").field("interrupted"))
		}
		if s.Deploy.Canary == nil {
			continue
		}
		for i, step := range s.Deploy.Canary.Steps {
			if d := step.During; d != nil && cannotAsk(d.Interrupted, d.Exec) {
				p.noCheck(p.stageAt(name).field("deploy").field("canary").field("steps").item(i).field("during").field("interrupted"))
			}
		}
	}
}

func cannotAsk(i schema.Interrupted, e *schema.Exec) bool {
	return i == schema.InterruptedCheck && (e == nil || e.Check == nil)
}

func (p *pass) noCheck(where *at) {
	p.errorf("no-check", where, "interrupted work would be checked, and there is no check").Hint = `add exec.check, or say "rerun" or "fail"`
}
