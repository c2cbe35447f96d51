package check

import (
	_ "embed" // for base
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

// Input is what a run of the checks looks at.
type Input struct {
	Pipeline *schema.Pipeline
	Map      *source.Map
	Kinds    []targets.Capabilities
	// Files is what inspect found in the local files that the pipeline names; empty where nobody looked.
	Files inspect.Files
	// Tags are the tags that the pipeline's package was given, "key=value" or "key".
	Tags []string
	// Today is the day of the check, "2026-11-28": waivers expire and calendars open relative to it. Empty leaves out
	// what depends on it.
	Today string
}

// Check is one entry of the table.
type Check struct {
	// Docs describe the codes that it may report.
	Docs []Doc
	// run reports what is wrong. It may rely on what checks above it in the table have proved only where it asks for it.
	run func(p *pass)
	// ordered checks are left out when the graph has a cycle: before and after mean nothing then.
	ordered bool
}

// Doc is what a code means, for `penstock explain` and docs/checks.md.
type Doc struct {
	Code diag.Code
	// Title is one line, What says what was found, Why what would go wrong otherwise.
	Title, What, Why string
	// Allow says that a comment in the user's file may allow the finding: the pipeline compiles all the same.
	Allow bool
	// Tags are given from outside when the examples are vetted.
	Tags []string
	// Bad is CUE that adds the mistake to the pipeline that [Base] returns, Good the same without it.
	Bad, Good string
}

//go:embed base.cue
var base string

// Base is the pipeline to which the examples in [Doc] add: a small one in good order, as a CUE file.
func Base() string { return base }

// checks is the table, in the order in which they run. Order matters in one place: cycles come before what needs an order.
func checks() []Check {
	return []Check{
		{run: exactlyOne, Docs: exactlyOneDocs()},              // first: without a variant the others have nothing to look at
		{run: stageNames, Docs: stageNameDocs()},               // needs, before, rollback, waivers
		{run: environmentNames, Docs: environmentDocs()},       // in, requires.after, gates
		{run: workloadNames, Docs: workloadDocs()},             // deploy, verify, preview, SLIs, outputs
		{run: artifactNames, Docs: artifactNameDocs()},         // produces, inject, images, promote
		{run: sloNames, Docs: sloDocs()},                       // analysis, verify, gates
		{run: variableNames, Docs: variableDocs()},             // inject: variable
		{run: cycles, Docs: cycleDocs()},                       // needs and before
		{run: redundant, Docs: redundantDocs(), ordered: true}, // needs that follow from others
		{run: workloadTargets, Docs: targetDocs()},             // a workload fits the environment it goes to
		{run: strategies, Docs: strategyDocs()},                // what the target can do
		{run: weights, Docs: weightDocs()},                     // rise, stay in (0,100)
		{run: replicas, Docs: replicaDocs()},                   // weights are whole pods
		{run: bounds, Docs: boundDocs()},                       // limits and budgets say something
		{run: queries, Docs: queryDocs()},                      // PromQL, and what its place needs
		{run: gates, Docs: gateDocs()},                         // gates can open and close
		{run: calendars, Docs: calendarDocs()},                 // windows open, together, and for long enough
		{run: metrics, Docs: metricDocs()},                     // numbers are asked for where there are some
		{run: people, Docs: peopleDocs()},                      // enough people can approve
		{run: powerless, Docs: powerlessDocs()},                // a judge can come to a verdict
		{run: power, Docs: powerDocs()},                        // what a canary can see
		{run: timeouts, Docs: timeoutDocs()},                   // waits fit into their timeouts
		{run: interruptions, Docs: interruptionDocs()},         // interrupted: "check" has a check
		{run: waivers, Docs: waiverDocs()},                     // not over yet
		{run: secrets, Docs: secretDocs()},                     // refer to them, never write them
		{run: places, Docs: placeDocs()},                       // two environments, one place
		{run: production, Docs: productionDocs()},              // produced once, in a way that gives a digest
		{run: races, Docs: raceDocs(), ordered: true},          // two stages, one place, no order
		{run: builtBefore, Docs: builtDocs(), ordered: true},   // used behind what produces it
		{run: promotion, Docs: promotionDocs(), ordered: true}, // production behind the lower tier
		{run: tags, Docs: tagDocs()},                           // production takes no values from outside
		{run: requires, Docs: requiresDocs(), ordered: true},   // what environments demand of every way into them
		{run: requiresOrder, Docs: requiresOrderDocs()},        // first, so that after leaves out what cannot be
		{run: after, Docs: afterDocs(), ordered: true},         // where a release has to run before
		{run: oneWay, Docs: oneWayDocs(), ordered: true},       // what has no way back
		{run: rollbacks, Docs: rollbackDocs(), ordered: true},  // what goes back was there before and can go back
		{run: versions, Docs: versionDocs(), ordered: true},    // and is kept for it
		{run: unused, Docs: unusedDocs()},                      // last: a misspelt name leaves what it meant unused
	}
}

// Run reports everything that is wrong with the pipeline, sorted.
func Run(in Input) diag.List {
	p := newPass(in)
	for _, c := range checks() {
		if c.ordered && p.graph.cyclic {
			continue
		}
		c.run(p)
	}
	return source.Once(p.list.Normalize())
}

// Docs describes all codes that checks report, in the order of the codes.
func Docs() []Doc {
	var out []Doc
	for _, c := range checks() {
		out = append(out, c.Docs...)
	}
	slices.SortFunc(out, func(a, b Doc) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return out
}
