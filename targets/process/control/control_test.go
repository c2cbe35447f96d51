package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVerifyDirectory(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Verify(dir, os.Getuid()); err != nil {
		t.Error(err)
	}
	if err := Verify(dir, os.Getuid()+1); !errors.Is(err, ErrUnsafe) {
		t.Errorf("another owner: %v", err)
	}
	link := filepath.Join(base, "l")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := Verify(link, os.Getuid()); !errors.Is(err, ErrUnsafe) {
		t.Errorf("link: %v", err)
	}
	for _, mode := range []fs.FileMode{0o750, 0o701, 0o777} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := Verify(dir, os.Getuid()); !errors.Is(err, ErrUnsafe) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if err := Verify(filepath.Join(base, "absent"), os.Getuid()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

func TestPrepareMakesAndRefuses(t *testing.T) {
	base := t.TempDir()
	d := Dirs{State: filepath.Join(base, "a", "b"), Runtime: filepath.Join(base, "r")}
	if err := d.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := d.Prepare(); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := os.Chmod(d.Runtime, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.Prepare(); !errors.Is(err, ErrUnsafe) {
		t.Errorf("open to others: %v", err)
	}
	long := Dirs{State: d.State, Runtime: filepath.Join(base, strings.Repeat("x", 100))}
	if err := long.Prepare(); err == nil {
		t.Error("a socket path that the kernel refuses was accepted")
	}
}

func TestDefaultDirs(t *testing.T) {
	for name, tc := range map[string]struct {
		host           string
		env            map[string]string
		state, runtime string
	}{
		"xdg":      {"default", map[string]string{"XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"}, "/s/penstock/host", "/r/penstock"},
		"home":     {"", map[string]string{"HOME": "/h"}, "/h/.local/state/penstock/host", fmt.Sprintf("/tmp/penstock-%d", os.Getuid())},
		"relative": {"", map[string]string{"HOME": "/h", "XDG_STATE_HOME": "s"}, "/h/.local/state/penstock/host", fmt.Sprintf("/tmp/penstock-%d", os.Getuid())},
		"named":    {"blue", map[string]string{"HOME": "/h"}, "/h/.local/state/penstock/host-blue", fmt.Sprintf("/tmp/penstock-%d", os.Getuid())},
		"path":     {"../x", map[string]string{"HOME": "/h"}, "", ""},
		"nothing":  {"", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := DefaultDirs(tc.host, func(k string) string { return tc.env[k] })
			if (err != nil) != (tc.state == "") || d.State != tc.state || d.Runtime != tc.runtime {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
	a, b := Dirs{State: "/a", Runtime: "/r"}, Dirs{State: "/b", Runtime: "/r"}
	if a.Socket() == b.Socket() || a.Socket() == a.Handover() {
		t.Error("two hosts share a socket")
	}
}

func TestSecretsShowNothing(t *testing.T) {
	r := Stage{Secrets: Secrets{"TOKEN": "hunter2"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, r); strings.Contains(got, "hunter2") {
			t.Errorf("%s shows %s", format, got)
		}
	}
}

func TestErrorsCompareByCode(t *testing.T) {
	b, err := json.Marshal(Errorf(StaleFence, "number %d", 3))
	if err != nil {
		t.Fatal(err)
	}
	var e Error
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(&e, &Error{Code: StaleFence}) || errors.Is(&e, &Error{Code: Locked}) || e.Error() != "number 3" {
		t.Errorf("%+v", e)
	}
}

// good is a request that is accepted; the table breaks one thing at a time.
func good() Stage {
	return Stage{
		Op: Op{Service: Service{"p", "w"}, Key: "k", Fence: 1},
		Spec: Spec{
			Version: "v", Name: "n", Listen: "127.0.0.1:80", Ready: Ready{Every: time.Second, Timeout: time.Second},
			Env: map[string]string{"A": "b"}, Args: []string{"x"}, Secrets: []string{"S"},
		},
	}
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	g := good()
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	for name, breakIt := range map[string]func(*Stage){
		"place":   func(s *Stage) { s.Service.Place = "a b" },
		"key":     func(s *Stage) { s.Key = "" },
		"fence":   func(s *Stage) { s.Fence = 0 },
		"version": func(s *Stage) { s.Spec.Version = "" },
		"listen":  func(s *Stage) { s.Spec.Listen = "8080" },
		"ready":   func(s *Stage) { s.Spec.Ready.Every = 0 },
		"stop":    func(s *Stage) { s.Spec.Stop = -1 },
		"env":     func(s *Stage) { s.Spec.Env["A=B"] = "c" },
		"nul":     func(s *Stage) { s.Spec.Args[0] = "a\x00b" },
		"secret":  func(s *Stage) { s.Spec.Secrets[0] = "1" },
	} {
		s := good()
		breakIt(&s)
		if err := s.Check(); !errors.Is(err, &Error{Code: Invalid}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecode holds that whatever was accepted is accepted again after a round trip.
func FuzzDecode(f *testing.F) {
	b, err := json.Marshal(good())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add(`{"service":{"place":"p","workload":"w"},"key":"k","fence":1,"wait":9e99}`)
	f.Add(`{}{}`)
	f.Fuzz(func(t *testing.T, text string) {
		var s Stage
		if err := Decode(strings.NewReader(text), &s); err != nil {
			if !errors.Is(err, &Error{Code: Invalid}) {
				t.Errorf("error without a code: %v", err)
			}
			return
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again Stage
		if err := Decode(strings.NewReader(string(b)), &again); err != nil {
			t.Errorf("not accepted again: %v\n%s", err, b)
		}
	})
}
