package penstock.production_judged_test

import data.penstock.fixture
import data.penstock.production_judged as rule

unjudged := fixture.with_plan(fixture.service, {"monitors": []})

test_judged_passes if count(rule.deny) == 0 with input as fixture.service

test_unjudged_denied if {
	some result in rule.deny with input as unjudged
	result.stage == "production"
	contains(result.message, "nothing judges it")
}

test_monitor_without_anything_to_judge_denied if {
	doc := fixture.with_plan(fixture.service, {"monitors": [{"stage": "production", "judge": {"slis": [], "limits": []}}]})
	count(rule.deny) == 1 with input as doc
}

test_not_selected_is_not_judged if {
	count(rule.deny) == 0 with input as fixture.only(unjudged, {"build", "staging", "approval"})
}

test_verified_after_passes if count(rule.deny) == 0 with input as fixture.infra

test_verify_that_is_not_selected_denied if {
	some result in rule.deny with input as fixture.only(fixture.infra, {"first"})
	result.stage == "first"
}

test_verify_before_is_none if {
	doc := fixture.with_facts(fixture.infra, "watch", {"ancestors": ["agree"]})
	some result in rule.deny with input as doc
	result.stage == "first"
}

test_verified_elsewhere_warned if {
	{result.stage | some result in rule.warn} == {"rest"} with input as fixture.infra
}

test_verified_in_staging_only_denied if {
	doc := fixture.with_plan(fixture.infra, {"environments": {"first": {"tier": "staging"}}})
	{result.stage | some result in rule.deny} == {"rest"} with input as doc
}

test_monitor_with_other_fields_denied if {
	doc := fixture.with_plan(fixture.service, {"monitors": [{"stage": "production", "judge": {"require": "no-harm"}}]})
	count(rule.deny) == 1 with input as doc
}

test_watching_stage_of_another_action_denied if {
	doc := fixture.with_stage(fixture.infra, "watch", {"action": "preview"})
	{result.stage | some result in rule.deny} == {"first", "rest"} with input as doc
}

test_verify_without_anything_to_judge_denied if {
	doc := fixture.with_plan(fixture.infra, {"monitors": []})
	{result.stage | some result in rule.deny} == {"first", "rest"} with input as doc
}

test_verify_of_another_environment_denied if {
	doc := fixture.with_stage(fixture.infra, "watch", {"environment": "rest"})
	{result.stage | some result in rule.deny} == {"first"} with input as doc
}

test_verify_of_another_workload_denied if {
	doc := fixture.with_stage(fixture.infra, "watch", {"workload": "network"})
	{result.stage | some result in rule.deny} == {"first", "rest"} with input as doc
}

test_only_terraform_may_be_verified_elsewhere if {
	doc := fixture.with_stage(fixture.infra, "rest", {"strategy": "rolling"})
	{result.stage | some result in rule.deny} == {"rest"} with input as doc
}

test_judged_is_not_warned if {
	doc := fixture.with_plan(fixture.infra, {"monitors": [
		{"stage": "watch", "judge": {"limits": [{"name": "cost"}]}},
		{"stage": "rest", "judge": {"limits": [{"name": "cost"}]}},
	]})
	count(rule.warn) == 0 with input as doc
}

test_lower_tier_is_not_warned if {
	doc := fixture.with_plan(fixture.infra, {"environments": {"rest": {"tier": "staging"}}})
	count(rule.warn) == 0 with input as doc
}

test_denied_is_not_warned_as_well if count(rule.warn) == 0 with input as unjudged
