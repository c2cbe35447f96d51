package check

import (
	"slices"

	"github.com/penstock-dev/penstock/schema"
)

func redundantDocs() []Doc {
	return []Doc{{
		Code:  "redundant-need",
		Title: "a stage needs what it waits for anyway",
		What:  "A stage names in its needs a stage that another of its needs leads to. Only needs that the pipeline itself writes are looked at, and only ways along needs: what a stage puts in front by before may be gone tomorrow.",
		Why:   "It changes nothing. Either it can go, or another stage was meant.",
		Allow: true,
		Bad:   `stages: lint: {needs: ["build", "staging"], exec: command: ["ci/lint.sh"]}`,
		Good:  `stages: lint: {needs: ["staging"], exec: command: ["ci/lint.sh"]}`,
	}}
}

// redundant reports needs that follow from others.
func redundant(p *pass) {
	var rank []int
	for _, edge := range p.graph.needs.Redundant(p.graph.reach) {
		from, need := edge[0], edge[1]
		s := p.stageOf(from)
		k := slices.Index(s.Needs, schema.StageName(p.stages[need]))
		if k < 0 {
			continue
		}
		where := p.paths[from].field("needs").item(k)
		if !p.source.Direct(where.String()) {
			continue
		}
		if rank == nil {
			rank = p.ranks()
		}
		if way := p.longer(from, need, rank); way != nil {
			d := p.warnf("redundant-need", where, "stage %q waits for %q anyway: %s", p.stages[from], p.stages[need], chain(way))
			d.Hint = "remove it, or name what was meant"
		}
	}
}

// ranks are the places of the stages in the order.
func (p *pass) ranks() []int {
	rank := make([]int, len(p.stages))
	for k, i := range p.graph.order {
		rank[i] = k
	}
	return rank
}

// longer is a shortest way from need to from along needs alone, other than the edge between them; nil when there is none.
// Stages that come before need in the order cannot lead to it.
func (p *pass) longer(from, need int, rank []int) []string {
	next := map[int]int{from: -1}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at == need {
			var way []string
			for ; at >= 0; at = next[at] {
				way = append(way, p.stages[at])
			}
			return way
		}
		for _, n := range p.stageOf(at).Needs {
			i, known := p.graph.index[string(n)]
			if _, seen := next[i]; !known || seen || at == from && i == need || rank[i] < rank[need] {
				continue
			}
			next[i] = at
			queue = append(queue, i)
		}
	}
	return nil
}
