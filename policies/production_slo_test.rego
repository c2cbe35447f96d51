package penstock.production_slo_test

import data.penstock.fixture
import data.penstock.production_slo as rule

bare := fixture.with_plan(fixture.service, {"monitors": []})

test_judged_slo_passes if count(rule.deny) == 0 with input as fixture.service

test_without_slo_denied if {
	some result in rule.deny with input as bare
	result.stage == "production"
}

test_limits_are_no_slo if {
	doc := fixture.with_plan(fixture.service, {"monitors": [{
		"stage": "production", "workload": "shop@production",
		"judge": {"limits": [{"name": "queue"}]},
	}]})
	count(rule.deny) == 1 with input as doc
}

test_slo_of_the_target_passes if {
	doc := fixture.with_plan(bare, {"slos": {"own": {"sli": {"requests": {"workload": "shop"}}}}})
	count(rule.deny) == 0 with input as doc
}

test_budget_gate_passes if {
	gate := {"gate": {"error_budget": {"slo": "availability", "environment": "production"}}}
	doc := fixture.with_node(bare, "production/stage", {"do": gate})
	count(rule.deny) == 0 with input as doc
}

test_budget_gate_elsewhere_denied if {
	gate := {"gate": {"error_budget": {"slo": "availability", "environment": "staging"}}}
	doc := fixture.with_node(bare, "production/stage", {"do": gate})
	count(rule.deny) == 1 with input as doc
}

test_terraform_is_only_warned if {
	count(rule.deny) == 0 with input as fixture.infra
	{result.stage | some result in rule.warn} == {"first", "rest"} with input as fixture.infra
}

test_not_selected_is_not_judged if count(rule.deny) == 0 with input as fixture.only(bare, {"build"})

test_only_terraform_is_warned if count(rule.warn) == 0 with input as bare
