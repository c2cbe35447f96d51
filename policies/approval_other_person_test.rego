package penstock.approval_other_person_test

import data.penstock.approval_other_person as rule
import data.penstock.fixture

asking(approve) := fixture.with_node(fixture.service, "approval/approve", {"do": {"approve": approve}})

test_author_refused_passes if count(rule.info) == 0 with input as fixture.service

test_two_people_pass if count(rule.info) == 0 with input as asking({"not_author": false, "count": 2})

test_author_alone_told if {
	rule.info == {{
		"stage": "approval",
		"message": `the author of a change may approve it in "approval", alone`,
	}} with input as asking({"not_author": false, "count": 1})
}

test_not_selected_is_not_judged if {
	doc := fixture.only(asking({"not_author": false, "count": 1}), {"build"})
	count(rule.info) == 0 with input as doc
}

test_question_inside_another_stage_does_not_count if {
	doc := fixture.with_node(asking({"not_author": false, "count": 1}), "staging/stage", {"do": {"approve": {"count": 2}}})
	count(rule.info) == 1 with input as doc
}
