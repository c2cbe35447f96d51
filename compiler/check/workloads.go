package check

import (
	"strings"

	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func workloadDocs() []Doc {
	return []Doc{
		{
			Code:  "unknown-workload",
			Title: "a workload is named that does not exist",
			What:  "deploy, verify, preview, an SLO's sli.requests or an injected output names a workload that the pipeline does not have.",
			Why:   "There is nothing to deploy, to judge or to ask.",
			Bad:   `stages: watch: {needs: ["production"], verify: {workload: "wbe", in: "production", hold: "1h", limits: load: {query: "max(load)", below: 1}}}`,
			Good:  `stages: watch: {needs: ["production"], verify: {workload: "web", in: "production", hold: "1h", limits: load: {query: "max(load)", below: 1}}}`,
		},
		{
			Code:  "output-source",
			Title: "an output is taken from a workload that has none",
			What:  `inject: {X: output: "WORKLOAD.NAME"} names a workload that is not Terraform.`,
			Why:   "Only Terraform workloads have outputs; the command would never get its value.",
			Bad:   `stages: seed: {needs: ["infra"], exec: {command: ["ci/seed.sh"], inject: URL: output: "web.url"}}`,
			Good:  `stages: seed: {needs: ["infra"], exec: {command: ["ci/seed.sh"], inject: URL: output: "cluster.url"}}`,
		},
	}
}

// workloadNames follows every name of a workload.
func workloadNames(p *pass) {
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		if s.Deploy != nil {
			p.stageWorkload(name, "deploy", s.Deploy.Workload)
		}
		if s.Verify != nil {
			p.stageWorkload(name, "verify", s.Verify.Workload)
		}
		if s.Preview != nil {
			p.stageWorkload(name, "preview", s.Preview.Workload)
		}
	}
	for name, slo := range p.pipe.SLOs {
		if slo.SLI.Requests == nil {
			continue
		}
		if _, known := p.pipe.Workloads[slo.SLI.Requests.Workload]; !known {
			where := root("slos").field(string(name)).field("sli").field("requests").field("workload")
			p.noWorkload(p.errorf("unknown-workload", where, "SLO %q counts requests of workload %q, which does not exist", name, slo.SLI.Requests.Workload), slo.SLI.Requests.Workload)
		}
	}
	p.programs(func(pr program) {
		for key, value := range pr.inject {
			if value.Output != "" {
				p.output(pr.where.field("inject").field(string(key)).field("output"), value.Output)
			}
		}
	})
}

func (p *pass) stageWorkload(stage, action string, w schema.WorkloadName) {
	if _, known := p.pipe.Workloads[w]; known {
		return
	}
	where := p.stageAt(stage).field(action).field("workload")
	p.noWorkload(p.errorf("unknown-workload", where, "stage %q names workload %q, which does not exist", stage, w), w)
}

// output checks "WORKLOAD.NAME".
func (p *pass) output(where *at, value string) {
	name, _, _ := strings.Cut(value, ".")
	w, known := p.pipe.Workloads[schema.WorkloadName(name)]
	if !known {
		p.noWorkload(p.errorf("unknown-workload", where, "%q is an output of workload %q, which does not exist", value, name), schema.WorkloadName(name))
		return
	}
	if hasOutputs(w) {
		return
	}
	d := p.errorf("output-source", where, "workload %q has no outputs: it is not Terraform", name)
	d.Hint = "outputs come from Terraform workloads"
}

func (p *pass) noWorkload(d *diagnostic, w schema.WorkloadName) {
	unknown(d, "workload", "workloads", string(w), names.Sorted(p.pipe.Workloads))
}

// hasOutputs reports whether the workload is Terraform, at least in some environment.
func hasOutputs(w schema.Workload) bool {
	if w.Terraform != nil {
		return true
	}
	for _, o := range w.In {
		if o.Terraform != nil {
			return true
		}
	}
	return false
}
