// Package corpus reads the packages of compiler/testdata: txtar archives of a user's files, in which the expected
// diagnostics are marked by hand, each below the line that it is about.
//
//	needs: ["biuld"]
//	        ^ unknown-stage: did you mean "build"
//
// The caret stands in the column, the code behind it, then a part of message and hint. No line of CUE, YAML or HCL begins
// so; [Read] takes the markers out, and nothing here writes them.
package corpus

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Archive is one package of the corpus.
type Archive struct {
	// Name is the file's name without its ending, Comment what it is about.
	Name, Comment string
	// Args are the arguments of vet, of the file "args"; none means the package at the top.
	Args []string
	// Tags are given from outside, those of the file "tags".
	Tags []string
	// Files are the user's, without markers.
	Files []txtar.File
	// Wants are the diagnostics that are expected, in the order of the archive.
	Wants []Want
}

// Want is one expected diagnostic.
type Want struct {
	// Place is "file:line:col".
	Place, Code string
	// Part is part of "message; hint".
	Part string
}

var marker = regexp.MustCompile(`^([ \t]*)\^ ([a-z][a-z0-9-]*): (.*)$`)

// Glob reads all archives that match a pattern.
func Glob(pattern string) ([]Archive, error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no archive matches %s", pattern)
	}
	out := make([]Archive, 0, len(names))
	for _, name := range names {
		a, err := Read(name)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Read reads one archive.
func Read(name string) (Archive, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Archive{}, err
	}
	raw := txtar.Parse(data)
	a := Archive{Name: strings.TrimSuffix(filepath.Base(name), ".txtar"), Comment: string(raw.Comment)}
	for _, f := range raw.Files {
		if f.Name == "args" {
			a.Args = strings.Fields(string(f.Data))
			continue
		}
		if f.Name == "tags" {
			a.Tags = strings.Fields(string(f.Data))
			continue
		}
		text, wants, err := split(f.Name, f.Data)
		if err != nil {
			return Archive{}, fmt.Errorf("%s: %w", name, err)
		}
		a.Files = append(a.Files, txtar.File{Name: f.Name, Data: text})
		a.Wants = append(a.Wants, wants...)
	}
	return a, nil
}

// split takes the markers out of a file.
func split(file string, data []byte) ([]byte, []Want, error) {
	var text bytes.Buffer
	var wants []Want
	line := 0
	for l := range strings.Lines(string(data)) {
		m := marker.FindStringSubmatch(strings.TrimRight(l, "\n"))
		if m == nil {
			line++
			text.WriteString(l)
			continue
		}
		if line == 0 {
			return nil, nil, fmt.Errorf("%s: a marker above the first line", file)
		}
		wants = append(wants, Want{Place: fmt.Sprintf("%s:%d:%d", file, line, len(m[1])+1), Code: m[2], Part: m[3]})
	}
	return text.Bytes(), wants, nil
}

// Write puts the files of the archive into a directory.
func (a Archive) Write(dir string) error {
	for _, f := range a.Files {
		if err := Put(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data); err != nil {
			return err
		}
	}
	return nil
}

// Put writes one file with the directories above it.
func Put(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}
