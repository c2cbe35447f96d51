package explain

// valueDocs are the codes of values that do not fit.
func valueDocs() []Doc {
	return []Doc{
		{
			Code: "wrong-type", Phase: "decode",
			Title: "a value is of the wrong type",
			What:  "A number stands where a text is needed, a list where a struct is, and so on.",
			Why:   "It cannot be understood as what the field is for.",
			Bad:   file(`stages: build: {exec: command: ["make"], timeout: 300}`),
			Good:  file(`stages: build: {exec: command: ["make"], timeout: "300s"}`),
		},
		{
			Code: "bad-value", Phase: "decode",
			Title: "a value does not fit",
			What:  "A text is not written as the field needs it, a list is empty that must not be, or an expression cannot be computed.",
			Why:   "The message says how it is written.",
			Bad:   file(`stages: build: {exec: command: ["make"], timeout: "five minutes"}`),
			Good:  file(`stages: build: {exec: command: ["make"], timeout: "5m"}`),
		},
		{
			Code: "out-of-range", Phase: "decode",
			Title: "a number is outside its bounds",
			What:  "A weight, an objective, a count or the like is too small or too large.",
			Why:   "The message says the bounds.",
			Bad:   file(`stages: build: {exec: command: ["make"], retry: attempts: 200}`),
			Good:  file(`stages: build: {exec: command: ["make"], retry: attempts: 2}`),
		},
		{
			Code: "unknown-value", Phase: "decode",
			Title: "a word is not one of those that are possible",
			What:  "A field takes one of a few words, and another one is written.",
			Why:   "The message lists the words.",
			Bad:   file("concurrency: \"replace\"\n" + build),
			Good:  file("concurrency: \"supersede\"\n" + build),
		},
		{
			Code: "conflict", Phase: "decode",
			Title: "one field has two values",
			What:  "Two places give the same field values that exclude each other.",
			Why:   "CUE never overrides: both have to be the same.",
			Bad:   file("description: \"the shop\"\ndescription: \"the web shop\"\n" + build),
			Good:  file("description: \"the shop\"\n" + build),
		},
		{
			Code: "incomplete", Phase: "decode",
			Title: "a value is left open",
			What:  "A field has only a type, or depends on something that has no value.",
			Why:   "What is left open cannot be executed.",
			Bad:   file("description: string\n" + build),
			Good:  file("description: \"the shop\"\n" + build),
		},
	}
}
