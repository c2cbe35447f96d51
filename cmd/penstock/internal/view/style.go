// Package view shows what the commands found, one file per thing shown. It decides nothing.
package view

// Style says how a stream can be drawn on.
type Style struct {
	Colour bool
	// Live allows redrawing lines in place.
	Live  bool
	Width int
}

// The colours in use.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	dim    = "2"
	bold   = "1"
)

// paint wraps the text in an escape sequence when colour is on.
func (s Style) paint(code, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
