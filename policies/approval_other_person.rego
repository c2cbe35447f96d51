# METADATA
# title: somebody else than the author approves
# description: >-
#   At least one approval in front of a production change refuses the author of the commit, or asks more than one person.
# custom:
#   code: approval-other-person
#   severity: info
#   fix: 'set notAuthor: true, or count: 2, in the approve stage'
#   waive: 'it is for information; a waiver hides it'
package penstock.approval_other_person

import data.penstock.lib

info contains {"stage": approval, "message": message} if {
	some name in lib.entering
	approvals := lib.approvals(name)
	count(approvals & four_eyes) == 0
	some approval in approvals
	message := sprintf("the author of a change may approve it in %q, alone", [approval])
}

# four_eyes holds the approve stages that the author cannot pass alone.
four_eyes contains node.stage if {
	some node in input.plan.nodes
	strict(node.do.approve)
}

strict(approve) if approve.not_author

strict(approve) if approve.count > 1
