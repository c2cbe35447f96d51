package names

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	stages := []string{"build", "staging", "contract", "approval", "production", "smoke"}
	tests := map[string]struct {
		word  string
		known []string
		want  string
	}{
		"letters swapped":         {"biuld", stages, "build"},
		"letter dropped":          {"prodction", stages, "production"},
		"letter doubled":          {"staggging", stages, "staging"},
		"neighbours swapped":      {"smoek", stages, "smoke"},
		"shortened":               {"prod", stages, "production"},
		"goes on":                 {"staging-eu", stages, "staging"},
		"letter case":             {"Build", stages, "build"},
		"underscore for hyphen":   {"eu_west_1", []string{"eu-west-1", "us-east-1"}, "eu-west-1"},
		"far from all":            {"database", stages, ""},
		"nothing known":           {"build", nil, ""},
		"two letters":             {"qa", []string{"qb"}, ""},
		"three letters, one off":  {"dev", []string{"dex", "prod"}, "dex"},
		"tie goes by name":        {"cat", []string{"hat", "bat"}, "bat"},
		"closer beats first":      {"weigth", []string{"height", "weight"}, "weight"},
		"letters are not bytes":   {"größe", []string{"grösse"}, "grösse"},
		"itself is not an answer": {"build", []string{"build"}, ""},
		"short prefix is no hint": {"ap", stages, ""},
		"empty word":              {"", stages, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Nearest(tt.word, tt.known)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Nearest(%q) = %q, %v; want %q", tt.word, got, ok, tt.want)
			}
			turned := slices.Clone(tt.known)
			slices.Reverse(turned)
			if again, _ := Nearest(tt.word, turned); again != got {
				t.Errorf("with the names in another order: %q, first %q", again, got)
			}
		})
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "acb", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3}, {"kitten", "sitting", 3},
	}
	for _, tt := range tests {
		if got := distance([]rune(tt.a), []rune(tt.b)); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance([]rune(tt.b), []rune(tt.a)); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestAsk(t *testing.T) {
	if got, want := Ask("biuld", []string{"build"}), ` (did you mean "build"?)`; got != want {
		t.Errorf("Ask = %q, want %q", got, want)
	}
	if got := Ask("zzz", []string{"build"}); got != "" {
		t.Errorf("Ask = %q, want nothing", got)
	}
}

func TestSorted(t *testing.T) {
	type stage string
	if got := Sorted(map[stage]int{"b": 1, "a": 2}); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("Sorted = %v", got)
	}
}
