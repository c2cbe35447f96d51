package view

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/penstock-dev/penstock/internal/diag"
)

// Sources gives the text of the user's files for quoting; a missing file is simply not quoted.
type Sources struct {
	// Dir is what relative files are relative to.
	Dir string
	// Root is what the files in plans are relative to, the module's root; "" means Dir.
	Root string

	cache map[string][]string
}

// Give sets the text of a file that is not on disk, such as standard input's.
func (s *Sources) Give(file string, text []byte) {
	if s.cache == nil {
		s.cache = map[string][]string{}
	}
	s.cache[file] = strings.Split(string(text), "\n")
}

// column turns the column of a position, which counts bytes, into one that counts characters.
func (s *Sources) column(file string, p diag.Position) int {
	text, ok := s.line(file, p.Line)
	if !ok || p.Column < 1 || p.Column > len(text)+1 {
		return p.Column
	}
	return utf8.RuneCountInString(text[:p.Column-1]) + 1
}

// fromRoot makes a file of a plan relative to Dir, where that is possible.
func (s *Sources) fromRoot(file string) string {
	if s == nil || s.Root == "" || file == "" || file == "-" {
		return file
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return file
	}
	rel, err := filepath.Rel(dir, filepath.Join(s.Root, filepath.FromSlash(file)))
	if err != nil {
		return file
	}
	return filepath.ToSlash(rel)
}

func (s *Sources) line(file string, n int) (string, bool) {
	if s.cache == nil {
		s.cache = map[string][]string{}
	}
	lines, ok := s.cache[file]
	if !ok {
		path := filepath.FromSlash(file)
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.Dir, path)
		}
		if b, err := os.ReadFile(path); err == nil {
			lines = strings.Split(string(b), "\n")
		}
		s.cache[file] = lines
	}
	if n < 1 || n > len(lines) {
		return "", false
	}
	return strings.TrimRight(lines[n-1], "\r"), true
}

// Diagnostics writes a list for people: file:line:col: message [code], the line with a caret, hints, related places.
func Diagnostics(w io.Writer, st Style, src *Sources, list diag.List) {
	for _, d := range list {
		place := d.Range.String()
		if place != "" {
			place += ": "
		}
		kind := ""
		if d.Severity != diag.SeverityError {
			kind = st.paint(yellow, string(d.Severity)) + ": "
		}
		fmt.Fprintf(w, "%s%s%s %s\n", st.paint(bold, place), kind, d.Message, st.paint(dim, "["+string(d.Code)+"]"))
		if !d.Conceal {
			quote(w, st, src, d.Range, d.Severity)
		}
		if d.Hint != "" {
			fmt.Fprintf(w, "    %s %s\n", st.paint(blue, "hint:"), d.Hint)
		}
		for _, r := range d.Related {
			fmt.Fprintf(w, "    %s: %s\n", r.Range, r.Message)
		}
	}
}

func quote(w io.Writer, st Style, src *Sources, r diag.Range, sev diag.Severity) {
	if src == nil || r.Start.Line == 0 {
		return
	}
	text, ok := src.line(r.File, r.Start.Line)
	if !ok || r.Start.Column < 1 || r.Start.Column > len(text)+1 {
		return
	}
	text, r = narrow(text, r)
	width := 1
	if r.End.Line == r.Start.Line && r.End.Column > r.Start.Column && r.End.Column <= len(text)+1 {
		width = max(1, utf8.RuneCountInString(text[r.Start.Column-1:r.End.Column-1]))
	}
	pad := strings.Map(func(c rune) rune {
		if c == '\t' {
			return '\t'
		}
		return ' '
	}, text[:r.Start.Column-1])
	colour := red
	if sev != diag.SeverityError {
		colour = yellow
	}
	fmt.Fprintf(w, "    %s\n    %s%s\n", text, pad, st.paint(colour, strings.Repeat("^", width)))
}

// narrow keeps what stands around the place of a line that is too long to show.
func narrow(text string, r diag.Range) (string, diag.Range) {
	const wide, around = 300, 100
	if len(text) <= wide {
		return text, r
	}
	from, to := max(0, r.Start.Column-1-around), min(len(text), r.Start.Column-1+around)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	r.End.Column = min(r.End.Column, to+1) - from
	r.Start.Column -= from
	text = text[from:to]
	if from > 0 {
		text, r.Start.Column, r.End.Column = "…"+text, r.Start.Column+len("…"), r.End.Column+len("…")
	}
	return text, r
}

// JSON writes a value as indented JSON.
func JSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
