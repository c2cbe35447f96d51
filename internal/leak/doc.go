// Package leak finds secrets that are written out in a text: by the formats of known tokens and keys, and by values whose
// name says that they are secret. It says where and by which rule, never what.
//
// The formats are those of gitleaks (MIT, see rules.txt), taken over as data: as a library it brings a logger, archives,
// templates and a configuration system into every start of the program, and compiles all its expressions at once. Here a
// text passes a filter of the rules' keywords first, and an expression is compiled when its keyword was seen.
//
//go:generate go run gen/main.go
package leak
