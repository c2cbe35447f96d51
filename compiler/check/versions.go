package check

import "fmt"

func versionDocs() []Doc {
	return []Doc{{
		Code:  "versions-kept",
		Allow: true,
		Title: "the version to go back to may be gone",
		What:  "onFailure.rollback names the deploy of a function, and from that deploy to the failing stage the pipeline publishes so many versions of the function that the one from before is no longer among the keepVersions that are kept. Workloads of other targets keep the old version for every stage that may still go back to it: their keep counts from then.",
		Why:   "The rollback that the pipeline promises would find nothing to go back to.",
		Bad:   "workloads: batch: lambda: {function: \"batch\", artifact: \"archive\", keepVersions: 2}\nworkloads: batch: in: {functions: lambda: alias: \"beta\", live: lambda: alias: \"live\"}\nenvironments: live: {tier: \"staging\", lambda: {account: \"111111111111\", region: \"eu-central-1\"}}\nstages: beta: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", allAtOnce: {}}}\nstages: live: {needs: [\"beta\"], deploy: {workload: \"batch\", in: \"live\", allAtOnce: {}}}\nstages: smoke: {needs: [\"live\"], exec: command: [\"smoke.sh\"], onFailure: rollback: [\"live\", \"beta\"]}",
		Good:  "workloads: batch: lambda: {function: \"batch\", artifact: \"archive\", keepVersions: 3}\nworkloads: batch: in: {functions: lambda: alias: \"beta\", live: lambda: alias: \"live\"}\nenvironments: live: {tier: \"staging\", lambda: {account: \"111111111111\", region: \"eu-central-1\"}}\nstages: beta: {needs: [\"build\"], deploy: {workload: \"batch\", in: \"functions\", allAtOnce: {}}}\nstages: live: {needs: [\"beta\"], deploy: {workload: \"batch\", in: \"live\", allAtOnce: {}}}\nstages: smoke: {needs: [\"live\"], exec: command: [\"smoke.sh\"], onFailure: rollback: [\"live\", \"beta\"]}",
	}}
}

// versions checks that functions keep as many versions as rollbacks reach back.
func versions(p *pass) {
	published := map[string][]deployment{}
	deploys := map[int]deployment{}
	for _, d := range p.deploys {
		if f := functionOf(d); f != "" {
			published[f] = append(published[f], d)
			deploys[d.stage] = d
		}
	}
	if len(deploys) == 0 {
		return
	}
	for i, name := range p.stages {
		s := p.stageOf(i)
		if s.OnFailure == nil {
			continue
		}
		for k, other := range s.OnFailure.Rollback {
			d, is := deploys[p.graph.index[string(other)]]
			if _, known := p.graph.index[string(other)]; is && known && p.graph.before(d.stage, i) {
				p.reachesBack(name, k, d, published[functionOf(d)])
			}
		}
	}
}

// reachesBack counts the versions of a function that are published from one deploy to the stage whose k-th rollback it is.
func (p *pass) reachesBack(name string, k int, back deployment, all []deployment) {
	failing, count := p.graph.index[name], 0
	for _, d := range all {
		if d.stage == back.stage || p.graph.before(back.stage, d.stage) && p.graph.before(d.stage, failing) {
			count++
		}
	}
	kept := back.workload.Lambda.KeepVersionsOrDefault()
	if count < kept {
		return
	}
	where := p.stageAt(name).field("onFailure").field("rollback").item(k)
	d := p.warnf("versions-kept", where, "going back over %q, stage %q may not find the version from before: of function %q %d versions are kept, and the pipeline publishes %d on the way: %s",
		back.name, name, back.workload.Lambda.Function, kept, count, chain(p.graph.path(back.stage, failing)))
	d.Hint = fmt.Sprintf("keepVersions: %d would do", count+1)
	p.relate(d, root("workloads").field(string(back.deploy.Workload)).field("lambda").field("keepVersions"), "workload %q keeps %d", back.deploy.Workload, kept)
}

// functionOf names the function that a deploy publishes a version of, or "".
func functionOf(d deployment) string {
	l, in := d.workload.Lambda, d.env.Lambda
	if l == nil || in == nil || l.Function == "" {
		return ""
	}
	return in.Account + "/" + in.Region + in.Endpoint + "/" + l.Function
}
