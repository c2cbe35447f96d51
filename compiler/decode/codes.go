package decode

import "github.com/penstock-dev/penstock/internal/diag"

// Doc is what a code of load or decode means, for `penstock explain`.
type Doc struct {
	Code diag.Code
	// Title is one line, What says what was found, Why what would go wrong otherwise.
	Title, What, Why string
	// Bad is a CUE file with the mistake, Good the same without it. Where one file can't show it they are txtar archives.
	Bad, Good string
}

// Docs describes all codes that load and decode report, in the order of the codes.
func Docs() []Doc {
	out := make([]Doc, 0, 24)
	out = append(out, fileDocs()...)
	out = append(out, nameDocs()...)
	out = append(out, fieldDocs()...)
	out = append(out, valueDocs()...)
	return sortDocs(out)
}

// small is a pipeline with one line to fill in.
func small(line string) string {
	return "package web\n\npipeline: {\n\tname: \"web\"\n\t" + line + "\n}\n"
}

// embedding is a pipeline with a field beside it.
func embedding(field string) string {
	return "package web\n\n" + field + "\n\npipeline: {name: \"web\", " + make1 + "}\n"
}

// exampleModule is a module in good order, and importing the packages of an example that import each other in a row, up to
// the last one's content.
const (
	exampleModule = "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n"

	importing = exampleModule + "-- p.cue --\npackage web\n\nimport \"web.example.com/a\"\n\npipeline: {name: a.n, " + make1 + "}\n" +
		"-- a/a.cue --\npackage a\n\nimport \"web.example.com/b\"\n\nn: b.n\n-- b/b.cue --"
)

const make1 = `stages: build: exec: command: ["make"]`

// fileDocs are about files, modules and packages, before anything has a value.
func fileDocs() []Doc {
	return []Doc{{
		Code:  "syntax",
		Title: "the file can't be read as CUE",
		What:  "A bracket or a quote isn't closed, a comma or a colon is missing, or a name with a dash lacks its quotes; or the file isn't UTF-8.",
		Why:   "Nothing behind the place can be understood.",
		Bad:   "package web\n\npipeline: {\n\tname: \"web\"\n\t" + make1 + "\n",
		Good:  small(make1),
	}, {
		Code:  "bad-declaration",
		Title: "a declaration that CUE refuses",
		What:  "The file can be read, but a declaration in it can't stand there: an embedded file is missing, say.",
		Why:   "CUE gives the package no value.",
		Bad:   "@extern(embed)\n\n" + embedding("team: _ @embed(file=team.json)"),
		Good:  "-- p.cue --\n@extern(embed)\n\n" + embedding("team: _ @embed(file=team.json)") + "-- team.json --\n{}\n",
	}, {
		Code:  "no-pipeline",
		Title: "there is nothing to release",
		What:  "The package has neither the field `pipeline` nor a name under `pipelines`.",
		Why:   "A misspelt field would otherwise pass as a package without mistakes.",
		Bad:   "package web\n\npipline: {\n\tname: \"web\"\n\t" + make1 + "\n}\n",
		Good:  small(make1),
	}, {
		Code:  "bad-module",
		Title: "the module can't be loaded",
		What:  "cue.mod/module.cue says something that CUE doesn't accept, or a package of it can't be put together.",
		Why:   "Without its module a package has no imports.",
		Bad:   "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\n-- p.cue --\n" + small(make1),
		Good:  exampleModule + "-- p.cue --\n" + small(make1),
	}}
}

// nameDocs are about imports, references and tags.
func nameDocs() []Doc {
	return []Doc{{
		Code:  "unknown-package",
		Title: "an import leads nowhere",
		What:  "No package of this path is part of CUE, of the module, of cue.mod/pkg or of CUE's module cache. The network is never asked. Also: a file names its package so that it doesn't belong to the one beside it.",
		Why:   "What it should define is unknown.",
		Bad:   "package web\n\nimport \"stringz\"\n\npipeline: {name: stringz.ToLower(\"WEB\"), " + make1 + "}\n",
		Good:  "package web\n\nimport \"strings\"\n\npipeline: {name: strings.ToLower(\"WEB\"), " + make1 + "}\n",
	}, {
		Code:  "unused-import",
		Title: "an import is never used",
		What:  "No name of the imported package occurs in the file.",
		Why:   "CUE refuses the file; often the use is misspelt.",
		Bad:   "package web\n\nimport \"strings\"\n\npipeline: {name: \"web\", " + make1 + "}\n",
		Good:  small(make1),
	}, {
		Code:  "import-cycle",
		Title: "packages import each other",
		What:  "Following the imports leads from a package back to itself.",
		Why:   "None of them could be read first.",
		Bad:   importing + "\npackage b\n\nimport \"web.example.com/a\"\n\nn: a.n\n",
		Good:  importing + "\npackage b\n\nn: \"web\"\n",
	}, {
		Code:  "unknown-reference",
		Title: "a name that nothing declares",
		What:  "A reference, a selector or a function names something that isn't there.",
		Why:   "It has no value.",
		Bad:   "package web\n\n_name: \"web\"\n\npipeline: {name: _nam, " + make1 + "}\n",
		Good:  "package web\n\n_name: \"web\"\n\npipeline: {name: _name, " + make1 + "}\n",
	}, {
		Code:  "unused-let",
		Title: "a let or an alias is never used",
		What:  "Nothing refers to the name that a let clause or an alias introduces.",
		Why:   "CUE refuses the file; often the use is misspelt.",
		Bad:   small("let cmd = [\"make\"]\n\t" + make1),
		Good:  small("let cmd = [\"make\"]\n\tstages: build: exec: command: cmd"),
	}, {
		Code:  "unknown-tag",
		Title: "a tag that no file asks for",
		What:  "A tag was given on the command line, and no file of the packages has a @tag attribute for it.",
		Why:   "It would change nothing, although somebody meant it to.",
	}}
}
