package child

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// FreePort returns a port of the loopback that nobody uses at the moment. Somebody may take it before the program does;
// [Process.Owns] tells.
func FreePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// Owns reports whether the process, or one of its session, listens on the TCP port: a program that answers there may be
// somebody else's, who was faster.
func (p *Process) Owns(port int) (bool, error) {
	inodes, err := listeners(port)
	if err != nil || len(inodes) == 0 {
		return false, err
	}
	pids, err := p.session()
	if err != nil {
		return false, err
	}
	for _, pid := range pids {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			return false, err
		}
		for _, fd := range fds {
			link, err := os.Readlink(fd)
			if err == nil && inodes[link] {
				return true, nil
			}
		}
	}
	return false, nil
}

// session lists the processes of the child's session, the child first.
func (p *Process) session() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	pids := []int{p.id.PID}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == p.id.PID {
			continue
		}
		if st, err := readStat(pid); err == nil && st.session == p.id.PID {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// listeners returns the sockets that listen on a port, in the form /proc/PID/fd shows them ("socket:[12345]").
func listeners(port int) (map[string]bool, error) {
	out := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if os.IsNotExist(err) { // a kernel without IPv6
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list sockets: %w", err)
		}
		sc := bufio.NewScanner(f)
		for sc.Scan() {
			const listen = "0A"
			fields := strings.Fields(sc.Text())
			if len(fields) < 10 || fields[3] != listen || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				continue
			}
			out["socket:["+fields[9]+"]"] = true
		}
		err = sc.Err()
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("list sockets: %w", err)
		}
	}
	return out, nil
}
