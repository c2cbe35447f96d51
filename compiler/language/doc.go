// Package language answers what an editor asks about a pipeline that is being written: what may stand at a place, what
// the thing under the cursor is, and where it is declared.
//
// It takes the text of a package's files and, where there is one, what the compiler last made of them. It reads text that
// doesn't parse, which is what text is while somebody types, and it evaluates nothing: an answer takes the time of reading a
// few files. It knows the schema and no editor's protocol; places are byte offsets.
package language
