// Package lower turns the stages and strategies of a checked pipeline into a plan: instructions with what undoes them,
// and monitors.
//
// Strategies are compiled, not interpreted. The passes stand in one list in lower.go; each action and each strategy is one
// file. A node is named "stage/step" after what it does.
//
// # The skeleton of a deploy
//
//	gates → verify-artifact… → snapshot → stage ─┬─ a stable version exists: shift, hold, shift, hold … ─┬─ commit → retire
//	                                             └─ none does (first deploy): shift 100, hold ───────────┘
//
// Strategies that move all traffic at once need no branches: their one shift is the same with and without a stable
// version. A gradual strategy watches a first deploy for as long as all its steps together, judged against the objectives
// themselves, because there is nothing to compare with; mirror and match steps have no meaning there. Approvals between
// steps are asked on both branches. Budget gates are asked again before each rise of traffic.
//
// A first deploy that nobody has sent requests to is inconclusive and would go back for ever; unless the analysis says
// what inconclusive does, or requires proven-safe, it is promoted there. Harm is harm all the same.
//
// Judges compare with stable while both versions have traffic, and with the objective where one version has it all.
//
// # What is held back
//
// An environment's calendar and the soak that it requires become gates of every deploy into it; the calendar also of
// migrations. A command that runs in an environment, such as the smoke test of what was just released, is not held back:
// that would leave a release unproven over a weekend. Its own gates can do so.
//
// # Bounds
//
// bounds.go holds how long each instruction may take and how often it is tried, with the reasons.
package lower
