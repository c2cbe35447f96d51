# METADATA
# title: production takes no values from outside
# description: >-
#   A value that is given when compiling (a CUE tag) reaches a production environment only if that environment allows the tag
#   by name: what was reviewed is what is released.
# custom:
#   code: tags-allowed
#   severity: deny
#   fix: 'name the tag in the environment''s allowTags, or write the value into the pipeline'
#   waive: 'for a value that decides nothing in production, say what it decides in the reason'
package penstock.tags_allowed

import data.penstock.lib

deny contains {"stage": name, "message": message} if {
	some name in lib.entering
	env := lib.stages[name].environment
	some tag, _ in input.plan.inputs
	not said_by_rollback(tag)
	not tag in object.get(input.plan.environments[env], "allow_tags", [])
	message := sprintf("%q changes production environment %q with tag %q given from outside, which it does not allow", [
		name, env, tag,
	])
}

# said_by_rollback is true of the input by which penstock itself marks the plan of a rollback.
said_by_rollback("penstock.rollback")
