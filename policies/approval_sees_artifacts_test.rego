package penstock.approval_sees_artifacts_test

import data.penstock.approval_sees_artifacts as rule
import data.penstock.fixture

blind := fixture.with_facts(fixture.service, "approval", {"ancestors": []})

test_approval_after_the_build_passes if count(rule.deny) == 0 with input as fixture.service

test_approval_before_the_build_denied if {
	some result in rule.deny with input as blind
	result.message == `"production" deploys "app", which "build" builds after or beside every approval`
}

test_artifact_from_outside_passes if {
	count(rule.deny) == 0 with input as json.remove(blind, ["plan/artifacts/app/producer"])
}

test_without_approval_another_rule_speaks if {
	doc := fixture.with_facts(fixture.service, "production", {"ancestors": ["build", "staging"]})
	count(rule.deny) == 0 with input as doc
}

test_not_selected_is_not_judged if count(rule.deny) == 0 with input as fixture.only(blind, {"build"})

test_artifact_of_another_stage_is_not_asked if {
	doc := fixture.with_facts(blind, "production", {"artifacts": []})
	count(rule.deny) == 0 with input as doc
}
