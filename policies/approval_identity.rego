# METADATA
# title: approvers of production are authenticated
# description: >-
#   An approval in front of a production change should not accept the operating system's user name: on a shared machine
#   anybody may have it.
# custom:
#   code: approval-identity
#   severity: warn
#   fix: 'remove allowOSUser and let people sign their approvals'
#   waive: 'for machines with one user, say which in the reason'
package penstock.approval_identity

import data.penstock.lib

warn contains {"stage": approval, "message": message} if {
	some name in lib.entering
	some approval in lib.approvals(name)
	some id in lib.stages[approval].nodes
	input.graph.nodes[id].do.approve.allow_os_user
	message := sprintf("%q accepts the operating system's user name for a change of production", [approval])
}
