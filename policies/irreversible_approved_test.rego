package penstock.irreversible_approved_test

import data.penstock.fixture
import data.penstock.irreversible_approved as rule

forever := fixture.with_node(fixture.service, "staging/commit", {"irreversible": "drops columns"})

approved := fixture.with_facts(forever, "staging", {"unapproved": []})

test_reversible_passes if count(rule.deny) == 0 with input as fixture.service

test_irreversible_denied_in_any_tier if {
	some result in rule.deny with input as forever
	result.node == "staging/commit"
	result.stage == "staging"
	contains(result.message, "drops columns")
	contains(result.message, "build → staging")
}

test_approved_passes if count(rule.deny) == 0 with input as approved

test_not_selected_is_not_judged if count(rule.deny) == 0 with input as fixture.only(forever, {"build"})

test_empty_reason_is_reversible if {
	count(rule.deny) == 0 with input as fixture.with_node(fixture.service, "staging/commit", {"irreversible": ""})
}
