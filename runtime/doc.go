// Package runtime runs plans: it is what commands call.
//
// [Start] begins a run of a plan and walks it to its end, [Resume] goes on with one whose process is gone, parked or
// unsettled. Both wire the pure machine and its local driver to the store, to the instructions (package op) and to the
// targets' drivers that the caller gives; nothing in here knows a target. [Load] folds a run's journal into a [Report].
// People speak to a run through its inbox: [Approve], [Reject], [Abort].
//
// A release is commit and artifact digests; it exists from the moment its artifacts are bound. [Reuse] says which outcomes
// of earlier runs a run of the same release may take over, [Rollback] makes the plan that brings an earlier release back.
package runtime
