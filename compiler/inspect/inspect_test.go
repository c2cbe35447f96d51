package inspect_test

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/compiler/inspect"
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets/kubernetes"
)

// tree writes files and returns their directory. A name that ends in a slash is a directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sum of the content "x".
const sumX = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

// A manifest without objects, and its sum.
const (
	bare    = "# x\n"
	sumBare = "sha256:253b610bd786f2543252c8d4b45bb40eb375882587f825cb9ce1fd1241f66f1e"
)

// mapOf is a source map that knows one path.
func mapOf(path string) *source.Map {
	m := &source.Map{}
	m.Add(path, source.Entry{Value: diag.Range{File: "p.cue", Start: diag.Position{Line: 7, Column: 3}}})
	return m
}

func TestFound(t *testing.T) {
	dir := tree(t, map[string]string{
		"RUNBOOK.md": "x", "signers": "x", "key.pub": "x", "k8s/a.yaml": bare, "k8s/b.yaml": bare, "k8s/sub.yaml/": "",
		"net/main.tf": "x", "net/extra.tf.json": "x", "net/a.auto.tfvars": "x", "net/.terraform.lock.hcl": "x", "net/README": "x", "prod.tfvars": "x",
	})
	p := &schema.Pipeline{
		Owner:     &schema.Owner{Runbook: "RUNBOOK.md#canary"},
		Groups:    map[schema.GroupName]schema.Group{"ops": {Signers: "signers"}},
		Artifacts: map[schema.ArtifactName]schema.Artifact{"app": {File: &schema.FileArtifact{Trust: &schema.Trust{Signatures: []schema.Signature{{Key: "key.pub"}, {Keyless: &schema.Keyless{}}}}}}},
		Workloads: map[schema.WorkloadName]schema.Workload{
			"web": {Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*.yaml"}}},
			"net": {In: map[schema.EnvName]schema.Overlay{"prod": {Terraform: &schema.TerraformWorkload{Module: "net", VarFiles: []string{"prod.tfvars"}}}}},
		},
	}
	files, list, err := inspect.Run(p, nil, inspect.Options{Dir: dir})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	want := inspect.Files{
		Digests: map[string]string{
			"RUNBOOK.md": sumX, "signers": sumX, "key.pub": sumX, "k8s/a.yaml": sumBare, "k8s/b.yaml": sumBare, "prod.tfvars": sumX,
			"net/main.tf": sumX, "net/extra.tf.json": sumX, "net/a.auto.tfvars": sumX, "net/.terraform.lock.hcl": sumX,
		},
		Asked: []string{
			"RUNBOOK.md", "k8s/a.yaml", "k8s/b.yaml", "key.pub", "net/.terraform.lock.hcl", "net/a.auto.tfvars", "net/extra.tf.json", "net/main.tf", "prod.tfvars", "signers",
		},
		Globs:   map[string][]string{"k8s/*.yaml": {"k8s/a.yaml", "k8s/b.yaml"}},
		Modules: map[string][]string{"net": {"net/.terraform.lock.hcl", "net/a.auto.tfvars", "net/extra.tf.json", "net/main.tf"}},
		Objects: map[string][]kubernetes.Object{"k8s/a.yaml": nil, "k8s/b.yaml": nil},
		Shown:   map[string]string{"k8s/a.yaml": "k8s/a.yaml", "k8s/b.yaml": "k8s/b.yaml"},
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]bool{
		"k8s/c.yaml": true, "k8s/c.yml": false, "k8s/sub/c.yaml": false, "net/gone.tf": true, "net/terraform.tfvars": true, "net/README": false, "main.tf": false,
	} {
		if files.Matches(name) != want {
			t.Errorf("%s matches: %v", name, !want)
		}
	}
}

func TestMistakes(t *testing.T) {
	runbook := func(name string) *schema.Pipeline { return &schema.Pipeline{Owner: &schema.Owner{Runbook: name}} }
	cluster := func(glob string) *schema.Pipeline {
		w := schema.Workload{Kubernetes: &schema.KubernetesWorkload{Manifests: []string{glob}}}
		return &schema.Pipeline{Workloads: map[schema.WorkloadName]schema.Workload{"web": w}}
	}
	module := func(name string) *schema.Pipeline {
		w := schema.Workload{Terraform: &schema.TerraformWorkload{Module: name}}
		return &schema.Pipeline{Workloads: map[schema.WorkloadName]schema.Workload{"net": w}}
	}
	const manifests, mod = "workloads.web.kubernetes.manifests[0]", "workloads.net.terraform.module"
	for _, c := range []struct {
		name string
		p    *schema.Pipeline
		path string
		want string
	}{
		{"missing", runbook("RUN.md"), "owner.runbook", `p.cue:7:3: the runbook "RUN.md" does not exist [file-missing]`},
		{"a directory", runbook("docs"), "owner.runbook", `p.cue:7:3: the runbook "docs" does not exist [file-missing]`},
		{"absolute", runbook("/etc/passwd"), "owner.runbook", `p.cue:7:3: "/etc/passwd" is a path of this machine [file-absolute]`},
		{"outside", runbook("../../x.md"), "owner.runbook", `p.cue:7:3: "../../x.md" lies outside the module of the pipeline [file-absolute]`},
		{"above, inside the module", runbook("../docs/a.md"), "owner.runbook", ""},
		{"a page on the web", runbook("https://wiki.example.com/x"), "owner.runbook", ""},
		{"no manifests", cluster("k9s/*.yaml"), manifests, `p.cue:7:3: no file matches "k9s/*.yaml" [files-none]`},
		{"no pattern", cluster("k8s/[a-.yaml"), manifests, `p.cue:7:3: "k8s/[a-.yaml" is not a pattern of file names: syntax error in pattern [glob-malformed]`},
		{"absolute manifests", cluster("/k8s/*"), manifests, `p.cue:7:3: "/k8s/*" is a path of this machine [file-absolute]`},
		{"no module", module("docs"), mod, `p.cue:7:3: there is no Terraform module in "docs" [files-none]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := tree(t, map[string]string{"docs/a.md": "x", "pipe/docs/": ""})
			_, list, err := inspect.Run(c.p, mapOf(c.path), inspect.Options{Dir: filepath.Join(root, "pipe"), Root: root})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range list {
				got += d.String()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPrograms(t *testing.T) {
	program := func(listen string, env ...schema.VarName) *schema.ProcessWorkload {
		w := &schema.ProcessWorkload{Listen: listen, Env: map[schema.VarName]string{}}
		for _, e := range env {
			w.Env[e] = "x"
		}
		return w
	}
	deploy := func(w schema.WorkloadName, in schema.EnvName) schema.Stage {
		return schema.Stage{Deploy: &schema.Deploy{Workload: w, In: in}}
	}
	p := &schema.Pipeline{
		Workloads: map[schema.WorkloadName]schema.Workload{
			"a": {Process: program("127.0.0.1:80", "PORT")},
			"b": {Process: program(":80")},
			"c": {In: map[schema.EnvName]schema.Overlay{"one": {Process: program(":81")}, "two": {Process: program("example.com:82")}, "six": {Process: program("[::1]:81")}}},
			"d": {Process: program("127.0.0.2:80")},
		},
		Stages: map[schema.StageName]schema.Stage{
			"s1": deploy("a", "one"), "s2": deploy("a", "one"), "s3": deploy("d", "one"), "s4": deploy("b", "one"), "s5": deploy("c", "one"), "s6": deploy("c", "six"),
		},
	}
	_, list, err := inspect.Run(p, nil, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range list {
		got[d.Path] = d.String()
	}
	want := map[string]string{
		"workloads.a.process.env.PORT":      `"PORT" is set by penstock [program-unworkable]`,
		"workloads.c.in.two.process.listen": `"example.com" is not an address of this machine: a name may mean another one tomorrow [program-unworkable]`,
		"workloads.b.process.listen":        `"b" in "one" would listen on :80, where "a" in "one" does [same-address]`,
		"workloads.c.in.six.process.listen": `"c" in "six" would listen on [::1]:81, where "c" in "one" does [same-address]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNumbers(t *testing.T) {
	huge, ok := new(big.Int).SetString("90071992547409930", 10)
	if !ok {
		t.Fatal("no number")
	}
	for _, c := range []struct {
		value any
		want  string
	}{
		{1 << 53, ""}, {int64(5), ""}, {uint64(7), ""}, {1.5, ""}, {"9007199254740993", ""}, {nil, ""}, {true, ""}, {big.NewInt(3), ""},
		{int64(1<<53 + 1), "9007199254740993"}, {-(1<<53 + 1), "-9007199254740993"}, {uint64(1 << 60), "1152921504606846976"},
		{map[string]any{"a": []any{1, huge}}, "90071992547409930"},
	} {
		w := schema.Workload{Terraform: &schema.TerraformWorkload{Vars: map[string]any{"n": c.value}}}
		p := &schema.Pipeline{Workloads: map[schema.WorkloadName]schema.Workload{"net": w}}
		_, list, err := inspect.Run(p, mapOf("workloads.net.terraform.vars.n"), inspect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.want == "" && len(list) == 0 {
			continue
		}
		if len(list) != 1 || list[0].String() != "p.cue:7:3: the number "+c.want+" is too large to be exact [number-too-large]" {
			t.Errorf("%v: got %v", c.value, list)
		}
	}
}

func TestOverlay(t *testing.T) {
	dir := tree(t, map[string]string{"k8s/a.yaml": "old"})
	p := &schema.Pipeline{Workloads: map[schema.WorkloadName]schema.Workload{"web": {Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*"}}}}}
	over := map[string][]byte{filepath.Join(dir, "k8s", "a.yaml"): []byte(bare), filepath.Join(dir, "k8s", "new.yaml"): []byte(bare)}
	files, list, err := inspect.Run(p, nil, inspect.Options{Dir: dir, Overlay: over})
	if err != nil || len(list) > 0 {
		t.Fatal(err, list)
	}
	if diff := cmp.Diff(map[string]string{"k8s/a.yaml": sumBare, "k8s/new.yaml": sumBare}, files.Digests); diff != "" {
		t.Error(diff)
	}
}

// TestPlaces holds that a mistake in a file is shown as seen from where the command was started.
func TestPlaces(t *testing.T) {
	root := tree(t, map[string]string{"team/web/k8s/a.yaml": "- no object\n", "team/key.pub": "https://ci:s3Cr7tvX9@git.internal\n"})
	p := &schema.Pipeline{
		Artifacts: map[schema.ArtifactName]schema.Artifact{"app": {File: &schema.FileArtifact{Trust: &schema.Trust{Signatures: []schema.Signature{{Key: "../key.pub"}}}}}},
		Workloads: map[schema.WorkloadName]schema.Workload{"web": {Kubernetes: &schema.KubernetesWorkload{Manifests: []string{"k8s/*"}}}},
	}
	for start, want := range map[string][2]string{
		"":          {"../key.pub:1:12", "k8s/a.yaml:1:1"},
		"team":      {"key.pub:1:12", "web/k8s/a.yaml:1:1"},
		"a/b/c/d/e": {filepath.ToSlash(root) + "/team/key.pub:1:12", filepath.ToSlash(root) + "/team/web/k8s/a.yaml:1:1"},
	} {
		o := inspect.Options{Dir: filepath.Join(root, "team", "web"), Root: root}
		if start != "" {
			o.Start = filepath.Join(root, filepath.FromSlash(start))
		}
		_, list, err := inspect.Run(p, mapOf("name"), o)
		if err != nil {
			t.Fatal(err)
		}
		got := [2]string{}
		for i := range min(len(list), 2) {
			got[i] = list[i].Range.String()
		}
		if len(list) != 2 || got != want {
			t.Errorf("from %q: %v", start, list)
		}
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, map[string]string{"RUN.md": "x"})
	if err := os.Chmod(filepath.Join(dir, "RUN.md"), 0); err != nil {
		t.Fatal(err)
	}
	_, _, err := inspect.Run(&schema.Pipeline{Owner: &schema.Owner{Runbook: "RUN.md"}}, nil, inspect.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "read RUN.md") {
		t.Errorf("got %v: what is there and can't be read is no mistake of the pipeline", err)
	}
}
