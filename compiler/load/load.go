package load

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/interpreter/embed"
	"cuelang.org/go/cue/load"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
)

// Loader loads packages against one parsed schema. It may be used by several goroutines.
type Loader struct {
	schema *build.Instance
	digest string // of the schema's files
}

// New parses the embedded schema.
func New() (*Loader, error) {
	inst, err := parseSchema()
	if err != nil {
		return nil, err
	}
	sum, err := digestSchema()
	if err != nil {
		return nil, err
	}
	return &Loader{schema: inst, digest: sum}, nil
}

// Load loads with a Loader of its own; see Loader.Load.
func Load(ctx context.Context, opts Options) ([]*Unit, diag.List, error) {
	l, err := New()
	if err != nil {
		return nil, nil, err
	}
	return l.Load(ctx, opts)
}

// Load returns the packages that opts names, in the order of the arguments and, for patterns, of their directories. A
// package with diagnostics of severity error is left out. The error says what could not be done: an argument that
// names nothing, a file that can't be read.
func (l *Loader) Load(ctx context.Context, opts Options) ([]*Unit, diag.List, error) {
	s, err := l.newSession(opts)
	if err != nil {
		return nil, nil, err
	}
	reqs, err := s.disk.requests(s.cwd, opts.Args)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range s.group(reqs) {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := s.load(g); err != nil {
			return nil, nil, err
		}
	}
	s.checkTags()
	s.checkFound(reqs)
	return s.units, s.diags.Normalize(), nil
}

// session is one call of Load.
type session struct {
	*Loader
	opts     Options
	cwd      string
	disk     *disk
	registry *offline
	stdin    []byte
	taken    map[string]bool // the tags that some package has a @tag for
	units    []*Unit
	diags    diag.List
}

func (l *Loader) newSession(opts Options) (*session, error) {
	cwd, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the working directory: %w", err)
	}
	s := &session{Loader: l, opts: opts, cwd: cwd, disk: newDisk(opts.Overlay), registry: newOffline(), taken: map[string]bool{}}
	if slices.Contains(opts.Args, "-") {
		if opts.Stdin == nil {
			return nil, fmt.Errorf("read standard input: there is none")
		}
		if s.stdin, err = io.ReadAll(opts.Stdin); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	return s, nil
}

// group is a set of requests that CUE's loader takes in one go, for they share a module.
type group struct {
	root     string
	noModule bool // root holds no cue.mod; it is overlaid
	reqs     []request
}

// group puts requests of one module together. A directory outside any module is a module of its own: CUE would not
// look into its parents either.
func (s *session) group(reqs []request) []group {
	var groups []group
	for _, r := range reqs {
		dir := r.dir
		if dir == "" {
			dir = s.cwd
			if len(r.files) > 0 && r.files[0] != "-" {
				dir = filepath.Dir(r.files[0])
			}
		}
		g := group{root: s.disk.moduleRoot(dir), reqs: []request{r}}
		if g.root == "" {
			g.root, g.noModule = dir, true
		}
		i := slices.IndexFunc(groups, func(o group) bool { return o.root == g.root && o.noModule == g.noModule })
		if i < 0 || r.files != nil {
			groups = append(groups, g)
			continue
		}
		groups[i].reqs = append(groups[i].reqs, r)
	}
	return groups
}

// load loads a group and appends its units and diagnostics.
func (s *session) load(g group) error {
	args, err := g.args()
	if err != nil {
		return err
	}
	cfg := &load.Config{
		Dir:        g.root,
		ModuleRoot: g.root,
		Overlay:    s.overlay(g),
		Registry:   s.registry,
		Tags:       slices.Clone(s.opts.Tags),
		Package:    "*",
	}
	var insts []*build.Instance
	for {
		cfg.Stdin = strings.NewReader(string(s.stdin))
		insts = load.Instances(args, cfg)
		tag, ok := unknownTag(insts)
		if !ok {
			break
		}
		left := slices.DeleteFunc(slices.Clone(cfg.Tags), func(t string) bool { return t == tag || strings.HasPrefix(t, tag+"=") })
		if len(left) == len(cfg.Tags) {
			break
		}
		cfg.Tags = left
	}
	for _, t := range cfg.Tags {
		s.taken[t] = true
	}
	for _, r := range g.reqs {
		s.add(g, r, pick(insts, r), cfg.Tags)
	}
	return nil
}

// args are the group's requests as CUE's loader wants them.
func (g group) args() ([]string, error) {
	var args []string
	for _, r := range g.reqs {
		switch {
		case r.files != nil:
			args = append(args, r.files...)
		case r.path != "":
			args = append(args, r.path)
		default:
			rel, err := filepath.Rel(g.root, r.dir)
			if err != nil {
				return nil, fmt.Errorf("name %s below %s: %w", r.dir, g.root, err)
			}
			arg := "./" + filepath.ToSlash(rel)
			if r.pkg != "" {
				arg += ":" + r.pkg
			}
			args = append(args, arg)
		}
	}
	return args, nil
}

// pick finds the instances that came of a request: for a directory those that stand in it.
func pick(insts []*build.Instance, r request) []*build.Instance {
	var found []*build.Instance
	for _, inst := range insts {
		switch {
		case r.files != nil, r.path != "" && !inst.User:
			found = append(found, inst)
		case r.dir != "" && inst.Dir == r.dir && (r.pkg == "" || inst.PkgName == r.pkg || inst.PkgName == ""):
			found = append(found, inst)
		case inst.Dir == "" && inst.Err != nil:
			found = append(found, inst)
		}
	}
	slices.SortStableFunc(found, func(a, b *build.Instance) int { return cmp.Compare(a.PkgName, b.PkgName) })
	return found
}

// overlay is the user's overlay, a module file where there is none, and a stand-in for the schema package: enough for
// CUE's loader to find it, until useSchema puts the parsed one in its place.
func (s *session) overlay(g group) map[string]load.Source {
	over := make(map[string]load.Source, len(s.opts.Overlay)+2)
	for name, data := range s.opts.Overlay {
		over[name] = load.FromBytes(data)
	}
	modFile := filepath.Join(g.root, "cue.mod", "module.cue")
	if !s.disk.isFile(modFile) {
		over[modFile] = load.FromString("module: \"penstock.local\"\nlanguage: version: \"" + schema.Language + "\"\n")
	}
	dir := filepath.Join(g.root, "cue.mod", "pkg", filepath.FromSlash(schema.ImportPath))
	names, err := s.disk.names(dir)
	if err != nil {
		names = nil // it isn't vendored
	}
	for _, n := range append(names, "schema.cue") {
		if isSource(n) {
			over[filepath.Join(dir, n)] = load.FromString("package schema\n")
		}
	}
	return over
}

// add turns the instances of one request into units.
func (s *session) add(g group, r request, insts []*build.Instance, tags []string) {
	pipelines := 0
	var without []*build.Instance
	for _, inst := range insts {
		if empty(inst) && len(insts) > 1 {
			continue
		}
		places := Places{cwd: s.cwd, root: g.root}
		u, diags := s.unit(inst, places)
		s.diags = append(s.diags, diags...)
		switch {
		case u == nil:
			pipelines++ // whether it has one can't be known
			continue
		case len(u.Pipelines) == 0:
			without = append(without, inst)
			continue
		}
		pipelines++
		u.Name = s.name(r, inst, len(insts) > 1)
		u.Tags = slices.Sorted(slices.Values(tags))
		u.Inputs = s.inputs(inst, g)
		s.units = append(s.units, u)
	}
	for _, inst := range without {
		s.noPipeline(r, inst, Places{cwd: s.cwd, root: g.root}, pipelines > 0)
	}
}

// empty reports whether CUE made an instance of files that don't exist, as it does for those without a package clause.
func empty(inst *build.Instance) bool {
	return len(inst.BuildFiles) == 0 && len(inst.InvalidFiles) == 0 && (inst.PkgName == "_" || inst.PkgName == "")
}

// unit builds one instance. It returns nil when there are diagnostics that stop the work.
func (s *session) unit(inst *build.Instance, places Places) (*Unit, diag.List) {
	if inst.Err != nil {
		return nil, s.translate(inst, inst.Err, places)
	}
	own := slices.Clone(inst.Files)
	useSchema(inst, s.schema)
	if err := addCheck(inst); err != nil {
		return nil, s.translate(inst, err, places)
	}
	ctx := cuecontext.New(cuecontext.Interpreter(embed.New()), cuecontext.CUE_DEBUG("sortfields"))
	v := ctx.BuildInstance(inst)
	errs := errors.Append(inst.Err, inst.ResolutionErr)
	if errs != nil {
		return nil, s.translate(inst, errs, places)
	}
	u := &Unit{Dir: inst.Dir, ModuleRoot: places.root, Value: v, Files: own, Package: inst, Places: places}
	u.Pipelines = pipelines(v)
	return u, nil
}

// pipelines finds `pipeline` and everything below `pipelines`.
func pipelines(v cue.Value) []Pipeline {
	var out []Pipeline
	if p := cue.MakePath(cue.Str("pipeline")); v.LookupPath(p).Exists() {
		out = append(out, Pipeline{Path: p})
	}
	it, err := v.LookupPath(cue.MakePath(cue.Str("pipelines"))).Fields()
	if err != nil {
		return out
	}
	for it.Next() {
		key := it.Selector().Unquoted()
		out = append(out, Pipeline{Key: key, Path: cue.MakePath(cue.Str("pipelines"), cue.Str(key))})
	}
	slices.SortStableFunc(out, func(a, b Pipeline) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// name is what a unit is called in messages and reports.
func (s *session) name(r request, inst *build.Instance, several bool) string {
	places := Places{cwd: s.cwd}
	switch {
	case r.files != nil:
		names := make([]string, 0, len(r.files))
		for _, f := range r.files {
			names = append(names, places.File(f))
		}
		return strings.Join(names, " ")
	case r.path != "":
		return r.path
	}
	name := places.File(inst.Dir)
	if several || r.pkg != "" {
		name += ":" + inst.PkgName
	}
	return name
}

// topLevel calls f for each field at the top of the user's files.
func topLevel(files []*ast.File, f func(name string, field *ast.Field)) {
	for _, file := range files {
		if file.Filename == checkFile {
			continue
		}
		for _, d := range file.Decls {
			field, ok := d.(*ast.Field)
			if !ok {
				continue
			}
			if name, _, err := ast.LabelName(field.Label); err == nil {
				f(name, field)
			}
		}
	}
}
