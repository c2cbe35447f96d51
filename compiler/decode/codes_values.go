package decode

import (
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Codes lists the codes of Docs.
func Codes() []diag.Code {
	docs := Docs()
	out := make([]diag.Code, 0, len(docs))
	for _, d := range docs {
		out = append(out, d.Code)
	}
	return out
}

func sortDocs(docs []Doc) []Doc {
	slices.SortFunc(docs, func(a, b Doc) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return docs
}

// fieldDocs are about which fields there are.
func fieldDocs() []Doc {
	return []Doc{{
		Code:  "unknown-field",
		Title: "a field that isn't part of the language",
		What:  "The struct has no field of this name; the nearest one is suggested.",
		Why:   "A misspelt field would be ignored, and what it asks for would not happen.",
		Bad:   small(`stages: build: {exec: command: ["make"], timeot: "5m"}`),
		Good:  small(`stages: build: {exec: command: ["make"], timeout: "5m"}`),
	}, {
		Code:  "missing-field",
		Title: "a field that must be there isn't",
		What:  "A struct lacks a field that the language requires; the place is the struct's name.",
		Why:   "There is no default that would be right for everybody.",
		Bad:   small("environments: live: process: {}\n\t" + make1),
		Good:  small("environments: live: {tier: \"production\", process: {}}\n\t" + make1),
	}, {
		Code:  "bad-name",
		Title: "a key that can't be a name",
		What:  "Keys of stages, environments and the like start with a letter and have letters, digits, - and _; names of variables have no dash.",
		Why:   "Names become parts of paths, locks and objects elsewhere.",
		Bad:   small(`stages: "build it": exec: command: ["make"]`),
		Good:  small(`stages: "build-it": exec: command: ["make"]`),
	}, {
		Code:  "duplicate-definition",
		Title: "one name is defined twice",
		What:  "Two blocks in braces define the same stage, environment, workload, artifact or SLO in one package; or `pipeline` has the name of one under `pipelines`.",
		Why:   "CUE merges the two in silence when they agree, so one of them is not what its author thinks.",
		Bad:   small("stages: build: {exec: command: [\"make\"]}\n\tstages: build: {timeout: \"5m\"}"),
		Good:  small("stages: build: {exec: command: [\"make\"]}\n\tstages: build: timeout: \"5m\""),
	}, {
		Code:  "deprecated",
		Title: "a field that is going to be removed",
		What:  "The pipeline sets a field, or a parameter, that the definition behind it marks with @deprecated(\"…\"). The hint is what the mark says.",
		Why:   "A later version of the definition will refuse it. Its owners say what to write instead as long as both work.",
		Bad:   small("#with: scale: {}\n\t#with: copies: 2\n\t#with: {scale?: {}, copies?: int @deprecated(\"use scale\")}\n\tstages: build: exec: command: [\"make\"]"),
		Good:  small("#with: scale: {}\n\t#with: {scale?: {}, copies?: int @deprecated(\"use scale\")}\n\tstages: build: exec: command: [\"make\"]"),
	}, {
		Code:  "swallowed",
		Title: "CUE would drop this without a word",
		What:  "A loop adds to the map it reads, a parameter is given that no definition declares, a field of the pipeline has a question mark, or an attribute is one that nobody reads.",
		Why:   "Nothing fails; what was asked for just doesn't happen.",
		Bad:   small("stages: build: exec: command: [\"make\"]\n\tfor n, _ in stages {stages: \"\\(n)-2\": exec: command: [\"make\"]}"),
		Good:  small("_stages: build: exec: command: [\"make\"]\n\tstages: _stages\n\tfor n, _ in _stages {stages: \"\\(n)-2\": exec: command: [\"make\"]}"),
	}}
}

// valueDocs are about what fields hold.
func valueDocs() []Doc {
	return []Doc{{
		Code:  "wrong-type",
		Title: "a value of another kind",
		What:  "A text stands where a number or a list belongs, or the like.",
		Why:   "It can't be what was meant.",
		Bad:   small(`stages: build: {exec: command: ["make"], retry: attempts: "2"}`),
		Good:  small(`stages: build: {exec: command: ["make"], retry: attempts: 2}`),
	}, {
		Code:  "bad-value",
		Title: "a value in a form that the language doesn't have",
		What:  "A duration, a date, an address or the like is written in another form, a list is empty, or a calculation has no result.",
		Why:   "It can't be understood.",
		Bad:   small(`stages: build: {exec: command: ["make"], timeout: "5 minutes"}`),
		Good:  small(`stages: build: {exec: command: ["make"], timeout: "5m"}`),
	}, {
		Code:  "out-of-range",
		Title: "a number outside its bounds",
		What:  "A number is smaller or larger than the language allows.",
		Why:   "A weight of 110 percent doesn't exist.",
		Bad:   small(`stages: build: {exec: command: ["make"], retry: attempts: 200}`),
		Good:  small(`stages: build: {exec: command: ["make"], retry: attempts: 20}`),
	}, {
		Code:  "unknown-value",
		Title: "a word that isn't one of the choices",
		What:  "The field takes one of a few words; the nearest is suggested.",
		Why:   "A misspelt choice must not become a default.",
		Bad:   small("concurrency: \"que\"\n\t" + make1),
		Good:  small("concurrency: \"queue\"\n\t" + make1),
	}, {
		Code:  "conflict",
		Title: "two values for one field",
		What:  "Two places say different things: two of your own, or yours and a shared module's. Both are named.",
		Why:   "CUE has no order in which one could win.",
		Bad:   small("owner: team: \"web\"\n\towner: team: \"shop\"\n\t" + make1),
		Good:  small("owner: team: \"web\"\n\t" + make1),
	}, {
		Code:  "incomplete",
		Title: "a field without a value",
		What:  "A field only says of what type it is, or refers to one that does; `[...string]` and `_`, which CUE takes for an empty list or struct, are no values either.",
		Why:   "A release can't run on a type.",
		Bad:   small("description: string\n\t" + make1),
		Good:  small("description: \"the web site\"\n\t" + make1),
	}, {
		Code:  "reference-cycle",
		Title: "a value that contains itself",
		What:  "Following references leads from a field back into itself.",
		Why:   "It would be endless.",
		Bad:   small("_a: b: _b\n\t_b: a: _a\n\t" + make1),
		Good:  small("_a: b: _b\n\t_b: a: 1\n\t" + make1),
	}}
}
