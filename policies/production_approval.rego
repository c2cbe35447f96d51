# METADATA
# title: production needs an approval on every path
# description: >-
#   Whatever changes a production environment (a deploy, a migration, a command that runs in it) waits for an approval,
#   and nothing it waits for goes past all approvals: people decide after they could see everything that is released.
#   An approval inside the stage counts when it stands before the first effect, also on a first deploy.
# custom:
#   code: production-approval
#   severity: deny
#   fix: 'put an approve stage before it, behind everything else that the stage needs'
#   waive: 'for a pipeline whose production changes are approved elsewhere, say where in the reason'
package penstock.production_approval

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in lib.entering
	path := input.graph.stages[name].unapproved
	count(path) > 0
	message := sprintf("%q changes production environment %q past every approval: %s", [
		name, lib.stages[name].environment, lib.chain(path),
	])
}
