package sshsig

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func TestPrincipals(t *testing.T) {
	pub := strings.TrimSpace(string(file(t, "ed25519.pub")))
	other := strings.TrimSpace(string(file(t, "ecdsa.pub")))
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(pub))
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		file, want string
	}{
		"plain":                {"# people\n\nada " + pub, "ada"},
		"crlf":                 {"ada " + pub + "\r\n", "ada"},
		"two names":            {"ada,ada@example.com " + pub, "ada,ada@example.com"},
		"quoted":               {`"ada" ` + pub, "ada"},
		"two lines":            {"zoe " + pub + "\nada " + pub + "\nada " + pub, "ada,zoe"},
		"another key":          {"ada " + other, ""},
		"namespace":            {`ada namespaces="file,penstock-approval@v1" ` + pub, "ada"},
		"namespace pattern":    {`ada namespaces="penstock-*@v?" ` + pub, "ada"},
		"other namespace":      {`ada namespaces="penstock" ` + pub, ""},
		"namespace taken away": {`ada namespaces="*,!penstock-*" ` + pub, ""},
		"in time":              {`ada valid-after="20260501Z",valid-before="20260502Z" ` + pub, "ada"},
		"to the minute":        {`ada valid-after="202605011200Z" ` + pub, "ada"},
		"too early":            {`ada valid-after="20260501120001Z" ` + pub, ""},
		"too late":             {`ada VALID-BEFORE="20260501115959Z" ` + pub, ""},
	} {
		s, err := ParseSigners([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(s.Principals(key, namespace, noon), ","); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	s := Signers{{Principals: []string{"ada"}, Key: key, Before: noon}}
	if got := s.Principals(key, namespace, noon, noon.Add(time.Second)); len(got) > 0 {
		t.Errorf("%v although the key isn't valid at one of the times", got)
	}
}

func TestSignersRefused(t *testing.T) {
	pub := strings.TrimSpace(string(file(t, "ed25519.pub")))
	for name, c := range map[string]struct{ line, want string }{
		"authority":      {"ada cert-authority " + pub, "cert-authority is not supported"},
		"pattern":        {"*@example.com " + pub, "not patterns"},
		"not":            {"ada,!bob " + pub, "not patterns"},
		"no key":         {"ada", "wants principals"},
		"damaged key":    {"ada ssh-ed25519 AAAA", "key:"},
		"unknown":        {"ada verify-required " + pub, "unknown"},
		"twice":          {`ada namespaces="a",namespaces="b" ` + pub, "repeated"},
		"no value":       {"ada namespaces= " + pub, "quotes"},
		"local time":     {`ada valid-after="20260501" ` + pub, "end it with Z"},
		"no time":        {`ada valid-after="2026Z" ` + pub, "no time"},
		"no day":         {`ada valid-after="20261341Z" ` + pub, "valid-after"},
		"empty window":   {`ada valid-after="20260502Z",valid-before="20260501Z" ` + pub, "not after"},
		"empty pricipal": {"ada,, " + pub, "not patterns"},
	} {
		_, err := ParseSigners([]byte("# first\n" + c.line + "\n"))
		if !errors.Is(err, ErrSigners) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v, want line 2 and %q", name, err, c.want)
		}
	}
}

func FuzzParseSigners(f *testing.F) {
	pub := string(file(f, "ed25519.pub"))
	f.Add([]byte("ada " + pub))
	f.Add([]byte(`"ada",bob namespaces="a*,!b",valid-after="20260101Z" ` + pub))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseSigners(b)
		if err != nil {
			if !errors.Is(err, ErrSigners) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		for _, s := range list {
			if s.Key == nil || len(s.Principals) == 0 || slices.Contains(s.Principals, "") {
				t.Errorf("a line without key or name: %+v", s)
			}
		}
	})
}
