package penstock.tags_allowed_test

import data.penstock.fixture
import data.penstock.tags_allowed as rule

tagged := fixture.with_plan(fixture.service, {"inputs": {"version": "2"}})

allowing(tags) := fixture.with_plan(tagged, {"environments": {"production": {"allow_tags": tags}}})

test_without_tags_passes if count(rule.deny) == 0 with input as fixture.service

test_tag_denied if {
	some result in rule.deny with input as tagged
	result.stage == "production"
	contains(result.message, `with tag "version"`)
}

test_allowed_passes if count(rule.deny) == 0 with input as allowing(["version"])

test_another_allowed_denied if count(rule.deny) == 1 with input as allowing(["watch"])

test_not_selected_is_not_judged if count(rule.deny) == 0 with input as fixture.only(tagged, {"build"})

test_rollback_is_no_tag if {
	count(rule.deny) == 0 with input as fixture.with_plan(fixture.service, {"inputs": {"penstock.rollback": "20261123-101500-abcdef"}})
	count(rule.deny) == 1 with input as fixture.with_plan(tagged, {"inputs": {"penstock.rollback": "20261123-101500-abcdef"}})
}
