package plan

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects may be nested.
const maxDepth = 512

// Canonicalize returns the canonical form of a JSON document, as RFC 8785 defines it: no space, members sorted by their
// UTF-16 code units, one form for every string and number. It refuses what has no single meaning: a name that occurs
// twice, text that is not Unicode (a lone surrogate, invalid UTF-8), a number that no float64 can hold.
func Canonicalize(b []byte) ([]byte, error) {
	c := canonicalizer{in: b}
	c.space()
	out, err := c.value(make([]byte, 0, len(b)), 0)
	if err != nil {
		return nil, fmt.Errorf("read JSON: at byte %d: %w", c.at, err)
	}
	c.space()
	if c.at < len(c.in) {
		return nil, fmt.Errorf("read JSON: at byte %d: something follows the document", c.at)
	}
	return out, nil
}

// canonicalizer reads a document once and writes its canonical form as it goes.
type canonicalizer struct {
	in []byte
	at int
}

func (c *canonicalizer) space() {
	for c.at < len(c.in) {
		switch c.in[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (c *canonicalizer) peek() byte {
	if c.at < len(c.in) {
		return c.in[c.at]
	}
	return 0
}

var errEnd = errors.New("the document ends too early")

func (c *canonicalizer) value(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d levels", maxDepth)
	}
	switch b := c.peek(); {
	case c.at >= len(c.in):
		return nil, errEnd
	case b == '{':
		return c.object(out, depth)
	case b == '[':
		return c.array(out, depth)
	case b == '"':
		s, err := c.text()
		return appendText(out, s), err
	case b == '-' || b >= '0' && b <= '9':
		return c.number(out)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(c.in[c.at:], []byte(word)) {
			c.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, fmt.Errorf("unexpected %q", c.in[c.at])
}

func (c *canonicalizer) array(out []byte, depth int) ([]byte, error) {
	c.at++
	out = append(out, '[')
	for first := true; ; first = false {
		c.space()
		if c.peek() == ']' && first {
			break
		}
		var err error
		if out, err = c.value(out, depth+1); err != nil {
			return nil, err
		}
		c.space()
		if c.peek() == ']' {
			break
		}
		if c.peek() != ',' {
			return nil, c.unexpected("',' or ']'")
		}
		c.at++
		out = append(out, ',')
	}
	c.at++
	return append(out, ']'), nil
}

// member is one member of an object: its name and the canonical form of its value.
type member struct {
	name  string
	value []byte
}

func (c *canonicalizer) object(out []byte, depth int) ([]byte, error) {
	c.at++
	var members []member
	for first := true; ; first = false {
		c.space()
		if c.peek() == '}' && first {
			break
		}
		m, err := c.member(depth)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
		c.space()
		if c.peek() == '}' {
			break
		}
		if c.peek() != ',' {
			return nil, c.unexpected("',' or '}'")
		}
		c.at++
	}
	c.at++
	slices.SortFunc(members, func(a, b member) int { return compareUTF16(a.name, b.name) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.name == members[i-1].name {
				return nil, fmt.Errorf("the name %q occurs twice in one object", m.name)
			}
			out = append(out, ',')
		}
		out = append(appendText(out, m.name), ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}

func (c *canonicalizer) member(depth int) (member, error) {
	if c.peek() != '"' {
		return member{}, c.unexpected("a name")
	}
	name, err := c.text()
	if err != nil {
		return member{}, err
	}
	c.space()
	if c.peek() != ':' {
		return member{}, c.unexpected("':'")
	}
	c.at++
	c.space()
	v, err := c.value(nil, depth+1)
	return member{name, v}, err
}

func (c *canonicalizer) unexpected(want string) error {
	if c.at >= len(c.in) {
		return errEnd
	}
	return fmt.Errorf("unexpected %q, want %s", c.in[c.at], want)
}

// compareUTF16 compares strings by their UTF-16 code units: those beyond the basic plane come as surrogates, which sort
// before U+E000.
func compareUTF16(a, b string) int {
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			if (ra > 0xFFFF) != (rb > 0xFFFF) {
				ra, rb = unit(ra), unit(rb)
			}
			return int(ra) - int(rb)
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

// unit is the first code unit of a rune.
func unit(r rune) rune {
	if r > 0xFFFF {
		r, _ = utf16.EncodeRune(r)
	}
	return r
}

// number reads a number as JSON writes it and appends it as ECMAScript does.
func (c *canonicalizer) number(out []byte) ([]byte, error) {
	start := c.at
	if c.peek() == '-' {
		c.at++
	}
	switch {
	case c.peek() == '0':
		c.at++
	case !c.digits():
		return nil, c.unexpected("a digit")
	}
	if c.peek() == '.' {
		if c.at++; !c.digits() {
			return nil, c.unexpected("a digit")
		}
	}
	if c.peek() == 'e' || c.peek() == 'E' {
		c.at++
		if c.peek() == '+' || c.peek() == '-' {
			c.at++
		}
		if !c.digits() {
			return nil, c.unexpected("a digit")
		}
	}
	f, err := strconv.ParseFloat(string(c.in[start:c.at]), 64)
	if err != nil {
		return nil, fmt.Errorf("the number %s is out of range", c.in[start:c.at])
	}
	return appendNumber(out, f), nil
}

// digits skips digits and reports whether there were any.
func (c *canonicalizer) digits() bool {
	start := c.at
	for c.peek() >= '0' && c.peek() <= '9' {
		c.at++
	}
	return c.at > start
}

// appendNumber writes the shortest form that reads back as f: plain digits from 1e-6 up to 1e21, else an exponent
// (ECMA-262, Number::toString).
func appendNumber(out []byte, f float64) []byte {
	if f == 0 {
		return append(out, '0')
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(out, f, 'f', -1, 64)
	}
	s := strconv.AppendFloat(nil, f, 'e', -1, 64)
	i := bytes.IndexByte(s, 'e') + 2 // behind the sign, which Go always writes
	out = append(out, s[:i]...)
	return append(out, bytes.TrimLeft(s[i:], "0")...)
}
