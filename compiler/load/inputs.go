package load

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"

	"github.com/penstock-dev/penstock/schema"
)

// inputs digests every file that went into an instance: its own, those of the packages it imports, the files they embed,
// the module file, and the schema. It returns the names and patterns of embedded files, too.
func (s *session) inputs(inst *build.Instance, g group) (digests map[string]string, embeds []string) {
	in := map[string]string{}
	for _, p := range append(inst.Dependencies(), inst) {
		if p == s.schema {
			continue
		}
		for _, f := range p.BuildFiles {
			data, ok := f.Source.([]byte)
			if !ok {
				var err error
				if data, err = s.disk.read(f.Filename); err != nil {
					continue // CUE has just read it; if it's gone now there is nothing to digest
				}
			}
			in[inputName(p, g.root, f.Filename)] = digest(data)
		}
		for _, f := range p.Files {
			embeds = append(embeds, s.embedded(in, p, g.root, f)...)
		}
	}
	mod := filepath.Join(g.root, "cue.mod", "module.cue")
	if data, err := s.disk.read(mod); err == nil {
		in["cue.mod/module.cue"] = digest(data)
	}
	in[schema.ModulePath+"/"+schema.Version] = s.digest
	return in, embeds
}

// inputName is a file's name that doesn't depend on this machine.
func inputName(p *build.Instance, root, file string) string {
	if file == "-" {
		return file
	}
	if rel, ok := below(root, file); ok {
		return rel
	}
	if p.ModuleVersion.IsValid() { // CUE's cache keeps a module in a directory that ends in its version
		if _, rel, ok := strings.Cut(filepath.ToSlash(file), "@"+p.ModuleVersion.Version()+"/"); ok {
			return p.ModuleVersion.String() + "/" + rel
		}
	}
	return p.ImportPath + "/" + filepath.Base(file)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// digestSchema is one digest over the embedded files.
func digestSchema() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(schema.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := schema.FS.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n", path, len(data))
		h.Write(data)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("digest the embedded schema: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// embedded digests the files that @embed attributes of a file name, and returns their names and patterns.
func (s *session) embedded(in map[string]string, p *build.Instance, root string, f *ast.File) (found []string) {
	ast.Walk(f, func(n ast.Node) bool {
		a, ok := n.(*ast.Attribute)
		if !ok {
			return true
		}
		body, ok := strings.CutPrefix(a.Text, "@embed(")
		if !ok {
			return true
		}
		names, patterns := embedNames(filepath.Dir(f.Filename), strings.TrimSuffix(body, ")"))
		found = append(append(found, names...), patterns...)
		for _, pattern := range patterns {
			if more, err := filepath.Glob(pattern); err == nil {
				names = append(names, more...)
			}
		}
		for _, name := range names {
			if data, err := s.disk.read(name); err == nil {
				in[inputName(p, root, name)] = digest(data)
			}
		}
		return true
	}, nil)
	return found
}

// embedNames reads file=NAME and glob=PATTERN out of the body of an @embed attribute.
func embedNames(dir, body string) (names, patterns []string) {
	for part := range strings.SplitSeq(body, ",") {
		key, val, _ := strings.Cut(strings.TrimSpace(part), "=")
		full := filepath.Join(dir, filepath.FromSlash(strings.Trim(val, `"`)))
		switch key {
		case "file":
			names = append(names, full)
		case "glob":
			patterns = append(patterns, full)
		}
	}
	return names, patterns
}
