# METADATA
# title: waivers are named, explained, owned and unexpired
# description: >-
#   A waiver excuses one rule by its code until a day. After that day it excuses nothing. It says why, and who answers for
#   it. Waiving what no rule forbids, or a rule that cannot be waived, is reported too.
# custom:
#   code: waiver-valid
#   severity: deny
#   waivable: false
#   fix: 'renew the waiver with a later date, or meet the rule and remove it'
#   waive: 'it cannot be waived'
package penstock.waiver_valid

deny contains {"at": at(code), "message": message} if {
	some code, waiver in input.plan.waivers
	waiver.expires < input.facts.today
	message := sprintf("the waiver of %q expired on %s", [code, waiver.expires])
}

deny contains {"at": at(code), "message": message} if {
	some code, waiver in input.plan.waivers
	some field in ["reason", "owner", "expires"]
	trim_space(object.get(waiver, field, "")) == ""
	message := sprintf("the waiver of %q has no %s", [code, field])
}

deny contains {"at": at(code), "message": message} if {
	some code, facts in input.waivers
	facts.known
	not facts.waivable
	message := sprintf("%q cannot be waived", [code])
}

warn contains {"at": at(code), "message": message} if {
	some code, facts in input.waivers
	not facts.known
	message := sprintf("the waiver of %q excuses nothing: no rule has that code%s", [code, suggestion(facts.nearest)])
}

suggestion("") := ""

suggestion(nearest) := sprintf(" (did you mean %q?)", [nearest]) if nearest != ""

at(code) := sprintf("waivers.%s", [code])
