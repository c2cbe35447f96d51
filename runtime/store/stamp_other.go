//go:build !linux

package store

import "io/fs"

// stamp tells whether a file is still the one that was looked at.
type stamp struct {
	size  int64
	mtime int64 // nanoseconds
	mode  fs.FileMode
}

func stampOf(st fs.FileInfo) stamp {
	return stamp{size: st.Size(), mtime: st.ModTime().UnixNano(), mode: st.Mode()}
}

// accessible leaves it to SQLite to say why a file cannot be written.
func accessible(string) error { return nil }
