package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/mod/modfile"

	"github.com/penstock-dev/penstock/compiler/language"
)

// maxFile is the size up to which files that aren't open are read for an answer.
const maxFile = 4 << 20

// packageOf reads the files of a document's package: those of its directory and, as CUE does it, those of the same package in
// the directories above, up to the module's root.
func (s *Server) packageOf(d *document) language.Package {
	own := language.Parse(d.path, d.text.content)
	dir := filepath.Dir(d.path)
	root := moduleRoot(dir)
	p := language.Package{Files: []*language.File{own}, Import: func(path string) []*language.File { return s.imported(root, path) }}
	for at := dir; ; at = filepath.Dir(at) {
		for _, path := range s.sources(at) {
			if path == d.path {
				continue
			}
			if f := s.parse(path); f != nil && f.Package() == own.Package() {
				p.Files = append(p.Files, f)
			}
		}
		if root == "" || at == root || own.Package() == "" || at == filepath.Dir(at) {
			break
		}
	}
	for _, v := range s.checks.good[dir].Pipelines {
		if v.Pipeline != nil {
			p.Pipelines = append(p.Pipelines, language.Pipeline{Root: "pipelines." + v.Name, Pipeline: v.Pipeline, Source: v.Source})
			if len(s.checks.good[dir].Pipelines) == 1 {
				p.Pipelines = append(p.Pipelines, language.Pipeline{Root: "pipeline", Pipeline: v.Pipeline, Source: v.Source})
			}
		}
	}
	return p
}

// imported reads the files of a package of the module at root, or of one that is vendored there.
func (s *Server) imported(root, path string) []*language.File {
	if root == "" {
		return nil
	}
	path, _, _ = strings.Cut(path, ":")
	var dirs []string
	modFile := filepath.Join(root, "cue.mod", "module.cue")
	if b, err := os.ReadFile(modFile); err == nil {
		if m, err := modfile.ParseNonStrict(b, modFile); err == nil {
			module, _, _ := strings.Cut(m.QualifiedModule(), "@")
			if rest, ok := strings.CutPrefix(path, module); ok && (rest == "" || rest[0] == '/') {
				dirs = append(dirs, filepath.Join(root, filepath.FromSlash(rest)))
			}
		}
	}
	for _, vendor := range []string{"pkg", "gen", "usr"} {
		dirs = append(dirs, filepath.Join(root, "cue.mod", vendor, filepath.FromSlash(path)))
	}
	var files []*language.File
	for _, dir := range dirs {
		for _, path := range s.sources(dir) {
			if f := s.parse(path); f != nil {
				files = append(files, f)
			}
		}
	}
	return files
}

// sources are the CUE files of a directory, on disk and in the editor, sorted.
func (s *Server) sources(dir string) []string {
	var paths []string
	if entries, err := os.ReadDir(dir); err == nil {
		for _, e := range entries {
			if !e.IsDir() {
				paths = append(paths, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, d := range s.docs {
		if filepath.Dir(d.path) == dir {
			paths = append(paths, d.path)
		}
	}
	paths = slices.DeleteFunc(paths, func(p string) bool {
		name := filepath.Base(p)
		return !strings.HasSuffix(name, ".cue") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") ||
			strings.HasSuffix(name, "_tool.cue") || strings.HasSuffix(name, "_test.cue")
	})
	slices.Sort(paths)
	return slices.Compact(paths)
}

// parse reads a file as the editor has it, or else as it is on disk; nil when there is nothing to read.
func (s *Server) parse(path string) *language.File {
	if d := s.byPath(path); d != nil {
		return language.Parse(path, d.text.content)
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return language.Parse(path, b)
}

// moduleRoot is the nearest directory at or above dir that holds cue.mod, or "".
func moduleRoot(dir string) string {
	for {
		if info, err := os.Stat(filepath.Join(dir, "cue.mod")); err == nil && info.IsDir() {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
