package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler/plan"
)

// What can be wrong with a secret; all of them come wrapped, with the name of the place and never with a value.
var (
	// ErrUnavailable means that this build cannot read such a place.
	ErrUnavailable = errors.New("this build cannot read it")
	// ErrAbsent means that there is nothing at the place.
	ErrAbsent = errors.New("there is no value")
	// ErrExposed means that other users of the machine may read the file.
	ErrExposed = errors.New("other users may read it")
)

// maxFile bounds the size of a secret file in bytes.
const maxFile = 1 << 20

// Resolver reads secrets from the places that references name.
type Resolver struct {
	// Lookup returns an environment variable, as os.LookupEnv does.
	Lookup func(name string) (string, bool)
	// Dir is what relative file names are relative to: the pipeline's directory.
	Dir string
}

// Resolve reads the value behind a reference. One line feed at the end of a file is not part of the value.
func (r Resolver) Resolve(ctx context.Context, ref plan.SecretRef) (Value, error) {
	if err := ctx.Err(); err != nil {
		return Value{}, err
	}
	switch {
	case ref.Env != "":
		v, ok := r.Lookup(ref.Env)
		if !ok || v == "" {
			return Value{}, fmt.Errorf("secret from environment variable %s: %w: set it before the run", ref.Env, ErrAbsent)
		}
		return New(v), nil
	case ref.File != "":
		return r.file(ref.File)
	case ref.Vault != "":
		return Value{}, fmt.Errorf("secret from vault %s: %w: it has no vault client; give it by env or file", ref.Vault, ErrUnavailable)
	case ref.Kubernetes != "":
		return Value{}, fmt.Errorf("secret from kubernetes %s: %w: it has no kubernetes client; give it by env or file", ref.Kubernetes, ErrUnavailable)
	}
	return Value{}, errors.New("secret: the reference names no place")
}

func (r Resolver) file(name string) (Value, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return Value{}, fmt.Errorf("secret from file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return Value{}, fmt.Errorf("secret from file: %w", err)
	case st.IsDir():
		return Value{}, fmt.Errorf("secret from file %s: it is a directory", name)
	case st.Mode().IsRegular() && st.Mode().Perm()&0o006 != 0:
		return Value{}, fmt.Errorf("secret from file %s: %w (mode %04o): chmod o-rw", name, ErrExposed, st.Mode().Perm())
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return Value{}, fmt.Errorf("secret from file: %w", err)
	case len(b) > maxFile:
		return Value{}, fmt.Errorf("secret from file %s: larger than %d bytes", name, maxFile)
	}
	v := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if v == "" {
		return Value{}, fmt.Errorf("secret from file %s: %w", name, ErrAbsent)
	}
	return New(v), nil
}
