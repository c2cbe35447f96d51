package leak

import (
	"slices"
	"strings"
	"testing"
)

// The tokens are put together here, so that nobody's scanner takes this file for a leak.
const (
	random36 = "x7Qm2Lr9Tz4Vb8Nc6Kd1Wf3Hg5Js0Pa7Ye2U"
	random20 = "Q7MX2LR6TZ4VBZNC"
)

func TestFind(t *testing.T) {
	pem := "-----BEGIN " + "PRIVATE KEY-----\n" + strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", 4) + "-----END " + "PRIVATE KEY-----"
	for name, c := range map[string]struct {
		text, rule, secret string
	}{
		"github":           {"token: ghp" + "_" + random36 + "\n", "github-pat", "ghp" + "_" + random36},
		"aws":              {`key = "AKIA` + random20 + `"`, "aws-access-token", "AKIA" + random20},
		"private key":      {"data:\n" + pem, "private-key", pem},
		"by its service":   {`ADAFRUIT_KEY = "q7mx2lr6tz4vbznc9k1wf3hg5js0pa7y"`, "adafruit-api-key", "q7mx2lr6tz4vbznc9k1wf3hg5js0pa7y"},
		"in a URL":         {"https://deploy:s3Cr7tvX9@git.internal/app", "password-in-url", "s3Cr7tvX9"},
		"in a URL, quoted": {`postgres://app:s3Cr7tvX9@db:5432/app?sslmode=require`, "password-in-url", "s3Cr7tvX9"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Find(c.text)
			if len(got) != 1 || got[0].Rule != c.rule || c.text[got[0].Start:got[0].End] != c.secret {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	for _, text := range []string{
		"",
		"AKIAIOSFODNN7EXAMPLE",
		"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PUBLIC KEY-----",
		"image: registry.example.com/datadog@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
		"https://user:$(PASSWORD)@git.internal/app",
		"https://user:password@git.internal/app",
		"https://git.internal:8443/a:b@c",
		"postgres://app@db/app",
		"eyes on the monkey business, task risk sk",
	} {
		if got := Find(text); len(got) > 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"DB_PASSWORD", "hunter2hunter3", true},
		{"apiKey", "9f8e7d6c5b4a", true},
		{"authToken", "Zx81-spectrum-48k", true},
		{"Authorization", "Bearer 9f8e7D6c5b4a", true},
		{"--password", "Tr0ub4dor&3", true},
		{"db_password", "var.password_1", false},
		{"DB_PASSWORD", "$(DB_PASSWORD_1)", false},
		{"DB_PASSWORD", "changeme123", false},
		{"DB_PASSWORD", "password", false},
		{"DB_PASSWORD", "12345678", false},
		{"TOKEN_URL", "aB3dE5gH7", false},
		{"TOKEN", "https://auth.internal/t0ken", false},
		{"SECRET", "db-1-credentials", false},
		{"SECRET", "kv/ci#token1", false},
		{"KEY", "aB3dE5gH7", false},
		{"api_key", "keys/v2/release.pub", false},
		{"MONKEY", "aB3dE5gH7", false},
		{"PASSWORD_FILE", "aB3dE5gH7", false},
		{"token", "short1", false},
		{"token", "1111aaaa", false},
		{"", "aB3dE5gH7", false},
	} {
		if got := Named(c.name, c.value); got != c.want {
			t.Errorf("Named(%q, %q) = %v", c.name, c.value, got)
		}
	}
}

// TestRules compiles every expression, and holds the filter to letting through what an expression matches at its keyword.
func TestRules(t *testing.T) {
	all := rules()
	if len(all.rules) < 200 || len(all.global.parsed().allow) == 0 {
		t.Fatalf("%d rules, %d allowed everywhere", len(all.rules), len(all.global.parsed().allow))
	}
	for _, k := range all.keywords {
		if len(k.text) < 2 || k.text != strings.ToLower(k.text) {
			t.Errorf("keyword %q", k.text)
		}
		if !slices.Contains(all.candidates("a = \""+strings.ToUpper(k.text)), k.rule) {
			t.Errorf("%s: keyword %q is not seen", all.rules[k.rule].parsed().id, k.text)
		}
	}
	ids := map[string]bool{}
	for i := range all.rules {
		f := all.rules[i].parsed()
		if ids[f.id] || f.id == "" || f.group > f.expr.NumSubexp() {
			t.Errorf("rule %q", f.id)
		}
		ids[f.id] = true
	}
}

func BenchmarkFindNothing(b *testing.B) {
	text := strings.Repeat("needs: build, deploy: workload: web, in: production, canary: steps: weight: 5, hold: 10m, key: monkey\n", 30)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if len(Find(text)) > 0 {
			b.Fatal("found")
		}
	}
}

func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		load()
	}
}
