// Package bind completes a plan with what each workload is: its target's own description, the digests of the files that
// were reviewed, holes for what is known only at run time, and digests of artifacts that were given from outside.
package bind

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

// The codes of this package.
const (
	CodeUnknown  diag.Code = "digest-unknown-artifact"
	CodeDigest   diag.Code = "digest-malformed"
	CodeProduced diag.Code = "digest-of-produced"
)

// kind writes the spec of one kind of target.
type kind struct {
	name string
	spec func(*binding) (any, error)
}

// kinds is the table of targets; each has a file of its own.
func kinds() []kind {
	return []kind{
		{"kubernetes", kubernetesSpec},
		{"lambda", lambdaSpec},
		{"process", processSpec},
		{"terraform", terraformSpec},
	}
}

// Workloads fills in every workload of the plan. The error means that the pipeline should not have passed its checks.
func Workloads(pl *plan.Plan, p *schema.Pipeline, files inspect.Files) error {
	for _, ref := range slices.Sorted(maps.Keys(pl.Workloads)) {
		out := pl.Workloads[ref]
		w, _ := p.Workloads[schema.WorkloadName(out.Name)].Resolve(schema.EnvName(out.Environment))
		b := &binding{p: p, env: p.Environments[schema.EnvName(out.Environment)], name: out.Name, w: w, files: files, out: &out}
		if err := b.bind(); err != nil {
			return fmt.Errorf("bind workload %q: %w", ref, err)
		}
		pl.Workloads[ref] = out
	}
	return nil
}

// binding is one workload being filled in.
type binding struct {
	p     *schema.Pipeline
	env   schema.Environment
	name  string
	w     schema.Workload
	files inspect.Files
	out   *plan.Workload
}

func (b *binding) bind() error {
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == b.out.Kind })
	if i < 0 {
		return fmt.Errorf("unknown kind %q", b.out.Kind)
	}
	spec, err := kinds()[i].spec(b)
	if err != nil {
		return err
	}
	if b.out.Spec, err = json.Marshal(spec); err != nil {
		return fmt.Errorf("write spec: %w", err)
	}
	slices.SortFunc(b.out.Holes, func(x, y plan.Hole) int { return compareText(x.Pointer, y.Pointer) })
	for name, d := range b.w.Ignore {
		if b.out.Ignore == nil {
			b.out.Ignore = map[string]plan.Ignore{}
		}
		b.out.Ignore[string(name)] = plan.Ignore{Object: d.Object, Path: d.Path, Reason: d.Reason}
	}
	return nil
}

// hole leaves a place open.
func (b *binding) hole(from plan.Binding, path ...string) {
	b.out.Holes = append(b.out.Holes, plan.Hole{Pointer: plan.Pointer(path...), From: from})
}

var digestRE = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// Digests binds artifacts whose digest was given from outside, by name. What is wrong with them is said without a place:
// they stand on the command line.
func Digests(pl *plan.Plan, given map[string]string) diag.List {
	var list diag.List
	known := names.Sorted(pl.Artifacts)
	for _, name := range names.Sorted(given) {
		a, ok := pl.Artifacts[name]
		switch {
		case !ok:
			list.Errorf(CodeUnknown, diag.Range{}, "", "a digest was given for artifact %q, which pipeline %q does not have%s", name, pl.Pipeline, names.Ask(name, known))
		case !digestRE.MatchString(given[name]):
			list.Errorf(CodeDigest, diag.Range{}, "artifacts."+name, "the digest %q given for artifact %q is not sha256: and 64 hex digits", given[name], name)
		case a.Producer != "":
			list.Errorf(CodeProduced, diag.Range{}, "artifacts."+name, "a digest was given for artifact %q, which %q produces", name, a.Producer)
		default:
			a.Digest = given[name]
			pl.Artifacts[name] = a
		}
	}
	return list
}
