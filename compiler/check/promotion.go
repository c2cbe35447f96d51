package check

import "github.com/penstock-dev/penstock/schema"

func promotionDocs() []Doc {
	return []Doc{{
		Code:  "promotion-order",
		Title: "production does not wait for the lower tier",
		What:  "A workload is deployed to production, and also to an environment of a lower tier, but no stage of the lower tier comes before production.",
		Why:   "Users would be the first to try what the lower tier is there to try.",
		Bad:   `stages: hurry: {needs: ["build"], deploy: {workload: "web", in: "eu", rolling: {}}}`,
		Good:  `stages: hurry: {needs: ["staging"], deploy: {workload: "web", in: "eu", rolling: {}}}`,
	}}
}

// promotion checks that production comes behind some deploy of the same workload in a lower tier, where there is one.
func promotion(p *pass) {
	lower := map[schema.WorkloadName][]int{}
	for _, d := range p.deploys {
		if rank := d.env.Tier.Rank(); rank >= 0 && rank < schema.Production.Rank() {
			lower[d.deploy.Workload] = append(lower[d.deploy.Workload], d.stage)
		}
	}
	for _, d := range p.deploys {
		tried := lower[d.deploy.Workload]
		if d.env.Tier != schema.Production || len(tried) == 0 || p.anyBefore(tried, d.stage) {
			continue
		}
		first := p.stages[tried[0]]
		e := p.errorf("promotion-order", d.where.field("in"),
			"stage %q brings %q to production without waiting for the lower tier, where %q brings it", d.name, d.deploy.Workload, first)
		e.Hint = p.missingNeed(d.stage, tried[0])
		p.relate(e, p.stageAt(first), "the lower tier")
	}
}
