package penstock.approval_identity_test

import data.penstock.approval_identity as rule
import data.penstock.fixture

loose := fixture.with_node(fixture.service, "approval/approve", {"do": {"approve": {"allow_os_user": true}}})

test_signed_approval_passes if count(rule.warn) == 0 with input as fixture.service

test_operating_system_user_warned if {
	some result in rule.warn with input as loose
	result.stage == "approval"
}

test_not_selected_is_not_judged if count(rule.warn) == 0 with input as fixture.only(loose, {"build"})

test_approval_that_production_does_not_wait_for_is_free if {
	doc := fixture.with_facts(loose, "production", {"ancestors": ["build", "staging"]})
	count(rule.warn) == 0 with input as doc
}

test_approval_inside_another_stage_is_free if {
	doc := fixture.with_node(fixture.service, "staging/stage", {"do": {"approve": {"allow_os_user": true}}})
	count(rule.warn) == 0 with input as doc
}
