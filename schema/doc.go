// Package schema holds the language of penstock: the CUE module
// penstock.dev/schema@v1 (the .cue files beside this one, embedded as FS) and
// the Go types that mirror it.
//
// The types are plain data with JSON tags; they have the fields of the CUE
// definitions of the same name and no others, which a test holds. A field that
// CUE marks optional is a pointer, a slice, a map, a string or a bool here, and
// absent means nil or the zero value; it is a pointer wherever the zero value
// and absence differ in meaning. Defaults are not written into the values: the
// …OrDefault methods in defaults.go answer them.
//
// A variant is chosen by the one field of a group that is present. Those fields
// carry the struct tag `penstock:"variant"`; Variants lists the ones that are
// set, so that "exactly one" is a question about the length of a list. What CUE
// cannot see (exactly one, dangling names, cycles) is left to the compiler.
package schema
