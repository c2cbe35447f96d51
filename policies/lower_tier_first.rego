# METADATA
# title: a lower tier first
# description: >-
#   What is deployed to production ran in an environment of a lower tier before: the same workload, or a workload that
#   carried all of its artifacts. A rollback brings back what ran in production itself and needs no rehearsal.
# custom:
#   code: lower-tier-first
#   severity: deny
#   fix: 'deploy the workload to a lower tier first and let the production stage need that stage'
#   waive: 'for a workload that has only one environment, say what stands in for the rehearsal in the reason'
package penstock.lower_tier_first

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	not lib.rollback
	some name in lib.releasing
	not rehearsed(name)
	message := sprintf("%q releases %q to production, and no stage before it deployed that to a lower tier", [
		name, lib.stages[name].workload,
	])
}

rehearsed(name) if {
	some environment in lower
	lib.ran_in(name, environment)
}

lower contains name if {
	some name, environment in input.plan.environments
	lib.ranks[environment.tier] < lib.ranks.production
}
