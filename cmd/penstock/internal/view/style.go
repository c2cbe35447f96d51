// Package view shows what the commands found, one file per thing shown. It decides nothing.
package view

// Style says how a stream can be drawn on.
type Style struct {
	Colour bool
	// Live allows redrawing lines in place.
	Live bool
	// Size asks for the terminal's size, which a person may change during a run; nil or 0 where there is none.
	Size func() (cols, rows int)
}

// size is the room to draw in, 0 for any.
func (s Style) size() (cols, rows int) {
	if s.Size == nil {
		return 0, 0
	}
	return s.Size()
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
