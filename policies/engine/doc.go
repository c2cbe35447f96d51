// Package engine judges plans by policies written in Rego.
//
// [Load] reads the shipped rules and the user's directories and compiles them without any builtin that could reach the
// network, a clock or a source of randomness: the same plan and facts give the same [Decision], everywhere. [Engine.Decide]
// evaluates them over one document (see [Engine.Input]) that holds the plan, facts about its graph and what is known from
// outside: the day, the actor, the selection. Results point at the line of CUE that asked for what is judged. A deny
// that the pipeline waives by its code, until a day and with a reason, is counted and does not deny.
//
// A rule is a package that adds messages to the partial sets deny, warn or info. A message is a string, or an object with
// "message" and any of "stage", "node", "at" (a definition path such as "owner") and "hint". A rule that is broken,
// at load or while it is evaluated, never lets a plan pass.
package engine
