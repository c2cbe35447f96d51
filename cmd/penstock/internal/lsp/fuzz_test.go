package lsp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzFrame: whatever comes, reading ends, and what was read is what was sent.
func FuzzFrame(f *testing.F) {
	for _, s := range []string{
		"Content-Length: 2\r\n\r\n{}", "content-length:2\n\n{}Content-Length: 4\r\n\r\nnull", "Content-Length: -1\r\n\r\n", "Content-Length: 99999999999\r\n\r\n",
		"Content-Type: x\r\nContent-Length: 3\r\n\r\n{}", "\r\n\r\n", "Content-Length: 70000000\r\n\r\nabc",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(in), maxHeader)
		for n := 0; ; n++ {
			content, err := readFrame(r)
			var bad *badFrame
			if err != nil && !errors.As(err, &bad) {
				break
			}
			if n > len(in) {
				t.Fatal("it reads more messages than there are bytes")
			}
			if len(content) > len(in) {
				t.Fatal("a message is longer than all that was sent")
			}
			_, _ = decodeMessage(content)
		}
		var sent bytes.Buffer
		if utf8.Valid(in) {
			if err := writeFrame(&sent, string(in)); err != nil {
				t.Fatal(err)
			}
			if _, err := readFrame(bufio.NewReaderSize(&sent, maxHeader)); err != nil || sent.Len() > 0 {
				t.Errorf("%v, %d bytes are left", err, sent.Len())
			}
		}
	})
}

// FuzzServe: no message ends the server but exit, and none makes it panic.
func FuzzServe(f *testing.F) {
	f.Add(`{"id":1,"method":"initialize","params":{"capabilities":{}}}`, `{"id":2,"method":"textDocument/hover","params":{"textDocument":{"uri":"file:///x.cue"},"position":{"line":-1,"character":-1}}}`)
	f.Add(`{"id":1,"method":"initialize"}`, `{"method":"textDocument/didChange","params":{"textDocument":{"uri":"untitled:1"},"contentChanges":[{"range":{"start":{"line":9}}}]}}`)
	f.Add(`{}`, `{"id":null,"error":{"code":1}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		var in bytes.Buffer
		for _, m := range []string{a, b} {
			if bytes.Contains([]byte(m), []byte("didOpen")) {
				return // what is open is checked, and that is the compiler's own fuzz target
			}
			_, _ = in.WriteString("Content-Length: ")
			_, _ = in.WriteString(strconv.Itoa(len(m)) + "\r\n\r\n" + m)
		}
		if _, err := serve(context.Background(), in.Bytes()); err != nil && !errors.Is(err, ErrNoShutdown) {
			t.Fatal(err)
		}
	})
}

// FuzzPosition: a position made of an offset leads back to it, in both encodings, and none leads out of the text.
func FuzzPosition(f *testing.F) {
	f.Add([]byte("a\nführt 🚀 aus\r\nc"), 9, 3, 4)
	f.Add([]byte("\r\r\n\xff\xfe"), 2, -1, 70)
	f.Fuzz(func(t *testing.T, in []byte, offset, line, character int) {
		for _, enc := range []encoding{utf16Units, utf8Bytes} {
			x := newText(in, enc)
			if at := x.offset(position{line, character}); at < 0 || at > len(in) {
				t.Fatalf("%s: offset %d of %d", enc, at, len(in))
			}
			p := x.position(offset)
			if offset < 0 || offset > len(in) || !utf8.Valid(in) || offset < len(in) && !utf8.RuneStart(in[offset]) {
				continue
			}
			if offset > 0 && in[offset-1] == '\r' && offset < len(in) && in[offset] == '\n' {
				continue // between the two bytes of a line's end
			}
			if back := x.offset(p); back != offset {
				t.Errorf("%s: offset %d is %+v is %d", enc, offset, p, back)
			}
		}
	})
}

func TestPosition(t *testing.T) {
	text := []byte("ab\r\nß🚀c\n")
	for name, tc := range map[string]struct {
		enc    encoding
		at     position
		offset int
	}{
		"start":                  {utf16Units, position{0, 0}, 0},
		"behind the line":        {utf16Units, position{0, 9}, 2},
		"behind two units":       {utf16Units, position{1, 3}, 10},
		"inside two units":       {utf16Units, position{1, 2}, 6},
		"bytes":                  {utf8Bytes, position{1, 6}, 10},
		"inside a rune":          {utf8Bytes, position{1, 4}, 6},
		"behind the last line":   {utf16Units, position{7, 0}, len(text)},
		"nonsense":               {utf16Units, position{-1, 5}, 0},
		"the line behind the LF": {utf8Bytes, position{2, 3}, len(text)},
	} {
		if got := newText(text, tc.enc).offset(tc.at); got != tc.offset {
			t.Errorf("%s: offset %d, want %d", name, got, tc.offset)
		}
	}
	if diff := cmp.Diff(position{1, 3}, newText(text, utf16Units).position(10)); diff != "" {
		t.Error(diff)
	}
}

func TestURI(t *testing.T) {
	for _, path := range []string{"/a b/c%20d/ü.cue", "/x/#1?.cue"} {
		if got, ok := filePath(fileURI(path)); !ok || got != path {
			t.Errorf("%s came back as %s", path, got)
		}
	}
	for _, uri := range []string{"untitled:Untitled-1", "", "file:", "http://x/y.cue", "%", "file:///a%00b"} {
		if got, ok := filePath(uri); ok {
			t.Errorf("%q is no file, but %q", uri, got)
		}
	}
}
