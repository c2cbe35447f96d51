package inspect

import (
	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
)

// kubernetes digests the manifests. A pattern without a file is a mistake: it would deploy nothing in silence.
func (in *inspection) kubernetes(at string, w *schema.KubernetesWorkload) {
	for i, pattern := range w.Manifests {
		at := source.Index(at+".manifests", i)
		if !in.relative(at, pattern) {
			continue
		}
		files, err := in.matching(pattern)
		if err != nil {
			in.list.Errorf(CodeGlob, in.m.Value(at), at, "%q is not a pattern of file names: %v", pattern, err)
			continue
		}
		if len(files) == 0 {
			d := in.list.Errorf(CodeEmpty, in.m.Value(at), at, "no file matches %q", pattern)
			d.Hint = "patterns are relative to the directory of the pipeline"
		}
		in.out.Globs[pattern] = files
		for _, f := range files {
			in.file(at, f, "the manifest")
		}
	}
}
