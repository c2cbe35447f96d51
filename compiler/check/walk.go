package check

import "github.com/penstock-dev/penstock/schema"

// program is one place where something is started with variables, or where a workload gets its variables.
type program struct {
	where     *at
	inject    map[schema.VarName]schema.Inject
	secrets   map[schema.VarName]schema.Secret
	container *schema.Container
	// envs are the environments whose variables it can have injected; none when it runs in none.
	envs []schema.EnvName
	// stage is the stage it belongs to; "" for workloads and the pipeline's own notifications.
	stage string
}

func command(where *at, c *schema.Command, env schema.EnvName, stage string) program {
	return program{where: where, inject: c.Inject, secrets: c.Secrets, container: c.Container, envs: given(env), stage: stage}
}

func given(env schema.EnvName) []schema.EnvName {
	if env == "" {
		return nil
	}
	return []schema.EnvName{env}
}

// environmentOf is the environment that the stage works in, or "".
func environmentOf(s schema.Stage) schema.EnvName {
	switch {
	case s.Exec != nil:
		return s.Exec.In
	case s.Deploy != nil:
		return s.Deploy.In
	case s.Verify != nil:
		return s.Verify.In
	case s.Migrate != nil:
		return s.Migrate.In
	case s.Preview != nil:
		return s.Preview.In
	}
	return ""
}

// programs calls f for everything that is started with variables.
func (p *pass) programs(f func(program)) {
	for i, name := range p.stages {
		stagePrograms(p.paths[i], name, p.defs[i], f)
	}
	for name, n := range p.pipe.Notify {
		notifyPrograms(root("notify").field(string(name)), n, "", "", f)
	}
	p.workloadPrograms(f)
}

func stagePrograms(where *at, name string, s schema.Stage, f func(program)) {
	env := environmentOf(s)
	for gate, g := range s.Gates {
		if g.Exec != nil {
			f(command(where.field("gates").field(string(gate)).field("exec"), g.Exec, env, name))
		}
	}
	for key, n := range s.Notify {
		notifyPrograms(where.field("notify").field(string(key)), n, env, name, f)
	}
	if s.Exec != nil {
		execPrograms(where.field("exec"), s.Exec, env, name, f)
	}
	if m := s.Migrate; m != nil {
		below := where.field("migrate")
		f(command(below.field("check"), &m.Check, env, name))
		f(command(below.field("apply"), &m.Apply, env, name))
		if m.Revert != nil {
			f(command(below.field("revert"), m.Revert, env, name))
		}
	}
	if s.Deploy != nil {
		deployExecs(where, s.Deploy, func(where *at, e *schema.Exec) {
			in := env
			if e.In != "" {
				in = e.In
			}
			execPrograms(where, e, in, name, f)
		})
	}
}

func execPrograms(where *at, e *schema.Exec, env schema.EnvName, stage string, f func(program)) {
	run := e.Program()
	f(command(where, &run, env, stage))
	if e.Revert != nil {
		f(command(where.field("revert"), e.Revert, env, stage))
	}
	if e.Check != nil {
		f(command(where.field("check"), e.Check, env, stage))
	}
}

func notifyPrograms(where *at, n schema.Notification, env schema.EnvName, stage string, f func(program)) {
	if n.Exec != nil {
		f(command(where.field("exec"), n.Exec, env, stage))
	}
	if n.Webhook != nil {
		hook := program{where: where.field("webhook"), stage: stage, secrets: map[schema.VarName]schema.Secret{}}
		for header, s := range n.Webhook.Secrets {
			hook.secrets[schema.VarName(header)] = s
		}
		f(hook)
	}
}

// deployExecs calls f for the commands inside a strategy: before the switch, and during steps. stage is the stage's path.
func deployExecs(stage *at, d *schema.Deploy, f func(where *at, e *schema.Exec)) {
	if d.BlueGreen != nil && d.BlueGreen.Before != nil && d.BlueGreen.Before.Exec != nil {
		f(stage.field("deploy").field("blueGreen").field("before").field("exec"), d.BlueGreen.Before.Exec)
	}
	if d.Canary == nil {
		return
	}
	for i, s := range d.Canary.Steps {
		if s.During != nil && s.During.Exec != nil {
			f(stage.field("deploy").field("canary").field("steps").item(i).field("during").field("exec"), s.During.Exec)
		}
	}
}

// workloadPrograms calls f for the variables of each workload, and of each of its overlays.
func (p *pass) workloadPrograms(f func(program)) {
	used := map[schema.WorkloadName][]schema.EnvName{}
	for _, d := range p.deploys {
		used[d.deploy.Workload] = append(used[d.deploy.Workload], d.deploy.In)
	}
	for name, w := range p.pipe.Workloads {
		where := root("workloads").field(string(name))
		base := schema.Overlay{Process: w.Process, Kubernetes: w.Kubernetes, Lambda: w.Lambda, Terraform: w.Terraform}
		overlayPrograms(where, base, used[name], f)
		for env, o := range w.In {
			overlayPrograms(where.field("in").field(string(env)), o, given(env), f)
		}
	}
}

func overlayPrograms(where *at, o schema.Overlay, envs []schema.EnvName, f func(program)) {
	if w := o.Process; w != nil {
		f(program{where: where.field("process"), inject: w.Inject, secrets: w.Secrets, envs: envs})
	}
	if w := o.Lambda; w != nil {
		f(program{where: where.field("lambda"), inject: w.Inject, envs: envs})
	}
	if w := o.Terraform; w != nil {
		inject := make(map[schema.VarName]schema.Inject, len(w.Inject))
		for key, value := range w.Inject {
			inject[schema.VarName(key)] = value
		}
		f(program{where: where.field("terraform"), inject: inject, secrets: w.Secrets, envs: envs})
	}
}

// analyses calls f for every analysis of a stage, whose path is stage.
func analyses(stage *at, s schema.Stage, f func(where *at, a schema.Analysis)) {
	if s.Verify != nil {
		f(stage.field("verify"), s.Verify.Analysis())
	}
	if s.Deploy == nil {
		return
	}
	d, where := s.Deploy, stage.field("deploy")
	switch {
	case d.AllAtOnce != nil && d.AllAtOnce.Analysis != nil:
		f(where.field("allAtOnce").field("analysis"), *d.AllAtOnce.Analysis)
	case d.Rolling != nil && d.Rolling.Analysis != nil:
		f(where.field("rolling").field("analysis"), *d.Rolling.Analysis)
	case d.Canary != nil && d.Canary.Analysis != nil:
		f(where.field("canary").field("analysis"), *d.Canary.Analysis)
	case d.Linear != nil && d.Linear.Analysis != nil:
		f(where.field("linear").field("analysis"), *d.Linear.Analysis)
	case d.BlueGreen != nil && d.BlueGreen.After != nil && d.BlueGreen.After.Analysis != nil:
		f(where.field("blueGreen").field("after").field("analysis"), *d.BlueGreen.After.Analysis)
	}
}
