package explain

import "strings"

// borrowed is a pipeline that uses an image of somebody else, which is a warning at its last line.
func borrowed(above, behind string) string {
	lines := []string{
		"package web", "",
		"pipeline: {", "\tname: \"web\"",
		"\tartifacts: load: image: repository: \"registry.example.com/tools/load\"",
		"\tstages: load: exec: {", "\t\tcommand: [\"/load\"]",
	}
	if above != "" {
		lines = append(lines, "\t\t"+above)
	}
	last := "\t\tcontainer: artifact: \"load\""
	if behind != "" {
		last += " " + behind
	}
	return strings.Join(append(lines, last, "\t}", "}", ""), "\n")
}

// allowDocs are the codes of comments that allow a finding.
func allowDocs() []Doc {
	const reason = "// penstock:allow artifact-never-produced the tools team releases it"
	const misspelt = "// penstock:allow artifact-never-producd the tools team releases it"
	const needs = "package web\n\npipeline: {\n\tname: \"web\"\n\tstages: {\n\t\tbuild: exec: command: [\"make\"]\n"
	return []Doc{
		{
			Code: "allow-without-reason", Phase: "allow",
			Title: "a finding is allowed without a reason",
			What:  "A comment `penstock:allow` names a code and does not say why, or not even a code. It allows nothing.",
			Why:   "Whoever reads the line next must be able to tell whether the reason still holds.",
			Bad:   borrowed("", "// penstock:allow artifact-never-produced"),
			Good:  borrowed("", reason),
		},
		{
			Code: "allow-unknown", Phase: "allow",
			Title: "a comment allows a code that does not exist",
			What:  "A comment `penstock:allow` names a code that no check has, or the word behind `penstock:` is misspelt.",
			Why:   "It would allow nothing, although somebody relies on it.",
			Bad:   borrowed(misspelt, ""),
			Good:  borrowed(reason, ""),
		},
		{
			Code: "allow-refused", Phase: "allow",
			Title: "a comment allows what may not be allowed",
			What:  "A comment `penstock:allow` stands at an error without which no plan can be made, or names a code that is not about a line of a pipeline.",
			Why:   "What follows relies on it: there would be no plan, or one that means something else.",
			Bad:   needs + "\t\ttest: {\n\t\t\tneeds: [\"biuld\"] // penstock:allow unknown-stage it will come\n\t\t\texec: command: [\"make\", \"test\"]\n\t\t}\n\t}\n}\n",
			Good:  needs + "\t\ttest: {\n\t\t\tneeds: [\"build\"]\n\t\t\texec: command: [\"make\", \"test\"]\n\t\t}\n\t}\n}\n",
		},
		{
			Code: "allow-unused", Phase: "allow",
			Title: "a comment allows what is not found",
			What:  "A comment `penstock:allow` stands where its code is not found, neither at the end of the line nor on a line of its own directly above. It is told only for packages without errors: behind those not everything is looked at.",
			Why:   "A comment that is left behind would hide the next mistake at its line.",
			Bad:   needs + "\t\t// penstock:allow artifact-never-produced the tools team releases it\n\t\ttest: {needs: [\"build\"], exec: command: [\"make\", \"test\"]}\n\t}\n}\n",
			Good:  needs + "\t\ttest: {needs: [\"build\"], exec: command: [\"make\", \"test\"]}\n\t}\n}\n",
		},
	}
}
