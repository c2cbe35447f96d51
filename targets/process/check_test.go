package process

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets"
)

func TestCheck(t *testing.T) {
	secret := schema.Secret{}
	for name, tc := range map[string]struct {
		w    schema.ProcessWorkload
		want []string // "path: message"
	}{
		"fine":  {schema.ProcessWorkload{Listen: "127.0.0.1:8080", Env: map[schema.VarName]string{"A": "b"}}, nil},
		"any":   {schema.ProcessWorkload{Listen: ":8080"}, nil},
		"empty": {schema.ProcessWorkload{}, nil},
		"form":  {schema.ProcessWorkload{Listen: "8080"}, []string{`listen: "8080" is not of the form host:port`}},
		"port":  {schema.ProcessWorkload{Listen: "localhost:http"}, []string{`listen: port "http" is not a number from 1 to 65535`}},
		"name":  {schema.ProcessWorkload{Listen: "web:80"}, []string{`listen: "web" is not an address of this machine: a name may mean another one tomorrow`}},
		"reserved": {
			schema.ProcessWorkload{Env: map[schema.VarName]string{"PORT": "1", "A": "b"}},
			[]string{`env.PORT: "PORT" is set by penstock`},
		},
		"twice": {
			schema.ProcessWorkload{Env: map[schema.VarName]string{"A": "b"}, Secrets: map[schema.VarName]schema.Secret{"A": secret}},
			[]string{`secrets.A: "A" is set by env as well`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Check(tc.w) {
				got = append(got, f.Path+": "+f.Message)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSameDoor(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"127.0.0.1:80", "127.0.0.1:80", true},
		{"127.0.0.1:80", "127.0.0.1:81", false},
		{"127.0.0.1:80", "127.0.0.2:80", false},
		{"localhost:80", "127.0.0.1:80", true},
		{":80", "127.0.0.1:80", true},
		{"[::]:80", "10.0.0.1:80", true},
		{"[::ffff:10.0.0.1]:80", "10.0.0.1:80", true},
		{"80", "80", false},
	} {
		if got := SameDoor(tc.a, tc.b); got != tc.want || SameDoor(tc.b, tc.a) != got {
			t.Errorf("%s and %s: %v", tc.a, tc.b, got)
		}
	}
}

func TestProgramName(t *testing.T) {
	s := targets.ProcessSpec{}
	if got := ProgramName(s, "hello@local"); got != "hello" {
		t.Errorf("without a path: %q", got)
	}
	s.Artifact.Path = "bin/server"
	if got := ProgramName(s, "hello@local"); got != "server" {
		t.Errorf("with a path: %q", got)
	}
}
