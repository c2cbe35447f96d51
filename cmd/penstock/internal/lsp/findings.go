package lsp

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/penstock-dev/penstock/compiler/language"
	"github.com/penstock-dev/penstock/internal/diag"
)

// finding is one diagnostic as the client gets it, with what the server keeps of it.
type finding struct {
	wire diagnostic
	// old is the text at its range, instead what belongs there; empty when that isn't known.
	old, instead string
}

func (f finding) same(o finding) bool {
	return f.wire.Range == o.wire.Range && f.wire.Code == o.wire.Code && f.wire.Message == o.wire.Message
}

// findings translates what a check found. Every open document of the directory has an entry, so that the client learns that
// it was checked.
func (s *Server) findings(out outcome) map[string][]finding {
	r := &resolver{dir: out.dir, docs: out.docs, enc: s.enc, texts: map[string]*text{}}
	byURI := map[string][]finding{}
	for path, d := range out.docs {
		if filepath.Dir(path) == out.dir && strings.HasSuffix(path, ".cue") {
			byURI[d.uri] = []finding{}
		}
	}
	for _, d := range out.list {
		if beside(d) {
			continue
		}
		f, uri := r.finding(d)
		if uri == "" {
			for _, open := range sortedKeys(byURI) { // it has no place: the package's first file stands for it
				uri = open
				break
			}
		}
		if uri != "" {
			byURI[uri] = append(byURI[uri], f)
		}
	}
	return byURI
}

// resolver leads from the places of one check to those of the protocol.
type resolver struct {
	dir   string
	docs  map[string]document
	enc   encoding
	texts map[string]*text
}

// text is what a file held when it was checked; nil when it is no file, such as one of the embedded schema.
func (r *resolver) text(file string) (t *text, uri string) {
	path := filepath.FromSlash(file)
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	if d, ok := r.docs[path]; ok {
		return d.text, d.uri
	}
	if t, ok := r.texts[path]; ok {
		return t, fileURI(path)
	}
	if b, err := os.ReadFile(path); err == nil {
		t = newText(b, r.enc)
	}
	r.texts[path] = t
	return t, fileURI(path)
}

// place is a range in a file; uri is empty when it is in none.
func (r *resolver) place(at diag.Range) (t *text, start, end int, uri string) {
	if at.File == "" {
		return nil, 0, 0, ""
	}
	t, uri = r.text(at.File)
	if t == nil {
		return nil, 0, 0, ""
	}
	start = t.place(at.Start)
	end = start
	if at.End.Line > 0 {
		end = t.place(at.End)
	}
	if end <= start {
		end = language.WordEnd(t.content, start)
	}
	return t, start, end, uri
}

// severity is the protocol's number.
func severity(s diag.Severity) int {
	switch s {
	case diag.SeverityError:
		return 1
	case diag.SeverityWarning:
		return 2
	}
	return 3
}

func (r *resolver) finding(d diag.Diagnostic) (finding, string) {
	f := finding{wire: diagnostic{Severity: severity(d.Severity), Code: string(d.Code), Source: "penstock", Message: d.Message}}
	if d.Hint != "" {
		f.wire.Message += "\n" + d.Hint
	}
	t, start, end, uri := r.place(d.Range)
	if t == nil {
		return f, ""
	}
	f.wire.Range = t.span(start, end)
	f.old = string(t.content[start:end])
	f.instead = fix(d, f.old)
	for _, rel := range d.Related {
		if rt, from, to, ruri := r.place(rel.Range); rt != nil {
			f.wire.Related = append(f.wire.Related, related{location{ruri, rt.span(from, to)}, rel.Message})
		}
	}
	return f, uri
}

var didYouMean = regexp.MustCompile(`did you mean ("(?:[^"\\]|\\.)*")\?`)

// suggestion is the name that a finding asks for.
func suggestion(d diag.Diagnostic) (string, bool) {
	m := didYouMean.FindStringSubmatch(d.Hint + "\n" + d.Message)
	if m == nil {
		return "", false
	}
	s, err := strconv.Unquote(m[1])
	return s, err == nil
}

// fix is what to write instead of the text of a finding; "" when it names nothing that could simply stand there.
func fix(d diag.Diagnostic, old string) string {
	name, ok := suggestion(d)
	if !ok || strings.Contains(old, "\n") {
		return ""
	}
	return language.Rename(old, name)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
