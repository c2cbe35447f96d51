package decode

import (
	"fmt"
	"strings"
)

// plainer puts what CUE says into other words, where those of CUE need a reader who knows it well.
func plainer(msg string) (text, hint string) {
	switch {
	case strings.HasPrefix(msg, "Addition of lists"):
		return "lists are not added with +", `import "list" and write list.Concat([first, second])`
	case strings.HasPrefix(msg, "Multiplication of lists"):
		return "lists are not repeated with *", `import "list" and write list.Repeat(what, times)`
	case strings.HasPrefix(msg, "cannot reference optional field: "):
		name := strings.TrimPrefix(msg, "cannot reference optional field: ")
		return fmt.Sprintf("it reads %s, which is optional, and nothing gives it", name), "give it a default, or ask first whether it is there"
	case strings.HasPrefix(msg, "invalid left-hand value to '") && strings.Contains(msg, "(type struct)"):
		op, _, _ := strings.Cut(strings.TrimPrefix(msg, "invalid left-hand value to '"), "'")
		return fmt.Sprintf("%q is nothing that structs can do", op), "structs are joined with &"
	case strings.HasPrefix(msg, "explicit error"):
		return "this is written as an error", "write a value"
	}
	return msg, ""
}
