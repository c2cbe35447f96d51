package decode

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/source"
)

// A reader decodes one valid pipeline and writes its source map on the way. Where the syntax alone says what a value is, it
// takes it from there; for everything that was computed it asks CUE. Decoding all of it by CUE would cost as much
// as evaluating it (CUE puts the fields of every struct into the order of the source first), and the syntax must be walked for
// the positions anyway.
type reader struct {
	*tracer
	out   *source.Map
	names map[reflect.Type]map[string]int
	err   error // the first one
	// forked marks a reader of some entries: it forks no further.
	forked bool
}

// lazy is an evaluated value that is only looked up when it's needed.
type lazy struct {
	parent *lazy
	sel    cue.Selector
	value  cue.Value
	known  bool
}

func (l *lazy) get() cue.Value {
	if !l.known {
		l.value, l.known = l.parent.get().LookupPath(cue.MakePath(l.sel)), true
	}
	return l.value
}

func (l *lazy) field(name string) *lazy { return &lazy{parent: l, sel: cue.Str(name)} }

func (l *lazy) index(i int) *lazy { return &lazy{parent: l, sel: cue.Index(i)} }

// read decodes what stands at path into dst, which must be settable.
func (r *reader) read(path string, s *spot, v *lazy, dst reflect.Value) {
	for _, e := range r.places(s) {
		r.out.Add(path, e)
	}
	if dst.Kind() == reflect.Pointer {
		dst.Set(reflect.New(dst.Type().Elem()))
		dst = dst.Elem()
	}
	switch dst.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice:
		if r.expand(s); s.computed || !r.readLiterals(path, s, v, dst) {
			r.ask(path, s, v, dst)
		}
	case reflect.Interface:
		r.ask(path, s, v, dst)
	default:
		if !readScalar(s, dst) {
			r.evaluate(v, dst)
		}
	}
}

// readLiterals decodes a struct, map or list from its literals; it reports false when they don't say everything.
func (r *reader) readLiterals(path string, s *spot, v *lazy, dst reflect.Value) bool {
	switch dst.Kind() {
	case reflect.Struct:
		if len(s.lits) == 0 {
			return false
		}
		index := r.fieldIndex(dst.Type())
		for _, name := range r.written(s) {
			i, ok := index[name]
			if !ok {
				return false
			}
			r.read(source.Join(path, name), r.child(s, name), v.field(name), dst.Field(i))
		}
	case reflect.Map:
		if len(s.lits) == 0 {
			return false
		}
		r.readMap(path, s, v, dst)
	case reflect.Slice:
		n, ok := plainLength(s)
		if !ok {
			return false
		}
		dst.Set(reflect.MakeSlice(dst.Type(), n, n))
		for i := range n {
			r.read(source.Index(path, i), r.element(s, i), v.index(i), dst.Index(i))
		}
	}
	return true
}

// readMap decodes the entries of a map. Those of a large one are shared out: each worker has a reader of its own, for a reader
// remembers what it has seen. What stands above the entries is known by then and no longer changes.
func (r *reader) readMap(path string, s *spot, v *lazy, dst reflect.Value) {
	keys, t := r.written(s), dst.Type()
	dst.Set(reflect.MakeMapWithSize(t, len(keys)))
	vals := make([]reflect.Value, len(keys))
	entry := func(r *reader, i int) {
		vals[i] = reflect.New(t.Elem()).Elem()
		r.read(source.Join(path, keys[i]), r.child(s, keys[i]), v.field(keys[i]), vals[i])
	}
	workers := min(runtime.GOMAXPROCS(0), len(keys)/entriesPerReader)
	if r.forked || workers < 2 {
		for i := range keys {
			entry(r, i)
		}
	} else {
		v.get()
		r.fork(workers, len(keys), entry)
	}
	for i, key := range keys {
		dst.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), vals[i])
	}
}

// entriesPerReader is how many entries of a map are worth a reader of their own.
const entriesPerReader = 64

// fork reads n entries by several readers, each a span of them, and joins what they found.
func (r *reader) fork(workers, n int, entry func(r *reader, i int)) {
	var wait sync.WaitGroup
	forks := make([]*reader, workers)
	for w := range forks {
		f := &reader{tracer: newTracer(r.unit), out: &source.Map{}, names: map[reflect.Type]map[string]int{}, forked: true}
		forks[w] = f
		wait.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				entry(f, i)
			}
		})
	}
	wait.Wait()
	for _, f := range forks {
		r.out.Join(f.out)
		r.steps += f.steps
		if r.err == nil {
			r.err = f.err
		}
	}
}

// written lists the regular fields that literals give a value, each once, in the order in which they are met.
func (r *reader) written(s *spot) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range s.lits {
		if l.decls == nil {
			continue
		}
		for _, name := range l.decls.order {
			if name[0] == '#' || name[0] == '_' || seen[name] {
				continue
			}
			for _, f := range l.decls.named[name] {
				if f.Constraint == token.ILLEGAL {
					seen[name] = true
					out = append(out, name)
					break
				}
			}
		}
	}
	return out
}

// plainLength is the number of elements of the one list literal of a spot, if it has no comprehension and no ellipsis.
func plainLength(s *spot) (int, bool) {
	n, found := 0, false
	for _, l := range s.lits {
		if l.list == nil {
			return 0, false
		}
		if found && len(l.list.Elts) != n {
			return 0, false
		}
		n, found = len(l.list.Elts), true
		for _, e := range l.list.Elts {
			switch e.(type) {
			case *ast.Ellipsis, *ast.Comprehension:
				return 0, false
			}
		}
	}
	return n, found
}

// readScalar decodes a plain literal; it reports false when there is none.
func readScalar(s *spot, dst reflect.Value) bool {
	for _, st := range s.sites {
		lit, ok := st.expr.(*ast.BasicLit)
		if !ok || st.constraint || st.maybe || st.field != nil && len(st.field.Attrs) > 0 {
			continue
		}
		switch {
		case lit.Kind == token.STRING && dst.Kind() == reflect.String:
			text, err := literal.Unquote(lit.Value)
			if err != nil {
				return false
			}
			dst.SetString(text)
			return true
		case lit.Kind == token.INT && dst.Kind() == reflect.Int:
			n, err := strconv.ParseInt(lit.Value, 10, 64)
			if err != nil {
				return false
			}
			dst.SetInt(n)
			return true
		case (lit.Kind == token.INT || lit.Kind == token.FLOAT) && dst.Kind() == reflect.Float64:
			x, err := strconv.ParseFloat(lit.Value, 64)
			if err != nil {
				return false
			}
			dst.SetFloat(x)
			return true
		case (lit.Kind == token.TRUE || lit.Kind == token.FALSE) && dst.Kind() == reflect.Bool:
			dst.SetBool(lit.Kind == token.TRUE)
			return true
		}
	}
	return false
}

// ask lets CUE decode a computed struct, map or list, and maps what came out.
func (r *reader) ask(path string, s *spot, v *lazy, dst reflect.Value) {
	r.evaluate(v, dst)
	r.inside(path, s, v, dst)
}

func (r *reader) evaluate(v *lazy, dst reflect.Value) {
	if err := v.get().Decode(dst.Addr().Interface()); err != nil && r.err == nil {
		r.err = fmt.Errorf("decode: %w", err)
	}
}

// fieldIndex is the position of each field of a struct by its name in CUE.
func (r *reader) fieldIndex(t reflect.Type) map[string]int {
	index, ok := r.names[t]
	if ok {
		return index
	}
	index = make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _ := jsonField(t.Field(i))
		index[name] = i
	}
	r.names[t] = index
	return index
}
