package handmade

import "github.com/penstock-dev/penstock/compiler/plan"

// Canary builds, tests, and releases in two judged steps; the smoke test afterwards may take the release back.
func Canary() *plan.Plan {
	b := newBuilder("canary")
	b.env("local", "development")
	b.build()
	b.exec("test", []string{"build"}, plan.Exec{})
	b.gradual("canary", deploy{stage: "release", env: "local", needs: []string{"test"}, weights: []float64{10, 50}, hold: 10 * minute, inconclusive: "rollback", retireAfter: []string{"smoke"}, keep: 30 * minute})
	b.exec("smoke", []string{"release"}, plan.Exec{}, "release")
	return b.p
}

// Linear rises in four steps, asks a budget before each, and holds longer when the judge can't say.
func Linear() *plan.Plan {
	b := newBuilder("linear")
	b.env("staging", "staging")
	b.gradual("linear", deploy{stage: "release", env: "staging", weights: []float64{20, 40, 60, 80}, hold: 2 * minute, inconclusive: "hold", budget: true, timeout: 180 * minute})
	return b.p
}

// BlueGreen brings up the other side, checks it before anybody is on it, switches, and watches.
func BlueGreen() *plan.Plan {
	b := newBuilder("blue-green")
	b.env("local", "development")
	b.gradual("blueGreen", deploy{stage: "release", env: "local", weights: []float64{100}, hold: 15 * minute, inconclusive: "ask", keep: 30 * minute})
	for i := range b.p.Nodes { // the check of the new side goes between bringing it up and the switch
		if b.p.Nodes[i].ID == "release/shift-100" {
			b.p.Nodes[i].Needs = []plan.NodeID{"release/before"}
		}
	}
	b.p.Nodes = append(b.p.Nodes, plan.Node{
		ID: "release/before", Stage: "release", Needs: []plan.NodeID{"release/stage"}, When: &plan.When{Snapshot: "release/snapshot"},
		Do: plan.Do{Exec: &plan.Exec{Command: []string{"smoke"}, Interrupted: plan.InterruptedRerun}}, Timeout: minute, Interruptible: true, Retry: plan.Retry{Attempts: 2},
	})
	b.p.Stages[0].Nodes = append(b.p.Stages[0].Nodes, "release/before")
	return b.p
}

// Rolling replaces replicas in place.
func Rolling() *plan.Plan {
	b := newBuilder("rolling")
	b.env("local", "development")
	b.gradual("rolling", deploy{stage: "release", env: "local", weights: []float64{25, 50, 75}, hold: minute, unjudged: true})
	return b.p
}

// AllAtOnce moves everything in one step, unwatched.
func AllAtOnce() *plan.Plan {
	b := newBuilder("all-at-once")
	b.env("local", "development")
	b.gradual("allAtOnce", deploy{stage: "release", env: "local", weights: []float64{100}, unjudged: true})
	return b.p
}

// Migration expands a database, releases on it, asks, and contracts without a way back.
func Migration() *plan.Plan {
	b := newBuilder("migration")
	b.env("production", "production")
	migrate := func(kind string) *plan.Migrate {
		return &plan.Migrate{Environment: "production", Check: []string{"check", kind}, Command: []string{"apply", kind}, Lock: "db"}
	}
	b.approve("go", nil, plan.Approve{})
	b.stage(plan.Stage{Name: "expand", Action: "migrate", Needs: []string{"go"}, Environment: "production"},
		plan.Node{ID: "expand/migrate", Needs: b.last("go"), Do: plan.Do{Migrate: migrate("expand")}, Undo: &plan.Do{Revert: migrate("expand")}, Lock: "production"})
	b.gradual("canary", deploy{stage: "release", env: "production", needs: []string{"expand"}, weights: []float64{25}, hold: 5 * minute, inconclusive: "promote", rollback: []string{"expand"}})
	b.approve("agree", []string{"release"}, plan.Approve{By: []string{"group:dba"}, Count: 2})
	b.stage(plan.Stage{Name: "contract", Action: "migrate", Needs: []string{"agree"}, Environment: "production", Timeout: 45 * minute},
		plan.Node{ID: "contract/migrate", Needs: b.last("agree"), Do: plan.Do{Migrate: migrate("contract")}, Irreversible: "drops columns", Lock: "production"})
	return b.p
}

// Terraform previews, asks about that very preview, applies, and watches with a command.
func Terraform() *plan.Plan {
	b := newBuilder("terraform")
	b.env("fleet", "production")
	ref := plan.Ref("scaling@fleet")
	b.p.Workloads[ref] = plan.Workload{Name: "scaling", Environment: "fleet", Kind: "terraform", Spec: []byte(`{}`)}
	b.stage(plan.Stage{Name: "look", Action: "preview", Environment: "fleet"},
		plan.Node{ID: "look/preview", Do: plan.Do{Preview: &plan.DeployRef{Workload: ref}}, Interruptible: true})
	b.approve("agree", []string{"look"}, plan.Approve{NotAuthor: true})
	b.stage(plan.Stage{Name: "fleet", Action: "deploy", Strategy: "apply", Needs: []string{"agree"}, Environment: "fleet", Workload: "scaling"},
		plan.Node{ID: "fleet/snapshot", Needs: b.last("agree"), Do: plan.Do{Snapshot: &plan.DeployRef{Workload: ref}}, Lock: "fleet"},
		plan.Node{
			ID: "fleet/apply", Needs: []plan.NodeID{"fleet/snapshot"}, Do: plan.Do{Apply: &plan.Apply{Workload: ref, Preview: "look/preview"}},
			Undo: &plan.Do{Restore: &plan.Restore{Workload: ref, Snapshot: "fleet/snapshot"}}, Lock: "fleet", Timeout: 30 * minute,
		})
	b.exec("watch", []string{"fleet"}, plan.Exec{Interrupted: plan.InterruptedCheck}, "fleet")
	return b.p
}

// Approvals asks people before the release and between its steps, and gates before it.
func Approvals() *plan.Plan {
	b := newBuilder("approvals")
	b.env("production", "production")
	b.build()
	b.approve("go", []string{"build"}, plan.Approve{By: []string{"group:release"}, Count: 2, NotAuthor: true})
	b.stage(plan.Stage{Name: "window", Action: "gate", Needs: []string{"go"}},
		plan.Node{ID: "window/calendar", Needs: b.last("go"), Do: plan.Do{Gate: &plan.Gate{Name: "calendar", Every: minute, Calendar: &plan.CalendarGate{Environment: "production"}}}})
	b.gradual("canary", deploy{stage: "release", env: "production", needs: []string{"window"}, weights: []float64{5, 50}, hold: 10 * minute, inconclusive: "rollback", approveAt: 50, keep: 60 * minute})
	return b.p
}

// Exec is a chain and a fan of commands, retried, checked and rerun, with a notification at the end.
func Exec() *plan.Plan {
	b := newBuilder("exec")
	b.build()
	b.exec("unit", []string{"build"}, plan.Exec{})
	b.exec("checked", []string{"build"}, plan.Exec{Interrupted: plan.InterruptedCheck, Check: []string{"done?"}})
	b.stage(plan.Stage{Name: "reverts", Action: "exec", Needs: []string{"build"}}, plan.Node{
		ID: "reverts/exec", Needs: b.last("build"), Do: plan.Do{Exec: &plan.Exec{Command: []string{"make"}, Interrupted: plan.InterruptedFail}},
		Undo: &plan.Do{Exec: &plan.Exec{Command: []string{"unmake"}, Interrupted: plan.InterruptedRerun}}, Retry: plan.Retry{Attempts: 3, Backoff: second},
	})
	b.exec("last", []string{"unit", "checked", "reverts"}, plan.Exec{}, "reverts")
	b.stage(plan.Stage{Name: "tell", Action: "exec", Needs: []string{"last"}},
		plan.Node{ID: "tell/notify", Needs: b.last("last"), Do: plan.Do{Notify: &plan.Notify{Message: "done"}}})
	return b.p
}

// Regions releases one region after the other; the second takes the first back with it.
func Regions() *plan.Plan {
	b := newBuilder("regions")
	b.env("eu", "production")
	b.env("us", "production")
	b.gradual("canary", deploy{stage: "eu", env: "eu", weights: []float64{10}, hold: 5 * minute, inconclusive: "rollback", retireAfter: []string{"smoke"}})
	b.gradual("canary", deploy{stage: "us", env: "us", needs: []string{"eu"}, weights: []float64{10}, hold: 5 * minute, inconclusive: "rollback", rollback: []string{"eu"}, retireAfter: []string{"smoke"}})
	b.exec("smoke", []string{"us"}, plan.Exec{}, "eu", "us")
	return b.p
}

// Parallel releases two environments at the same time, beside a command.
func Parallel() *plan.Plan {
	b := newBuilder("parallel")
	b.env("a", "staging")
	b.env("b", "staging")
	b.gradual("canary", deploy{stage: "a", env: "a", weights: []float64{30}, hold: 5 * minute, inconclusive: "rollback"})
	b.gradual("canary", deploy{stage: "b", env: "b", weights: []float64{50}, hold: 3 * minute, inconclusive: "rollback"})
	b.exec("beside", nil, plan.Exec{})
	b.exec("after", []string{"a", "b"}, plan.Exec{})
	return b.p
}

// Joined has two releases that begin together, and the second goes on only after the first; a command joins in half-way.
func Joined() *plan.Plan {
	b := newBuilder("joined")
	b.env("a", "staging")
	b.env("b", "staging")
	b.exec("beside", nil, plan.Exec{})
	b.gradual("canary", deploy{stage: "a", env: "a", weights: []float64{30}, hold: 5 * minute, inconclusive: "rollback"})
	b.gradual("canary", deploy{stage: "b", env: "b", weights: []float64{20, 60}, hold: minute, inconclusive: "promote"})
	for i := range b.p.Nodes {
		switch n := &b.p.Nodes[i]; n.ID {
		case "b/shift-60":
			n.Needs = append(n.Needs, "a/commit")
		case "a/retire", "a/commit":
			n.Needs = append(n.Needs, "beside/exec")
		}
	}
	return b.p
}

// Verify watches a release after it was committed; harm takes it back.
func Verify() *plan.Plan {
	b := newBuilder("verify")
	b.env("local", "development")
	b.gradual("allAtOnce", deploy{stage: "release", env: "local", weights: []float64{100}, unjudged: true})
	for i := range b.p.Nodes {
		if b.p.Nodes[i].Do.Retire != nil {
			b.p.Nodes[i].Needs = append(b.p.Nodes[i].Needs, "watch/end")
		}
	}
	b.stage(plan.Stage{Name: "watch", Action: "verify", Needs: []string{"release"}, Environment: "local", Workload: "hello", Rollback: []string{"release"}},
		plan.Node{ID: "watch/hold", Needs: b.last("release"), Do: plan.Do{Hold: &plan.HoldOp{Workload: "hello@local"}}, Hold: &plan.Hold{For: 60 * minute, Monitor: "watch/judge"}},
		plan.Node{ID: "watch/end", Needs: []plan.NodeID{"watch/hold"}, Do: plan.Do{Hold: &plan.HoldOp{Workload: "hello@local"}}})
	b.p.Monitors = append(b.p.Monitors, plan.Monitor{
		ID: "watch/judge", Stage: "watch", Workload: "hello@local", Opens: "watch/hold", Closes: "watch/end",
		Judge: plan.Judge{Against: "objective", Tick: 15 * second, Require: "proven-safe", Inconclusive: "rollback"},
	})
	return b.p
}
