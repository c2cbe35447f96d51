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

// Text finds the comments of a file that is not CUE, such as a manifest.
func Text(name, text string) File {
	f := File{name: name}
	var above []*comment // those on lines of their own, about the next line that is no comment
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		plain := strings.TrimLeft(line, " \t")
		own := strings.HasPrefix(plain, "#") || strings.HasPrefix(plain, "//")
		if !own {
			for _, c := range above {
				c.line = n
			}
			above = nil
		}
		from, ok := remark(line)
		if !ok {
			continue
		}
		at := diag.Range{File: name, Start: diag.Position{Line: n, Column: from + 1}, End: diag.Position{Line: n, Column: len(line) + 1}}
		if c := parse(at, line[from:]); c != nil {
			f.comments = append(f.comments, c)
			if own {
				above = append(above, c)
			}
		}
	}
	return f
}

// remark finds where a comment for penstock begins in a line: at "#" or "//" behind a blank, with nothing but blanks before
// the prefix.
func remark(line string) (from int, ok bool) {
	i := strings.Index(line, prefix)
	if i < 0 {
		return 0, false
	}
	before := strings.TrimRight(line[:i], " \t")
	for _, sign := range []string{"#", "//"} {
		if rest, found := strings.CutSuffix(before, sign); found && (rest == "" || strings.ContainsAny(rest[len(rest)-1:], " \t")) {
			return len(rest), true
		}
	}
	return 0, false
}

// parse reads "// penstock:allow CODE reason"; nil for any other comment.
func parse(at diag.Range, text string) *comment {
	body := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(text, "#"), "//"), " \t")
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
