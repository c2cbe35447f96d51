// Package jsonschema writes the language of package schema as JSON Schema, draft 2020-12, for editors and for programs in
// other languages that generate pipelines.
//
// It walks the syntax of the schema's own files, so that comments, bounds and patterns come along; what it has no
// translation for is an error and never left out. CUE's own generator loses list and number bounds beside defaults and the
// groups of fields that exclude each other, and says nothing about it. [Generate] makes the file that package schema
// embeds; a test holds the two together.
package jsonschema
