package penstock.preview_approved_test

import data.penstock.fixture
import data.penstock.preview_approved as rule

test_seen_passes if count(rule.deny) == 0 with input as fixture.infra

test_seen_for_another_environment_warned if {
	{result.stage | some result in rule.warn} == {"rest"} with input as fixture.infra
}

test_unseen_denied if {
	doc := fixture.with_facts(fixture.infra, "agree", {"ancestors": ["staging"]})
	{result.stage | some result in rule.deny} == {"first", "rest"} with input as doc
}

test_preview_of_another_workload_denied if {
	doc := fixture.with_stage(fixture.infra, "plan", {"workload": "network"})
	count(rule.deny) == 2 with input as doc
}

test_preview_of_a_lower_tier_denied if {
	doc := fixture.with_stage(fixture.infra, "plan", {"environment": "staging"})
	count(rule.deny) == 2 with input as doc
}

test_only_terraform_is_asked if count(rule.deny | rule.warn) == 0 with input as fixture.service

test_not_selected_is_not_judged if {
	doc := fixture.with_stage(fixture.only(fixture.infra, {"staging"}), "plan", {"workload": "network"})
	count(rule.deny) == 0 with input as doc
}

test_denied_is_not_warned_as_well if {
	doc := fixture.with_facts(fixture.infra, "agree", {"ancestors": ["staging"]})
	count(rule.warn) == 0 with input as doc
}

test_deploying_is_not_previewing if {
	doc := fixture.with_stage(fixture.infra, "plan", {"action": "verify"})
	count(rule.deny) == 2 with input as doc
}
