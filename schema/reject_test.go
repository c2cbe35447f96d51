package schema_test

import (
	"strings"
	"testing"

	"cuelang.org/go/cue/cuecontext"
)

// base is a sound pipeline; each case below adds one mistake to it.
const base = `package p

import "penstock.dev/schema"

pipeline: schema.#Pipeline & {
	name: "p"
	artifacts: app: image: repository: "registry.example.com/team/app"
	environments: prod: {tier: "production", kubernetes: {context: "c", namespace: "n"}}
	workloads: web: kubernetes: manifests: ["k8s/*.yaml"]
	stages: build: exec: {command: ["make"], produces: app: digestFile: "d"}
}
`

func TestBaseIsAccepted(t *testing.T) {
	if _, err := compilePipeline(t, cuecontext.New(), base); err != nil {
		t.Fatal(details(err))
	}
}

// TestRejected adds one mistake a case. Each must be refused, with a message
// about the place and the reason, in few lines.
func TestRejected(t *testing.T) {
	for name, tc := range map[string]struct{ add, want string }{
		"typo at the top":               {`stagse: {}`, "pipeline.stagse: field not allowed"},
		"typo in a stage":               {`stages: build: need: ["x"]`, "stages.build.need: field not allowed"},
		"typo in an action":             {`stages: build: exec: comand: ["x"]`, "exec.comand: field not allowed"},
		"typo in a strategy":            {`stages: d: deploy: {workload: "web", in: "prod", canary: {steps: [{weight: 5}], keeep: "1h"}}`, "canary.keeep: field not allowed"},
		"typo in a step":                {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{wieght: 5}]}`, "steps.0.wieght: field not allowed"},
		"typo in an environment":        {`environments: prod: teir: "staging"`, "prod.teir: field not allowed"},
		"typo in a target":              {`environments: prod: kubernetes: nmespace: "x"`, "kubernetes.nmespace: field not allowed"},
		"typo in an overlay":            {`workloads: web: in: prod: kubernetes: replics: 2`, "kubernetes.replics: field not allowed"},
		"typo in an analysis":           {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", limit: {}}`, "verify.limit: field not allowed"},
		"typo in a gate":                {`stages: build: gates: g: soak: {in: "prod", atleast: "1m", atLeast: "1m"}`, "soak.atleast: field not allowed"},
		"unknown action":                {`stages: x: run: {}`, "x.run: field not allowed"},
		"unknown strategy":              {`stages: d: deploy: {workload: "web", in: "prod", bluegreen: {}}`, "bluegreen: field not allowed"},
		"unknown target":                {`workloads: web: ecs: {}`, "web.ecs: field not allowed"},
		"unknown gate":                  {`stages: build: gates: g: budget: {}`, "g.budget: field not allowed"},
		"no name of stage":              {`stages: "1st": exec: command: ["x"]`, `stages."1st"`},
		"name with a blank":             {`environments: "my prod": {tier: "test", process: {}}`, `environments."my prod"`},
		"need that is no name":          {`stages: build: needs: ["a b"]`, "a name starts with a letter"},
		"needs a string":                {`stages: build: needs: "a"`, "conflicting values"},
		"empty command":                 {`stages: x: exec: command: []`, "incompatible list lengths"},
		"command as a string":           {`stages: x: exec: command: "make all"`, "conflicting values"},
		"empty program":                 {`stages: x: exec: command: [""]`, "a text that is not empty is needed"},
		"exec without command":          {`stages: x: exec: in: "prod"`, "exec.command: field is required but not present"},
		"deploy without in":             {`stages: d: deploy: {workload: "web", rolling: {}}`, "deploy.in: field is required but not present"},
		"canary without steps":          {`stages: d: deploy: {workload: "web", in: "prod", canary: {}}`, "canary.steps: field is required but not present"},
		"no steps":                      {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: []}`, "incompatible list lengths"},
		"weight of 110":                 {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: 110}]}`, "a weight is a percentage above 0 and at most 100"},
		"weight of 0":                   {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: 0}]}`, "a weight is a percentage above 0 and at most 100"},
		"weight as a string":            {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: "5%"}]}`, "a weight is a percentage"},
		"hold without unit":             {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: 5, hold: "10"}]}`, "a duration is a string such as"},
		"hold as a number":              {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: 5, hold: 10}]}`, "a duration is a string such as"},
		"units in the wrong order":      {`stages: build: timeout: "30m1h"`, "a duration is a string such as"},
		"month as a unit":               {`slos: a: {objective: 99, over: "1M", sli: requests: workload: "web"}`, "a duration is a string such as"},
		"objective of 100":              {`slos: a: {objective: 100, over: "30d", sli: requests: workload: "web"}`, "an objective is a percentage above 0 and below 100"},
		"objective without sli":         {`slos: a: {objective: 99, over: "30d"}`, "a.sli: field is required but not present"},
		"latency without threshold":     {`slos: a: {objective: 99, over: "30d", sli: latency: histogram: "h"}`, "latency.below: field is required but not present"},
		"unknown tier":                  {`environments: e: {tier: "prod", process: {}}`, "a tier is one of development, test, staging, preproduction, production"},
		"environment without tier":      {`environments: e: process: {}`, "e.tier: field is required but not present"},
		"account as a number":           {`environments: e: {tier: "test", lambda: {account: 111111111111, region: "eu-central-1"}}`, "an account is a string of 12 digits"},
		"short account":                 {`environments: e: {tier: "test", lambda: {account: "1", region: "eu-central-1"}}`, "an account is a string of 12 digits"},
		"namespace in capitals":         {`environments: e: {tier: "test", kubernetes: {context: "c", namespace: "N"}}`, "a namespace has small letters"},
		"tag in a repository":           {`artifacts: b: image: repository: "r.example.com/b:latest"`, "a repository is written"},
		"movable job image":             {`stages: build: exec: container: image: "golang:1.26"`, "an image is named with its digest"},
		"secret in clear":               {`stages: build: exec: secrets: TOKEN: "abc"`, "conflicting values"},
		"bad variable name":             {`stages: build: exec: env: "A-B": "x"`, `env."A-B"`},
		"env of a number":               {`stages: build: exec: env: N: 1`, "conflicting values"},
		"inject without output name":    {`stages: build: exec: inject: ID: output: "infra"`, "an output is written"},
		"approver without kind":         {`stages: a: approve: by: ["sre"]`, "who may approve is written"},
		"nobody approves":               {`stages: a: approve: by: []`, "incompatible list lengths"},
		"quorum of 0":                   {`stages: a: approve: {by: ["user:a"], count: 0}`, "count is a whole number from 1 to 50"},
		"quorum of a half":              {`stages: a: approve: {by: ["user:a"], count: 1.5}`, "count is a whole number from 1 to 50"},
		"migration without check":       {`stages: m: migrate: {in: "prod", apply: command: ["x"]}`, "migrate.check: field is required but not present"},
		"migration with exec's fields":  {`stages: m: migrate: {in: "prod", check: command: ["x"], apply: {command: ["x"], produces: {}}}`, "apply.produces: field not allowed"},
		"unknown interrupted":           {`stages: build: interrupted: "retry"`, "interrupted is one of rerun, fail, check"},
		"no attempts":                   {`stages: build: retry: attempts: 0`, "attempts is a whole number from 1 to 20"},
		"unknown concurrency":           {`concurrency: "parallel"`, "concurrency is one of queue, reject, supersede"},
		"unknown requirement":           {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", require: "safe"}`, "require is one of no-harm, proven-safe"},
		"alpha of 5":                    {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", alpha: 5}`, "alpha is a probability"},
		"tolerance below stable":        {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", slos: a: tolerate: 0.5}`, "a ratio to stable is a number of at least 1"},
		"limit without query":           {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", limits: l: below: 1}`, "l.query: field is required but not present"},
		"expect without errors":         {`stages: v: verify: {workload: "web", in: "prod", hold: "1m", expect: rps: 1}`, "expect.errors: field is required but not present"},
		"waiver without reason":         {`waivers: "slo-missing": {owner: "a", expires: "2026-12-31"}`, `waivers."slo-missing".reason: field is required but not present`},
		"waiver with an empty reason":   {`waivers: "slo-missing": {reason: "", owner: "a", expires: "2026-12-31"}`, "a text that is not empty is needed"},
		"waiver until the 13th month":   {`waivers: "slo-missing": {reason: "r", owner: "a", expires: "2026-13-01"}`, `a date is written "2026-12-31"`},
		"owner without team":            {`owner: contact: "x"`, "owner.team: field is required but not present"},
		"window without zone":           {`environments: prod: calendar: c: allow: {from: "09:00", to: "16:00"}`, "allow.timezone: field is required but not present"},
		"window after midnight's end":   {`environments: prod: calendar: c: allow: {from: "09:00", to: "24:00", timezone: "UTC"}`, "a moment is written"},
		"unknown weekday":               {`environments: prod: calendar: c: allow: {days: ["monday"], from: "09:00", to: "16:00", timezone: "UTC"}`, "a weekday is one of"},
		"zone as an offset":             {`environments: prod: calendar: c: deny: {from: "09:00", to: "16:00", timezone: "+01:00"}`, "a time zone is an IANA name"},
		"metrics without scheme":        {`environments: prod: metrics: prometheus: url: "prometheus:9090"`, "a URL starts with http"},
		"memory of 1":                   {`workloads: f: lambda: memory: 1`, "memory is a whole number of MB"},
		"numeric alias":                 {`workloads: f: lambda: alias: "1"`, "an alias has letters"},
		"listen without port":           {`workloads: p: process: listen: "127.0.0.1"`, "an address to listen on"},
		"ready without slash":           {`workloads: p: process: ready: http: "healthz"`, "http is a path"},
		"ready by no tcp":               {`workloads: p: process: ready: tcp: false`, "conflicting values"},
		"destroys less than none":       {`stages: d: deploy: {workload: "web", in: "prod", apply: destroys: -1}`, "a whole number of at least 0 is needed"},
		"linear without interval":       {`stages: d: deploy: {workload: "web", in: "prod", linear: step: 10}`, "linear.every: field is required but not present"},
		"hook of a step with approval":  {`stages: d: deploy: {workload: "web", in: "prod", canary: steps: [{weight: 5, during: approve: by: ["user:a"]}]}`, "during.approve: field not allowed"},
		"occasion that is none":         {`notify: chat: {on: ["success"], webhook: url: "https://x.example.com"}`, "an occasion is one of"},
		"drift ignored without reason":  {`workloads: web: ignore: r: path: "/spec/replicas"`, "r.reason: field is required but not present"},
		"terraform of another program":  {`environments: e: {tier: "test", terraform: binary: "terragrunt"}`, "binary is one of terraform, tofu"},
		"member that is a group":        {`groups: g: members: ["group:h"]`, "a member is written"},
		"signature as a bare path":      {`artifacts: b: file: {path: "x", trust: signatures: ["k.pub"]}`, "conflicting values"},
		"promotion to a tag":            {`stages: x: promote: {artifact: "app", to: "r.example.com/x:1"}`, "a repository is written"},
		"same field with another value": {`name: "q"`, "conflicting values"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compilePipeline(t, cuecontext.New(), base+"pipeline: {"+tc.add+"}\n")
			if err == nil {
				t.Fatal("accepted")
			}
			text := details(err)
			if !strings.Contains(text, tc.want) {
				t.Errorf("want %q in\n%s", tc.want, text)
			}
			if lines := strings.Count(text, "\n"); lines > 30 {
				t.Errorf("%d lines for one mistake:\n%s", lines, text)
			}
		})
	}
}
