# METADATA
# title: documents that the tests of the shipped rules judge
# description: >-
#   A service that is built, tried in staging, approved and canaried in production; and a Terraform change that is
#   previewed, approved, applied to one production environment, verified, and applied to the other.
package penstock.fixture

# with_stage replaces fields of one stage of the plan.
with_stage(doc, name, changes) := object.union(doc, {"plan": {"stages": [stage |
	some old in doc.plan.stages
	stage := patched(old, old.name == name, changes)
]}})

# with_node replaces fields of one node, in the plan and in the graph.
with_node(doc, id, changes) := object.union(doc, {
	"plan": {"nodes": [node |
		some old in doc.plan.nodes
		node := patched(old, old.id == id, changes)
	]},
	"graph": {"nodes": {id: changes}},
})

# with_facts replaces graph facts of one stage.
with_facts(doc, name, changes) := object.union(doc, {"graph": {"stages": {name: complete(changes)}}})

complete(changes) := object.union(changes, {"approvals": approvals_in(changes.ancestors)})

complete(changes) := changes if not changes.ancestors

approvals_in(ancestors) := [name | some name in ancestors; name in {"approval", "agree"}]

# with_plan replaces parts of the plan.
with_plan(doc, changes) := object.union(doc, {"plan": changes})

# only lets no stage run but those given.
only(doc, names) := object.union(doc, {"graph": {"stages": {name: {"runs": name in names} |
	some name, _ in doc.graph.stages
}}})

patched(old, true, changes) := object.union(old, changes)

patched(old, false, _) := old

facts(artifacts, ancestors, unapproved) := {
	"runs": true,
	"artifacts": artifacts,
	"ancestors": ancestors,
	"approvals": approvals_in(ancestors),
	"dominators": ancestors,
	"unapproved": unapproved,
}

service := {
	"facts": {"today": "2026-11-23", "actor": "ada"},
	"waivers": {},
	"plan": {
		"pipeline": "shop",
		"owner": {"team": "shop", "runbook": "runbooks/shop.md"},
		"artifacts": {"app": {
			"image": {"repository": "registry.example.com/shop"},
			"producer": "build/exec",
			"trust": {"signatures": [{"key": "keys/release.pub"}]},
		}},
		"environments": {
			"staging": {"tier": "staging", "kind": "kubernetes"},
			"production": {"tier": "production", "kind": "kubernetes"},
		},
		"slos": {"availability": {"objective": 99.9, "sli": {"events": {"bad": "bad", "total": "total"}}}},
		"stages": [
			{"name": "build", "action": "exec", "nodes": ["build/exec"]},
			{
				"name": "staging", "action": "deploy", "strategy": "rolling", "needs": ["build"],
				"workload": "shop", "environment": "staging", "nodes": ["staging/stage", "staging/commit"],
			},
			{"name": "approval", "action": "approve", "needs": ["staging"], "nodes": ["approval/approve"]},
			{
				"name": "production", "action": "deploy", "strategy": "canary", "needs": ["approval"],
				"workload": "shop", "environment": "production", "nodes": ["production/stage", "production/shift-5"],
			},
		],
		"nodes": [service_nodes[id] | some id in object.keys(service_nodes)],
		"monitors": [{
			"id": "production/judge", "stage": "production", "workload": "shop@production",
			"judge": {"slis": [{"slo": "availability"}]},
		}],
	},
	"graph": {
		"nodes": service_nodes,
		"stages": {
			"build": facts([], [], ["build"]),
			"staging": facts(["app"], ["build"], ["build", "staging"]),
			"approval": facts([], ["build", "staging"], []),
			"production": facts(["app"], ["build", "staging", "approval"], []),
		},
	},
}

service_nodes := {
	"build/exec": {"id": "build/exec", "stage": "build", "do": {"exec": {"command": ["make"]}}},
	"staging/stage": {"id": "staging/stage", "stage": "staging", "do": {"stage": {"workload": "shop@staging"}}},
	"staging/commit": {"id": "staging/commit", "stage": "staging", "do": {"commit": {"workload": "shop@staging"}}},
	"approval/approve": {
		"id": "approval/approve", "stage": "approval",
		"do": {"approve": {"by": ["group:release"], "count": 1, "not_author": true}},
	},
	"production/stage": {"id": "production/stage", "stage": "production", "do": {"stage": {"workload": "shop@production"}}},
	"production/shift-5": {
		"id": "production/shift-5", "stage": "production",
		"do": {"shift": {"workload": "shop@production", "weight": 5}},
	},
}

infra := {
	"facts": {"today": "2026-11-23"},
	"waivers": {},
	"plan": {
		"pipeline": "infra",
		"owner": {"team": "platform", "runbook": "runbooks/infra.md"},
		"environments": {
			"staging": {"tier": "staging", "kind": "terraform"},
			"first": {"tier": "production", "kind": "terraform"},
			"rest": {"tier": "production", "kind": "terraform"},
		},
		"stages": [
			{
				"name": "staging", "action": "deploy", "strategy": "apply",
				"workload": "scaling", "environment": "staging", "nodes": [],
			},
			{
				"name": "plan", "action": "preview", "needs": ["staging"],
				"workload": "scaling", "environment": "first", "nodes": [],
			},
			{"name": "agree", "action": "approve", "needs": ["plan"], "nodes": []},
			{
				"name": "first", "action": "deploy", "strategy": "apply", "needs": ["agree"],
				"workload": "scaling", "environment": "first", "nodes": [],
			},
			{
				"name": "watch", "action": "verify", "needs": ["first"],
				"workload": "scaling", "environment": "first", "nodes": [],
			},
			{
				"name": "rest", "action": "deploy", "strategy": "apply", "needs": ["watch"],
				"workload": "scaling", "environment": "rest", "nodes": [],
			},
		],
		"nodes": [],
		"monitors": [{
			"id": "watch/judge", "stage": "watch", "workload": "scaling@first",
			"judge": {"limits": [{"name": "cost"}]},
		}],
	},
	"graph": {
		"nodes": {},
		"stages": {
			"staging": facts([], [], ["staging"]),
			"plan": facts([], ["staging"], []),
			"agree": facts([], ["staging", "plan"], []),
			"first": facts([], ["staging", "plan", "agree"], []),
			"watch": facts([], ["staging", "plan", "agree", "first"], []),
			"rest": facts([], ["staging", "plan", "agree", "first", "watch"], []),
		},
	},
}
