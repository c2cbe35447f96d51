package lsp

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/penstock-dev/penstock/compiler/language"
)

// where is the place of a question.
type where struct {
	doc    *document
	pkg    language.Package
	offset int
}

// at finds the place of a question; ok is false when the file isn't open or isn't CUE.
func (s *Server) at(uri string, p position) (w where, ok bool) {
	d := s.docs[uri]
	if d == nil || !strings.HasSuffix(d.path, ".cue") {
		return where{}, false
	}
	return where{doc: d, pkg: s.packageOf(d), offset: d.text.offset(p)}, true
}

func (s *Server) completion(_ context.Context, p positionParams) (any, error) {
	list := completionList{Items: []completionItem{}}
	w, ok := s.at(p.Document.URI, p.Position)
	if !ok {
		return list, nil
	}
	c, err := s.lang.Complete(w.pkg, w.doc.path, w.offset)
	if err != nil {
		return nil, err
	}
	span := w.doc.text.span(c.Start, c.End)
	quoted := c.Start < len(w.doc.text.content) && w.doc.text.content[c.Start] == '"'
	for i, it := range c.Items {
		list.Items = append(list.Items, s.item(i, it, span, quoted))
	}
	return list, nil
}

// Kinds of proposals and the format of snippets, as the protocol counts them.
const (
	kindField     = 5
	kindEnum      = 20
	kindReference = 18
	snippetFormat = 2
)

func (s *Server) item(i int, it language.Item, span textRange, quoted bool) completionItem {
	out := completionItem{Label: it.Label, Detail: it.Detail, Sort: fmt.Sprintf("%04d", i), Edit: textEdit{span, it.Insert}}
	switch it.Kind {
	case language.FieldItem:
		out.Kind = kindField
	case language.ValueItem:
		out.Kind = kindEnum
	case language.NameItem:
		out.Kind = kindReference
	}
	if it.Doc != "" {
		out.Documentation = &markup{"markdown", it.Doc}
	}
	if quoted {
		out.Filter = `"` + it.Label + `"` // clients compare with what is replaced
	}
	if it.Snippet != "" && s.client.Capabilities.TextDocument.Completion.Item.Snippets {
		out.Format, out.Edit.Text = snippetFormat, it.Snippet
	}
	return out
}

func (s *Server) hover(_ context.Context, p positionParams) (any, error) {
	w, ok := s.at(p.Document.URI, p.Position)
	if !ok {
		return nil, nil
	}
	h, ok, err := s.lang.Hover(w.pkg, w.doc.path, w.offset)
	if err != nil || !ok {
		return nil, err
	}
	return hover{markup{"markdown", h.Markdown}, w.doc.text.span(h.Start, h.End)}, nil
}

func (s *Server) definition(_ context.Context, p positionParams) (any, error) {
	w, ok := s.at(p.Document.URI, p.Position)
	if !ok {
		return []location{}, nil
	}
	spans, err := s.lang.Definition(w.pkg, w.doc.path, w.offset)
	return s.locations(w, spans), err
}

func (s *Server) references(_ context.Context, p positionParams) (any, error) {
	w, ok := s.at(p.Document.URI, p.Position)
	if !ok {
		return []location{}, nil
	}
	spans, err := s.lang.References(w.pkg, w.doc.path, w.offset, p.Context.Declaration)
	return s.locations(w, spans), err
}

// locations are the places of spans in the editor's files and on disk.
func (s *Server) locations(w where, spans []language.Span) []location {
	r := &resolver{dir: filepath.Dir(w.doc.path), docs: map[string]document{}, enc: s.enc, texts: map[string]*text{}}
	for _, d := range s.docs {
		r.docs[d.path] = *d
	}
	out := []location{}
	for _, sp := range spans {
		if sp.File == "" {
			if t, start, end, uri := r.place(sp.Range); t != nil {
				out = append(out, location{uri, t.span(start, end)})
			}
			continue
		}
		for _, f := range w.pkg.Files {
			if f.Path == sp.File {
				_, uri := r.text(sp.File)
				out = append(out, location{uri, newText(f.Text, s.enc).span(sp.Start, sp.End)})
			}
		}
	}
	return out
}

// Kinds of symbols, as the protocol counts them.
const (
	symbolModule = 2
	symbolObject = 19
)

func (s *Server) symbols(_ context.Context, p documentParams) (any, error) {
	out := []documentSymbol{}
	d := s.docs[p.Document.URI]
	if d == nil || !strings.HasSuffix(d.path, ".cue") || !s.client.Capabilities.TextDocument.Symbols.Hierarchical {
		return out, nil
	}
	all, err := s.lang.Outline(language.Parse(d.path, d.text.content))
	if err != nil {
		return nil, err
	}
	for _, sym := range all {
		out = append(out, outline(d.text, sym, symbolModule))
	}
	return out, nil
}

func outline(t *text, s language.Symbol, kind int) documentSymbol {
	out := documentSymbol{Name: s.Name, Detail: s.Detail, Kind: kind, Range: t.span(s.Start, s.End), Selection: t.span(s.NameStart, s.NameEnd)}
	if out.Name == "" {
		out.Name = `""` // clients refuse symbols without a name
	}
	for _, c := range s.Children {
		out.Children = append(out.Children, outline(t, c, symbolObject))
	}
	return out
}

// codeActions offers to write what the findings at a place ask for.
func (s *Server) codeActions(_ context.Context, p codeActionParams) (any, error) {
	out := []codeAction{}
	d := s.docs[p.Document.URI]
	if d == nil || s.client.Capabilities.TextDocument.CodeAction.Literals == nil {
		return out, nil
	}
	for _, f := range s.shown(d.uri) {
		start, end := d.text.offset(f.wire.Range.Start), d.text.offset(f.wire.Range.End)
		if f.instead == "" || end < d.text.offset(p.Range.Start) || start > d.text.offset(p.Range.End) {
			continue
		}
		if start > end || string(d.text.content[start:end]) != f.old {
			continue // it was typed over since
		}
		out = append(out, codeAction{
			Title: "Change to " + f.instead, Kind: "quickfix", Diagnostics: []diagnostic{f.wire}, Preferred: true,
			Edit: workspaceEdit{map[string][]textEdit{d.uri: {{f.wire.Range, f.instead}}}},
		})
	}
	return out, nil
}
