package bind

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// shop is a pipeline with a workload of each kind.
func shop() *schema.Pipeline {
	two := 2
	return &schema.Pipeline{
		Name: "shop",
		Artifacts: map[schema.ArtifactName]schema.Artifact{
			"app": {File: &schema.FileArtifact{Path: "bin/app"}},
			"img": {Image: &schema.ImageArtifact{Repository: "registry.example.com/img"}},
		},
		Environments: map[schema.EnvName]schema.Environment{
			"here": {
				Process: &schema.ProcessEnvironment{}, Kubernetes: &schema.KubernetesEnvironment{}, Lambda: &schema.LambdaEnvironment{}, Terraform: &schema.TerraformEnvironment{},
				Variables:    map[schema.VariableName]string{"url": "https://x"},
				Repositories: map[schema.ArtifactName]string{"img": "mirror.example.com/img"},
			},
		},
		Workloads: map[schema.WorkloadName]schema.Workload{
			"prog": {
				Process: &schema.ProcessWorkload{
					Artifact: "app", Listen: ":80", Env: map[schema.VarName]string{"A": "1"},
					Inject:  map[schema.VarName]schema.Inject{"URL": {Variable: "url"}, "IMG": {Artifact: "img"}, "ID": {Output: "net.id"}},
					Secrets: map[schema.VarName]schema.Secret{"T": {Vault: &schema.VaultSecret{Path: "p", Field: "f"}}, "K": {Kubernetes: &schema.KubernetesSecret{Name: "n", Key: "k"}}},
				},
				Ignore: map[schema.IgnoreName]schema.Drift{"hpa": {Object: "Deployment/web", Path: "/spec/replicas", Reason: "scaled"}},
			},
			"pods": {Kubernetes: &schema.KubernetesWorkload{
				Manifests: []string{"k8s/*.yaml", "k8s/b.yaml"}, Images: []schema.ArtifactName{"img"}, Replicas: &two,
				Traffic: &schema.KubernetesTraffic{Istio: &schema.IstioTraffic{VirtualService: "v", Route: "r"}},
			}},
			"fun": {Lambda: &schema.LambdaWorkload{Function: "f", Alias: "live", Artifact: "app", Timeout: "30s"}},
			"net": {Terraform: &schema.TerraformWorkload{
				Module: "net", VarFiles: []string{"z.tfvars", "a.tfvars"}, Vars: map[string]any{"n": 3, "deep": map[string]any{"l": []any{1.5, "x", nil, true}}},
				Inject:  map[string]schema.Inject{"url": {Variable: "url"}, "digest": {Artifact: "img"}},
				Secrets: map[schema.VarName]schema.Secret{"TF_VAR_t": {Env: "T"}},
			}},
		},
	}
}

func files() inspect.Files {
	return inspect.Files{
		Digests: map[string]string{"k8s/a.yaml": "sha256:a", "k8s/b.yaml": "sha256:b", "net/main.tf": "sha256:m", "z.tfvars": "sha256:z", "a.tfvars": "sha256:v"},
		Globs:   map[string][]string{"k8s/*.yaml": {"k8s/a.yaml", "k8s/b.yaml"}, "k8s/b.yaml": {"k8s/b.yaml"}},
		Modules: map[string][]string{"net": {"net/main.tf"}},
	}
}

func bound(t *testing.T, p *schema.Pipeline, name, kind string) (plan.Workload, error) {
	t.Helper()
	ref := plan.RefOf(name, "here")
	pl := &plan.Plan{Workloads: map[plan.Ref]plan.Workload{ref: {Name: name, Environment: "here", Kind: kind}}}
	err := Workloads(pl, p, files())
	return pl.Workloads[ref], err
}

func TestSpecs(t *testing.T) {
	for _, c := range []struct{ name, kind, spec, holes string }{
		{
			"prog", "process",
			`{"artifact":{"name":"app","path":"bin/app"},"drain":"30s","env":{"A":"1","URL":"https://x"},"lease":"1m0s","listen":":80","ready":{"every":"200ms","timeout":"1m0s"},"restart":{"attempts":5,"backoff":"500ms"},"secrets":["K","T"],"stop":"10s"}`,
			`/artifact/digest ← artifact app, /env/ID ← output net.id, /env/IMG ← artifact img`,
		},
		{
			"pods", "kubernetes",
			`{"images":{"img":{"name":"img","repository":"mirror.example.com/img"}},"manifests":[{"digest":"sha256:a","path":"k8s/a.yaml"},{"digest":"sha256:b","path":"k8s/b.yaml"}],"prune":true,"ready":"10m0s","replicas":2,"traffic":{"route":"r","virtual_service":"v"}}`,
			`/images/img/digest ← artifact img`,
		},
		{
			"fun", "lambda",
			`{"alias":"live","artifact":{"name":"app","path":"bin/app"},"function":"f","keep_versions":5,"timeout":"30s"}`,
			`/artifact/digest ← artifact app`,
		},
		{
			"net", "terraform",
			`{"files":[{"digest":"sha256:m","path":"net/main.tf"}],"lock_timeout":"2m0s","module":"net","secrets":["TF_VAR_t"],"var_files":[{"digest":"sha256:z","path":"z.tfvars"},{"digest":"sha256:v","path":"a.tfvars"}],"vars":{"deep":{"l":[1.5,"x",null,true]},"n":3,"url":"https://x"},"workspace":"default"}`,
			`/vars/digest ← artifact img`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := bound(t, shop(), c.name, c.kind)
			if err != nil {
				t.Fatal(err)
			}
			got, err := plan.Canonicalize(w.Spec)
			if err != nil || string(got) != c.spec {
				t.Errorf("got  %s %v\nwant %s", got, err, c.spec)
			}
			var holes []string
			for _, h := range w.Holes {
				holes = append(holes, h.Pointer+" ← "+h.From.String())
			}
			if strings.Join(holes, ", ") != c.holes {
				t.Errorf("got  %s\nwant %s", strings.Join(holes, ", "), c.holes)
			}
		})
	}
}

func TestSecretsAndIgnores(t *testing.T) {
	w, err := bound(t, shop(), "prog", "process")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]plan.SecretRef{"T": {Vault: "p#f"}, "K": {Kubernetes: "n/k"}}, w.Secrets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]plan.Ignore{"hpa": {Object: "Deployment/web", Path: "/spec/replicas", Reason: "scaled"}}, w.Ignore); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, workload, kind string
		change               func(*schema.Pipeline)
		says                 string
	}{
		{"a variable that isn't there", "prog", "process", func(p *schema.Pipeline) { p.Workloads["prog"].Process.Inject["URL"] = schema.Inject{Variable: "uri"} }, `has no variable "uri"`},
		{"an artifact that isn't there", "fun", "lambda", func(p *schema.Pipeline) { p.Workloads["fun"].Lambda.Artifact = "x" }, `unknown artifact "x"`},
		{"a kind that isn't there", "fun", "nomad", func(*schema.Pipeline) {}, `unknown kind "nomad"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shop()
			c.change(p)
			if _, err := bound(t, p, c.workload, c.kind); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestDigests(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	pl := &plan.Plan{Pipeline: "shop", Artifacts: map[string]plan.Artifact{"app": {}, "built": {Producer: "build/exec"}}}
	list := Digests(pl, map[string]string{"app": digest, "ap": digest, "built": digest})
	var got []string
	for _, d := range list {
		got = append(got, d.String())
	}
	want := []string{
		`a digest was given for artifact "ap", which pipeline "shop" does not have (did you mean "app"?) [digest-unknown-artifact]`,
		`a digest was given for artifact "built", which "build/exec" produces [digest-of-produced]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pl.Artifacts["app"].Digest != digest {
		t.Error("the digest of app is not bound")
	}
	if list := Digests(pl, map[string]string{"app": "latest"}); len(list) != 1 || list[0].Code != CodeDigest {
		t.Errorf("got %v", list)
	}
}

// TestSpecsAreWhole holds that what bind writes is what the targets' own types hold: nothing is lost on the way.
func TestSpecsAreWhole(t *testing.T) {
	for name, kind := range map[string]string{"prog": "process", "pods": "kubernetes", "fun": "lambda", "net": "terraform"} {
		w, err := bound(t, shop(), name, kind)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := plan.Fill(w.Spec, w.Holes, func(plan.Binding) (string, bool) { return "sha256:0", true })
		if err != nil || !json.Valid(filled) || strings.Count(string(filled), "sha256:0") != len(w.Holes) {
			t.Errorf("%s: %s %v", name, filled, err)
		}
	}
}
