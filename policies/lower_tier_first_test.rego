package penstock.lower_tier_first_test

import data.penstock.fixture
import data.penstock.lower_tier_first as rule

renamed := fixture.with_stage(fixture.service, "staging", {"workload": "shop-staging"})

test_rehearsed_passes if count(rule.deny) == 0 with input as fixture.service

test_every_region_passes if count(rule.deny) == 0 with input as fixture.infra

test_unrehearsed_denied if {
	doc := fixture.with_facts(fixture.service, "production", {"ancestors": ["build", "approval"]})
	some result in rule.deny with input as doc
	result.stage == "production"
	contains(result.message, "lower tier")
}

test_other_workload_with_the_artifacts_passes if count(rule.deny) == 0 with input as renamed

test_other_workload_with_other_artifacts_denied if {
	doc := fixture.with_facts(renamed, "staging", {"artifacts": ["web"]})
	count(rule.deny) == 1 with input as doc
}

test_other_workload_without_artifacts_denied if {
	doc := fixture.with_facts(renamed, "production", {"artifacts": []})
	count(rule.deny) == 1 with input as doc
}

test_same_tier_is_not_lower if {
	doc := fixture.with_plan(fixture.service, {"environments": {"staging": {"tier": "production"}}})
	{result.stage | some result in rule.deny} == {"staging", "production"} with input as doc
}

test_not_selected_is_not_judged if {
	doc := fixture.with_facts(fixture.only(fixture.service, {"build"}), "production", {"ancestors": []})
	count(rule.deny) == 0 with input as doc
}

test_migrations_are_not_asked if {
	doc := fixture.with_stage(fixture.with_facts(fixture.service, "production", {"ancestors": []}), "production", {"action": "migrate"})
	count(rule.deny) == 0 with input as doc
}

test_previewing_in_staging_is_no_rehearsal if {
	doc := fixture.with_stage(fixture.service, "staging", {"action": "preview"})
	count(rule.deny) == 1 with input as doc
}

test_rollback_needs_no_rehearsal if {
	doc := fixture.with_facts(fixture.service, "production", {"ancestors": ["approval"]})
	count(rule.deny) == 1 with input as doc
	count(rule.deny) == 0 with input as fixture.with_plan(doc, {"inputs": {"penstock.rollback": "20261123-101500-abcdef"}})
}

test_other_inputs_are_no_rollback if {
	doc := fixture.with_facts(fixture.service, "production", {"ancestors": ["approval"]})
	count(rule.deny) == 1 with input as fixture.with_plan(doc, {"inputs": {"rollback": "20261123-101500-abcdef"}})
}
