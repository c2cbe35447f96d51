package secret

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/penstock-dev/penstock/compiler/plan"
)

const word = "hunter2-and-more"

func TestNoRenderingShowsIt(t *testing.T) {
	v := New(word)
	holder := struct {
		Token Value
		Ptr   *Value
		All   map[string]Value
	}{v, &v, map[string]Value{"a": v}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10s"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", v, holder)
	}
	fmt.Fprintln(&out, v, holder, fmt.Errorf("wrapped: %v", v))
	j, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	keyed, err := json.Marshal(map[Value]int{v: 1})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(keyed)
	slog.New(slog.NewTextHandler(&out, nil)).Info("call", "token", v, "all", holder)
	for _, bad := range []string{word, fmt.Sprintf("%x", word), base64.StdEncoding.EncodeToString([]byte(word))} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("the secret is in:\n%s", out.String())
		}
	}
	if !strings.Contains(out.String(), Shown) {
		t.Errorf("nothing says that there is a secret:\n%s", out.String())
	}
	if v.Reveal() != word {
		t.Errorf("Reveal returned %q", v.Reveal())
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("token", word+"\n", 0o600)
	write("lines", "a\nb\n\n", 0o600)
	write("empty", "\n", 0o600)
	write("open", word, 0o644)
	write("big", strings.Repeat("x", maxFile+1), 0o600)
	r := Resolver{Dir: dir, Lookup: func(n string) (string, bool) {
		v, ok := map[string]string{"TOKEN": word, "EMPTY": ""}[n]
		return v, ok
	}}
	for name, tc := range map[string]struct {
		ref  plan.SecretRef
		want string
		err  error
		says string
	}{
		"env":           {ref: plan.SecretRef{Env: "TOKEN"}, want: word},
		"env absent":    {ref: plan.SecretRef{Env: "NONE"}, err: ErrAbsent, says: "NONE"},
		"env empty":     {ref: plan.SecretRef{Env: "EMPTY"}, err: ErrAbsent},
		"file":          {ref: plan.SecretRef{File: "token"}, want: word},
		"absolute file": {ref: plan.SecretRef{File: filepath.Join(dir, "token")}, want: word},
		"one line feed": {ref: plan.SecretRef{File: "lines"}, want: "a\nb\n"},
		"file empty":    {ref: plan.SecretRef{File: "empty"}, err: ErrAbsent},
		"file absent":   {ref: plan.SecretRef{File: "none"}, err: os.ErrNotExist},
		"file open":     {ref: plan.SecretRef{File: "open"}, err: ErrExposed, says: "0644"},
		"file big":      {ref: plan.SecretRef{File: "big"}, says: "larger than"},
		"directory":     {ref: plan.SecretRef{File: "."}, says: "directory"},
		"vault":         {ref: plan.SecretRef{Vault: "kv/app#token"}, err: ErrUnavailable, says: "kv/app#token"},
		"kubernetes":    {ref: plan.SecretRef{Kubernetes: "app/token"}, err: ErrUnavailable, says: "env or file"},
		"nothing":       {says: "names no place"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := r.Resolve(t.Context(), tc.ref)
			if tc.want != "" {
				if err != nil || v.Reveal() != tc.want {
					t.Fatalf("got %q, %v", v.Reveal(), err)
				}
				return
			}
			if err == nil || tc.err != nil && !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v, want %v saying %q", err, tc.err, tc.says)
			}
			if strings.Contains(err.Error(), word) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Resolve(ctx, plan.SecretRef{Env: "TOKEN"}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}

func TestMask(t *testing.T) {
	for name, tc := range map[string]struct {
		values   []string
		in, want string
	}{
		"none":            {nil, "plain", "plain"},
		"in the middle":   {[]string{"hunter2"}, "a hunter2 b", "a ••• b"},
		"twice":           {[]string{"hunter2"}, "hunter2hunter2", "••••••"},
		"longest first":   {[]string{"abc", "abcdef"}, "abcdef abc", "••• •••"},
		"prefix in front": {[]string{"aab"}, "aaab", "a•••"},
		"short ones":      {[]string{"1", "22"}, "1 22 333", "1 22 333"},
		"beginning only":  {[]string{"hunter2"}, "hunt", "hunt"},
		"lines":           {[]string{"first\nsecond"}, "x first y\nsecond z", "x ••• y\n••• z"},
		"json":            {[]string{`a"b\c`}, `{"k":"a\"b\\c"}`, `{"k":"•••"}`},
		"url":             {[]string{"a b&c"}, "q=a+b%26c", "q=•••"},
		"base64":          {[]string{"hunter2"}, "Basic aHVudGVyMg==", "Basic •••"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := MaskString(tc.in, tc.values); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			for size := 1; size <= len(tc.in); size++ {
				if got := inPieces(t, tc.in, size, tc.values); got != tc.want {
					t.Errorf("in pieces of %d: got %q, want %q", size, got, tc.want)
				}
			}
		})
	}
}

func inPieces(t *testing.T, in string, size int, values []string) string {
	t.Helper()
	var out bytes.Buffer
	m := Mask(&out, values)
	for b := []byte(in); len(b) > 0; {
		n := min(size, len(b))
		if _, err := m.Write(b[:n]); err != nil {
			t.Fatal(err)
		}
		b = b[n:]
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestMaskHoldsBackOnlyBeginnings(t *testing.T) {
	var out bytes.Buffer
	m := Mask(&out, []string{"hunter2"})
	if _, err := m.Write([]byte("line\nhun")); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "line\n" {
		t.Errorf("before the rest came: %q", got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("a hunter2 b", "hunter2", uint8(3))
	f.Add("aaab", "aab", uint8(1))
	f.Fuzz(func(t *testing.T, in, value string, size uint8) {
		whole := MaskString(in, []string{value})
		if got := inPieces(t, in, int(size%16)+1, []string{value}); got != whole {
			t.Fatalf("in pieces %q, at once %q", got, whole)
		}
		if len(value) < minMasked || strings.Contains(Shown, value) {
			return
		}
		// The mask itself can complete a value only where the value holds a part of the mask.
		if !strings.ContainsAny(value, Shown) && strings.Contains(whole, value) {
			t.Fatalf("%q is still in %q", value, whole)
		}
	})
}
