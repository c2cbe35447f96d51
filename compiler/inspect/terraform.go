package inspect

import (
	"fmt"
	"maps"
	"math/big"
	"path"
	"slices"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// terraform digests the files of the root module (its configuration, in both notations, its automatic variables and its
// lock file) and of the variables. Modules that it calls are part of what a preview shows.
func (in *inspection) terraform(at string, w *schema.TerraformWorkload) {
	for name, v := range w.Vars {
		if n, ok := inexact(v); ok {
			at := source.Join(at+".vars", name)
			d := in.list.Errorf(CodeNumber, in.m.Value(at), at, "the number %s is too large to be exact", n)
			d.Hint = "a plan's numbers have 53 bits: write it as a string, which Terraform converts"
		}
	}
	for i, name := range w.VarFiles {
		in.file(source.Index(at+".varFiles", i), name, "the file of variables")
	}
	if w.Module == "" || !in.relative(at+".module", w.Module) {
		return
	}
	var files []string
	for _, pattern := range configuration() {
		found, err := in.matching(path.Join(w.Module, pattern))
		if err != nil {
			in.list.Errorf(CodeGlob, in.m.Value(at+".module"), at+".module", "%q is not the name of a directory: %v", w.Module, err)
			return
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		d := in.list.Errorf(CodeEmpty, in.m.Value(at+".module"), at+".module", "there is no Terraform module in %q", w.Module)
		d.Hint = "module is a directory with .tf files, relative to the directory of the pipeline"
	}
	for _, pattern := range settings() {
		found, err := in.matching(path.Join(w.Module, pattern))
		if err == nil {
			files = append(files, found...)
		}
	}
	slices.Sort(files)
	in.out.Modules[w.Module] = slices.Compact(files)
	for _, f := range in.out.Modules[w.Module] {
		in.file(at+".module", f, "the module's file")
	}
}

// configuration are the patterns of a root module's own files, settings those of what Terraform reads beside them.
func configuration() []string { return []string{"*.tf", "*.tf.json", "*.tofu", "*.tofu.json"} }

func settings() []string {
	return []string{"terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json", ".terraform.lock.hcl"}
}

// ofModule reports whether Terraform reads a file of this name in a root module.
func ofModule(base string) bool {
	return slices.ContainsFunc(slices.Concat(configuration(), settings()), func(pattern string) bool {
		ok, err := path.Match(pattern, base)
		return err == nil && ok
	})
}

// inexact finds a whole number that float64, and so JSON as plans have it, would round.
func inexact(v any) (string, bool) {
	const most = 1 << 53
	switch v := v.(type) {
	case int:
		return fmt.Sprint(v), v > most || v < -most
	case int64:
		return fmt.Sprint(v), v > most || v < -most
	case uint64:
		return fmt.Sprint(v), v > most
	case *big.Int:
		return v.String(), v.CmpAbs(big.NewInt(most)) > 0
	case []any:
		for _, e := range v {
			if n, ok := inexact(e); ok {
				return n, true
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if n, ok := inexact(v[k]); ok {
				return n, true
			}
		}
	}
	return "", false
}
