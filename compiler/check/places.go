package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/schema"
)

func placeDocs() []Doc {
	return []Doc{{
		Code:  "one-place",
		Title: "two environments are one place",
		What:  "The same workload goes to two environments, and both resolve to the same release, function, Terraform state or process.",
		Why:   "What is tried in one of them would already be live in the other.",
		Bad:   "environments: qa: {tier: \"test\", kubernetes: {context: \"staging\", namespace: \"web\"}}\nstages: qa: {needs: [\"build\"], deploy: {workload: \"web\", in: \"qa\", rolling: {}}}",
		Good:  "environments: qa: {tier: \"test\", kubernetes: {context: \"staging\", namespace: \"web-qa\"}}\nstages: qa: {needs: [\"build\"], deploy: {workload: \"web\", in: \"qa\", rolling: {}}}",
	}}
}

// places reports each pair of environments in which a workload is the same thing.
func places(p *pass) {
	first := map[string]deployment{}
	for _, d := range p.deploys {
		for _, place := range writes(d)[:1] {
			f, seen := first[place]
			if !seen {
				first[place] = d
				continue
			}
			if f.deploy.In == d.deploy.In {
				continue
			}
			e := p.errorf("one-place", d.where.field("in"), "environments %q and %q are one place: workload %q is %s in both",
				f.deploy.In, d.deploy.In, d.deploy.Workload, place)
			e.Hint = "give one of them another place, or use one environment"
			p.relate(e, root("environments").field(string(f.deploy.In)), "environment %q", f.deploy.In)
			p.relate(e, root("environments").field(string(d.deploy.In)), "environment %q", d.deploy.In)
		}
	}
}

// writes names what a deploy stage changes, in words that are the same for the same thing: first what is released, then
// what else is switched with it. It is never empty.
func writes(d deployment) []string {
	w, e, name := d.workload, d.env, string(d.deploy.Workload)
	switch {
	case e.Kubernetes != nil:
		k := e.Kubernetes
		space := strings.TrimPrefix(k.Kubeconfig+" "+k.Context+"/"+k.Namespace, " ")
		out := []string{"release " + name + " in Kubernetes namespace " + space}
		if w.Kubernetes != nil && w.Kubernetes.Traffic != nil {
			out = append(out, routes(w.Kubernetes.Traffic, space)...)
		}
		return out
	case e.Lambda != nil && w.Lambda != nil:
		l := e.Lambda
		return []string{"function " + w.Lambda.Function + " alias " + w.Lambda.Alias + " in " + l.Account + "/" + l.Region + l.Endpoint}
	case e.Terraform != nil && w.Terraform != nil:
		return []string{"the Terraform state of " + w.Terraform.Module + " workspace " + cmp.Or(w.Terraform.Workspace, "default") + backend(e.Terraform.Backend)}
	case e.Process != nil:
		return []string{"process " + name + " on host " + e.Process.HostOrDefault()}
	}
	return []string{"workload " + name + " in " + string(d.deploy.In)}
}

// routes names the objects by which traffic is split.
func routes(t *schema.KubernetesTraffic, space string) []string {
	switch {
	case t.Gateway != nil:
		return []string{"HTTPRoute " + t.Gateway.Route + " in " + space}
	case t.Istio != nil:
		return []string{"VirtualService " + t.Istio.VirtualService + " in " + space}
	case t.Service != "":
		return []string{"Service " + t.Service + " in " + space}
	case t.Replicas != nil:
		return []string{"Service " + t.Replicas.Service + " in " + space}
	}
	return nil
}

func backend(config map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(config)) {
		b.WriteString(" " + key + "=" + config[key])
	}
	return b.String()
}
