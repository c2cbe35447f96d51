package local

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/judge"
)

// JudgeConfig is how a monitor's SLIs are judged. Without SLIs (a monitor of limits alone) it can't judge.
func JudgeConfig(p *plan.Plan, m *plan.Monitor) judge.Config {
	j := m.Judge
	c := judge.Config{
		Against: judge.Against(j.Against), Alpha: j.Alpha, Require: judge.Require(j.Require), Inconclusive: j.Inconclusive,
		MinRequests: uint64(max(j.MinRequests, 0)), Sticky: j.Sticky,
	}
	for _, s := range j.SLIs {
		c.SLIs = append(c.SLIs, judge.SLI{
			Name: s.SLO, Tolerate: s.Tolerate, Safe: s.Safe, Critical: s.Critical, DryRun: s.DryRun, Weight: s.Weight,
			Objective: p.SLOs[s.SLO].Objective,
		})
	}
	return c
}

// decides reports whether an SLI of the config decides anything.
func decides(c judge.Config) bool {
	for _, s := range c.SLIs {
		if !s.DryRun {
			return true
		}
	}
	return false
}
