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
	web := schema.Workload{Process: &schema.ProcessWorkload{}}
	fun := schema.Workload{Lambda: &schema.LambdaWorkload{Function: "f", Alias: "live"}}
	net := schema.Workload{Terraform: &schema.TerraformWorkload{Module: "net"}}
	for _, c := range []struct {
		name        string
		env         schema.Environment
		w           schema.Workload
		place, slot string
	}{
		{"process", process, web, "process:default/shop/here", "process:default/shop/here/web"},
		{"another host", second, web, "process:second/shop/here", "process:second/shop/here/web"},
		{"kubernetes", cluster, web, "kubernetes:p/shop", "kubernetes:p/shop/web"},
		{"another kubeconfig", other, web, "kubernetes:p/shop?kubeconfig=k", "kubernetes:p/shop?kubeconfig=k/web"},
		{"lambda", lambda, fun, "lambda:1/eu", "lambda:1/eu/f:live"},
		{"terraform", tf, net, "terraform:shop/here", "terraform:net/default?backend=a=1,b=2"},
		{"nothing", schema.Environment{}, web, "", "/web"},
	} {
		if got := PlaceOf("shop", "here", c.env); string(got) != c.place {
			t.Errorf("%s: place %s, want %s", c.name, got, c.place)
		}
		if got := SlotOf("shop", "here", c.env, "web", c.w); got != c.slot {
			t.Errorf("%s: slot %s, want %s", c.name, got, c.slot)
		}
	}
	if PlaceOf("shop", "a", process) == PlaceOf("shop", "b", process) || PlaceOf("x", "a", process) == PlaceOf("y", "a", process) {
		t.Error("environments and pipelines have slots of their own on a host")
	}
	if PlaceOf("x", "a", cluster) != PlaceOf("y", "b", cluster) {
		t.Error("a namespace is one place, whatever it is called")
	}
}
