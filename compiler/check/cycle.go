package check

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func cycleDocs() []Doc {
	return []Doc{{
		Code:  "needs-cycle",
		Title: "stages wait for each other",
		What:  "Following needs (and before, the other way round) leads from a stage back to itself.",
		Why:   "None of the stages in the circle could ever start.",
		Bad:   `stages: build: needs: ["production"]`,
		Good:  `stages: build: needs: []`,
	}}
}

// cycles reports each knot of stages that wait for each other once, as a shortest circle from its smallest name.
func cycles(p *pass) {
	if !p.graph.cyclic {
		return
	}
	for _, circle := range p.graph.needs.Cycles() {
		circle = append(circle, circle[0])
		d := p.errorf("needs-cycle", p.edgeAt(circle[0], circle[1]), "stages wait for each other: %s", strings.Join(circle, " needs "))
		d.Hint = "remove one of these needs"
		for i := 1; i+1 < len(circle); i++ {
			p.relate(d, p.edgeAt(circle[i], circle[i+1]), "%q waits for %q here", circle[i], circle[i+1])
		}
	}
}

// edgeAt is where the user said that one stage waits for another.
func (p *pass) edgeAt(waits, need string) *at {
	if i := slices.Index(p.pipe.Stages[schema.StageName(waits)].Needs, schema.StageName(need)); i >= 0 {
		return p.stageAt(waits).field("needs").item(i)
	}
	i := slices.Index(p.pipe.Stages[schema.StageName(need)].Before, schema.StageName(waits))
	return p.stageAt(need).field("before").item(max(i, 0))
}
