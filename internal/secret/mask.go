package secret

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// minMasked is the length in bytes below which a value is not looked for: masking every "1" would hide nothing and
// spoil everything.
const minMasked = 3

// Mask returns a writer to w in which the values show as [Shown], also where a value comes in several writes, as the
// lines of a value of several lines, or in one of the encodings in which programs print values (JSON, URL, base64). What
// may be the beginning of a value is held back until more comes; Close writes what is left and leaves w open. It may be
// written to from several goroutines. Values shorter than three bytes are not masked.
func Mask(w io.Writer, values []string) io.WriteCloser {
	return &masker{w: w, words: needles(values)}
}

// MaskString returns s with the values masked as [Mask] does.
func MaskString(s string, values []string) string {
	var b strings.Builder
	m := &masker{w: &b, words: needles(values)}
	_, _ = m.Write([]byte(s)) // a strings.Builder takes everything
	_ = m.Close()
	return b.String()
}

// needles returns what to look for, the longest first.
func needles(values []string) []string {
	var out []string
	add := func(s string) {
		if len(s) >= minMasked {
			out = append(out, s)
		}
	}
	for _, v := range values {
		add(v)
		if len(v) < minMasked {
			continue
		}
		add(url.QueryEscape(v))
		add(base64.StdEncoding.EncodeToString([]byte(v)))
		add(base64.RawURLEncoding.EncodeToString([]byte(v)))
		if quoted, err := json.Marshal(v); err == nil {
			add(string(quoted[1 : len(quoted)-1]))
		}
		for _, line := range strings.FieldsFunc(v, func(r rune) bool { return r == '\n' || r == '\r' }) {
			add(line)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}

type masker struct {
	mu    sync.Mutex
	w     io.Writer
	words []string
	held  []byte // the end of what was written, which may be the beginning of a value
}

// Write implements io.Writer. It takes all of b, unless w failed.
func (m *masker) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.words) == 0 {
		return m.w.Write(b)
	}
	m.held = append(m.held, b...)
	if err := m.emit(false); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close writes what is held back.
func (m *masker) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.emit(true)
}

// emit writes as much as is known to be no beginning of a value. At each place the longest value that is there or may
// still come decides.
func (m *masker) emit(end bool) error {
	var out []byte
	i := 0
	for i < len(m.held) {
		n, wait := m.match(m.held[i:], end)
		if wait {
			break
		}
		if n > 0 {
			out = append(out, Shown...)
			i += n
			continue
		}
		out = append(out, m.held[i])
		i++
	}
	m.held = append(m.held[:0], m.held[i:]...)
	if len(out) == 0 {
		return nil
	}
	_, err := m.w.Write(out)
	return err
}

// match returns the length of the longest value at the beginning of b, or that more has to come to know.
func (m *masker) match(b []byte, end bool) (n int, wait bool) {
	for _, w := range m.words {
		switch {
		case len(b) >= len(w):
			if string(b[:len(w)]) == w {
				return len(w), false
			}
		case !end && w[:len(b)] == string(b):
			return 0, true
		}
	}
	return 0, false
}
