package lsp

import (
	"bytes"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/penstock-dev/penstock/internal/diag"
)

// encoding says what a position's character counts.
type encoding string

// The encodings that are spoken; UTF-16 is what every client knows.
const (
	utf16Units encoding = "utf-16"
	utf8Bytes  encoding = "utf-8"
)

// text is a file's content with the places of its lines.
type text struct {
	content []byte
	starts  []int
	enc     encoding
}

func newText(content []byte, enc encoding) *text {
	t := &text{content: content, starts: []int{0}, enc: enc}
	for i := 0; i < len(content); i++ {
		switch content[i] {
		case '\n':
			t.starts = append(t.starts, i+1)
		case '\r':
			if i+1 >= len(content) || content[i+1] != '\n' {
				t.starts = append(t.starts, i+1)
			}
		}
	}
	return t
}

// line is a line without its end, and where it starts.
func (t *text) line(n int) ([]byte, int) {
	start, end := t.starts[n], len(t.content)
	if n+1 < len(t.starts) {
		end = t.starts[n+1]
	}
	line := t.content[start:end]
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line, start
}

// offset is the byte that a position stands for. One behind the end of its line means that end, one behind the last line the
// end of the text, as the protocol wants it.
func (t *text) offset(p position) int {
	if p.Line < 0 || p.Character < 0 {
		return 0
	}
	if p.Line >= len(t.starts) {
		return len(t.content)
	}
	line, start := t.line(p.Line)
	if t.enc == utf8Bytes {
		at := min(p.Character, len(line))
		for at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
			at--
		}
		return start + at
	}
	at, units := 0, 0
	for at < len(line) {
		r, size := utf8.DecodeRune(line[at:])
		units += width(r)
		if units > p.Character {
			break
		}
		at += size
	}
	return start + at
}

// position is where a byte stands.
func (t *text) position(offset int) position {
	offset = max(0, min(offset, len(t.content)))
	lo, hi := 0, len(t.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; t.starts[mid] <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	line, start := t.line(lo)
	return position{Line: lo, Character: t.count(line[:min(offset-start, len(line))])}
}

// count is how many characters the client sees in a piece of a line.
func (t *text) count(piece []byte) int {
	if t.enc == utf8Bytes {
		return len(piece)
	}
	n := 0
	for len(piece) > 0 {
		r, size := utf8.DecodeRune(piece)
		n += width(r)
		piece = piece[size:]
	}
	return n
}

// width is how many UTF-16 units a rune takes. A byte that is no UTF-8 takes one, as the replacement character does.
func width(r rune) int {
	return max(1, utf16.RuneLen(r))
}

func (t *text) span(start, end int) textRange {
	return textRange{t.position(start), t.position(max(start, end))}
}

// place is the offset of a line and column that count from 1, columns in bytes.
func (t *text) place(p diag.Position) int {
	if p.Line < 1 {
		return 0
	}
	from := 0 // diagnostics count only line feeds
	for range p.Line - 1 {
		i := bytes.IndexByte(t.content[from:], '\n')
		if i < 0 {
			return len(t.content)
		}
		from += i + 1
	}
	return min(from+max(p.Column-1, 0), len(t.content))
}

// fileURI is how the protocol names a file.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// filePath is the file that a URI names; ok is false when it names none.
func filePath(uri string) (path string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" || strings.ContainsRune(u.Path, 0) {
		return "", false
	}
	path = u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	path = filepath.Clean(filepath.FromSlash(path))
	return path, filepath.IsAbs(path)
}
