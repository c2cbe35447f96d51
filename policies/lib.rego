# METADATA
# title: questions that rules ask of a plan
# description: >-
#   Users' rules may import this package too. It defines no deny, warn or info. Stages are passed by name.
package penstock.lib

# stages holds the plan's stages by name.
stages := {stage.name: stage | some stage in input.plan.stages}

# running holds the names of the stages that the selection will run.
running contains name if {
	some name, facts in input.graph.stages
	facts.runs
}

# entering holds the running stages that change a production environment.
entering contains name if {
	some name in running
	tier(name) == "production"
	writes(name)
}

# releasing holds the running stages that deploy into a production environment.
releasing contains name if {
	some name in entering
	stages[name].action == "deploy"
}

# watched holds the stages during which a judge looks at counts or limits.
watched contains monitor.stage if {
	some monitor in input.plan.monitors
	some kind in ["slis", "limits"]
	count(monitor.judge[kind]) > 0
}

# ranks orders the tiers, lowest first.
ranks := {"development": 0, "test": 1, "staging": 2, "preproduction": 3, "production": 4}

# tier is the tier of the environment that the stage works in; undefined for a stage without one.
tier(name) := input.plan.environments[stages[name].environment].tier

# writes is true of the stages that change their environment. A command in an environment may do anything there.
writes(name) if stages[name].action in {"deploy", "migrate", "exec"}

# ref names the stage's workload in its environment, as plan.workloads does.
ref(name) := sprintf("%s@%s", [stages[name].workload, stages[name].environment])

# approvals holds the approve stages before the stage.
approvals(name) := {approval | some approval in input.graph.stages[name].approvals}

# is_before is true when the first stage must have succeeded before the second starts.
is_before(first, second) if first in input.graph.stages[second].ancestors

# deploys holds the stages that deploy, by environment.
deploys[stage.environment] contains stage.name if {
	some stage in input.plan.stages
	stage.action == "deploy"
}

# rollback is true of a plan that brings back a release to where it ran before. A run refuses a plan that only says so.
rollback if input.plan.inputs["penstock.rollback"]

# ran_in is true when a stage before this one brought the same workload, or all the same artifacts, to the environment.
ran_in(name, environment) if {
	some earlier in deploys[environment]
	same_release(name, earlier)
	is_before(earlier, name)
}

# same_release is true when both stages deploy one workload, or the other one carried every artifact of this one.
same_release(name, other) if stages[name].workload == stages[other].workload

same_release(name, other) if {
	carried := {artifact | some artifact in input.graph.stages[name].artifacts}
	count(carried) > 0
	every artifact in carried {
		artifact in input.graph.stages[other].artifacts
	}
}

# judged is true of a deploy stage that is watched itself, or by a running verify stage of its workload after it.
judged(name) if name in watched

judged(name) if {
	some verify in verifying[ref(name)]
	is_before(name, verify)
}

# verifying holds the running verify stages that judge something, by workload and environment.
verifying[ref(name)] contains name if {
	some name in running
	stages[name].action == "verify"
	name in watched
}

# untrusted holds the artifacts of the stage of one kind ("image", "file") that lack all the given kinds of trust.
untrusted(name, kind, wanted) := {artifact |
	some artifact in input.graph.stages[name].artifacts
	input.plan.artifacts[artifact][kind]
	every trust in wanted {
		not declares(artifact, trust)
	}
}

# declares is true when the artifact demands this kind of trust: "signatures", "sbom" or "provenance".
declares(artifact, "signatures") if count(input.plan.artifacts[artifact].trust.signatures) > 0

declares(artifact, trust) if input.plan.artifacts[artifact].trust[trust] == true

# chain writes a path of stages; the middle of a long one is left out.
chain(path) := concat(" → ", path) if count(path) <= 7

chain(path) := concat(" → ", array.concat(
	array.slice(path, 0, 3),
	array.concat(["…"], array.slice(path, count(path) - 3, count(path))),
)) if {
	count(path) > 7
}
