package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func raceDocs() []Doc {
	return []Doc{{
		Code:  "race",
		Title: "two stages write one thing at once",
		What:  "Two stages that do not wait for each other change the same release, route, function, Terraform state or migration lock.",
		Why:   "Which of them comes last would be chance, and one could undo or judge the work of the other.",
		Bad:   `stages: again: {needs: ["approval"], deploy: {workload: "web", in: "production", rolling: {}}}`,
		Good:  `stages: again: {needs: ["production"], deploy: {workload: "web", in: "production", rolling: {}}}`,
	}}
}

// writer is a stage that changes something, and where it says so.
type writer struct {
	stage int
	where *at
	// deploy is nil for a migration.
	deploy *schema.Deploy
}

// races reports stages that write one place without an order between them. In a topological order it is enough to look at
// neighbours: when each waits for the one before it, all are ordered.
func races(p *pass) {
	rank := make([]int, len(p.stages))
	for k, i := range p.graph.order {
		rank[i] = k
	}
	reported := map[[2]int]bool{}
	for _, by := range p.writers() {
		for _, place := range slices.Sorted(maps.Keys(by)) {
			ws := by[place]
			slices.SortFunc(ws, func(a, b writer) int { return rank[a.stage] - rank[b.stage] })
			for k := 1; k < len(ws); k++ {
				a, b := ws[k-1], ws[k]
				if a.stage > b.stage {
					a, b = b, a
				}
				pair := [2]int{a.stage, b.stage}
				if !samePlace(a, b) && !p.graph.reach.Ordered(a.stage, b.stage) && !reported[pair] {
					reported[pair] = true
					p.race(place, a, b)
				}
			}
		}
	}
}

// samePlace reports whether two stages write one place because their environments are one: another check tells that.
func samePlace(a, b writer) bool {
	return a.deploy != nil && b.deploy != nil && a.deploy.Workload == b.deploy.Workload && a.deploy.In != b.deploy.In
}

// writers are the stages that write each place: first what is released or migrated, then what is switched with it.
func (p *pass) writers() [2]map[string][]writer {
	by := [2]map[string][]writer{{}, {}}
	for _, d := range p.deploys {
		for k, place := range writes(d) {
			m := by[min(k, 1)]
			m[place] = append(m[place], writer{d.stage, d.where, d.deploy})
		}
	}
	for i := range p.stages {
		if m := p.stageOf(i).Migrate; m != nil {
			by[0][migrated(m)] = append(by[0][migrated(m)], writer{stage: i, where: p.paths[i].field("migrate")})
		}
	}
	return by
}

func (p *pass) race(place string, a, b writer) {
	first, second := p.stages[a.stage], p.stages[b.stage]
	d := p.errorKey("race", b.where, "stages %q and %q both write %s, and neither waits for the other", first, second, place)
	d.Hint = "let one of them need the other; now they are reached by " + p.way(a.stage) + " and by " + p.way(b.stage)
	p.relate(d, a.where, "stage %q writes it too", first)
}

// way is a path by which the stage is reached, from a stage that needs nothing.
func (p *pass) way(stage int) string {
	path := []string{p.stages[stage]}
	for needs := p.graph.first(stage); len(needs) > 0; needs = p.graph.first(needs[0]) {
		path = append(path, p.stages[needs[0]])
	}
	slices.Reverse(path)
	return chain(path)
}

// chain writes a path of stages; the middle of a long one is left out.
func chain(path []string) string {
	if len(path) > 7 {
		path = slices.Concat(path[:3], []string{"…"}, path[len(path)-3:])
	}
	return strings.Join(path, " → ")
}

// migrated names what a migration changes: its lock, or the environment when it names none.
func migrated(m *schema.Migrate) string {
	if m.Lock != "" {
		return "migration lock " + m.Lock
	}
	return "the store that is migrated in " + string(m.In)
}
