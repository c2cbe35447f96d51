package bind

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/penstock-dev/penstock/compiler/lower"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

func span(d schema.Duration) plan.Duration { return plan.Duration(d.Value()) }

func processSpec(b *binding) (any, error) {
	w := *b.w.Process
	ready, restart := schema.ProcessReady{}, schema.ProcessRestart{}
	if w.Ready != nil {
		ready = *w.Ready
	}
	if w.Restart != nil {
		restart = *w.Restart
	}
	art, err := b.artifact(w.Artifact, "artifact")
	if err != nil {
		return nil, err
	}
	b.out.Secrets = lower.Secrets(w.Secrets)
	env, err := b.environ(w.Env, w.Inject)
	if err != nil {
		return nil, err
	}
	return targets.ProcessSpec{
		Artifact: art, Args: w.Args, Dir: w.Dir, Env: env, Secrets: slices.Sorted(maps.Keys(b.out.Secrets)), Listen: w.Listen,
		Ready:   targets.ReadySpec{HTTP: ready.HTTP, Every: span(ready.EveryOrDefault()), Timeout: span(ready.TimeoutOrDefault())},
		Restart: targets.RestartSpec{Attempts: restart.AttemptsOrDefault(), Backoff: span(restart.BackoffOrDefault())},
		Drain:   span(w.DrainOrDefault()), Stop: span(w.StopOrDefault()), Lease: span(w.LeaseOrDefault()),
	}, nil
}

// artifact describes an artifact and leaves its digest open.
func (b *binding) artifact(name schema.ArtifactName, path ...string) (targets.ArtifactSpec, error) {
	out := targets.ArtifactSpec{Name: string(name)}
	a, ok := b.p.Artifacts[name]
	switch {
	case !ok:
		return out, fmt.Errorf("unknown artifact %q", name)
	case a.File != nil:
		out.Path = a.File.Path
	case a.Image != nil:
		out.Repository = a.Image.Repository
		if r, ok := b.env.Repositories[name]; ok {
			out.Repository = r
		}
	}
	b.hole(plan.Binding{Artifact: string(name)}, append(path, "digest")...)
	return out, nil
}

// environ joins what is written with the variables of the environment, and leaves open what is known only later.
func (b *binding) environ(env map[schema.VarName]string, inject map[schema.VarName]schema.Inject) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range env {
		out[string(k)] = v
	}
	for k, i := range inject {
		value, known, err := b.inject(i)
		if err != nil {
			return nil, fmt.Errorf("inject %s: %w", k, err)
		}
		if known {
			out[string(k)] = value
			continue
		}
		b.hole(plan.Binding{Artifact: string(i.Artifact), Output: i.Output}, "env", string(k))
	}
	return out, nil
}

// inject returns the value of an injection that is known now: a variable of the environment.
func (b *binding) inject(i schema.Inject) (value string, known bool, err error) {
	if i.Variable == "" {
		return "", false, nil
	}
	v, ok := b.env.Variables[i.Variable]
	if !ok {
		return "", false, fmt.Errorf("environment %q has no variable %q", b.out.Environment, i.Variable)
	}
	return v, true, nil
}

func lambdaSpec(b *binding) (any, error) {
	w := *b.w.Lambda
	art, err := b.artifact(w.Artifact, "artifact")
	if err != nil {
		return nil, err
	}
	env, err := b.environ(w.Env, w.Inject)
	if err != nil {
		return nil, err
	}
	return targets.LambdaSpec{
		Function: w.Function, Alias: w.Alias, Artifact: art, Runtime: w.Runtime, Handler: w.Handler, Architecture: w.Architecture,
		Memory: w.Memory, Timeout: span(w.Timeout), Role: w.Role, Env: env, KeepVersions: w.KeepVersionsOrDefault(),
	}, nil
}

func kubernetesSpec(b *binding) (any, error) {
	w := *b.w.Kubernetes
	ready := schema.KubernetesReady{}
	if w.Ready != nil {
		ready = *w.Ready
	}
	out := targets.KubernetesSpec{Replicas: w.Replicas, Ready: span(ready.TimeoutOrDefault()), Prune: w.PruneOrDefault()}
	var manifests []string
	for _, pattern := range w.Manifests {
		manifests = append(manifests, b.files.Globs[pattern]...)
	}
	out.Manifests = b.digests(manifests)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(w.Images))) {
		art, err := b.artifact(name, "images", string(name))
		if err != nil {
			return nil, err
		}
		if out.Images == nil {
			out.Images = map[string]targets.ArtifactSpec{}
		}
		out.Images[string(name)] = art
	}
	if t := w.Traffic; t != nil {
		out.Traffic = &targets.TrafficSpec{Service: t.Service}
		switch {
		case t.Gateway != nil:
			out.Traffic.HTTPRoute = t.Gateway.Route
		case t.Istio != nil:
			out.Traffic.VirtualService, out.Traffic.Route = t.Istio.VirtualService, t.Istio.Route
		case t.Replicas != nil:
			out.Traffic.ReplicaService = t.Replicas.Service
		}
	}
	return out, nil
}

// digests lists files by content, sorted by path.
func (b *binding) digests(paths []string) []targets.FileSpec {
	out := []targets.FileSpec{}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		out = append(out, targets.FileSpec{Path: p, Digest: b.files.Digests[p]})
	}
	return out
}

func terraformSpec(b *binding) (any, error) {
	w := *b.w.Terraform
	b.out.Secrets = lower.Secrets(w.Secrets)
	out := targets.TerraformSpec{
		Module: w.Module, Files: b.digests(b.files.Modules[w.Module]), Workspace: cmp.Or(w.Workspace, "default"),
		Secrets: slices.Sorted(maps.Keys(b.out.Secrets)), LockTimeout: span(w.LockTimeoutOrDefault()), Parallelism: w.Parallelism,
	}
	for _, f := range w.VarFiles { // the order decides which one wins
		out.VarFiles = append(out.VarFiles, targets.FileSpec{Path: f, Digest: b.files.Digests[f]})
	}
	if len(w.Vars)+len(w.Inject) > 0 {
		out.Vars = map[string]json.RawMessage{}
	}
	for name, v := range w.Vars {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", name, err)
		}
		out.Vars[name] = raw
	}
	for name, i := range w.Inject {
		value, known, err := b.inject(i)
		if err != nil {
			return nil, fmt.Errorf("inject %s: %w", name, err)
		}
		if known {
			raw, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("inject %s: %w", name, err)
			}
			out.Vars[name] = raw
			continue
		}
		b.hole(plan.Binding{Artifact: string(i.Artifact), Output: i.Output}, "vars", name)
	}
	return out, nil
}
