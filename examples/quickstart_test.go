package examples_test

import (
	"bufio"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestQuickstartIsReproducible builds the program in two places: the same
// source must give the same digest, another version another one.
func TestQuickstartIsReproducible(t *testing.T) {
	one := makeHello(t, t.TempDir())
	two := makeHello(t, t.TempDir())
	if digest(t, one) != digest(t, two) {
		t.Error("the same source gives two digests")
	}
	if digest(t, makeHello(t, t.TempDir(), "VERSION=2")) == digest(t, one) {
		t.Error("version 2 has the digest of version 1")
	}
}

// TestQuickstartServes runs the program as penstock does: told by
// PENSTOCK_LISTEN where to listen, asked over HTTP, stopped with SIGTERM.
func TestQuickstartServes(t *testing.T) {
	for name, tc := range map[string]struct {
		vars   []string
		status int
	}{
		"good": {vars: []string{"VERSION=7"}, status: 200},
		"bad":  {vars: []string{"VERSION=7", "FAIL=100"}, status: 500},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(makeHello(t, t.TempDir(), tc.vars...), "serve")
			cmd.Env = []string{"PENSTOCK_LISTEN=127.0.0.1:0"}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			address := "http://" + strings.TrimSpace(line[strings.LastIndex(line, " "):])
			ask(t, http.MethodGet, address+"/healthz", 200, "")
			ask(t, http.MethodGet, address+"/", tc.status, "7")
			ask(t, http.MethodPost, address+"/", tc.status, "7")
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("after SIGTERM: %v", err)
			}
		})
	}
}

// ask sends one request and compares status and version.
func ask(t *testing.T, method, url string, status int, version string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("X-Version"); resp.StatusCode != status || got != version {
		t.Errorf("%s %s: status %d, version %q; want %d, %q", method, url, resp.StatusCode, got, status, version)
	}
}

// makeHello copies the quickstart into dir and runs make, without what a make around this test passes on; it returns the program.
func makeHello(t *testing.T, dir string, vars ...string) string {
	t.Helper()
	work := filepath.Join(dir, "work")
	if err := os.CopyFS(work, os.DirFS("quickstart")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("make", append([]string{"hello"}, vars...)...)
	cmd.Dir = work
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VERSION", "FAIL"}, name)
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make hello %v: %v\n%s", vars, err, out)
	}
	return filepath.Join(work, "bin", "hello")
}

func digest(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	return sha256.Sum256([]byte(readFile(t, path)))
}
