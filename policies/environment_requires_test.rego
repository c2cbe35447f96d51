package penstock.environment_requires_test

import data.penstock.environment_requires as rule
import data.penstock.fixture

requiring(requires) := fixture.with_plan(fixture.service, {"environments": {"production": {"requires": requires}}})

soaking(soak) := fixture.with_node(
	fixture.with_stage(requiring({"after": {"staging": "30m0s"}}), "production", {"nodes": ["production/stage"]}),
	"production/stage",
	{"do": {"gate": {"soak": {"environment": "staging", "for": soak}}}},
)

test_nothing_required_passes if count(rule.deny) == 0 with input as fixture.service

test_all_met_passes if {
	count(rule.deny) == 0 with input as requiring({"approval": true, "judged": true, "trusted": true, "after": {"staging": "0s"}})
}

test_approval_required_in_any_tier if {
	doc := fixture.with_plan(fixture.service, {"environments": {"staging": {"requires": {"approval": true}}}})
	some result in rule.deny with input as doc
	result.stage == "staging"
	contains(result.message, "build → staging")
}

test_judge_required if {
	doc := fixture.with_plan(requiring({"judged": true}), {"monitors": []})
	count(rule.deny) == 1 with input as doc
}

test_judge_not_required_of_commands if {
	doc := fixture.with_stage(fixture.with_plan(requiring({"judged": true}), {"monitors": []}), "production", {"action": "exec"})
	count(rule.deny) == 0 with input as doc
}

test_trust_required if {
	doc := json.remove(requiring({"trusted": true}), ["plan/artifacts/app/trust"])
	some result in rule.deny with input as doc
	result.at == "artifacts.app"
}

test_after_is_met_by_a_gate_as_long if count(rule.deny) == 0 with input as soaking("45m0s")

test_after_shorter_denied if {
	some result in rule.deny with input as soaking("10m0s")
	contains(result.message, `requires 30m0s in "staging"`)
}

test_after_without_gate_denied if count(rule.deny) == 1 with input as requiring({"after": {"staging": "30m0s"}})

test_after_without_deploy_there_denied if {
	doc := fixture.with_facts(requiring({"after": {"staging": "1h0m0s"}}), "production", {"ancestors": ["build", "approval"]})
	count(rule.deny) == 1 with input as doc
	some result in rule.deny with input as doc
	contains(result.message, `ran in "staging" before`)
}

test_not_selected_is_not_judged if {
	doc := fixture.only(requiring({"after": {"staging": "30m0s"}}), {"build"})
	count(rule.deny) == 0 with input as doc
}

test_what_is_not_demanded_may_lack if {
	bare := json.remove(fixture.with_plan(requiring({"approval": false, "judged": false, "trusted": false}), {"monitors": []}), [
		"plan/artifacts/app/trust",
	])
	doc := fixture.with_facts(bare, "production", {"unapproved": ["build", "production"]})
	count(rule.deny) == 0 with input as doc
}

test_after_is_not_asked_of_commands if {
	doc := fixture.with_stage(requiring({"after": {"staging": "30m0s", "test": "1h0m0s"}}), "production", {"action": "exec"})
	count(rule.deny) == 0 with input as doc
}

test_looking_is_free if {
	doc := fixture.with_facts(
		fixture.with_stage(requiring({"approval": true}), "production", {"action": "preview"}),
		"production",
		{"unapproved": ["build", "production"]},
	)
	count(rule.deny) == 0 with input as doc
}

test_rollback_is_not_asked_where_it_ran_before if {
	unsoaked := requiring({"after": {"staging": "30m0s"}})
	elsewhere := fixture.with_facts(unsoaked, "production", {"ancestors": ["approval"]})
	rollback := {"inputs": {"penstock.rollback": "20261123-101500-abcdef"}}
	count(rule.deny) == 0 with input as fixture.with_plan(unsoaked, rollback)
	count(rule.deny) == 0 with input as fixture.with_plan(elsewhere, rollback)
}

test_rollback_still_needs_approval_and_judge if {
	rollback := {"inputs": {"penstock.rollback": "20261123-101500-abcdef"}, "monitors": []}
	doc := fixture.with_facts(requiring({"approval": true, "judged": true}), "production", {"ancestors": [], "unapproved": ["production"]})
	count(rule.deny) == 2 with input as fixture.with_plan(doc, rollback)
}
