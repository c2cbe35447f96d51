# METADATA
# title: a production release is judged
# description: >-
#   A deploy into production has an analysis (SLOs or limits) in its strategy, or a verify stage of the same workload in
#   the same environment comes after it and runs with it. A Terraform change may instead follow a verified change of the same
#   workload in another production environment; that is only warned about.
# custom:
#   code: production-judged
#   severity: deny
#   fix: 'give the strategy an analysis, or add a verify stage that needs the deploy'
#   waive: 'for a workload without traffic that could be counted, say how it is watched in the reason'
package penstock.production_judged

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in lib.releasing
	not lib.judged(name)
	not verified_elsewhere(name)
	message := sprintf("%q releases %q to production and nothing judges it: no analysis, no verify stage after it", [
		name, lib.stages[name].workload,
	])
}

warn contains {"stage": name, "message": message} if {
	some name in lib.releasing
	not lib.judged(name)
	verified_elsewhere(name)
	message := sprintf("%q applies %q unwatched: only an earlier production environment was verified", [
		name, lib.stages[name].workload,
	])
}

verified_elsewhere(name) if {
	lib.stages[name].strategy == "apply"
	some verify in verified[lib.stages[name].workload]
	lib.is_before(verify, name)
}

# verified holds the verify stages in production that judge something, by workload. They need not run: what was verified
# before is reused.
verified[stage.workload] contains stage.name if {
	some stage in input.plan.stages
	stage.action == "verify"
	stage.name in lib.watched
	lib.tier(stage.name) == "production"
}
