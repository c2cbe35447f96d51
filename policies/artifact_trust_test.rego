package penstock.artifact_trust_test

import data.penstock.artifact_trust as rule
import data.penstock.fixture

trusting(trust) := fixture.with_plan(fixture.service, {"artifacts": {"app": {"trust": trust}}})

file(trust) := object.union(
	json.remove(fixture.service, ["plan/artifacts/app/image", "plan/artifacts/app/trust"]),
	{"plan": {"artifacts": {"app": {"file": {"path": "dist/app"}, "trust": trust}}}},
)

test_signed_image_passes if count(rule.deny) == 0 with input as fixture.service

test_image_with_provenance_passes if {
	count(rule.deny) == 0 with input as trusting({"signatures": [], "provenance": true})
}

test_image_without_trust_denied if {
	doc := json.remove(fixture.service, ["plan/artifacts/app/trust"])
	some result in rule.deny with input as doc
	result.at == "artifacts.app"
	result.stage == "production"
}

test_image_with_sbom_only_denied if {
	count(rule.deny) == 1 with input as trusting({"signatures": [], "sbom": true})
}

test_file_without_trust_warned if {
	doc := file({})
	count(rule.deny) == 0 with input as doc
	count(rule.warn) == 1 with input as doc
}

test_file_with_sbom_passes if count(rule.warn) == 0 with input as file({"sbom": true})

test_file_signed_passes if count(rule.warn) == 0 with input as file({"signatures": [{"key": "k"}]})

test_staging_needs_none if {
	doc := json.remove(fixture.only(fixture.service, {"build", "staging"}), ["plan/artifacts/app/trust"])
	count(rule.deny) == 0 with input as doc
}
