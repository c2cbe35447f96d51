package examples_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/encoding/yaml"

	"github.com/penstock-dev/penstock/schema"
)

// TestCommandsExist holds that each script named is there and can be executed, and each target of make is in the Makefile.
func TestCommandsExist(t *testing.T) {
	eachPipeline(t, func(t *testing.T, dir string, p schema.Pipeline) {
		for where, c := range commands(p) {
			switch program := c.Command[0]; {
			case c.Container != nil:
				continue // the program is in the image
			case program == "make":
				makefile := readFile(t, filepath.Join(dir, "Makefile"))
				for _, target := range c.Command[1:] {
					if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).MatchString(makefile) {
						t.Errorf("%s: the Makefile has no target %q", where, target)
					}
				}
			case strings.Contains(program, "/"):
				info, err := os.Stat(filepath.Join(dir, program))
				if err != nil {
					t.Errorf("%s: %v", where, err)
				} else if info.Mode()&0o111 == 0 {
					t.Errorf("%s: %s cannot be executed", where, program)
				}
			default:
				t.Errorf("%s: %q comes from outside the example", where, program)
			}
		}
	})
}

// commands lists every command of p by where it stands.
func commands(p schema.Pipeline) map[string]schema.Command {
	all := map[string]schema.Command{}
	add := func(where string, c *schema.Command) {
		if c != nil {
			all[where] = *c
		}
	}
	addExec := func(where string, e *schema.Exec) {
		if e != nil {
			all[where] = e.Program()
			add(where+".revert", e.Revert)
			add(where+".check", e.Check)
		}
	}
	for name, n := range p.Notify {
		add("notify."+string(name), n.Exec)
	}
	for name, s := range p.Stages {
		at := "stages." + string(name)
		addExec(at+".exec", s.Exec)
		for gate, g := range s.Gates {
			add(at+".gates."+string(gate), g.Exec)
		}
		for n, notify := range s.Notify {
			add(at+".notify."+string(n), notify.Exec)
		}
		if m := s.Migrate; m != nil {
			add(at+".check", &m.Check)
			add(at+".apply", &m.Apply)
			add(at+".revert", m.Revert)
		}
		if d := s.Deploy; d != nil && d.BlueGreen != nil && d.BlueGreen.Before != nil {
			addExec(at+".before", d.BlueGreen.Before.Exec)
		}
		if d := s.Deploy; d != nil && d.Canary != nil {
			for _, step := range d.Canary.Steps {
				if step.During != nil {
					addExec(at+".during", step.During.Exec)
				}
			}
		}
	}
	return all
}

// TestFilesExist holds that runbooks, keys, signers, Terraform modules and their variables are there and are what they should be.
func TestFilesExist(t *testing.T) {
	eachPipeline(t, func(t *testing.T, dir string, p schema.Pipeline) {
		if p.Owner != nil && p.Owner.Runbook != "" && len(readFile(t, filepath.Join(dir, p.Owner.Runbook))) < 200 {
			t.Errorf("%s says next to nothing", p.Owner.Runbook)
		}
		for _, g := range p.Groups {
			for _, member := range g.Members {
				_, user, _ := strings.Cut(string(member), ":")
				if g.Signers != "" && !strings.Contains("\n"+readFile(t, filepath.Join(dir, g.Signers)), "\n"+user+" ") {
					t.Errorf("%s has no key of %s", g.Signers, user)
				}
			}
		}
		for name, a := range p.Artifacts {
			if a.Trust() == nil {
				continue
			}
			for _, sig := range a.Trust().Signatures {
				if sig.Key != "" {
					checkKey(t, filepath.Join(dir, sig.Key), string(name))
				}
			}
		}
		for _, w := range p.Workloads {
			if w.Terraform == nil {
				continue
			}
			files := append([]string{filepath.Join(w.Terraform.Module, "*.tf")}, w.Terraform.VarFiles...)
			for _, glob := range files {
				if found, err := filepath.Glob(filepath.Join(dir, glob)); err != nil || len(found) == 0 {
					t.Errorf("%s: nothing matches (%v)", glob, err)
				}
			}
		}
	})
}

// checkKey holds that a file is an ECDSA P-256 public key as cosign writes them.
func checkKey(t *testing.T, path, artifact string) {
	block, rest := pem.Decode([]byte(readFile(t, path)))
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 {
		t.Errorf("%s (of %s) is not one public key in PEM", path, artifact)
		return
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if pub, ok := key.(*ecdsa.PublicKey); err != nil || !ok || pub.Curve != elliptic.P256() {
		t.Errorf("%s (of %s) is no ECDSA P-256 key: %v", path, artifact, err)
	}
}

// TestManifests holds that the globs match, that containers name the artifact's repository without a tag, and that
// the objects that split traffic are among the manifests.
func TestManifests(t *testing.T) {
	eachPipeline(t, func(t *testing.T, dir string, p schema.Pipeline) {
		for name, w := range p.Workloads {
			if w.Kubernetes == nil {
				continue
			}
			objects, images := manifests(t, dir, w.Kubernetes.Manifests)
			for _, a := range w.Kubernetes.Images {
				if repo := p.Artifacts[a].Image.Repository; !images[repo] {
					t.Errorf("%s: no container runs %s; there are %v", name, repo, sortedKeys(images))
				}
			}
			for image := range images {
				if strings.Contains(image[strings.LastIndex(image, "/"):], ":") {
					t.Errorf("%s: image %s has a tag, which can move", name, image)
				}
			}
			if want := splitter(w.Kubernetes.Traffic); want != "" && !objects[want] {
				t.Errorf("%s: no %s among %v", name, want, sortedKeys(objects))
			}
		}
	})
}

// splitter is the object that moves traffic.
func splitter(traffic *schema.KubernetesTraffic) string {
	switch {
	case traffic == nil:
		return ""
	case traffic.Gateway != nil:
		return "HTTPRoute/" + traffic.Gateway.Route
	case traffic.Istio != nil:
		return "VirtualService/" + traffic.Istio.VirtualService
	case traffic.Replicas != nil:
		return "Service/" + traffic.Replicas.Service
	}
	return "Service/" + traffic.Service
}

// manifests returns the objects, as "Kind/name", and the images of all containers.
func manifests(t *testing.T, dir string, globs []string) (objects, images map[string]bool) {
	t.Helper()
	objects, images = map[string]bool{}, map[string]bool{}
	ctx := cuecontext.New()
	for _, glob := range globs {
		found, err := filepath.Glob(filepath.Join(dir, glob))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: nothing matches (%v)", glob, err)
		}
		for _, file := range found {
			for i, doc := range regexp.MustCompile(`(?m)^---\n`).Split(readFile(t, file), -1) {
				syntax, err := yaml.Extract(file, []byte(doc))
				if err != nil {
					t.Fatalf("%s, document %d: %v", file, i, err)
				}
				v := ctx.BuildFile(syntax)
				kind, _ := v.LookupPath(cue.ParsePath("kind")).String()
				name, err := v.LookupPath(cue.ParsePath("metadata.name")).String()
				if err != nil {
					t.Fatalf("%s, document %d: %v", file, i, err)
				}
				objects[kind+"/"+name] = true
				containers, _ := v.LookupPath(cue.ParsePath("spec.template.spec.containers")).List()
				for containers.Next() {
					image, err := containers.Value().LookupPath(cue.ParsePath("image")).String()
					if err != nil {
						t.Fatalf("%s: %v", file, err)
					}
					images[image] = true
				}
			}
		}
	}
	return objects, images
}

// TestNamesResolve holds that each reference to a name has its target: what the compiler checks too, here from the schema's side.
func TestNamesResolve(t *testing.T) {
	eachPipeline(t, func(t *testing.T, _ string, p schema.Pipeline) {
		for name, s := range p.Stages {
			for _, other := range append(append([]schema.StageName{}, s.Needs...), s.Before...) {
				if _, ok := p.Stages[other]; !ok {
					t.Errorf("stage %s: no stage %q", name, other)
				}
			}
			if got := s.Variants(); len(got) != 1 {
				t.Errorf("stage %s: actions %v", name, got)
			}
			if s.Deploy == nil {
				continue
			}
			if got := s.Deploy.Variants(); len(got) != 1 {
				t.Errorf("stage %s: strategies %v", name, got)
			}
			env, ok := p.Environments[s.Deploy.In]
			if !ok {
				t.Errorf("stage %s: no environment %q", name, s.Deploy.In)
			}
			w, conflicts := p.Workloads[s.Deploy.Workload].Resolve(s.Deploy.In)
			if got, want := w.Variants(), env.Variants(); len(got) != 1 || len(want) != 1 || got[0] != want[0] {
				t.Errorf("stage %s: workload for %v in an environment of %v", name, got, want)
			}
			if len(conflicts) > 0 || len(w.Missing()) > 0 {
				t.Errorf("stage %s: conflicts %v, missing %v", name, conflicts, w.Missing())
			}
		}
	})
}

// TestScriptsParse lets the shell read every script, and CUE's and Go's own tools every source.
func TestScriptsParse(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".sh" {
			if out, err := exec.Command("sh", "-n", path).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", path, err, out)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestModulesBuild vets the program of every example that has one.
func TestModulesBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("builds nine programs")
	}
	mods, err := filepath.Glob("*/go.mod")
	if err != nil || len(mods) < 8 {
		t.Fatalf("found %v: %v", mods, err)
	}
	for _, mod := range mods {
		t.Run(filepath.Dir(mod), func(t *testing.T) {
			for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
				cmd := exec.Command("go", args...)
				cmd.Dir = filepath.Dir(mod)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("go %v: %v\n%s", args, err, out)
				}
			}
		})
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
