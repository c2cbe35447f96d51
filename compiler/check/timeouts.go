package check

import (
	"time"

	"github.com/penstock-dev/penstock/schema"
)

func timeoutDocs() []Doc {
	return []Doc{{
		Code:  "timeout-too-short",
		Title: "a wait is longer than the time it has",
		What: "A workload says for how long it may become ready, or how long a state lock is waited for, and the stage that deploys it is given " +
			"less: by its timeout, or by the 10 minutes that bringing a version up may take at most.",
		Why:   "The longer time can never pass: the deployment is given up before.",
		Allow: true,
		Bad:   "workloads: web: kubernetes: ready: timeout: \"5m\"\nstages: staging: timeout: \"2m\"",
		Good:  "workloads: web: kubernetes: ready: timeout: \"5m\"\nstages: staging: timeout: \"6m\"",
	}}
}

// readyLimit is what lowering gives the instruction that brings a version up, at most.
const readyLimit = 10 * time.Minute

// timeouts compares what a workload may wait for with the time that the stage that deploys it has.
func timeouts(p *pass) {
	for _, d := range p.deploys {
		s := p.pipe.Stages[schema.StageName(d.name)]
		own := s.TimeoutOrDefault().Value()
		w := d.workload
		switch {
		case w.Kubernetes != nil && w.Kubernetes.Ready != nil:
			p.wait(d, s, w.Kubernetes.Ready.Timeout, min(own, readyLimit), "kubernetes", "ready", "timeout")
		case w.Process != nil && w.Process.Ready != nil:
			p.wait(d, s, w.Process.Ready.Timeout, min(own, readyLimit), "process", "ready", "timeout")
		case w.Terraform != nil:
			p.wait(d, s, w.Terraform.LockTimeout, own, "terraform", "lockTimeout")
		}
	}
}

// wait reports a wait that the user wrote down and that is longer than its bound.
func (p *pass) wait(d deployment, s schema.Stage, wait schema.Duration, bound time.Duration, fields ...string) {
	if wait.Value() <= bound {
		return
	}
	where, hint := d.where.field("workload"), "at most "+string(schema.FormatDuration(bound))+" are possible"
	if bound == s.TimeoutOrDefault().Value() {
		hint = "give the stage a longer timeout, or let the workload wait for less"
		if s.Timeout != "" {
			where = p.paths[d.stage].field("timeout")
		}
	}
	what := "becomes ready within"
	if fields[0] == "terraform" {
		what = "waits for the state lock for"
	}
	e := p.warnf("timeout-too-short", where, "workload %q %s %s, but stage %q gives up after %s", d.deploy.Workload, what, wait, d.name, schema.FormatDuration(bound))
	e.Hint = hint
	place := root("workloads").field(string(d.deploy.Workload))
	if over := p.pipe.Workloads[d.deploy.Workload].In[d.deploy.In]; waits(over) != "" {
		place = place.field("in").field(string(d.deploy.In))
	}
	for _, f := range fields {
		place = place.field(f)
	}
	p.relate(e, place, "%s here", wait)
}

// waits is for how long an overlay says that its workload waits.
func waits(o schema.Overlay) schema.Duration {
	switch {
	case o.Kubernetes != nil && o.Kubernetes.Ready != nil:
		return o.Kubernetes.Ready.Timeout
	case o.Process != nil && o.Process.Ready != nil:
		return o.Process.Ready.Timeout
	case o.Terraform != nil:
		return o.Terraform.LockTimeout
	}
	return ""
}
