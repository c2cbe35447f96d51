package load

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/load"
	"golang.org/x/sync/errgroup"

	"github.com/penstock-dev/penstock/schema"
)

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

// loadAll loads the groups, as many at a time as there are processors, and keeps what came of them in their order.
func (s *session) loadAll(ctx context.Context, groups []group) error {
	loaded := make([]loaded, len(groups))
	wait, ctx := errgroup.WithContext(ctx)
	wait.SetLimit(runtime.GOMAXPROCS(0))
	for i, g := range groups {
		wait.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			loaded[i], err = s.load(g)
			return err
		})
	}
	if err := wait.Wait(); err != nil {
		return err
	}
	for _, l := range loaded {
		s.results = append(s.results, l.results...)
		for _, t := range l.tags {
			s.taken[t] = true
		}
	}
	return nil
}

// loaded is what came of one group: a result for each request, and the tags that some package took.
type loaded struct {
	results []*result
	tags    []string
}

// load loads a group. It changes nothing of the session.
func (s *session) load(g group) (out loaded, err error) {
	args, err := g.args()
	if err != nil {
		return out, err
	}
	cfg := &load.Config{
		Dir:        g.root,
		ModuleRoot: g.root,
		Overlay:    s.overlay(g),
		Registry:   newOffline(),
		Tags:       slices.Clone(s.opts.Tags),
		Package:    "*",
		ParseFile:  s.parseFile(Places{cwd: s.cwd, root: g.root}),
	}
	defer s.opts.Doing.Begin(s.around(g), true)()
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
	out.tags = cfg.Tags
	prepared := map[*build.Instance]bool{}
	for _, r := range g.reqs {
		out.results = append(out.results, s.prepare(g, r, pick(insts, r), cfg.Tags, prepared))
	}
	return out, nil
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
