package check

import (
	"reflect"
	"strings"

	"github.com/penstock-dev/penstock/internal/leak"
)

func secretDocs() []Doc {
	return []Doc{{
		Code:  "secret-literal",
		Title: "a secret is written out",
		What: "A text of the pipeline, or of a file that it names, has the form of a known token or key, or is a password inside a URL: that is an error. " +
			"A value that looks random and whose name says password, secret, token or the like is a warning. The formats are those of gitleaks.",
		Why:   "Whoever can read the repository has it, and it stays in the history, in plans and in logs. Take it back where it was issued; a secret in a pipeline is a reference to where it is kept.",
		Allow: true,
		Bad:   `stages: push: {needs: ["build"], exec: command: ["git", "push", "https://ci:s3Cr7tvX9@git.internal/web"]}`,
		Good:  `stages: push: {needs: ["build"], exec: {command: ["ci/push.sh"], secrets: PASSWORD: vault: {path: "kv/ci", field: "password"}}}`,
	}}
}

// secretHint is what to do with a secret in a pipeline.
const secretHint = "take it back where it was issued, and refer to the new one: secrets: NAME: with env, file, vault or kubernetes"

// secrets looks at every text of the pipeline.
func secrets(p *pass) {
	s := &secretScan{pass: p}
	s.walk(reflect.ValueOf(p.pipe), "")
}

// secretScan walks values. The path is kept as what it takes to make one: it is only written down for what is found.
type secretScan struct {
	*pass
	path []pathStep
}

// pathStep is a field of a struct type, or else a key, or else an index.
type pathStep struct {
	of  reflect.Type
	key string
	i   int
}

// walk goes through a value. name is what the user called it, where it is an entry of a map or follows a flag.
func (s *secretScan) walk(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		s.text(v.String(), name)
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			s.walk(v.Elem(), name)
		}
	case reflect.Struct:
		t := v.Type()
		for i := range v.NumField() {
			if f := v.Field(i); f.CanInterface() && !f.IsZero() {
				s.below(pathStep{of: t, i: i}, f, "")
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if it.Key().Kind() == reflect.String {
				s.below(pathStep{key: it.Key().String(), i: -1}, it.Value(), it.Key().String())
			}
		}
	case reflect.Slice:
		flag := ""
		for i := range v.Len() {
			s.below(pathStep{i: i}, v.Index(i), flag)
			flag = flagOf(v.Index(i))
		}
	}
}

func (s *secretScan) below(step pathStep, v reflect.Value, name string) {
	s.path = append(s.path, step)
	s.walk(v, name)
	s.path = s.path[:len(s.path)-1]
}

// flagOf is an element of a command line that says what the next one is.
func flagOf(v reflect.Value) string {
	if v.Kind() == reflect.String && strings.HasPrefix(v.String(), "-") && !strings.Contains(v.String(), "=") {
		return v.String()
	}
	return ""
}

func (s *secretScan) text(value, name string) {
	const least = 8
	if len(value) < least {
		return
	}
	whole := value
	if name != "" { // some formats are known by the name of their service
		whole = name + ` = "` + value + `"`
	}
	if found := leak.Find(whole); len(found) > 0 {
		path := s.at()
		d := s.list.Errorf("secret-literal", s.source.Value(path), path, "this has the form of a secret (%s), and it is written out", found[0].Rule)
		d.Hint, d.Conceal = secretHint, true
		return
	}
	if key, assigned, ok := strings.Cut(value, "="); ok && !leak.Named(name, value) {
		name, value = key, assigned
	}
	if leak.Named(name, value) {
		path := s.at()
		d := s.list.Warnf("secret-literal", s.source.Value(path), path, "the value of %q looks like a secret, and it is written out", strings.TrimLeft(name, "-"))
		d.Hint, d.Conceal = secretHint, true
	}
}

// at is the path of what is being looked at.
func (s *secretScan) at() string {
	var where *at
	for _, step := range s.path {
		switch {
		case step.of != nil:
			name, _, _ := strings.Cut(step.of.Field(step.i).Tag.Get("json"), ",")
			where = &at{up: where, key: name, index: -1}
		case step.i < 0:
			where = &at{up: where, key: step.key, index: -1}
		default:
			where = where.item(step.i)
		}
	}
	return where.String()
}
