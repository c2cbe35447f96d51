package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/policies"
)

// The codes of what can be wrong with users' rules.
const (
	// CodeBroken is a rule that cannot be read or compiled, or that uses what rules may not use.
	CodeBroken diag.Code = "policy-broken"
	// CodeFailed is a rule that met an error, or gave something that is no message, while it judged a plan.
	CodeFailed diag.Code = "policy-failed"
	// CodeTaken is a code or a package that another rule has.
	CodeTaken diag.Code = "policy-taken"
)

// shippedRoot is where the file names of shipped rules begin, in reports and locations.
const shippedRoot = "penstock/policies"

// maxFile bounds a rule or data file, in bytes.
const maxFile = 4 << 20

// sources are the parsed files of one load.
type sources struct {
	// modules by file name; tests have names ending in _test.rego.
	modules map[string]*ast.Module
	// data is what the directories' data.json files hold together.
	data map[string]any
	// raw is the bytes of each file, for the digest.
	raw map[string][]byte
	// shipped are the names of the files that come with penstock.
	shipped map[string]bool
}

// readSources reads the shipped rules, when asked, and all .rego files and the data.json of each directory.
func readSources(shipped bool, dirs []string) (*sources, diag.List, error) {
	s := &sources{modules: map[string]*ast.Module{}, data: map[string]any{}, raw: map[string][]byte{}, shipped: map[string]bool{}}
	var list diag.List
	if err := s.readTree(&list, policies.Files, shippedRoot); err != nil {
		return nil, nil, err
	}
	for name := range s.modules {
		s.shipped[name] = true
		if !shipped && !isLibrary(s.modules[name]) {
			delete(s.modules, name)
			delete(s.raw, name)
		}
	}
	for _, dir := range dirs {
		if err := s.readTree(&list, os.DirFS(dir), filepath.ToSlash(filepath.Clean(dir))); err != nil {
			return nil, nil, err
		}
	}
	return s, list, nil
}

// isLibrary reports whether the module is what rules build on, which is there even when the shipped rules are not.
func isLibrary(m *ast.Module) bool { return m.Package.Path.String() == "data.penstock.lib" }

// readTree adds what a directory holds. Hidden folders are left out, links to elsewhere are not followed.
func (s *sources) readTree(list *diag.List, fsys fs.FS, root string) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read policies in %s: %w", root, err)
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !strings.HasSuffix(name, ".rego") && name != "data.json" {
			return nil
		}
		b, err := readFile(fsys, name)
		if err != nil {
			return fmt.Errorf("read policy %s: %w", path.Join(root, name), err)
		}
		s.add(list, path.Join(root, name), b)
		return nil
	})
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("the file has %d bytes, more than the %d allowed", info.Size(), maxFile)
	}
	return fs.ReadFile(fsys, name)
}

// add parses one file.
func (s *sources) add(list *diag.List, name string, b []byte) {
	if _, twice := s.raw[name]; twice {
		return
	}
	s.raw[name] = b
	if !strings.HasSuffix(name, ".rego") {
		s.addData(list, name, b)
		return
	}
	opts := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities()}
	m, err := ast.ParseModuleWithOpts(name, string(b), opts)
	if err != nil {
		report(list, CodeBroken, name, err)
		return
	}
	s.modules[name] = m
}

// addData joins the top-level keys of a data.json with those of other directories.
func (s *sources) addData(list *diag.List, name string, b []byte) {
	var data map[string]any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&data); err != nil {
		at := diag.Range{File: name}
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at.Start = position(b, syntax.Offset)
		}
		list.Errorf(CodeBroken, at, "", "data file: want one JSON object: %v", err)
		return
	}
	for _, key := range sortedKeys(data) {
		if _, taken := s.data[key]; taken || key == "penstock" {
			list.Errorf(CodeTaken, diag.Range{File: name}, "", "data file: the key %q is taken", key)
			continue
		}
		s.data[key] = data[key]
	}
}

// position is the line and column of a byte offset.
func position(b []byte, offset int64) diag.Position {
	before := b[:min(int(offset), len(b))]
	line := bytes.Count(before, []byte("\n")) + 1
	return diag.Position{Line: line, Column: len(before) - (bytes.LastIndexByte(before, '\n') + 1) + 1}
}

// split returns the modules that judge and those that only test them.
func (s *sources) split() (rules, tests map[string]*ast.Module) {
	rules, tests = map[string]*ast.Module{}, map[string]*ast.Module{}
	for name, m := range s.modules {
		if strings.HasSuffix(name, "_test.rego") {
			tests[name] = m
		} else {
			rules[name] = m
		}
	}
	return rules, tests
}

// digest identifies all rules and data that judge, tests apart. Users' directories count by content, not by where they are.
func (s *sources) digest() string {
	var sums []string
	for name, b := range s.raw {
		if !strings.HasSuffix(name, "_test.rego") {
			sums = append(sums, digest(b))
		}
	}
	slices.Sort(sums)
	return digest([]byte(strings.Join(sums, "\n")))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
