package lower

import (
	"maps"
	"reflect"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// span is a duration of the language as one of the plan.
func span(d schema.Duration) plan.Duration { return plan.Duration(d.Value()) }

// strs copies names as plain strings; nil stays nil.
func strs[S ~string](in []S) []string {
	if len(in) == 0 {
		return nil
	}
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

func strMap[K ~string](in map[K]string) map[string]string {
	return mapped(in, func(_ K, v string) string { return v })
}

// mapped converts a map's values; an empty map is nil.
func mapped[K ~string, V, W any](in map[K]V, f func(K, V) W) map[string]W {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]W, len(in))
	for k, v := range in {
		out[string(k)] = f(k, v)
	}
	return out
}

func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = v
}

func sorted[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// surroundings is what a command runs in.
func surroundings(c schema.Command) plan.Surroundings {
	out := plan.Surroundings{Dir: c.Dir, Env: strMap(c.Env), Inject: Injections(c.Inject), Secrets: Secrets(c.Secrets)}
	if c.Container != nil {
		out.Image, out.ImageArtifact, out.ServiceAccount = c.Container.Image, string(c.Container.Artifact), c.Container.ServiceAccount
	}
	return out
}

// apart is what a check runs in, or nil when the command runs in the same.
func apart(check, c schema.Command) *plan.Surroundings {
	s := surroundings(check)
	if reflect.DeepEqual(s, surroundings(c)) {
		return nil
	}
	return &s
}

// command is a program to run for an environment, which may be empty.
func command(c schema.Command, env schema.EnvName, interrupted schema.Interrupted) *plan.Exec {
	s := surroundings(c)
	return &plan.Exec{
		Command: c.Command, Environment: string(env), Interrupted: plan.Interrupted(interrupted),
		Dir: s.Dir, Image: s.Image, ImageArtifact: s.ImageArtifact, ServiceAccount: s.ServiceAccount,
		Env: s.Env, Inject: s.Inject, Secrets: s.Secrets,
	}
}

// program is an exec with what it produces. Where it names no environment it belongs to env.
func (l *lowering) program(e schema.Exec, env schema.EnvName, interrupted schema.Interrupted) *plan.Exec {
	if e.In != "" {
		env = e.In
	}
	out := command(e.Program(), env, interrupted)
	if e.Check != nil {
		out.Check, out.CheckIn = e.Check.Command, apart(*e.Check, e.Program())
	}
	for _, name := range sorted(e.Produces) {
		p := plan.Produce{Artifact: string(name), Path: e.Produces[name].Path, DigestFile: e.Produces[name].DigestFile}
		if f := l.p.Artifacts[name].File; f != nil && p.Path == "" && p.DigestFile == "" {
			p.Path = f.Path
		}
		out.Produces = append(out.Produces, p)
	}
	return out
}

// Injections converts values that are known only later.
func Injections(in map[schema.VarName]schema.Inject) map[string]plan.Binding {
	return mapped(in, func(_ schema.VarName, i schema.Inject) plan.Binding {
		return plan.Binding{Artifact: string(i.Artifact), Variable: string(i.Variable), Output: i.Output}
	})
}

// Secrets converts references to secrets.
func Secrets[K ~string](in map[K]schema.Secret) map[string]plan.SecretRef {
	return mapped(in, func(_ K, s schema.Secret) plan.SecretRef {
		out := plan.SecretRef{Env: s.Env, File: s.File}
		if s.Vault != nil {
			out.Vault = s.Vault.Path + "#" + s.Vault.Field
		}
		if s.Kubernetes != nil {
			out.Kubernetes = s.Kubernetes.Name + "/" + s.Kubernetes.Key
		}
		return out
	})
}

func notifications(in map[schema.NotifyName]schema.Notification) map[string]plan.Notification {
	return mapped(in, func(_ schema.NotifyName, n schema.Notification) plan.Notification {
		on := strs(n.OnOrDefault())
		slices.Sort(on)
		out := plan.Notification{On: slices.Compact(on)}
		if n.Exec != nil {
			out.Exec = command(*n.Exec, "", n.InterruptedOrDefault())
		}
		if n.Webhook != nil {
			out.Webhook = &plan.Webhook{URL: n.Webhook.URL, Headers: n.Webhook.Headers, Secrets: Secrets(n.Webhook.Secrets)}
		}
		return out
	})
}

// approval is a question to people.
func approval(a schema.Approve) plan.Do {
	return plan.Do{Approve: &plan.Approve{
		By: strs(a.By), Count: a.CountOrDefault(), NotAuthor: a.NotAuthor, Expires: span(a.ExpiresOrDefault()),
		Message: a.Message, AllowOSUser: a.AllowOSUser,
	}}
}
