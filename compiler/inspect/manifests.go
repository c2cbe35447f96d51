package inspect

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets/kubernetes"
)

// manifests looks into the manifests of each workload.
func (in *inspection) manifests() {
	for _, name := range sorted(in.p.Workloads) {
		w, at := in.p.Workloads[name], source.Join("workloads", string(name))
		s := &set{inspection: in, name: name, workload: w, whole: true}
		s.add(at, w.Kubernetes)
		for _, env := range w.Environments() {
			s.add(source.Join(at+".in", string(env)), w.In[env].Kubernetes)
		}
		s.mutable()
		s.unused()
	}
}

// set is all manifests of one workload, whatever environment they are for.
type set struct {
	*inspection
	name     schema.WorkloadName
	workload schema.Workload
	files    []string
	images   []usedImage
	// whole says that every pattern led to manifests without mistakes.
	whole bool
}

// usedImage is one entry of a workload's images.
type usedImage struct {
	at   string
	name schema.ArtifactName
}

func (s *set) add(at string, w *schema.KubernetesWorkload) {
	if w == nil {
		return
	}
	var files []string
	for _, pattern := range w.Manifests {
		found := s.out.Globs[pattern]
		s.whole = s.whole && len(found) > 0
		files = append(files, found...)
	}
	for i, name := range w.Images {
		s.images = append(s.images, usedImage{source.Index(at+".kubernetes.images", i), name})
	}
	slices.Sort(files)
	files = slices.Compact(files)
	for _, f := range files {
		s.whole = s.parse(f, at+".kubernetes.manifests") && s.whole
	}
	s.twice(files, at+".kubernetes.manifests")
	s.files = append(s.files, files...)
}

// parse reads a manifest, once, and reports what is wrong with it alone.
func (in *inspection) parse(name, at string) bool {
	if _, known := in.out.Objects[name]; known {
		return true
	}
	data, err := in.read(name)
	if err != nil {
		return false // that was reported
	}
	f := kubernetes.Parse(data)
	for _, m := range f.Malformed {
		in.list.Errorf(CodeManifest, in.within(name, m.Place), at, "%s", m.Message).Hint = m.Hint
	}
	for _, o := range f.Objects {
		if o.Data != nil {
			d := in.list.Errorf(CodeSecret, in.within(name, *o.Data), at, "Secret %q carries its values in the manifest", o.Name)
			d.Conceal = true // in {flow style} the values are on that line
			d.Hint = "leave the Secret out and have it made in the cluster, by an ExternalSecret or a SealedSecret; containers refer to it by name as before"
		}
	}
	if len(f.Malformed) > 0 {
		return false
	}
	in.out.Objects[name], in.out.Shown[name] = f.Objects, in.shown(name)
	return true
}

// within is a place in a file that the pipeline names.
func (in *inspection) within(name string, p kubernetes.Place) diag.Range {
	return diag.Range{File: in.shown(name), Start: diag.Position{Line: p.Line, Column: p.Column}}
}

// shown is how diagnostics name a file: relative to where the command was started, unless that would lead far up.
func (in *inspection) shown(name string) string {
	full := in.abs(name)
	rel, err := filepath.Rel(cmp.Or(in.o.Start, in.o.Dir), full)
	if err != nil || strings.HasPrefix(filepath.ToSlash(rel), "../../../") {
		return filepath.ToSlash(full)
	}
	return filepath.ToSlash(rel)
}

// twice reports objects that are in a set of files more than once: which of them would be applied is chance.
func (in *inspection) twice(files []string, at string) {
	first := map[string]diag.Range{}
	for _, f := range files {
		for _, o := range in.out.Objects[f] {
			id := fmt.Sprintf("%s/%s/%s/%s", o.Group(), o.Kind, o.Namespace, o.Name)
			before, known := first[id]
			if !known {
				first[id] = in.within(f, o.Place)
				continue
			}
			d := in.list.Errorf(CodeTwice, in.within(f, o.Place), at, "%s %q is there twice", o.Kind, o.Name)
			d.Hint = "keep one of them"
			d.Related = append(d.Related, diag.Related{Range: before, Message: "the first one"})
		}
	}
}

// mutable warns of containers in production whose image can be another one tomorrow.
func (s *set) mutable() {
	env, found := s.production()
	if !found {
		return
	}
	bound := map[string]bool{}
	for _, i := range s.images {
		if a := s.p.Artifacts[i.name]; a.Image != nil {
			bound[a.Image.Repository] = true
		}
		for _, e := range s.p.Environments {
			bound[e.Repositories[i.name]] = true
		}
	}
	for _, f := range s.files {
		for _, o := range s.out.Objects[f] {
			for _, i := range o.Images {
				repository := kubernetes.Repository(i.Ref)
				if kubernetes.Pinned(i.Ref) || bound[repository] {
					continue
				}
				at := source.Join("workloads", string(s.name))
				d := s.list.Warnf(CodeMutable, s.within(f, i.Place), at, "container %q goes to %q with image %q, whose tag can move", i.Container, env, i.Ref)
				if kubernetes.Tag(i.Ref) == "" {
					d.Message = fmt.Sprintf("container %q goes to %q with image %q: without a tag that is whatever is latest", i.Container, env, i.Ref)
				}
				d.Hint = fmt.Sprintf("name its digest, %q, or make it an artifact and one of the workload's images", i.Ref+"@sha256:…")
			}
		}
	}
}

// production is the first production environment that a stage deploys the workload to.
func (s *set) production() (schema.EnvName, bool) {
	var out []schema.EnvName
	for _, st := range s.p.Stages {
		if d := st.Deploy; d != nil && d.Workload == s.name && s.p.Environments[d.In].Kubernetes != nil && s.p.Environments[d.In].Tier == schema.Production {
			out = append(out, d.In)
		}
	}
	if len(out) == 0 {
		return "", false
	}
	return slices.Min(out), true
}

// unused reports images that no manifest mentions: the new version would never run. It looks at the text, since a
// resource of the user's own kind may hold an image anywhere.
func (s *set) unused() {
	if !s.whole || len(s.files) == 0 {
		return
	}
	for _, i := range s.images {
		a := s.p.Artifacts[i.name]
		if a.Image == nil || a.Image.Repository == "" || slices.ContainsFunc(s.files, func(f string) bool { return mentions(string(s.contents[f]), a.Image.Repository) }) {
			continue
		}
		d := s.list.Errorf(CodeUnused, s.m.Value(i.at), i.at, "no manifest of workload %q has a container with image %q", s.name, a.Image.Repository)
		d.Hint = fmt.Sprintf("write image: %s in the manifest, without tag: artifact %q gives the digest", a.Image.Repository, i.name)
	}
}

// mentions reports whether a text holds the name of a repository, and not as the beginning or end of another name.
func mentions(text, repository string) bool {
	inName := func(c byte) bool {
		return c == '/' || c == '.' || c == '-' || c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
	}
	for {
		i := strings.Index(text, repository)
		if i < 0 {
			return false
		}
		end := i + len(repository)
		if (i == 0 || !inName(text[i-1])) && (end == len(text) || !inName(text[end])) {
			return true
		}
		text = text[end:]
	}
}
