# METADATA
# title: an approval comes after what it approves was built
# description: >-
#   An approval is bound to the digests that are known when it is given. Some approval in front of a production deploy
#   comes after the stages that build the artifacts it carries. Artifacts that come from outside are known from the start.
# custom:
#   code: approval-sees-artifacts
#   severity: deny
#   fix: 'let the approve stage need the stage that builds the artifact'
#   waive: 'for builds that are reproducible from the approved commit, say so in the reason'
package penstock.approval_sees_artifacts

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in lib.releasing
	approvals := lib.approvals(name)
	count(approvals) > 0
	some artifact in input.graph.stages[name].artifacts
	builder := input.graph.nodes[input.plan.artifacts[artifact].producer].stage
	not seen(approvals, builder)
	message := sprintf("%q deploys %q, which %q builds after or beside every approval", [name, artifact, builder])
}

seen(approvals, builder) if {
	some approval in approvals
	lib.is_before(builder, approval)
}
