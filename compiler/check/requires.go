package check

import (
	"slices"

	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func requiresDocs() []Doc {
	return []Doc{
		{
			Code:  "requires-approval",
			Title: "an environment that requires an approval is reached without one",
			What:  "A stage deploys to an environment with requires.approval, migrates it or runs a command in it, and on some way to that stage nobody is asked: no approve stage stands on it, or the stage waits for something that goes past every approval. An approval inside the stage counts when it stands before anybody meets the new version: in blueGreen.before, or as the first step of a canary.",
			Why:   "The environment's own definition says that people decide what changes it, and that they see everything that comes. A first deploy passes the same gates and approvals. Policies such as production-approval ask for more, and in environments that require nothing.",
			Bad:   "environments: eu: requires: approval: true\nstages: eu: {needs: [\"staging\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}",
			Good:  "environments: eu: requires: approval: true\nstages: eu: {needs: [\"approval\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}",
		},
		{
			Code:  "requires-judged",
			Title: "an environment that requires a judged release gets one that nobody judges",
			What:  "A stage deploys to an environment with requires.judged; its strategy has no analysis with SLOs or limits, and no verify stage with some comes after it.",
			Why:   "The release would be called good because nothing was looked at.",
			Bad:   "environments: eu: requires: judged: true\nstages: eu: {needs: [\"approval\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}",
			Good:  "environments: eu: requires: judged: true\nstages: eu: {needs: [\"approval\"], deploy: {workload: \"web\", in: \"eu\", rolling: {}}}\nstages: watch: {needs: [\"eu\"], verify: {workload: \"web\", in: \"eu\", hold: \"1h\", slos: errors: {}}}",
		},
		{
			Code:  "requires-trusted",
			Title: "an environment that requires trusted artifacts gets one without trust",
			What:  "A stage brings an artifact to an environment with requires.trusted, and the artifact declares neither signatures nor an SBOM nor provenance.",
			Why:   "Nothing would be verified before it runs.",
			Bad:   "artifacts: job: file: path: \"dist/job.zip\"\nworkloads: job: lambda: {function: \"job\", alias: \"live\", artifact: \"job\"}\nenvironments: functions: requires: trusted: true\nstages: pack: exec: {command: [\"pack\"], produces: job: {}}\nstages: job: {needs: [\"pack\"], deploy: {workload: \"job\", in: \"functions\", allAtOnce: {}}}",
			Good:  "artifacts: job: file: {path: \"dist/job.zip\", trust: sbom: true}\nworkloads: job: lambda: {function: \"job\", alias: \"live\", artifact: \"job\"}\nenvironments: functions: requires: trusted: true\nstages: pack: exec: {command: [\"pack\"], produces: job: {}}\nstages: job: {needs: [\"pack\"], deploy: {workload: \"job\", in: \"functions\", allAtOnce: {}}}",
		},
	}
}

// requires holds every stage that changes an environment against what the environment demands of it.
func requires(p *pass) {
	reported := map[string]bool{}
	for _, i := range p.graph.order {
		env := changes(p.stageOf(i))
		if r := p.pipe.Environments[env].Requires; r != nil && r.Approval {
			p.approval(i, env, reported)
		}
	}
	p.judgedReleases()
	p.trustedArtifacts()
}

// changes is the environment that the stage changes, or "". A command may do anything where it runs.
func changes(s *schema.Stage) schema.EnvName {
	if s.Deploy == nil && s.Migrate == nil && s.Exec == nil {
		return ""
	}
	return environmentOf(*s)
}

// approval reports a stage that is reached past all approvals. When the way leads over a stage that was reported, what
// mends that one mends this one.
func (p *pass) approval(stage int, env schema.EnvName, reported map[string]bool) {
	path := p.unapproved(stage)
	if len(path) == 0 {
		return
	}
	name := p.stages[stage]
	reported[name] = true
	if slices.ContainsFunc(path[:len(path)-1], func(s string) bool { return reported[s] }) {
		return
	}
	how := "and no approval stands on the way to stage %q: %s"
	if p.approved.Behind(stage) {
		how = "and stage %q waits for something that goes past every approval: %s"
	}
	where := p.inAt(name)
	d := p.errorf("requires-approval", where, "environment %q requires an approval, "+how, env, name, chain(path))
	d.Hint = p.missingApproval(path)
	p.relate(d, root("environments").field(string(env)).field("requires").field("approval"), "environment %q requires it", env)
}

// inAt is where the stage says in which environment it works.
func (p *pass) inAt(name string) *at {
	where := p.stageAt(name)
	for _, action := range p.pipe.Stages[schema.StageName(name)].Variants() {
		where = where.field(action).field("in")
		break
	}
	return where
}

// place is a workload in an environment.
type place struct {
	workload schema.WorkloadName
	env      schema.EnvName
}

func (p *pass) judgedReleases() {
	var verified map[place][]int
	for _, d := range p.deploys {
		if d.env.Requires == nil || !d.env.Requires.Judged || p.judges(d.stage) {
			continue
		}
		if verified == nil {
			verified = p.verified()
		}
		after := verified[place{d.deploy.Workload, d.deploy.In}]
		if p.anyBehind(after, d.stage) {
			continue
		}
		e := p.errorf("requires-judged", d.where.field("in"), "environment %q requires a judged release, and nothing judges stage %q: no analysis, no verify stage after it", d.deploy.In, d.name)
		e.Hint = "add a verify stage of \"" + string(d.deploy.Workload) + "\" that needs it"
		if strategy := strategyOf(d.deploy); strategy != "apply" {
			e.Hint = "give " + strategy + " an analysis with slos or limits, or " + e.Hint
		}
		if len(after) > 0 {
			e.Hint = p.missingNeed(after[0], d.stage)
			p.relate(e, p.stageAt(p.stages[after[0]]), "stage %q judges %q there", p.stages[after[0]], d.deploy.Workload)
		}
		p.relate(e, root("environments").field(string(d.deploy.In)).field("requires").field("judged"), "environment %q requires it", d.deploy.In)
	}
}

// judges reports whether the stage itself looks at SLOs or limits.
func (p *pass) judges(stage int) bool {
	a := analysisOf(p.stageOf(stage))
	return a != nil && len(a.SLOs)+len(a.Limits) > 0
}

// analysisOf is how a stage judges; nil when it does not.
func analysisOf(s *schema.Stage) *schema.Analysis {
	if s.Verify != nil {
		a := s.Verify.Analysis()
		return &a
	}
	switch d := s.Deploy; {
	case d == nil:
		return nil
	case d.AllAtOnce != nil:
		return d.AllAtOnce.Analysis
	case d.Rolling != nil:
		return d.Rolling.Analysis
	case d.Canary != nil:
		return d.Canary.Analysis
	case d.Linear != nil:
		return d.Linear.Analysis
	case d.BlueGreen != nil && d.BlueGreen.After != nil:
		return d.BlueGreen.After.Analysis
	}
	return nil
}

// verified are the verify stages that judge something, by what they judge.
func (p *pass) verified() map[place][]int {
	out := map[place][]int{}
	for i := range p.stages {
		if v := p.stageOf(i).Verify; v != nil && p.judges(i) {
			out[place{v.Workload, v.In}] = append(out[place{v.Workload, v.In}], i)
		}
	}
	return out
}

func (p *pass) anyBehind(stages []int, a int) bool {
	for _, b := range stages {
		if p.graph.before(a, b) {
			return true
		}
	}
	return false
}

// trustedArtifacts reports each artifact once, for the first stage by name.
func (p *pass) trustedArtifacts() {
	reported := map[schema.ArtifactName]bool{}
	for _, d := range p.deploys {
		if d.env.Requires == nil || !d.env.Requires.Trusted {
			continue
		}
		for _, name := range carried(d.workload) {
			a, known := p.pipe.Artifacts[name]
			if !known || reported[name] || trusted(a.Trust()) {
				continue
			}
			reported[name] = true
			e := p.errorKey("requires-trusted", root("artifacts").field(string(name)), "environment %q requires trusted artifacts, and %q, which %q brings there, declares no trust", d.deploy.In, name, d.name)
			e.Hint = "add trust: signatures, sbom or provenance"
			p.relate(e, root("environments").field(string(d.deploy.In)).field("requires").field("trusted"), "environment %q requires it", d.deploy.In)
			p.relate(e, d.where, "stage %q brings it there", d.name)
		}
	}
}

func trusted(t *schema.Trust) bool {
	return t != nil && (len(t.Signatures) > 0 || t.SBOM || t.Provenance != nil)
}

// requiredEnvironments are the environments that others require a release to have run in.
func requiredEnvironments(e schema.Environment) []schema.EnvName {
	if e.Requires == nil {
		return nil
	}
	var out []schema.EnvName
	for _, name := range names.Sorted(e.Requires.After) {
		out = append(out, schema.EnvName(name))
	}
	return out
}
