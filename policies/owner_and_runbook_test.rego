package penstock.owner_and_runbook_test

import data.penstock.fixture
import data.penstock.owner_and_runbook as rule

test_owned_passes if count(rule.deny) == 0 with input as fixture.service

test_without_runbook_denied if {
	doc := json.remove(fixture.service, ["plan/owner/runbook"])
	rule.deny == {{
		"at": "owner",
		"message": "the pipeline changes production and its owner has no runbook",
	}} with input as doc
}

test_without_anything_denied_twice if {
	doc := object.union(json.remove(fixture.service, ["plan/owner"]), {"plan": {"owner": {}}})
	count(rule.deny) == 2 with input as doc
}

test_without_production_free if {
	doc := fixture.only(json.remove(fixture.service, ["plan/owner/team"]), {"build", "staging"})
	count(rule.deny) == 0 with input as doc
}
