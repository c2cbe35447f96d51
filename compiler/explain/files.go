package explain

// process is a pipeline on this machine whose runbook, artifact and digest the examples vary.
func process(runbook, fields string) string {
	return file("owner: {team: \"web\", runbook: \"" + runbook + "\"}\n" + fields)
}

// pair is a pipeline with two programs on this machine, of which the second listens where the examples say.
func pair(listen string) string {
	return file("environments: local: {tier: \"development\", process: {}}\nartifacts: app: file: path: \"bin/web\"\n" +
		"workloads: web: process: {artifact: \"app\", listen: \"127.0.0.1:8080\"}\nworkloads: api: process: {artifact: \"app\", listen: \"" + listen + "\"}\n" +
		"stages: {\n\tbuild: exec: {command: [\"make\"], produces: app: {}}\n\tweb: {needs: [\"build\"], deploy: {workload: \"web\", in: \"local\", allAtOnce: {}}}\n" +
		"\tapi: {needs: [\"build\"], deploy: {workload: \"api\", in: \"local\", allAtOnce: {}}}\n}")
}

// fileDocs are the codes of the files that a pipeline names.
func fileDocs() []Doc {
	const terraform = "environments: lab: {tier: \"test\", terraform: {}}\nworkloads: net: terraform: module: \"infra\"\n" +
		"stages: net: deploy: {workload: \"net\", in: \"lab\", apply: {}}"
	cluster := func(pattern string) string {
		return file("environments: lab: {tier: \"test\", kubernetes: {context: \"lab\", namespace: \"web\"}}\n" +
			"workloads: web: kubernetes: manifests: [\"" + pattern + "\"]\nstages: web: deploy: {workload: \"web\", in: \"lab\", rolling: {}}")
	}
	const deployment = "-- k8s/web.yaml --\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n" +
		"spec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n" +
		"    spec: {containers: [{name: web, image: registry.example.com/web@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730}]}\n"
	return []Doc{
		{
			Code: "file-missing", Phase: "inspect",
			Title: "a file does not exist",
			What:  "The pipeline names a runbook, a key or another file, relative to its own directory, and it is not there.",
			Why:   "It would be missed at the moment it is needed.",
			Bad:   process("RUNBOOK.md", build),
			Good:  "-- pipeline.cue --\n" + process("RUNBOOK.md", build) + "-- RUNBOOK.md --\nRoll back first, then look.\n",
		},
		{
			Code: "file-absolute", Phase: "inspect",
			Title: "a path is that of one machine",
			What:  "The pipeline names a file by an absolute path, or one outside its module.",
			Why:   "The plan would mean something else on another machine.",
			Bad:   process("/home/ada/RUNBOOK.md", build),
			Good:  "-- pipeline.cue --\n" + process("RUNBOOK.md", build) + "-- RUNBOOK.md --\nRoll back first, then look.\n",
		},
		{
			Code: "files-none", Phase: "inspect",
			Title: "no file matches",
			What:  "A pattern of manifests matches no file, or a directory holds no Terraform module.",
			Why:   "There would be nothing to apply.",
			Bad:   file(terraform),
			Good:  "-- pipeline.cue --\n" + file(terraform) + "-- infra/main.tf --\nresource \"terraform_data\" \"net\" {}\n",
		},
		{
			Code: "glob-malformed", Phase: "inspect",
			Title: "a pattern of file names is not one",
			What:  "A glob has a bracket that is never closed, or the like.",
			Why:   "It is unclear which files are meant.",
			Bad:   cluster("k8s/[a-.yaml"),
			Good:  "-- pipeline.cue --\n" + cluster("k8s/*.yaml") + deployment,
		},
		{
			Code: "number-too-large", Phase: "inspect",
			Title: "a number is too large to be exact",
			What:  "An input variable of a Terraform workload is a whole number that needs more than 53 bits.",
			Why:   "Plans are JSON, whose numbers would round it without a word.",
			Bad:   "-- pipeline.cue --\n" + file(terraform+"\nworkloads: net: terraform: vars: id: 9007199254740993") + "-- infra/main.tf --\nvariable \"id\" {}\n",
			Good:  "-- pipeline.cue --\n" + file(terraform+"\nworkloads: net: terraform: vars: id: \"9007199254740993\"") + "-- infra/main.tf --\nvariable \"id\" {}\n",
		},
		{
			Code: "program-unworkable", Phase: "inspect",
			Title: "a program cannot be run like this",
			What:  "A process workload listens on something that is no address of this machine, sets a variable that penstock sets itself, or sets one twice.",
			Why:   "The host would refuse it, or the program would listen where nobody sends requests.",
			Bad:   file(build + "\nenvironments: local: {tier: \"development\", process: {}}\nworkloads: web: process: {artifact: \"app\", listen: \"web.example.com:8080\"}\nartifacts: app: file: path: \"bin/web\"\nstages: build: exec: produces: app: {}\nstages: web: {needs: [\"build\"], deploy: {workload: \"web\", in: \"local\", allAtOnce: {}}}"),
			Good:  file(build + "\nenvironments: local: {tier: \"development\", process: {}}\nworkloads: web: process: {artifact: \"app\", listen: \"127.0.0.1:8080\"}\nartifacts: app: file: path: \"bin/web\"\nstages: build: exec: produces: app: {}\nstages: web: {needs: [\"build\"], deploy: {workload: \"web\", in: \"local\", allAtOnce: {}}}"),
		},
		{
			Code: "same-address", Phase: "inspect",
			Title: "two programs would listen on one address",
			What:  "Two workloads, or one in two environments, are deployed to this machine with the same address to listen on.",
			Why:   "The second would never come up.",
			Bad:   pair("127.0.0.1:8080"),
			Good:  pair("127.0.0.1:8081"),
		},
	}
}

// digestDocs are the codes of digests that are given from outside.
func digestDocs() []Doc {
	return []Doc{
		{
			Code: "digest-unknown-artifact", Phase: "bind",
			Title: "a digest is given for an artifact that does not exist",
			What:  "A digest was given from outside under a name that the pipeline has no artifact for.",
			Why:   "Something else would be released than was meant.",
			Bad:   "app=sha256:…, and the pipeline has no artifact app",
			Good:  "app=sha256:…, and the pipeline has an artifact app that no stage produces",
		},
		{
			Code: "digest-malformed", Phase: "bind",
			Title: "a digest is not one",
			What:  "A digest given from outside is not \"sha256:\" and 64 hexadecimal digits.",
			Why:   "A tag or a short digest can mean something else tomorrow.",
			Bad:   "app=v1.2.3",
			Good:  "app=sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
		},
		{
			Code: "digest-of-produced", Phase: "bind",
			Title: "a digest is given for an artifact that the pipeline builds",
			What:  "A digest was given from outside for an artifact that one of the stages produces.",
			Why:   "There would be two of them. To release what was built before, continue its release.",
			Bad:   "app=sha256:…, and the stage build produces app",
			Good:  "app=sha256:…, and no stage produces app",
		},
	}
}

// policyDocs are the codes of what is wrong with rules, not of what rules find.
func policyDocs() []Doc {
	return []Doc{
		{
			Code: "policy-broken", Phase: "policy",
			Title: "a rule cannot be used",
			What:  "A file with rules is not Rego, refers to something that does not exist, uses a function that rules may not use, or adds to deny, warn or info in another way than as a set of messages.",
			Why:   "A rule that does not work must not pass as one that finds nothing.",
			Bad:   "package team.frozen\n\ndeny contains \"frozen\" if time.now_ns() > 0\n",
			Good:  "package team.frozen\n\ndeny contains \"frozen\" if input.facts.today >= \"2026-12-20\"\n",
		},
		{
			Code: "policy-failed", Phase: "policy",
			Title: "a rule failed while it judged",
			What:  "A rule met an error, gave something that is no message, or named a stage or node that the plan does not have.",
			Why:   "Without its answer there is no decision, so nothing runs.",
			Bad:   "package team.names\n\ndeny contains 3\n",
			Good:  "package team.names\n\ndeny contains \"the pipeline has no name\" if input.plan.pipeline == \"\"\n",
		},
		{
			Code: "policy-taken", Phase: "policy",
			Title: "a name is taken",
			What:  "Two rules have one code or one package, a rule stands in a package under penstock, or two data files have one key.",
			Why:   "A waiver or a result would mean either of them.",
			Bad:   "package penstock.ours\n\nwarn contains \"hello\"\n",
			Good:  "package team.ours\n\nwarn contains \"hello\"\n",
		},
	}
}
