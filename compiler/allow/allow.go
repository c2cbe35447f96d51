// Package allow is about comments in the user's files that allow a finding, each with its reason:
//
//	needs: ["build"] // penstock:allow CODE reason
//
// A comment stands at the end of the finding's line, or on a line of its own directly above. Warnings may always be allowed,
// errors only where nothing behind them relies on it: the text of the code says so. A comment that says no reason, names no
// code, allows what may not be allowed or allows nothing is a finding itself.
package allow

import (
	"cmp"
	"slices"

	"github.com/penstock-dev/penstock/compiler/explain"
	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// Set holds the comments of everything that is compiled. The zero Set is empty and ready to use.
type Set struct {
	files []File
	found bool // whether there is any comment
	docs  map[diag.Code]explain.Doc
}

// comment is one that allows findings of a code at a line.
type comment struct {
	// at is the place of the code, or of the comment where it names none.
	at   diag.Range
	line int
	// word is what stands behind "penstock:".
	word   string
	code   diag.Code
	reason string
	used   bool
	// refused is the finding that it must not allow.
	refused *diag.Diagnostic
}

// File is one file with its comments.
type File struct {
	name string
	// imported files are of the same module and not of the package itself: comments that it has no use for may be for others.
	imported bool
	comments []*comment
}

// Read finds the comments of a package and of those of its module that it imports.
func Read(u *load.Unit) []File {
	out := make([]File, 0, len(u.Files))
	for _, f := range u.Files {
		out = append(out, File{name: u.Places.File(f.Filename), comments: read(f, u.Places)})
	}
	for _, dep := range u.Package.Dependencies() {
		for _, f := range dep.Files {
			if u.Places.Owner(f.Pos()) == load.Own {
				out = append(out, File{name: u.Places.File(f.Filename), imported: true, comments: read(f, u.Places)})
			}
		}
	}
	return out
}

// Add takes in the files of a package, each once, and returns their names.
func (s *Set) Add(files []File) []string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.name)
		i := slices.IndexFunc(s.files, func(o File) bool { return o.name == f.name })
		if i < 0 {
			s.files = append(s.files, f)
			s.found = s.found || len(f.comments) > 0
			continue
		}
		s.files[i].imported = s.files[i].imported && f.imported
	}
	return names
}

// Filter splits findings into those that stay and those that comments allow.
func (s *Set) Filter(list diag.List) (left diag.List, allowed []diag.Allowed) {
	if !s.found {
		return list, nil
	}
	for _, d := range list {
		if c := s.at(d); c != nil {
			allowed = append(allowed, diag.Allowed{Diagnostic: d, Reason: c.reason, Comment: c.at})
			continue
		}
		left = append(left, d)
	}
	return left, allowed
}

// at returns the comment that allows a finding.
func (s *Set) at(d diag.Diagnostic) *comment {
	i := slices.IndexFunc(s.files, func(f File) bool { return f.name == d.Range.File })
	if i < 0 {
		return nil
	}
	for _, c := range s.files[i].comments {
		if c.code != d.Code || c.line != d.Range.Start.Line || c.reason == "" {
			continue
		}
		c.used = true
		if d.Severity == diag.SeverityError && !s.doc(d.Code).Allow {
			c.refused = &d
			return nil
		}
		return c
	}
	return nil
}

// doc is the text of a code; its Code is empty when nobody reports that.
func (s *Set) doc(code diag.Code) explain.Doc {
	if s.docs == nil {
		s.docs = map[diag.Code]explain.Doc{}
		for _, d := range explain.All() {
			s.docs[d.Code] = d
		}
	}
	return s.docs[code]
}

// known are all codes that a finding may have.
func (s *Set) known() []string {
	s.doc("")
	out := make([]string, 0, len(s.docs))
	for c := range s.docs {
		out = append(out, string(c))
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}
