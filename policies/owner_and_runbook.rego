# METADATA
# title: somebody owns what goes to production
# description: >-
#   A pipeline that changes production names the team that answers for it and the runbook for when it goes wrong.
# custom:
#   code: owner-and-runbook
#   severity: deny
#   fix: 'set owner: {team: "…", runbook: "…"}'
#   waive: 'while ownership moves between teams, say to whom in the reason'
package penstock.owner_and_runbook

import data.penstock.lib

deny contains {"at": "owner", "message": message} if {
	count(lib.entering) > 0
	some field in ["team", "runbook"]
	object.get(input.plan.owner, field, "") == ""
	message := sprintf("the pipeline changes production and its owner has no %s", [field])
}
