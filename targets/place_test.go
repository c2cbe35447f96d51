package targets

import (
	"testing"

	"github.com/penstock-dev/penstock/schema"
)

func TestPlaces(t *testing.T) {
	process := schema.Environment{Process: &schema.ProcessEnvironment{}}
	second := schema.Environment{Process: &schema.ProcessEnvironment{Host: "second"}}
	cluster := schema.Environment{Kubernetes: &schema.KubernetesEnvironment{Context: "p", Namespace: "shop"}}
	other := schema.Environment{Kubernetes: &schema.KubernetesEnvironment{Context: "p", Namespace: "shop", Kubeconfig: "k"}}
	lambda := schema.Environment{Lambda: &schema.LambdaEnvironment{Account: "1", Region: "eu"}}
	tf := schema.Environment{Terraform: &schema.TerraformEnvironment{Backend: map[string]string{"b": "2", "a": "1"}}}
	for _, c := range []struct {
		name  string
		env   schema.Environment
		place string
	}{
		{"process", process, "process:default/shop/here"},
		{"another host", second, "process:second/shop/here"},
		{"kubernetes", cluster, "kubernetes:p/shop"},
		{"another kubeconfig", other, "kubernetes:p/shop?kubeconfig=k"},
		{"lambda", lambda, "lambda:1/eu"},
		{"terraform", tf, "terraform:shop/here"},
		{"nothing", schema.Environment{}, ""},
	} {
		if got := PlaceOf("shop", "here", c.env); string(got) != c.place {
			t.Errorf("%s: place %s, want %s", c.name, got, c.place)
		}
	}
	if PlaceOf("shop", "a", process) == PlaceOf("shop", "b", process) || PlaceOf("x", "a", process) == PlaceOf("y", "a", process) {
		t.Error("environments and pipelines have slots of their own on a host")
	}
	if PlaceOf("x", "a", cluster) != PlaceOf("y", "b", cluster) {
		t.Error("a namespace is one place, whatever it is called")
	}
}
