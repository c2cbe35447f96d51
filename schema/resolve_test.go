package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/schema"
)

func TestResolve(t *testing.T) {
	five, six := 5, 6
	base := schema.Workload{
		Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*.yaml"}},
		In: map[schema.EnvName]schema.Overlay{
			"production": {Kubernetes: &schema.KubernetesWorkload{Replicas: &five}},
			"same":       {Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*.yaml"}}},
			"other":      {Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"x.yaml"}, Replicas: &six}},
			"local":      {Process: &schema.ProcessWorkload{Listen: ":1"}},
		},
	}
	for name, tc := range map[string]struct {
		want      schema.Workload
		conflicts []string
	}{
		"unknown":    {want: schema.Workload{Kubernetes: base.Kubernetes}},
		"production": {want: schema.Workload{Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*.yaml"}, Replicas: &five}}},
		"same":       {want: schema.Workload{Kubernetes: base.Kubernetes}},
		"other": {
			want:      schema.Workload{Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*.yaml"}, Replicas: &six}},
			conflicts: []string{"in.other.kubernetes.manifests"},
		},
		"local": {want: schema.Workload{Kubernetes: base.Kubernetes, Process: &schema.ProcessWorkload{Listen: ":1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := cmp.Diff(schema.Workload{}, base)
			got, conflicts := base.Resolve(schema.EnvName(name))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.conflicts, conflicts); diff != "" {
				t.Error(diff)
			}
			if cmp.Diff(schema.Workload{}, base) != before {
				t.Error("Resolve changed the workload")
			}
		})
	}
}

func TestResolveJoinsMaps(t *testing.T) {
	w := schema.Workload{
		Terraform: &schema.TerraformWorkload{Module: "m", Vars: map[string]any{"a": 1, "b": map[string]any{"x": 1}}},
		In: map[schema.EnvName]schema.Overlay{"e": {Terraform: &schema.TerraformWorkload{
			Workspace: "w", Vars: map[string]any{"a": 2, "c": 3},
		}}},
	}
	got, conflicts := w.Resolve("e")
	want := &schema.TerraformWorkload{Module: "m", Workspace: "w", Vars: map[string]any{"a": 1, "b": map[string]any{"x": 1}, "c": 3}}
	if diff := cmp.Diff(want, got.Terraform); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"in.e.terraform.vars.a"}, conflicts); diff != "" {
		t.Error(diff)
	}
	if len(w.Terraform.Vars) != 2 {
		t.Error("the base's own map was changed")
	}
	if diff := cmp.Diff([]schema.EnvName{"e"}, w.Environments()); diff != "" {
		t.Error(diff)
	}
}

func TestMissing(t *testing.T) {
	for name, tc := range map[string]struct {
		w    schema.Workload
		want []string
	}{
		"none":    {w: schema.Workload{}},
		"process": {w: schema.Workload{Process: &schema.ProcessWorkload{Listen: ":1"}}, want: []string{"process.artifact"}},
		"lambda": {
			w:    schema.Workload{Lambda: &schema.LambdaWorkload{}},
			want: []string{"lambda.function", "lambda.alias", "lambda.artifact"},
		},
		"complete":   {w: schema.Workload{Terraform: &schema.TerraformWorkload{Module: "m"}}},
		"kubernetes": {w: schema.Workload{Kubernetes: &schema.KubernetesWorkload{}}, want: []string{"kubernetes.manifests"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.w.Missing()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
