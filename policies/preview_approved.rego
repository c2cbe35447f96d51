# METADATA
# title: an approver saw what Terraform will change
# description: >-
#   A Terraform change in production is previewed by a stage of its own before the approval, so that the approval is bound to
#   that very change. Where only the change of an earlier production environment was seen, it is warned about.
# custom:
#   code: preview-approved
#   severity: deny
#   fix: 'add a preview stage of the same workload and environment before the approve stage'
#   waive: 'for changes that are bounded otherwise (destroys: 0), say by what in the reason'
package penstock.preview_approved

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in applying
	count(seen(name)) == 0
	message := sprintf("%q applies %q to production and no approval before it saw a preview of the change", [
		name, lib.stages[name].workload,
	])
}

warn contains {"stage": name, "message": message} if {
	some name in applying
	others := seen(name)
	count(others) > 0
	not lib.stages[name].environment in others
	message := sprintf("%q applies to %q what was previewed and approved for %s only", [
		name, lib.stages[name].environment, concat(", ", others),
	])
}

applying contains name if {
	some name in lib.releasing
	lib.stages[name].strategy == "apply"
}

# seen holds the production environments for which an approval before the stage saw a preview of its workload.
seen(name) := {lib.stages[preview].environment |
	some preview in previews[lib.stages[name].workload]
	some approval in lib.approvals(name)
	lib.is_before(preview, approval)
}

previews[stage.workload] contains stage.name if {
	some stage in input.plan.stages
	stage.action == "preview"
	lib.tier(stage.name) == "production"
}
