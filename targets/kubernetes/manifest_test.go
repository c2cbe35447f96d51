package kubernetes_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/targets/kubernetes"
)

func TestParse(t *testing.T) {
	const manifests = `# two documents, one of them empty
---
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  template:
    spec:
      initContainers: [{name: wait, image: busybox}]
      containers:
        - {name: "ü", image: "localhost:5000/web:v1"}
        - &proxy {name: proxy, image: envoy}
---
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": "Opaque"},
  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}, "stringData": {"x": "y"}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: clean
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: run, image: "web@sha256:00"}]}}}}}
---
apiVersion: example.com/v1
kind: Secret
metadata: {name: ours}
data: {x: "{{ .Not.Ours }}"}
`
	at := func(line, column int) kubernetes.Place { return kubernetes.Place{Line: line, Column: column} }
	data := at(18, 69)
	want := kubernetes.File{Objects: []kubernetes.Object{
		{Place: at(4, 1), Last: 14, APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web", Replicas: &kubernetes.Count{Place: at(8, 13), N: 4}, Images: []kubernetes.Image{
			{Place: at(11, 44), Container: "wait", Ref: "busybox"},
			{Place: at(13, 31), Container: "ü", Ref: "localhost:5000/web:v1"},
			{Place: at(14, 39), Container: "proxy", Ref: "envoy"},
		}},
		{Place: at(17, 3), Last: 17, APIVersion: "v1", Kind: "Secret", Name: "a"},
		{Place: at(18, 3), Last: 18, APIVersion: "v1", Kind: "Secret", Name: "b", Data: &data},
		{Place: at(20, 1), Last: 24, APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler", Name: "web", Scales: "web"},
		{Place: at(26, 1), Last: 30, APIVersion: "batch/v1", Kind: "CronJob", Name: "clean", Images: []kubernetes.Image{{Place: at(30, 79), Container: "run", Ref: "web@sha256:00"}}},
		{Place: at(32, 1), Last: 35, APIVersion: "example.com/v1", Kind: "Secret", Name: "ours"},
	}}
	if diff := cmp.Diff(want, kubernetes.Parse([]byte(manifests))); diff != "" {
		t.Error(diff)
	}
}

func TestMalformed(t *testing.T) {
	const head = "apiVersion: v1\nkind: ConfigMap\n"
	for name, c := range map[string]struct {
		text    string
		want    string
		at      kubernetes.Place
		objects int
	}{
		"syntax":            {head + "metadata: {name: a\n  b: c: d\n", "this is not YAML", kubernetes.Place{Line: 3, Column: 1}, 0},
		"scanner":           {head + "metadata: {name: a}\n---\n\t- x\n", "this is not YAML: found character that cannot start any token", kubernetes.Place{Line: 5, Column: 2}, 0},
		"template":          {"{{- if .Values.on }}\n" + head, "this is a template, and no manifest", kubernetes.Place{Line: 1, Column: 1}, 0},
		"template in value": {head + "metadata: {name: \"{{ .Release.Name }}\"}\n", "this is a template, and no manifest", kubernetes.Place{Line: 3, Column: 18}, 0},
		"template unquoted": {head + "metadata: {name: a}\ndata:\n  level: {{ .Values.level }}\n", "this is a template, and no manifest", kubernetes.Place{Line: 5, Column: 11}, 0},
		"kustomization":     {"resources: [a.yaml]\n", "this is a kustomization, and no manifest", kubernetes.Place{Line: 1, Column: 1}, 0},
		"values":            {"replicaCount: 3\n", "this object has no apiVersion and no kind", kubernetes.Place{Line: 1, Column: 1}, 0},
		"no kind":           {"apiVersion: v1\nmetadata: {name: a}\n", "this object has no kind", kubernetes.Place{Line: 1, Column: 1}, 0},
		"no name":           {head + "metadata: {generateName: a-}\n", "this ConfigMap has no name", kubernetes.Place{Line: 1, Column: 1}, 0},
		"a list":            {"- a\n- b\n", "this document is no object", kubernetes.Place{Line: 1, Column: 1}, 0},
		"a key twice":       {head + "metadata: {name: a}\ndata:\n  x: \"1\"\n  y: \"2\"\n  x: \"3\"\n", `the key "x" is there twice`, kubernetes.Place{Line: 7, Column: 3}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := kubernetes.Parse([]byte(c.text))
			if len(f.Objects) != c.objects || len(f.Malformed) != 1 {
				t.Fatalf("got %+v", f)
			}
			if got := f.Malformed[0]; !strings.HasPrefix(got.Message, c.want) || got.Place != c.at {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	for ref, want := range map[string][2]string{
		"nginx":                     {"nginx", ""},
		"nginx:1.27":                {"nginx", "1.27"},
		"localhost:5000/web":        {"localhost:5000/web", ""},
		"localhost:5000/web:v1":     {"localhost:5000/web", "v1"},
		"a.example/b:v1@sha256:abc": {"a.example/b", "v1"},
	} {
		if got := [2]string{kubernetes.Repository(ref), kubernetes.Tag(ref)}; got != want {
			t.Errorf("%s: got %q", ref, got)
		}
	}
	if kubernetes.Pinned("nginx:1.27") || !kubernetes.Pinned("nginx@sha256:00") {
		t.Error("Pinned")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a: &a [*a]\n")
	f.Add("apiVersion: v1\nkind: Secret\nmetadata: &m {name: x, <<: *m}\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, m := range kubernetes.Parse([]byte(text)).Malformed {
			if m.Line < 1 || m.Line > lines+1 || m.Column < 1 {
				t.Errorf("%q: %+v", text, m)
			}
		}
	})
}
