package load

import (
	"context"
	"os"

	"cuelang.org/go/mod/modconfig"
	"cuelang.org/go/mod/modfile"
	"cuelang.org/go/mod/module"

	"github.com/penstock-dev/penstock/schema"
)

// offline answers for modules without a network: the schema's from the binary, all others from CUE's module cache.
type offline struct {
	cache modconfig.LazyRegistry
}

var _ modconfig.Registry = (*offline)(nil)

func newOffline() *offline {
	o := &offline{}
	o.cache.New = func() (modconfig.CachedRegistry, error) {
		return modconfig.NewRegistry(&modconfig.Config{Env: os.Environ(), CUERegistry: "none"})
	}
	return o
}

// ModFile returns the module file of a dependency.
func (o *offline) ModFile(ctx context.Context, m module.Version) (*modfile.File, error) {
	if m.BasePath() != schema.ImportPath {
		return o.cache.ModFile(ctx, m)
	}
	data, err := schema.FS.ReadFile("cue.mod/module.cue")
	if err != nil {
		return nil, err
	}
	return modfile.ParseNonStrict(data, schemaDir+"/cue.mod/module.cue")
}

// Fetch returns the files of a dependency. The schema has none here: the vendored stand-in that load overlays is found
// first, and CUE calls it ambiguous if there are two.
func (o *offline) Fetch(ctx context.Context, m module.Version) (module.SourceLoc, error) {
	if m.BasePath() == schema.ImportPath {
		return module.SourceLoc{}, nil
	}
	return o.cache.Fetch(ctx, m)
}

// ModuleVersions lists the versions that can be had of a module.
func (o *offline) ModuleVersions(ctx context.Context, path string) ([]string, error) {
	if path == schema.ImportPath || path == schema.ModulePath {
		return []string{schema.Version}, nil
	}
	return o.cache.ModuleVersions(ctx, path)
}
