package load

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// checkFile is the name of the file that load adds to each package.
const checkFile = "/penstock/check.cue"

// checkText makes every pipeline one of the schema's, whether or not the user imported it. The fields are optional, so
// that a package without a pipeline doesn't get one.
const checkText = `import penstock_schema "` + schema.ImportPath + `"

pipeline?: penstock_schema.#Pipeline
pipelines?: [penstock_name=string]: penstock_schema.#Pipeline & {name: penstock_name}
`

// otherSchema reports imports of the schema in a major version that isn't the embedded one's: CUE would be given that.
func otherSchema(p *pkg) (out diag.List) {
	for _, f := range p.inst.Files {
		for spec := range f.ImportSpecs() {
			path, err := strconv.Unquote(spec.Path.Value)
			major, ok := strings.CutPrefix(path, schema.ImportPath+"@")
			major, _, _ = strings.Cut(major, ":")
			if err == nil && ok && schema.ImportPath+"@"+major != schema.ModulePath {
				d := out.Errorf("unknown-package", p.places.Node(spec.Path), "", "this penstock has no version %s of the schema", major)
				d.Hint = fmt.Sprintf("import %q", schema.ImportPath)
			}
		}
	}
	return out
}

// parseSchema parses the embedded schema once; the instance is shared by all units, each of which compiles it in a
// context of its own.
func parseSchema() (*build.Instance, error) {
	files, err := schema.Files()
	if err != nil {
		return nil, err
	}
	inst := build.NewContext().NewInstance(schemaDir, nil)
	inst.ImportPath = schema.ImportPath
	inst.Root, inst.Module = schemaDir, schema.ModulePath
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(name, "/") || !strings.HasSuffix(name, ".cue") {
			continue
		}
		f, err := parser.ParseFile(schemaDir+"/"+name, files[name], parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse the embedded schema: %w", err)
		}
		if err := inst.AddSyntax(f); err != nil {
			return nil, fmt.Errorf("read the embedded schema: %w", err)
		}
	}
	if err := inst.Complete(); err != nil {
		return nil, fmt.Errorf("resolve the embedded schema: %w", err)
	}
	return inst, nil
}

// isSchema reports whether an import path, in whatever form, means the schema package.
func isSchema(path string) bool {
	return ast.ParseImportPath(path).Path == schema.ImportPath
}

// useSchema makes inst and all packages that it imports use the one parsed schema instead of what CUE's loader found.
func useSchema(shared, inst *build.Instance, prepared map[*build.Instance]bool) {
	for _, p := range append(inst.Dependencies(), inst) {
		if p == shared || prepared[p] {
			continue
		}
		prepared[p] = true
		for i, imp := range p.Imports {
			if isSchema(imp.ImportPath) {
				p.Imports[i] = shared
			}
		}
		canonical := p.CanonicalImportPath
		p.CanonicalImportPath = func(path string) string {
			if isSchema(path) {
				return schema.ImportPath
			}
			if canonical == nil {
				return path
			}
			return canonical(path)
		}
	}
	if !slices.Contains(inst.Imports, shared) {
		inst.Imports = append(inst.Imports, shared)
	}
}

// addCheck adds the file that unifies each pipeline with the schema.
func addCheck(inst *build.Instance) errors.Error {
	text := checkText
	if inst.PkgName != "" && inst.PkgName != "_" {
		text = "package " + inst.PkgName + "\n" + text
	}
	f, err := parser.ParseFile(checkFile, text)
	if err != nil {
		return errors.Promote(err, "add the schema")
	}
	return inst.AddSyntax(f)
}
