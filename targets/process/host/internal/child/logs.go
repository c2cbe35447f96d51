package child

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// tailBytes bounds how much of a log is read to find its last lines.
const tailBytes = 256 << 10

// Tail returns the last lines of a log, the oldest first. A log that does not exist has none.
func Tail(path string, lines int) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	from := max(0, st.Size()-tailBytes)
	b, err := io.ReadAll(io.NewSectionReader(f, from, tailBytes))
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	text := strings.TrimRight(string(b), "\n")
	if text == "" || lines <= 0 {
		return nil, nil
	}
	all := strings.Split(text, "\n")
	if from > 0 {
		all = all[1:] // most likely half a line
	}
	return all[max(0, len(all)-lines):], nil
}

// Rotate moves a log's contents to path.1 when it has grown beyond limit bytes. The program keeps its descriptor, which
// appends, so the contents are copied and the file cut: what is written between the two is lost. One old file is kept.
func Rotate(path string, limit int64) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() <= limit {
		return nil
	}
	if err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	src, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	defer src.Close()
	dst, err := os.OpenFile(path+".1", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	if err := src.Truncate(0); err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	return nil
}
