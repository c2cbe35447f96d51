package child

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ErrGone means that the process is no longer there, or that its number now belongs to another one.
var ErrGone = errors.New("process is gone")

// Identity names a process for as long as this machine keeps its disk: ids are reused, these three together are not.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot, field 22 of /proc/PID/stat
	Boot  string `json:"boot"`  // /proc/sys/kernel/random/boot_id
}

// BootID names the current boot of this machine.
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Identify returns the identity of a running process. A zombie is [ErrGone].
func Identify(pid int) (Identity, error) {
	boot, err := BootID()
	if err != nil {
		return Identity{}, err
	}
	st, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: pid, Start: st.start, Boot: boot}, nil
}

// stat is the part of /proc/PID/stat that matters here.
type stat struct {
	session int
	start   uint64
}

// readStat reads /proc/PID/stat (proc(5)). The name in parentheses may hold anything, so fields count from its end.
func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("%w: %v", ErrGone, err)
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return stat{}, ErrGone
	}
	session, err1 := strconv.Atoi(f[3])
	start, err2 := strconv.ParseUint(f[19], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return stat{}, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	return stat{session: session, start: start}, nil
}

// Live is what the kernel says of a running process.
type Live struct {
	Args []string
	Env  []string
	Exe  string // path of the program's file, " (deleted)" appended by the kernel when it is
	// Digest names the bytes that are being executed, whatever has become of the file.
	Digest string
}

// Inspect reads what a process runs. sum computes the digest of a file.
func Inspect(id Identity, sum func(path string) (string, error)) (Live, error) {
	proc := fmt.Sprintf("/proc/%d/", id.PID)
	args, err1 := os.ReadFile(proc + "cmdline")
	env, err2 := os.ReadFile(proc + "environ")
	exe, err3 := os.Readlink(proc + "exe")
	digest, err4 := sum(proc + "exe")
	now, err5 := Identify(id.PID) // last: what was read belongs to this process only if it still is that process
	if now != id {
		return Live{}, ErrGone
	}
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return Live{}, fmt.Errorf("inspect process %d: %w", id.PID, err)
	}
	return Live{Args: splitNul(args), Env: splitNul(env), Exe: exe, Digest: digest}, nil
}

// splitNul splits the kernel's lists of strings.
func splitNul(b []byte) []string {
	s := strings.TrimSuffix(string(b), "\x00")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\x00")
}
