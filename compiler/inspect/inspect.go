// Package inspect looks at the local files that a pipeline names: the runbook, keys, lists of signers, manifests, root
// modules and their variables. It says which are missing, at the line that names them, and digests the others, so that
// the plan is about the files that were reviewed. It opens no other file and follows no network. What the offline half of
// a target finds wrong with a workload or with its files is reported here as well, in the files themselves.
package inspect

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets/kubernetes"
)

// The codes of this package.
const (
	CodeMissing  diag.Code = "file-missing"
	CodeEmpty    diag.Code = "files-none"
	CodeAbsolute diag.Code = "file-absolute"
	CodeGlob     diag.Code = "glob-malformed"
	CodeNumber   diag.Code = "number-too-large"
	CodeProcess  diag.Code = "program-unworkable"
	CodeDoor     diag.Code = "same-address"
	CodeManifest diag.Code = "manifest-malformed"
	CodeSecret   diag.Code = "manifest-secret"
	CodeTwice    diag.Code = "manifest-twice"
	CodeMutable  diag.Code = "mutable-image"
	CodeUnused   diag.Code = "image-unused"
	CodeLiteral  diag.Code = "secret-literal"
)

// Files is what was found.
type Files struct {
	// Digests holds "sha256:…" of each file by its path as the pipeline's directory sees it, slash-separated.
	Digests map[string]string
	// Asked lists every file that is named one by one, be it there or not, as the pipeline's directory sees it.
	Asked []string
	// Globs holds the files of each pattern, sorted.
	Globs map[string][]string
	// Modules holds the files of each root module, sorted.
	Modules map[string][]string
	// Objects holds what stands in each manifest. A manifest with mistakes is not in it.
	Objects map[string][]kubernetes.Object
	// Shown is how diagnostics name a manifest.
	Shown map[string]string
	// Remarks holds the text of each file that has a comment for penstock in it, by the name that diagnostics give it.
	Remarks map[string]string
}

// Matches reports whether a file, as the pipeline's directory sees it, is what a pattern of manifests means or part of a root
// module, be it there or not.
func (f Files) Matches(name string) bool {
	for pattern := range f.Globs {
		if ok, err := path.Match(path.Clean(pattern), name); err == nil && ok {
			return true
		}
	}
	for dir := range f.Modules {
		if path.Dir(name) == path.Clean(dir) && ofModule(path.Base(name)) {
			return true
		}
	}
	return false
}

// Options say where to look.
type Options struct {
	// Dir is the pipeline's directory: names are relative to it.
	Dir string
	// Start is the directory that the files of diagnostics are relative to; empty means Dir.
	Start string
	// Root is the directory of its module: no file may lie outside. Empty means that only Dir's own tree is known.
	Root string
	// Overlay replaces or adds files by absolute path.
	Overlay map[string][]byte
}

// Run inspects the files of a pipeline. The error says what could not be read although it is there.
func Run(p *schema.Pipeline, m *source.Map, o Options) (Files, diag.List, error) {
	in := &inspection{p: p, m: m, o: o, contents: map[string][]byte{}, named: map[string]string{}, out: Files{
		Digests: map[string]string{}, Globs: map[string][]string{}, Modules: map[string][]string{}, Objects: map[string][]kubernetes.Object{}, Shown: map[string]string{},
	}}
	for _, part := range []func(){in.runbook, in.groups, in.keys, in.workloads, in.manifests, in.secrets, in.programs, in.doors} {
		part()
	}
	if in.err != nil {
		return Files{}, nil, in.err
	}
	slices.Sort(in.out.Asked)
	in.out.Asked = slices.Compact(in.out.Asked)
	return in.out, in.list.Normalize(), nil
}

type inspection struct {
	p    *schema.Pipeline
	m    *source.Map
	o    Options
	out  Files
	list diag.List
	err  error
	// contents are the files that were read, by name.
	contents map[string][]byte
	// named are the paths of the definitions that name them; where several do, the one that sorts first.
	named map[string]string
}

func (in *inspection) runbook() {
	if in.p.Owner == nil || in.p.Owner.Runbook == "" || strings.Contains(in.p.Owner.Runbook, "://") {
		return
	}
	name, _, _ := strings.Cut(in.p.Owner.Runbook, "#")
	in.file("owner.runbook", name, "the runbook")
}

func (in *inspection) groups() {
	for name, g := range in.p.Groups {
		if g.Signers != "" {
			in.file(source.Join(source.Join("groups", string(name)), "signers"), g.Signers, "the list of signers")
		}
	}
}

func (in *inspection) keys() {
	for name, a := range in.p.Artifacts {
		t, kind := a.Trust(), "file"
		if a.Image != nil {
			kind = "image"
		}
		if t == nil {
			continue
		}
		at := source.Join(source.Join(source.Join("artifacts", string(name)), kind), "trust.signatures")
		for i, s := range t.Signatures {
			if s.Key != "" {
				in.file(source.Index(at, i)+".key", s.Key, "the public key")
			}
		}
	}
}

// workloads inspects each workload as it is written, and its overlays: a path is the same wherever it is filled in.
func (in *inspection) workloads() {
	for _, name := range sorted(in.p.Workloads) {
		w, at := in.p.Workloads[name], source.Join("workloads", string(name))
		in.targets(at, w.Kubernetes, w.Terraform)
		for _, env := range w.Environments() {
			o := w.In[env]
			in.targets(source.Join(at+".in", string(env)), o.Kubernetes, o.Terraform)
		}
	}
}

func (in *inspection) targets(at string, k *schema.KubernetesWorkload, t *schema.TerraformWorkload) {
	if k != nil {
		in.kubernetes(at+".kubernetes", k)
	}
	if t != nil {
		in.terraform(at+".terraform", t)
	}
}

func sorted[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// file digests one file that has to be there.
func (in *inspection) file(at, name, what string) {
	if !in.relative(at, name) {
		return
	}
	in.out.Asked = append(in.out.Asked, path.Clean(name))
	data, err := in.read(name)
	switch {
	case err == nil:
		sum := sha256.Sum256(data)
		in.out.Digests[name] = "sha256:" + hex.EncodeToString(sum[:])
		if first, known := in.named[name]; !known || at < first {
			in.named[name] = at
		}
		if bytes.Contains(data, []byte("penstock:")) {
			if in.out.Remarks == nil {
				in.out.Remarks = map[string]string{}
			}
			in.out.Remarks[in.shown(name)] = string(data)
		}
	case errors.Is(err, fs.ErrNotExist):
		d := in.list.Errorf(CodeMissing, in.m.Value(at), at, "%s %q does not exist", what, name)
		d.Hint = "paths are relative to the directory of the pipeline"
	default:
		in.err = errors.Join(in.err, fmt.Errorf("read %s: %w", name, err))
	}
}

// relative refuses a path of this machine, and one that leads out of the module: the plan would mean something else in
// another checkout.
func (in *inspection) relative(at, name string) bool {
	if path.IsAbs(name) || filepath.IsAbs(name) {
		d := in.list.Errorf(CodeAbsolute, in.m.Value(at), at, "%q is a path of this machine", name)
		d.Hint = "write it relative to the directory of the pipeline"
		return false
	}
	rel, err := filepath.Rel(cmp.Or(in.o.Root, in.o.Dir), in.abs(name))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		d := in.list.Errorf(CodeAbsolute, in.m.Value(at), at, "%q lies outside the module of the pipeline", name)
		d.Hint = "bring the file into the module, or put cue.mod into a directory that holds both"
		return false
	}
	return true
}

func (in *inspection) abs(name string) string {
	return filepath.Join(in.o.Dir, filepath.FromSlash(name))
}

// read reads a file, once.
func (in *inspection) read(name string) ([]byte, error) {
	if data, known := in.contents[name]; known {
		return data, nil
	}
	data, err := in.open(in.abs(name))
	if err == nil {
		in.contents[name] = data
	}
	return data, err
}

func (in *inspection) open(full string) ([]byte, error) {
	if data, ok := in.o.Overlay[full]; ok {
		return data, nil
	}
	info, err := os.Stat(full)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is a %s: %w", info.Mode().Type(), fs.ErrNotExist)
	}
	return os.ReadFile(full)
}

// matching lists the files that match a pattern below the pipeline's directory, sorted, without directories.
func (in *inspection) matching(pattern string) ([]string, error) {
	full := in.abs(pattern)
	found, err := filepath.Glob(full)
	if err != nil {
		return nil, err
	}
	for name := range in.o.Overlay {
		if ok, _ := filepath.Match(full, name); ok {
			found = append(found, name)
		}
	}
	var out []string
	for _, f := range found {
		rel, err := filepath.Rel(in.abs("."), f)
		if err != nil {
			return nil, err
		}
		if _, err := in.read(filepath.ToSlash(rel)); err == nil {
			out = append(out, filepath.ToSlash(rel))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
