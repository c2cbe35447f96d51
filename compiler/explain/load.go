package explain

// loadDocs are the codes of what keeps a package from being read.
func loadDocs() []Doc {
	return []Doc{
		{
			Code: "syntax", Phase: "load",
			Title: "the file is not CUE",
			What:  "A brace, a bracket, a comma or a quote is missing or too many, or a name is written in a way that CUE does not read.",
			Why:   "Nothing behind the place can be understood.",
			Bad:   "package web\n\npipeline: {\n\tname: \"web\"\n\tstages: build: exec: command: [\"make\"\n}\n",
			Good:  file(build),
		},
		{
			Code: "no-pipeline", Phase: "load",
			Title: "there is no pipeline",
			What:  "The package has no field `pipeline` or `pipelines`, or there is no CUE file at all.",
			Why:   "A misspelt name must not pass as a pipeline without mistakes.",
			Bad:   "package web\n\npipline: {\n\tname: \"web\"\n\t" + build + "\n}\n",
			Good:  file(build),
		},
		{
			Code: "unknown-package", Phase: "load",
			Title: "an imported package does not exist",
			What:  "An import names a package that is neither part of CUE nor in the module, its cue.mod/pkg or CUE's module cache.",
			Why:   "penstock reads nothing from the network while it checks, so what is imported has to be here.",
			Bad:   "package web\n\nimport \"stringz\"\n\npipeline: {\n\tname: stringz.ToLower(\"WEB\")\n\t" + build + "\n}\n",
			Good:  "package web\n\nimport \"strings\"\n\npipeline: {\n\tname: strings.ToLower(\"WEB\")\n\t" + build + "\n}\n",
		},
		{
			Code: "unused-import", Phase: "load",
			Title: "an import is not used",
			What:  "A file imports a package and names nothing of it.",
			Why:   "CUE refuses such files; often a line was deleted and its import forgotten.",
			Bad:   "package web\n\nimport \"strings\"\n\npipeline: {\n\tname: \"web\"\n\t" + build + "\n}\n",
			Good:  file(build),
		},
		{
			Code: "unused-let", Phase: "load",
			Title: "a let is not used",
			What:  "A `let` gives a name to something and nothing refers to it.",
			Why:   "CUE refuses such files; often another name was meant where it should have been used.",
			Bad:   file("let dir = \"bin\"\n" + build),
			Good:  file("let dir = \"bin\"\nstages: build: exec: {command: [\"make\"], \"dir\": dir}"),
		},
		{
			Code: "import-cycle", Phase: "load",
			Title: "a package imports itself",
			What:  "Following imports leads from a package back to it.",
			Why:   "Neither of them could be evaluated first.",
			Bad: "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\nlanguage: version: \"v0.14.0\"\n-- pipeline.cue --\n" +
				"package web\n\nimport \"web.example.com/parts\"\n\npipeline: {\n\tname: parts.name\n\t" + build + "\n}\n" +
				"-- parts/parts.cue --\npackage parts\n\nimport \"web.example.com/more\"\n\nname: more.name\n" +
				"-- more/more.cue --\npackage more\n\nimport \"web.example.com/parts\"\n\nname: parts.name\n",
			Good: "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\nlanguage: version: \"v0.14.0\"\n-- pipeline.cue --\n" +
				"package web\n\nimport \"web.example.com/parts\"\n\npipeline: {\n\tname: parts.name\n\t" + build + "\n}\n" +
				"-- parts/parts.cue --\npackage parts\n\nname: \"web\"\n",
		},
		{
			Code: "bad-module", Phase: "load",
			Title: "the module is not in order",
			What:  "cue.mod/module.cue cannot be read, lacks something, or names a dependency that cannot be found.",
			Why:   "Imports are resolved by it.",
			Bad:   "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\n-- pipeline.cue --\n" + file(build),
			Good:  "-- cue.mod/module.cue --\nmodule: \"web.example.com@v0\"\nlanguage: version: \"v0.14.0\"\n-- pipeline.cue --\n" + file(build),
		},
		{
			Code: "unknown-tag", Phase: "load",
			Title: "a tag is given that no file takes",
			What:  "-t names a tag, and no @tag attribute in the package has that name.",
			Why:   "The value would be lost, and the default would be released instead.",
			Bad:   "-- args --\n-t version=2\n-- pipeline.cue --\n" + file(build),
			Good:  "-- args --\n-t version=2\n-- pipeline.cue --\n" + file("_version: *\"1\" | string @tag(version)\nstages: build: exec: command: [\"make\", _version]"),
		},
	}
}
