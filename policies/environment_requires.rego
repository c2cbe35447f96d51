# METADATA
# title: an environment gets what it requires
# description: >-
#   What an environment demands under requires (approval, judged, trusted, after) holds for every running stage that changes
#   it, whatever its tier. What a rollback brings back ran here already, so that where it ran before is not asked again.
# custom:
#   code: environment-requires
#   severity: deny
#   waivable: false
#   fix: 'add what is missing, or change what the environment requires'
#   waive: 'it cannot be waived: the environment''s own definition says so'
package penstock.environment_requires

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name, requires in demanding
	requires.approval
	path := input.graph.stages[name].unapproved
	count(path) > 0
	message := sprintf("environment %q requires an approval, and %q goes past every one: %s", [
		lib.stages[name].environment, name, lib.chain(path),
	])
}

deny contains {"stage": name, "message": message} if {
	some name, requires in demanding
	requires.judged
	lib.stages[name].action == "deploy"
	not lib.judged(name)
	message := sprintf("environment %q requires a judged release, and nothing judges %q", [
		lib.stages[name].environment, name,
	])
}

deny contains {"stage": name, "at": sprintf("artifacts.%s", [artifact]), "message": message} if {
	some name, requires in demanding
	requires.trusted
	some kind in ["image", "file"]
	some artifact in lib.untrusted(name, kind, ["signatures", "provenance", "sbom"])
	message := sprintf("environment %q requires trusted artifacts, and %q declares no trust", [
		lib.stages[name].environment, artifact,
	])
}

deny contains {"stage": name, "message": message} if {
	not lib.rollback
	some name, requires in demanding
	lib.stages[name].action == "deploy"
	some env, _ in requires.after
	not lib.ran_in(name, env)
	message := sprintf("environment %q requires that a release ran in %q before, and no stage before %q deployed it there", [
		lib.stages[name].environment, env, name,
	])
}

deny contains {"stage": name, "message": message} if {
	not lib.rollback
	some name, requires in demanding
	lib.stages[name].action == "deploy"
	some env, soak in requires.after
	lib.ran_in(name, env)
	not soaked(name, env, soak)
	message := sprintf("environment %q requires %s in %q before, and no gate of %q waits for that", [
		lib.stages[name].environment, soak, env, name,
	])
}

# demanding holds what is required of each running stage that changes an environment with demands.
demanding[name] := requires if {
	some name in lib.running
	lib.writes(name)
	requires := input.plan.environments[lib.stages[name].environment].requires
}

soaked(_, _, soak) if time.parse_duration_ns(soak) == 0

soaked(name, env, soak) if {
	some id in lib.stages[name].nodes
	gate := input.graph.nodes[id].do.gate
	gate.soak.environment == env
	time.parse_duration_ns(gate.soak.for) >= time.parse_duration_ns(soak)
}
