# METADATA
# title: nothing irreversible without an approval
# description: >-
#   A stage that is declared irreversible, in whatever environment, waits for an approval on every path.
# custom:
#   code: irreversible-approved
#   severity: deny
#   fix: 'put an approve stage before it, behind everything else that the stage needs'
#   waive: 'for data that can be made again, say how in the reason'
package penstock.irreversible_approved

import data.penstock.lib

deny contains {"node": node.id, "stage": node.stage, "message": message} if {
	some node in input.plan.nodes
	object.get(node, "irreversible", "") != ""
	node.stage in lib.running
	path := input.graph.stages[node.stage].unapproved
	count(path) > 0
	message := sprintf("%q cannot be undone (%s) and is reached past every approval: %s", [
		node.stage, node.irreversible, lib.chain(path),
	])
}
