package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// identify fills in what makes the own pid unique.
func identify(o *Owner) error {
	start, alive, err := lookup(o.PID)
	if err != nil {
		return err
	}
	if !alive {
		return fmt.Errorf("process %d is not in /proc", o.PID)
	}
	o.Start = start
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	o.Boot = strings.TrimSpace(string(boot))
	if o.Namespace, err = os.Readlink("/proc/self/ns/pid"); err != nil {
		return err
	}
	return nil
}

// lookup returns when a process was started, in clock ticks since boot, and whether it still runs. One that has ended
// and was not waited for runs no more.
func lookup(pid int) (start uint64, alive bool, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	// the second field is the command in parentheses, which may hold anything
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 20 {
		return 0, false, fmt.Errorf("read /proc/%d/stat: %d fields", pid, len(fields))
	}
	if s := string(fields[0]); s == "Z" || s == "X" {
		return 0, false, nil
	}
	if start, err = strconv.ParseUint(string(fields[19]), 10, 64); err != nil {
		return 0, false, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	return start, true, nil
}
