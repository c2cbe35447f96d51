// Package source maps definition paths of a pipeline to the places in the user's files that wrote them.
//
// A definition path is what every later stage uses to name a thing: stages.production.deploy.canary.steps[0].weight.
// It is relative to the pipeline, so it is the same for `pipeline:` and for `pipelines: name:`. Map keys that are not
// plain identifiers (letters, digits, "_", "-") stand in quotes: environments."eu/1".tier.
package source

import (
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Entry is where one path was written. Key is the label, Value the expression behind it.
type Entry struct {
	Key   diag.Range `json:"key"`
	Value diag.Range `json:"value"`
	// Module is the import path of the shared module whose file it is; empty for the user's own files.
	Module string `json:"module,omitempty"`
	// Borrowed says that a reference led to it: what a definition writes may be meant for several pipelines. Perhaps says
	// that a loop, a condition or a pattern may write it.
	Borrowed bool `json:"borrowed,omitempty"`
	Perhaps  bool `json:"perhaps,omitempty"`
	// Literal is the text of Value where that is one string literal on one line; empty otherwise.
	Literal string `json:"-"`
}

// Map holds for each definition path the places that wrote it, in the order of the user's preference (own file first).
// The zero Map is empty and ready to use. A Map that is no longer added to may be read concurrently.
type Map struct {
	best map[string]Entry   // the first place of each path
	more map[string][]Entry // the others; few paths have any
	// parts are maps of other paths: copying them would cost more than looking into each.
	parts []*Map
}

// Add records one more place for a path.
func (m *Map) Add(path string, e Entry) {
	if m.best == nil {
		m.best = map[string]Entry{}
	}
	if _, known := m.best[path]; !known {
		m.best[path] = e
		return
	}
	if m.more == nil {
		m.more = map[string][]Entry{}
	}
	m.more[path] = append(m.more[path], e)
}

// Join takes over the places of another map, which must know no path that m knows and is not added to any more.
func (m *Map) Join(o *Map) { m.parts = append(m.parts, o) }

// All returns every place that wrote the path; none when only a parent is known.
func (m *Map) All(path string) []Entry {
	if m == nil {
		return nil
	}
	for _, p := range m.parts {
		if all := p.All(path); all != nil {
			return all
		}
	}
	e, known := m.best[path]
	if !known {
		return nil
	}
	return append([]Entry{e}, m.more[path]...)
}

// first is the place of the path that the user would look at first.
func (m *Map) first(path string) (Entry, bool) {
	if e, known := m.best[path]; known {
		return e, true
	}
	for _, p := range m.parts {
		if e, known := p.first(path); known {
			return e, true
		}
	}
	return Entry{}, false
}

// Direct reports whether the pipeline itself writes the path, in the user's own files, and no definition does.
func (m *Map) Direct(path string) bool {
	certain := false
	for _, e := range m.All(path) {
		if e.Module != "" || e.Borrowed {
			return false
		}
		certain = certain || !e.Perhaps
	}
	return certain
}

// Key returns the label's range of the path, or of its nearest known parent.
func (m *Map) Key(path string) diag.Range {
	e, ok := m.nearest(path)
	if !ok {
		return diag.Range{}
	}
	return e.Key
}

// Value returns the value's range of the path, or that of its nearest known parent.
func (m *Map) Value(path string) diag.Range {
	e, ok := m.nearest(path)
	if !ok {
		return diag.Range{}
	}
	if e.Value.IsZero() {
		return e.Key
	}
	return e.Value
}

// Inside is the place of a byte of a string that the user wrote at the path, where it is written as one literal on one
// line; else it is the place of the whole value.
func (m *Map) Inside(path, value string, offset int) diag.Range {
	whole := m.Value(path)
	es := m.All(path)
	if len(es) == 0 || whole.Start.Column == 0 {
		return whole
	}
	column, ok := columnIn(es[0].Literal, value, offset)
	if !ok {
		return whole
	}
	at := whole
	at.Start.Column += column
	return at
}

// columnIn counts the bytes of a literal in front of the one that became value[offset]. Beside \" and \\ it knows no
// escapes; with len(value) as the offset it finds the closing quote.
func columnIn(literal, value string, offset int) (int, bool) {
	text := strings.TrimLeft(literal, "#")
	hashes := literal[:len(literal)-len(text)]
	if len(text) < 2 || text[0] != '"' || offset < 0 || offset > len(value) {
		return 0, false
	}
	escape := `\` + hashes
	text = strings.TrimSuffix(text[1:], `"`+hashes)
	column := len(hashes) + 1
	at := column
	for i := range len(value) {
		if i == offset {
			at = column
		}
		if rest, escaped := strings.CutPrefix(text, escape); escaped {
			if rest == "" || rest[0] != value[i] || value[i] != '"' && value[i] != '\\' {
				return 0, false
			}
			text, column = rest, column+len(escape)
		}
		if text == "" || text[0] != value[i] {
			return 0, false
		}
		text, column = text[1:], column+1
	}
	if offset == len(value) {
		at = column
	}
	return at, text == ""
}

// Paths returns how many paths are known.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	n := len(m.best)
	for _, p := range m.parts {
		n += p.Len()
	}
	return n
}

func (m *Map) nearest(path string) (Entry, bool) {
	if m == nil {
		return Entry{}, false
	}
	for {
		if e, known := m.first(path); known {
			return e, true
		}
		if path == "" {
			return Entry{}, false
		}
		path = Parent(path)
	}
}

// Join appends a map key or field name to a definition path.
func Join(path, key string) string {
	if !plain(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index appends a list index to a definition path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Parent drops the last field or index of a definition path; the parent of a top-level field is "".
func Parent(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[:strings.LastIndexByte(path, '[')]
	}
	if strings.HasSuffix(path, `"`) {
		for i := len(path) - 2; i >= 0; i-- {
			if path[i] == '"' && (i == 0 || path[i-1] != '\\') {
				return strings.TrimSuffix(path[:i], ".")
			}
		}
		return ""
	}
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)]
}

func plain(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range s {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// Each calls f for every known path, in no particular order.
func (m *Map) Each(f func(path string)) {
	if m == nil {
		return
	}
	for path := range m.best {
		f(path)
	}
	for _, p := range m.parts {
		p.Each(f)
	}
}
