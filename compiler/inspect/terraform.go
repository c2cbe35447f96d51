package inspect

import (
	"path"
	"slices"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// terraform digests the files of the root module (its configuration, in both notations, its automatic variables and its
// lock file) and of the variables. Modules that it calls are part of what a preview shows.
func (in *inspection) terraform(at string, w *schema.TerraformWorkload) {
	for i, name := range w.VarFiles {
		in.file(source.Index(at+".varFiles", i), name, "the file of variables")
	}
	if w.Module == "" || !in.relative(at+".module", w.Module) {
		return
	}
	var files []string
	for _, pattern := range []string{"*.tf", "*.tf.json", "*.tofu", "*.tofu.json"} {
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
	for _, pattern := range []string{"terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json", ".terraform.lock.hcl"} {
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
