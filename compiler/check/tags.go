package check

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func tagDocs() []Doc {
	return []Doc{{
		Code:  "tag-not-allowed",
		Title: "production takes a value from outside",
		What:  "A tag is given on the command line (the example is vetted with -t who=ada), and a production environment that the pipeline changes does not name it in allowTags. The policy tags-allowed says the same of the plan; where a pipeline waives that policy, this check is silent too.",
		Why:   "What was reviewed is what is released: a value from a command line was reviewed by nobody.",
		Tags:  []string{"who=ada"},
		Bad:   `labels: who: *"nobody" | string @tag(who)`,
		Good:  "labels: who: *\"nobody\" | string @tag(who)\nenvironments: production: allowTags: [\"who\"]",
	}}
}

// tags reports each tag that a production environment does not allow, once for each environment that the pipeline changes.
func tags(p *pass) {
	if len(p.tags) == 0 {
		return
	}
	first := map[schema.EnvName]string{}
	for i, name := range p.stages {
		env := changes(p.stageOf(i))
		if p.pipe.Environments[env].Tier == schema.Production && first[env] == "" && !p.waived("tags-allowed", name) {
			first[env] = name
		}
	}
	for _, name := range names.Sorted(first) {
		e := p.pipe.Environments[schema.EnvName(name)]
		where := root("environments").field(name).field("tier")
		if e.AllowTags != nil {
			where = root("environments").field(name).field("allowTags")
		}
		stage := first[schema.EnvName(name)]
		for _, tag := range p.tags {
			key, _, _ := strings.Cut(tag, "=")
			if slices.Contains(e.AllowTags, key) {
				continue
			}
			d := p.errorf("tag-not-allowed", where, "tag %q is given from outside, and production environment %q, which stage %q changes, does not allow it", key, name, stage)
			d.Hint = "name it in the environment's allowTags, or write the value into the pipeline"
			p.relate(d, p.stageAt(stage), "stage %q changes it", stage)
		}
	}
}
