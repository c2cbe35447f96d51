package check

import "github.com/penstock-dev/penstock/schema"

func weightDocs() []Doc {
	return []Doc{
		{
			Code:  "weight-order",
			Title: "the weights do not rise",
			What:  "A canary step gives the new version no more traffic than an earlier step did.",
			Why:   "A step that takes traffic back judges less than the one before it; the same weight twice is one step with a longer hold.",
			Bad:   `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{weight: 50}, {weight: 5}]}}`,
			Good:  `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{weight: 5}, {weight: 50}]}}`,
		},
		{
			Code:  "weight-range",
			Title: "a weight of 100 is no step",
			What:  "A canary step or the rise of a linear strategy is 100 %, or the rise is so small that it makes more than a thousand steps.",
			Why:   "Everybody would get the new version before it was judged on a part. After the last step it gets everything anyway.",
			Bad:   `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{weight: 5}, {weight: 100}]}}`,
			Good:  `stages: eu: {needs: ["production"], deploy: {workload: "web", in: "eu", canary: steps: [{weight: 5}, {weight: 50}]}}`,
		},
	}
}

// leastStep is the smallest rise of a linear strategy, in percent: each step is an instruction of the plan.
const leastStep = 0.1

// weights checks that canaries rise and stay in (0,100).
func weights(p *pass) {
	for _, name := range p.stages {
		d := p.pipe.Stages[schema.StageName(name)].Deploy
		if d == nil {
			continue
		}
		if d.Linear != nil && (d.Linear.Step <= 0 || d.Linear.Step >= 100) {
			p.errorf("weight-range", p.stageAt(name).field("deploy").field("linear").field("step"), "a step of %v %% is not above 0 and below 100", d.Linear.Step)
		}
		if d.Linear != nil && d.Linear.Step > 0 && d.Linear.Step < leastStep {
			p.errorf("weight-range", p.stageAt(name).field("deploy").field("linear").field("step"), "a step of %v %% makes more than a thousand steps; the least is %v %%", d.Linear.Step, leastStep)
		}
		if d.Canary != nil {
			p.rising(p.stageAt(name).field("deploy").field("canary").field("steps"), d.Canary.Steps)
		}
	}
}

func (p *pass) rising(where *at, steps []schema.Step) {
	highest := 0.0
	from := 0
	for i, s := range steps {
		if s.Weight == nil {
			continue
		}
		w := *s.Weight
		if w <= 0 || w >= 100 {
			d := p.errorf("weight-range", where.item(i).field("weight"), "a weight of %v %% is not above 0 and below 100", w)
			if i == len(steps)-1 {
				d.Hint = "leave the step out: after the last one the new version gets everything"
			}
			continue
		}
		if w <= highest {
			d := p.errorf("weight-order", where.item(i).field("weight"), "the weight falls or stays: %v %% after %v %%", w, highest)
			d.Hint = "weights rise from step to step"
			p.relate(d, where.item(from).field("weight"), "%v %% here", highest)
			continue
		}
		highest, from = w, i
	}
}
