# METADATA
# title: production workloads have an SLO
# description: >-
#   A workload that serves in production has at least one SLO: judged during a release or a verify stage, asked by an error
#   budget gate in that environment, or counted by the target for this workload. For Terraform it is only warned about.
# custom:
#   code: production-slo
#   severity: deny
#   fix: 'declare an SLO under slos and judge it in the strategy''s analysis'
#   waive: 'for a workload that serves nobody, say what it does instead in the reason'
package penstock.production_slo

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in without_slo
	lib.stages[name].strategy != "apply"
	message := sprintf("%q serves in production environment %q and no SLO says how well", [
		lib.stages[name].workload, lib.stages[name].environment,
	])
}

warn contains {"stage": name, "message": message} if {
	some name in without_slo
	lib.stages[name].strategy == "apply"
	message := sprintf("%q is applied to production environment %q and no SLO says how well it does", [
		lib.stages[name].workload, lib.stages[name].environment,
	])
}

without_slo contains name if {
	some name in lib.releasing
	not has_slo(name)
}

has_slo(name) if lib.ref(name) in judged

has_slo(name) if lib.stages[name].workload in counted

has_slo(name) if lib.stages[name].environment in budgeted

# judged holds the workloads in environments with an SLO that is judged while they are released or verified.
judged contains monitor.workload if {
	some monitor in input.plan.monitors
	count(monitor.judge.slis) > 0
}

# counted holds the workloads with an SLO whose requests the target counts.
counted contains slo.sli.requests.workload if some slo in input.plan.slos

# budgeted holds the environments whose error budget is asked before something changes.
budgeted contains node.do.gate.error_budget.environment if some node in input.plan.nodes
