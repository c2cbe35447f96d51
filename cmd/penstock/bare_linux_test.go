package main

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/penstock-dev/penstock/internal/corpus"
)

// bare is a place in which nothing can be written, by a user who owns nothing, without a network and without programs.
type bare struct {
	dir   string
	attrs *syscall.SysProcAttr
}

// newBare makes the place: below it bin has copies of this binary, repo the files.
func newBare(t *testing.T, files map[string]string) bare {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "bare")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				return os.Chmod(path, 0o755)
			}
			return nil
		})
		os.RemoveAll(dir)
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin/penstock", "bin/scribble"} {
		files[name] = string(binary)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := corpus.Put(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o555)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b := bare{dir: dir}
	if os.Getuid() == 0 { // root may write everywhere, so be nobody
		b.attrs = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Cloneflags: syscall.CLONE_NEWNET}
	}
	return b
}

// run runs one of the programs in a directory of the place.
func (b bare) run(t *testing.T, in, stdin string, env []string, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	for {
		cmd := exec.Command(filepath.Join(b.dir, "bin", name), args...)
		cmd.Dir, cmd.Env, cmd.Stdin = filepath.Join(b.dir, in), env, strings.NewReader(stdin)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = &out, &errs, b.attrs
		err := cmd.Run()
		if errors.Is(err, syscall.EPERM) && b.attrs != nil && b.attrs.Cloneflags != 0 {
			t.Log("no network of its own is to be had here")
			b.attrs.Cloneflags = 0
			continue
		}
		return out.String(), errs.String(), err
	}
}

// TestVetNeedsNothing: no network, no home, no place for temporary files, no git.
func TestVetNeedsNothing(t *testing.T) {
	const pipeline = "package web\n\nimport \"web.example.com/lib\"\n\npipeline: {name: \"web\", stages: build: exec: command: lib.command}\n"
	b := newBare(t, map[string]string{
		"repo/cue.mod/module.cue": "module: \"web.example.com@v0\"\nlanguage: version: \"v0.17.0\"\n",
		"repo/lib/lib.cue":        "package lib\n\ncommand: [\"make\"]\n",
		"repo/web/pipeline.cue":   pipeline,
	})
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	full := []string{"PATH=" + filepath.Join(b.dir, "empty"), "TMPDIR=" + filepath.Join(b.dir, "tmp"), "HOME=" + filepath.Join(b.dir, "home")}

	control := []string{filepath.Join(b.dir, "home"), filepath.Join(b.dir, "tmp"), filepath.Join(b.dir, "repo")}
	_, did, err := b.run(t, "repo", "", full, "scribble", control...)
	if err != nil || did != "" {
		t.Fatalf("the place is not bare: %s %v", did, err)
	}
	if b.attrs != nil && b.attrs.Cloneflags != 0 {
		if _, did, err = b.run(t, "repo", "", full, "scribble", door.Addr().String()); err != nil || did != "" {
			t.Fatalf("the place has a network: %s %v", did, err)
		}
	}

	for name, env := range map[string][]string{"home and TMPDIR read-only": full, "HOME unset": full[:2], "nothing set": {}} {
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{{}, {"./..."}, {"web"}, {"web/pipeline.cue"}, {"-"}, {"./...", "-o", "sarif"}, {"./...", "-o", "junit"}} {
				in := "repo"
				if len(args) == 0 {
					in = "repo/web"
				}
				stdout, stderr, err := b.run(t, in, pipeline, env, "penstock", append([]string{"vet"}, args...)...)
				if err != nil || stderr != "" || stdout == "" {
					t.Errorf("vet %v: %v\n%s%s", args, err, stdout, stderr)
				}
			}
		})
	}
}
