package store

import (
	"io/fs"
	"syscall"
)

// stamp tells whether a file is still the one that was looked at. The change time covers whoever sets the other times.
type stamp struct {
	size          int64
	mtime, ctime  int64 // nanoseconds
	inode, device uint64
	mode          fs.FileMode
}

func stampOf(st fs.FileInfo) stamp {
	s := stamp{size: st.Size(), mtime: st.ModTime().UnixNano(), mode: st.Mode()}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		s.inode, s.device = sys.Ino, uint64(sys.Dev)
		s.ctime = sys.Ctim.Nano()
	}
	return s
}

// accessible says why a file cannot be written, without opening it.
func accessible(path string) error {
	const writable = 2
	return syscall.Access(path, writable)
}
