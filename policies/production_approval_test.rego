package penstock.production_approval_test

import data.penstock.fixture
import data.penstock.production_approval as rule

past := fixture.with_facts(fixture.service, "production", {"unapproved": ["build", "production"]})

test_approved_passes if count(rule.deny) == 0 with input as fixture.service

test_past_approval_denied if {
	rule.deny == {{
		"stage": "production",
		"message": `"production" changes production environment "production" past every approval: build → production`,
	}} with input as past
}

test_stage_that_does_not_run_is_not_judged if {
	count(rule.deny) == 0 with input as fixture.only(past, {"build", "staging"})
}

test_lower_tier_needs_none if {
	count(rule.deny) == 0 with input as fixture.with_facts(fixture.service, "staging", {"unapproved": ["build", "staging"]})
}

test_command_in_production_denied if {
	doc := fixture.with_stage(past, "production", {"action": "exec"})
	count(rule.deny) == 1 with input as doc
}

test_looking_at_production_is_free if {
	doc := fixture.with_stage(past, "production", {"action": "preview"})
	count(rule.deny) == 0 with input as doc
}

test_long_path_is_shortened if {
	path := ["a", "b", "c", "d", "e", "f", "g", "production"]
	some result in rule.deny with input as fixture.with_facts(fixture.service, "production", {"unapproved": path})
	endswith(result.message, ": a → b → c → … → f → g → production")
}
