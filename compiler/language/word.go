package language

import (
	"bytes"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
)

// WordEnd is where the token ends that starts at an offset of a text; at the end of a line that is the offset itself.
func WordEnd(text []byte, offset int) int {
	line := text[offset:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, "\r")
	if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
		return offset
	}
	var s scanner.Scanner
	s.Init(token.NewFile("", 0, len(line)), line, func(token.Pos, string, []any) {}, 0)
	s.Scan()
	return offset + min(s.Offset(), len(line))
}

// Rename is how a label or a text is written once it says name. It is empty when old is neither.
func Rename(old, name string) string {
	switch {
	case old == "":
		return ""
	case old[0] == '"' && closedText(old) && !strings.Contains(old[1:len(old)-1], `"`):
		return strconv.Quote(name)
	case !ast.IsValidIdent(old):
		return ""
	case ast.IsValidIdent(name):
		return name
	}
	return strconv.Quote(name)
}
