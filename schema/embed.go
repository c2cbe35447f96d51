package schema

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
)

const (
	// ModulePath is the CUE module with its major version, as in deps of a module.cue.
	ModulePath = "penstock.dev/schema@v1"
	// ImportPath is what a CUE file imports.
	ImportPath = "penstock.dev/schema"
	// Version is the released version that the embedded files are.
	Version = "v1.0.0"
	// Language is the CUE language version of the module, as its module.cue pins it.
	Language = "v0.17.0"
	// JSONSchemaID names the JSON Schema of the language.
	JSONSchemaID = "https://penstock.dev/schema/v1/pipeline.schema.json"
)

// FS holds the CUE module: the .cue files at its root and cue.mod/module.cue.
//
//go:embed *.cue cue.mod/module.cue
var FS embed.FS

// JSONSchema is the language as JSON Schema, for those who don't speak CUE; package jsonschema generates it.
//
//go:embed pipeline.schema.json
var JSONSchema string

// Files returns the content of the module's files by their path in the module.
// The error is never seen in a binary that was built: the files are embedded.
func Files() (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = FS.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read embedded schema: %w", err)
	}
	return files, nil
}

// PreVersion returns a version that is bound to the embedded content, such as
// "v1.0.0-0.3f9a0c52d1e8": CUE's module cache trusts a version for ever, so a
// build whose schema is not yet released must not call itself Version.
func PreVersion() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := FS.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read embedded schema: %w", err)
	}
	return Version + "-0.h" + hex.EncodeToString(h.Sum(nil))[:12], nil
}
