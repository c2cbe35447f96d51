package plan

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

var errUnicode = errors.New("text that is not Unicode")

// text reads a string, from its opening quote to behind the closing one.
func (c *canonicalizer) text() (string, error) {
	c.at++
	start := c.at
	for c.at < len(c.in) && c.in[c.at] != '"' && c.in[c.at] != '\\' && c.in[c.at] >= ' ' {
		c.at++
	}
	buf := c.in[start:c.at:c.at]
	for {
		switch b := c.peek(); {
		case c.at >= len(c.in):
			return "", errEnd
		case b == '"':
			c.at++
			if !utf8.Valid(buf) {
				return "", errUnicode
			}
			return string(buf), nil
		case b == '\\':
			r, err := c.escape()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
		case b < ' ':
			return "", fmt.Errorf("unexpected %q inside a string", b)
		default:
			buf = append(buf, b)
			c.at++
		}
	}
}

// escape reads an escape sequence; a pair of surrogates is one rune.
func (c *canonicalizer) escape() (rune, error) {
	c.at++
	b := c.peek()
	c.at++
	switch b {
	case '"', '\\', '/':
		return rune(b), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, err := c.hex()
		if err != nil || !utf16.IsSurrogate(r) {
			return r, err
		}
		if c.peek() != '\\' || c.at+1 >= len(c.in) || c.in[c.at+1] != 'u' {
			return 0, errUnicode
		}
		c.at += 2
		low, err := c.hex()
		if err != nil {
			return 0, err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, errUnicode
		}
		return r, nil
	}
	return 0, fmt.Errorf("unexpected escape %q", b)
}

func (c *canonicalizer) hex() (rune, error) {
	if c.at+4 > len(c.in) {
		return 0, errEnd
	}
	v, err := strconv.ParseUint(string(c.in[c.at:c.at+4]), 16, 16)
	if err != nil {
		return 0, fmt.Errorf("unexpected escape %q", c.in[c.at:c.at+4])
	}
	c.at += 4
	return rune(v), nil
}

// appendText writes a string with the escapes that are needed and no others.
func appendText(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		switch b := s[i]; b {
		case '"', '\\':
			out = append(out, '\\', b)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			if b < ' ' {
				out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
				continue
			}
			out = append(out, b)
		}
	}
	return append(out, '"')
}
