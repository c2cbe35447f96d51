package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// request is one thing to load.
type request struct {
	// dir is an absolute directory; empty for files and import paths.
	dir string
	// pkg narrows dir to one package.
	pkg string
	// files are absolute, or "-".
	files []string
	// path is an import path of the main module or of a cached one.
	path string
	// found says that a pattern such as "./..." led here, so that a package without a pipeline is not worth a word.
	found bool
}

// disk is the file system with the overlay on top.
type disk struct {
	overlay map[string][]byte
	dirs    map[string][]string // names that the overlay adds to a directory
}

func newDisk(overlay map[string][]byte) *disk {
	d := &disk{overlay: overlay, dirs: map[string][]string{}}
	for name := range overlay {
		for dir := filepath.Dir(name); ; name, dir = dir, filepath.Dir(dir) {
			base := filepath.Base(name)
			if slices.Contains(d.dirs[dir], base) {
				break
			}
			d.dirs[dir] = append(d.dirs[dir], base)
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return d
}

func (d *disk) isDir(path string) bool {
	if _, ok := d.dirs[path]; ok {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (d *disk) isFile(path string) bool {
	if _, ok := d.overlay[path]; ok {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func (d *disk) read(path string) ([]byte, error) {
	if data, ok := d.overlay[path]; ok {
		return data, nil
	}
	return os.ReadFile(path)
}

// names lists the entries of a directory, sorted.
func (d *disk) names(dir string) ([]string, error) {
	names := slices.Clone(d.dirs[dir])
	entries, err := os.ReadDir(dir)
	if err != nil && (names == nil || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// moduleRoot is the nearest directory at or above dir that holds cue.mod, or "".
func (d *disk) moduleRoot(dir string) string {
	for {
		if d.isDir(filepath.Join(dir, "cue.mod")) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// requests reads the arguments; all files among them form one request.
func (d *disk) requests(cwd string, args []string) ([]request, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	var reqs []request
	for _, arg := range args {
		switch {
		case arg == "-":
			files = append(files, arg)
		case strings.HasSuffix(arg, ".cue"):
			name := absolute(cwd, arg)
			if !d.isFile(name) {
				return nil, fmt.Errorf("no file %q", arg)
			}
			files = append(files, name)
		default:
			more, err := d.packages(cwd, arg)
			if err != nil {
				return nil, err
			}
			reqs = append(reqs, more...)
		}
	}
	if files != nil {
		reqs = append([]request{{files: files}}, reqs...)
	}
	return reqs, nil
}

// packages reads one argument that isn't a file: "dir", "dir:pkg", "dir/...", "dir/...:pkg" or an import path.
func (d *disk) packages(cwd, arg string) ([]request, error) {
	dir, pkg := arg, ""
	if i := strings.LastIndexByte(arg, ':'); i > strings.LastIndexByte(arg, '/') && i >= max(1, len(filepath.VolumeName(arg))) {
		dir, pkg = arg[:i], arg[i+1:]
	}
	if top, ok := strings.CutSuffix(dir, "..."); ok {
		root := absolute(cwd, top)
		if !d.isDir(root) {
			return nil, fmt.Errorf("no directory %q", top)
		}
		dirs, err := d.walk(root, true)
		if err != nil {
			return nil, err
		}
		reqs := make([]request, 0, len(dirs))
		for _, dir := range dirs {
			reqs = append(reqs, request{dir: dir, pkg: pkg, found: true})
		}
		return reqs, nil
	}
	if abs := absolute(cwd, dir); d.isDir(abs) {
		return []request{{dir: abs, pkg: pkg}}, nil
	}
	first, _, _ := strings.Cut(dir, "/")
	if strings.Contains(strings.Trim(first, "."), ".") && !d.isFile(absolute(cwd, dir)) {
		return []request{{path: arg}}, nil
	}
	if d.isFile(absolute(cwd, dir)) {
		return nil, fmt.Errorf("%q is not a CUE file: its name must end in .cue", arg)
	}
	return nil, fmt.Errorf("no file or directory %q", arg)
}

// walk lists the directories at and below dir that hold CUE files. It leaves out cue.mod, testdata, and names that start
// with "." or "_", and goes into nested modules.
func (d *disk) walk(dir string, top bool) ([]string, error) {
	base := filepath.Base(dir)
	if !top && (base == "cue.mod" || base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
		return nil, nil
	}
	names, err := d.names(dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", dir, err)
	}
	var dirs []string
	if slices.ContainsFunc(names, func(n string) bool { return isSource(n) && d.isFile(filepath.Join(dir, n)) }) {
		dirs = append(dirs, dir)
	}
	for _, n := range names {
		sub := filepath.Join(dir, n)
		if !d.realDir(sub) {
			continue
		}
		more, err := d.walk(sub, false)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, more...)
	}
	return dirs, nil
}

// realDir is isDir without following symbolic links, which could lead in circles.
func (d *disk) realDir(path string) bool {
	if _, ok := d.dirs[path]; ok {
		return true
	}
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// isSource reports whether CUE takes a file of this name for part of a package.
func isSource(name string) bool {
	return strings.HasSuffix(name, ".cue") && !strings.HasSuffix(name, "_tool.cue") && !strings.HasSuffix(name, "_test.cue") &&
		!strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_")
}

func absolute(cwd, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(cwd, filepath.FromSlash(name))
}
