package compiler

import (
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler/inspect"
)

// Inputs are the files that a pipeline depends on: CUE files of its package and of what that imports, files that they
// embed, and the local files that the pipeline names, be they there or not.
type Inputs struct {
	dir, root string
	read      map[string]string // the digests of what load read, by name relative to root
	embedded  []string          // patterns, absolute
	named     inspect.Files
}

func inputsOf(p *pipeline) Inputs {
	return Inputs{dir: p.unit.Dir, root: p.unit.ModuleRoot, read: p.unit.Inputs, embedded: p.unit.embeds, named: p.files}
}

// ChangedBy reports whether any of the changed paths is an input, was one, or would be one. The paths are absolute,
// without symbolic links; the value says that the path is gone. A directory stands for everything below it.
func (in Inputs) ChangedBy(paths map[string]bool) bool {
	in.dir, in.root = resolved(in.dir), resolved(in.root)
	dirs := map[string]bool{}
	for name := range in.read {
		full := filepath.Join(in.root, filepath.FromSlash(name))
		if name == "-" || changed(paths, full) {
			return true
		}
		if strings.HasSuffix(name, ".cue") {
			dirs[filepath.Dir(full)] = true
		}
	}
	for _, name := range in.named.Asked {
		if changed(paths, filepath.Join(in.dir, filepath.FromSlash(name))) {
			return true
		}
	}
	for path, gone := range paths {
		if in.cue(path, gone, dirs) || in.matches(path) {
			return true
		}
	}
	return false
}

// cue reports whether a path is a CUE file beside one of those that were read: it was part of a package, or is under other
// tags. In the directories above, whose files a package may share, only files that are gone count; the others were read.
func (in Inputs) cue(path string, gone bool, dirs map[string]bool) bool {
	base := filepath.Base(path)
	if !strings.HasSuffix(base, ".cue") || strings.HasSuffix(base, "_tool.cue") || strings.HasSuffix(base, "_test.cue") {
		return false
	}
	at := filepath.Dir(path)
	if filepath.Base(at) == "cue.mod" {
		at = filepath.Dir(at)
	} else if dirs[at] {
		return true
	}
	return gone && within(in.dir, at)
}

// matches reports whether a path is what a pattern of the pipeline or of an @embed means.
func (in Inputs) matches(path string) bool {
	if rel, err := filepath.Rel(in.dir, path); err == nil && in.named.Matches(filepath.ToSlash(rel)) {
		return true
	}
	for _, pattern := range in.embedded {
		if ok, err := filepath.Match(pattern, path); pattern == path || err == nil && ok {
			return true
		}
	}
	return false
}

// changed reports whether a file, what it is a link to, or a directory above it is among the paths.
func changed(paths map[string]bool, file string) bool {
	for _, f := range []string{file, resolved(file)} {
		for ; ; f = filepath.Dir(f) {
			if _, ok := paths[f]; ok {
				return true
			}
			if f == filepath.Dir(f) {
				break
			}
		}
	}
	return false
}

// within reports whether path is dir or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}
