package allow

import (
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"

	"github.com/penstock-dev/penstock/compiler/load"
	"github.com/penstock-dev/penstock/internal/diag"
)

// prefix begins every comment that is meant for penstock.
const prefix = "penstock:"

// read finds the comments of a file. Those at the end of a line are about that line, those on a line of their own about the
// next one that is no comment.
func read(f *ast.File, places load.Places) []*comment {
	var found []*comment
	own := map[int]bool{} // lines that hold nothing but a comment
	ast.Walk(f, func(n ast.Node) bool {
		g, ok := n.(*ast.CommentGroup)
		if !ok {
			return true
		}
		for _, c := range g.List {
			r := places.At(c.Pos())
			if c.Pos().RelPos() >= token.Newline {
				own[r.Start.Line] = true
			}
			if c := parse(r, c.Text); c != nil {
				found = append(found, c)
			}
		}
		return true
	}, nil)
	for _, c := range found {
		for own[c.line] {
			c.line++
		}
	}
	return found
}

// parse reads "// penstock:allow CODE reason"; nil for any other comment.
func parse(at diag.Range, text string) *comment {
	body := strings.TrimLeft(strings.TrimPrefix(text, "//"), " \t")
	rest, ok := strings.CutPrefix(body, prefix)
	if !ok {
		return nil
	}
	start := at.Start.Column + len(text) - len(body)
	c := &comment{line: at.Start.Line, at: at}
	c.word, rest = word(rest)
	mark, width := start, len(prefix)+len(c.word)
	if c.word == "allow" {
		var code string
		behind := strings.TrimLeft(rest, " \t")
		code, rest = word(behind)
		if code != "" {
			mark, width = at.Start.Column+len(text)-len(behind), len(code)
		}
		c.code, c.reason = diag.Code(code), strings.TrimSpace(rest)
	}
	c.at.Start.Column = mark
	c.at.End = diag.Position{Line: at.Start.Line, Column: mark + width}
	return c
}

// word cuts the text at the first blank.
func word(s string) (first, rest string) {
	if i := strings.IndexAny(s, " \t\r"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
