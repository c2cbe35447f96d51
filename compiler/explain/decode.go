package explain

// decodeDocs are the codes of fields and definitions: what is there and should not be, or should be and is not.
func decodeDocs() []Doc {
	return []Doc{
		{
			Code: "unknown-field", Phase: "decode",
			Title: "a field does not exist",
			What:  "A field is written that the schema, or a definition that the value is built from, does not have.",
			Why:   "A misspelt field would silently do nothing.",
			Bad:   file(`stages: build: exec: {command: ["make"], timout: "5m"}`),
			Good:  file(`stages: build: {exec: command: ["make"], timeout: "5m"}`),
		},
		{
			Code: "missing-field", Phase: "decode",
			Title: "a field is missing",
			What:  "Something lacks a field that it cannot do without.",
			Why:   "There is no sensible default for it.",
			Bad:   file(`stages: build: exec: dir: "src"`),
			Good:  file(`stages: build: exec: {command: ["make"], dir: "src"}`),
		},
		{
			Code: "bad-name", Phase: "decode",
			Title: "a key cannot be a name",
			What:  "The key of a stage, an environment, a variable or the like has letters that names do not have, or is too long.",
			Why:   "Names stand in plans, journals, file names and labels, and have to be the same everywhere.",
			Bad:   file(`stages: "build it": exec: command: ["make"]`),
			Good:  file(`stages: "build-it": exec: command: ["make"]`),
		},
		{
			Code: "duplicate-definition", Phase: "decode",
			Title: "something is defined twice",
			What:  "Two places of the user's own files define the same stage, environment, workload, artifact or SLO.",
			Why:   "CUE merges the two without a word; mostly the second was meant to be another one.",
			Bad:   file("stages: {\n\tbuild: {exec: command: [\"make\"]}\n\tbuild: {timeout: \"5m\"}\n}"),
			Good:  file("stages: {\n\tbuild: {exec: command: [\"make\"]}\n\ttest: {exec: command: [\"make\", \"test\"], timeout: \"5m\"}\n}"),
		},
		{
			Code: "swallowed", Phase: "decode",
			Title: "CUE would drop this in silence",
			What:  "A loop adds to the map that it reads, or a parameter is given that no definition has.",
			Why:   "CUE reports neither: the stages would be missing and the parameter without effect.",
			Bad:   file(build + "\nfor name, _ in stages {\n\tstages: \"check-\\(name)\": exec: command: [\"make\", \"check\"]\n}"),
			Good:  file("let names = [\"build\"]\nfor name in names {\n\tstages: (name): exec: command: [\"make\"]\n\tstages: \"check-\\(name)\": exec: command: [\"make\", \"check\"]\n}"),
		},
		{
			Code: "unknown-reference", Phase: "decode",
			Title: "nothing has this name",
			What:  "An expression refers to a name, a field or a function that does not exist there.",
			Why:   "It has no value.",
			Bad:   file(`stages: build: exec: command: [tool]`),
			Good:  file("_tool: \"make\"\nstages: build: exec: command: [_tool]"),
		},
		{
			Code: "reference-cycle", Phase: "decode",
			Title: "a value refers to itself",
			What:  "Following references leads from a value back to it.",
			Why:   "It never gets a value.",
			Bad:   file(build + "\n_a: {b: _b}\n_b: {a: _a}"),
			Good:  file(build + "\n_a: {b: _b}\n_b: {a: 1}"),
		},
	}
}
