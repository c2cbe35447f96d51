package lower

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

func head(l *lowering) error {
	o := l.out
	o.Pipeline = string(l.p.Name)
	o.Concurrency = plan.Concurrency(l.p.ConcurrencyOrDefault())
	if own := l.p.Owner; own != nil {
		o.Owner = plan.Owner{Team: own.Team, Contact: own.Contact, Runbook: own.Runbook}
	}
	o.Waivers = mapped(l.p.Waivers, func(_ schema.PolicyCode, w schema.Waiver) plan.Waiver {
		return plan.Waiver{Reason: w.Reason, Owner: w.Owner, Expires: string(w.Expires), Stages: strs(w.Stages)}
	})
	o.Groups = mapped(l.p.Groups, func(_ schema.GroupName, g schema.Group) plan.Group {
		return plan.Group{Members: strs(g.Members), Signers: g.Signers, SignersDigest: l.in.Digests[g.Signers]}
	})
	o.Notify = notifications(l.p.Notify)
	if len(l.in.Inputs) > 0 {
		o.Inputs = maps.Clone(l.in.Inputs)
	}
	return nil
}

func environments(l *lowering) error {
	for _, name := range sorted(l.p.Environments) {
		e := l.p.Environments[name]
		kinds := e.Variants()
		if len(kinds) != 1 {
			return fmt.Errorf("environment %q has %d targets", name, len(kinds))
		}
		config, err := configOf(e)
		if err != nil {
			return fmt.Errorf("environment %q: %w", name, err)
		}
		out := plan.Environment{
			Tier: string(e.Tier), Kind: kinds[0], Region: e.Region,
			Place:  targets.PlaceOf(string(l.p.Name), string(name), e),
			Config: config, Variables: strMap(e.Variables), Calendar: calendar(e.Calendar),
			AllowTags: e.AllowTags, Repositories: strMap(e.Repositories),
		}
		if e.Metrics != nil {
			if out.Metrics, err = json.Marshal(e.Metrics); err != nil {
				return fmt.Errorf("environment %q: %w", name, err)
			}
		}
		if r := e.Requires; r != nil {
			out.Requires = plan.Requires{Approval: r.Approval, Judged: r.Judged, Trusted: r.Trusted}
			out.Requires.After = mapped(r.After, func(_ schema.EnvName, s schema.Soaked) plan.Duration { return span(s.Soak) })
		}
		put(&l.out.Envs, string(name), out)
	}
	return nil
}

// configOf is the target's own part of an environment, with its defaults.
func configOf(e schema.Environment) (json.RawMessage, error) {
	switch {
	case e.Process != nil:
		return json.Marshal(schema.ProcessEnvironment{Host: e.Process.HostOrDefault()})
	case e.Kubernetes != nil:
		return json.Marshal(e.Kubernetes)
	case e.Lambda != nil:
		return json.Marshal(e.Lambda)
	}
	return json.Marshal(schema.TerraformEnvironment{Binary: e.Terraform.BinaryOrDefault(), Backend: e.Terraform.Backend})
}

// calendar lists the windows by name.
func calendar(rules map[schema.CalendarName]schema.CalendarRule) []plan.Window {
	var out []plan.Window
	for _, name := range sorted(rules) {
		if w := rules[name].Allow; w != nil {
			out = append(out, window(string(name), *w, false))
		}
		if w := rules[name].Deny; w != nil {
			out = append(out, window(string(name), *w, true))
		}
	}
	return out
}

// window is one span; its days come in the order of the week.
func window(name string, w schema.Window, deny bool) plan.Window {
	week := []schema.Weekday{schema.Monday, schema.Tuesday, schema.Wednesday, schema.Thursday, schema.Friday, schema.Saturday, schema.Sunday}
	days := slices.Clone(w.Days)
	slices.SortFunc(days, func(a, b schema.Weekday) int { return cmp.Compare(slices.Index(week, a), slices.Index(week, b)) })
	return plan.Window{
		Name: name, Deny: deny, Days: strs(slices.Compact(days)), From: w.From, To: w.To, Timezone: string(w.Timezone), Reason: w.Reason,
	}
}

func slos(l *lowering) error {
	for _, name := range sorted(l.p.SLOs) {
		s := l.p.SLOs[name]
		out := plan.SLO{Objective: s.Objective, Over: span(s.Over)}
		switch sli := s.SLI; {
		case sli.Requests != nil:
			out.SLI.Requests = &plan.RequestsSLI{Workload: string(sli.Requests.Workload)}
		case sli.Events != nil:
			out.SLI.Events = &plan.EventsSLI{Bad: sli.Events.Bad, Good: sli.Events.Good, Total: sli.Events.Total}
		case sli.Latency != nil:
			out.SLI.Latency = &plan.LatencySLI{Histogram: sli.Latency.Histogram, Below: span(sli.Latency.Below)}
		default:
			return fmt.Errorf("SLO %q counts nothing", name)
		}
		put(&l.out.SLOs, string(name), out)
	}
	return nil
}

func artifacts(l *lowering) error {
	for _, s := range l.stages {
		if s.src.Exec == nil {
			continue
		}
		for name := range s.src.Exec.Produces {
			if by, twice := l.producers[name]; twice {
				return fmt.Errorf("artifact %q is produced by %q and by %q", name, by, s.name)
			}
			l.producers[name] = nodeID(s.name, "exec")
		}
	}
	for _, name := range sorted(l.p.Artifacts) {
		a := l.p.Artifacts[name]
		out := plan.Artifact{Producer: l.producers[name], Trust: l.trust(a.Trust())}
		switch {
		case a.File != nil:
			out.File = &plan.FileArtifact{Path: a.File.Path}
		case a.Image != nil:
			out.Image = &plan.ImageArtifact{Repository: a.Image.Repository, Platforms: a.Image.Platforms}
		default:
			return fmt.Errorf("artifact %q is neither a file nor an image", name)
		}
		put(&l.out.Artifacts, string(name), out)
	}
	return nil
}

func (l *lowering) trust(t *schema.Trust) *plan.Trust {
	if t == nil {
		return nil
	}
	out := &plan.Trust{SBOM: t.SBOM}
	for _, s := range t.Signatures {
		sig := plan.Signature{Key: s.Key}
		if s.Key != "" {
			sig.KeyDigest = l.in.Digests[s.Key]
		}
		if s.Keyless != nil {
			sig.Issuer, sig.Identity = s.Keyless.Issuer, s.Keyless.Identity
		}
		out.Signatures = append(out.Signatures, sig)
	}
	if t.Provenance != nil {
		out.Provenance, out.Builder, out.Source = true, t.Provenance.Builder, t.Provenance.Source
	}
	return out
}

func origins(l *lowering) error {
	l.prov.Nodes = make(map[string]plan.Origin, len(l.paths))
	for id, path := range l.paths {
		l.prov.Nodes[id] = l.origin(path)
	}
	l.prov.Definitions = map[string]plan.Origin{}
	l.define("") // the pipeline itself, for what it lacks
	if l.p.Owner != nil {
		l.define("owner")
	}
	define(l, "artifacts", l.p.Artifacts)
	define(l, "environments", l.p.Environments)
	define(l, "workloads", l.p.Workloads)
	define(l, "slos", l.p.SLOs)
	define(l, "waivers", l.p.Waivers)
	define(l, "groups", l.p.Groups)
	define(l, "notify", l.p.Notify)
	return nil
}

func define[K ~string, V any](l *lowering, field string, m map[K]V) {
	for name := range m {
		l.define(source.Join(field, string(name)))
	}
}

func (l *lowering) define(path string) { l.prov.Definitions[path] = l.origin(path) }

// origin is the user's line behind a definition path.
func (l *lowering) origin(path string) plan.Origin {
	r := l.in.Source.Key(path)
	if r.IsZero() {
		r = l.in.Source.Value(path)
	}
	return plan.Origin{Path: path, File: r.File, Line: r.Start.Line, Column: r.Start.Column}
}
