package penstock.waiver_valid_test

import data.penstock.fixture
import data.penstock.waiver_valid as rule

waived(waiver, facts) := object.union(fixture.service, {
	"plan": {"waivers": {"production-slo": waiver}},
	"waivers": {"production-slo": facts},
})

good := {"reason": "serves nobody", "owner": "ada", "expires": "2026-12-31"}

known := {"known": true, "waivable": true, "nearest": ""}

test_no_waiver_passes if count(rule.deny | rule.warn) == 0 with input as fixture.service

test_good_waiver_passes if count(rule.deny | rule.warn) == 0 with input as waived(good, known)

test_last_day_passes if {
	count(rule.deny) == 0 with input as waived(object.union(good, {"expires": "2026-11-23"}), known)
}

test_expired_denied if {
	some result in rule.deny with input as waived(object.union(good, {"expires": "2026-11-22"}), known)
	result.at == "waivers.production-slo"
	contains(result.message, "expired on 2026-11-22")
}

test_incomplete_denied if {
	count(rule.deny) == 1 with input as waived(object.union(good, {"reason": " "}), known)
	count(rule.deny) == 1 with input as waived(object.remove(good, ["owner"]), known)
	count(rule.deny) == 1 with input as waived(object.remove(good, ["expires"]), known)
}

test_not_waivable_denied if {
	some result in rule.deny with input as waived(good, {"known": true, "waivable": false, "nearest": ""})
	result.message == `"production-slo" cannot be waived`
}

test_unknown_warned if {
	some result in rule.warn with input as waived(good, {"known": false, "waivable": false, "nearest": "production-sla"})
	endswith(result.message, `no rule has that code (did you mean "production-sla"?)`)
}

test_unknown_is_not_denied if {
	count(rule.deny) == 0 with input as waived(good, {"known": false, "waivable": false, "nearest": ""})
}

test_unknown_without_likeness_warned if {
	some result in rule.warn with input as waived(good, {"known": false, "waivable": false, "nearest": ""})
	endswith(result.message, "no rule has that code")
}
