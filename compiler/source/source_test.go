package source

import (
	"slices"
	"testing"

	"github.com/penstock-dev/penstock/internal/diag"
)

func at(file string, line int) diag.Range {
	return diag.Range{File: file, Start: diag.Position{Line: line, Column: 1}}
}

func TestPaths(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Join("", "stages"), "stages"},
		{Join("stages", "eu-west-1"), "stages.eu-west-1"},
		{Join("stages", "build_2"), "stages.build_2"},
		{Join("environments", "eu/1"), `environments."eu/1"`},
		{Join("labels", ""), `labels.""`},
		{Join("", "a.b"), `"a.b"`},
		{Join("labels", `say "hi"`), `labels."say \"hi\""`},
		{Join("labels", `ends in \`), `labels."ends in \\"`},
		{Index("stages.a.needs", 0), "stages.a.needs[0]"},
		{Index("", 12), "[12]"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
}

func TestParent(t *testing.T) {
	for path, want := range map[string]string{
		"":                             "",
		"stages":                       "",
		"stages.a":                     "stages",
		"stages.a.needs[10]":           "stages.a.needs",
		"steps[0].weight":              "steps[0]",
		"a[0][1]":                      "a[0]",
		`environments."eu/1"`:          "environments",
		`environments."eu/1".tier`:     `environments."eu/1"`,
		`"a.b"`:                        "",
		`labels."say \"hi\""`:          "labels",
		`labels."ends in \\"`:          "labels",
		`labels.""`:                    "labels",
		`labels."x[0]"`:                "labels",
		`labels."two\\\"quotes"`:       "labels",
		`vars."a]".list[3]`:            `vars."a]".list`,
		`groups."a b".members[1].x`:    `groups."a b".members[1]`,
		`stages.b.exec.env."_UNDER".x`: `stages.b.exec.env."_UNDER"`,
	} {
		if got := Parent(path); got != want {
			t.Errorf("Parent(%s) = %s, want %s", path, got, want)
		}
	}
}

// FuzzParent holds that Parent undoes Join and Index, whatever the key.
func FuzzParent(f *testing.F) {
	f.Add("stages", "a.b", 3)
	f.Add("", `\`, 0)
	f.Add(`x."\""`, `"`, 1)
	f.Fuzz(func(t *testing.T, first, key string, i int) {
		base := Join("top", first)
		if got := Parent(Join(base, key)); got != base {
			t.Errorf("Parent(Join(%q, %q)) = %q", base, key, got)
		}
		if i >= 0 {
			if got := Parent(Index(base, i)); got != base {
				t.Errorf("Parent(Index(%q, %d)) = %q", base, i, got)
			}
		}
	})
}

func TestMap(t *testing.T) {
	var m Map
	if !m.Key("anything").IsZero() || m.Len() != 0 {
		t.Error("the zero Map is not empty")
	}
	m.Add("", Entry{Key: at("a.cue", 1), Value: at("a.cue", 1)})
	m.Add("stages.build", Entry{Key: at("a.cue", 3), Value: at("a.cue", 4)})
	m.Add("stages.build", Entry{Key: at("golden.cue", 9), Value: at("golden.cue", 9), Module: "golden.example.com"})
	m.Add("name", Entry{Key: at("a.cue", 2)})
	for _, tc := range []struct {
		path       string
		key, value diag.Range
	}{
		{"stages.build", at("a.cue", 3), at("a.cue", 4)},
		{"stages.build.exec.command[0]", at("a.cue", 3), at("a.cue", 4)}, // the nearest parent that is known
		{"stages.other", at("a.cue", 1), at("a.cue", 1)},
		{"name", at("a.cue", 2), at("a.cue", 2)}, // without a value the key stands for it
		{`stages."build it".exec`, at("a.cue", 1), at("a.cue", 1)},
	} {
		if got := m.Key(tc.path); got != tc.key {
			t.Errorf("Key(%s) = %v, want %v", tc.path, got, tc.key)
		}
		if got := m.Value(tc.path); got != tc.value {
			t.Errorf("Value(%s) = %v, want %v", tc.path, got, tc.value)
		}
	}
	if all := m.All("stages.build"); len(all) != 2 || all[1].Module != "golden.example.com" {
		t.Errorf("All = %v", all)
	}
	if m.All("stages") != nil {
		t.Error("All answers for a parent")
	}
	var paths []string
	m.Each(func(p string) { paths = append(paths, p) })
	slices.Sort(paths)
	if !slices.Equal(paths, []string{"", "name", "stages.build"}) || m.Len() != 3 {
		t.Errorf("Each gave %q, Len %d", paths, m.Len())
	}
}

func TestNilMap(t *testing.T) {
	var m *Map
	if !m.Key("a").IsZero() || !m.Value("a").IsZero() || m.All("a") != nil || m.Len() != 0 {
		t.Error("a nil Map is not empty")
	}
	m.Each(func(string) { t.Error("a nil Map has a path") })
}

func TestDirect(t *testing.T) {
	at := at("a.cue", 1)
	tests := map[string]struct {
		entries []Entry
		want    bool
	}{
		"nowhere":                 {nil, false},
		"here":                    {[]Entry{{Key: at}}, true},
		"here, or in a loop":      {[]Entry{{Key: at}, {Key: at, Perhaps: true}}, true},
		"in a loop":               {[]Entry{{Key: at, Perhaps: true}}, false},
		"here and by a template":  {[]Entry{{Key: at}, {Key: at, Borrowed: true}}, false},
		"by a module's reference": {[]Entry{{Key: at}, {Key: at, Module: "platform.example.com/golden"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var m Map
			for _, e := range tt.entries {
				m.Add("stages.a", e)
			}
			if got := m.Direct("stages.a"); got != tt.want {
				t.Errorf("Direct = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestInside(t *testing.T) {
	for _, tc := range []struct {
		literal, value string
		offset, column int // column 0: the whole value
	}{
		{`"abc"`, "abc", 0, 11},
		{`"abc"`, "abc", 2, 13},
		{`"abc"`, "abc", 3, 14}, // the closing quote
		{`#"a"b"#`, `a"b`, 2, 14},
		{`"a\"b\\c"`, `a"b\c`, 2, 14},
		{`"a\"b\\c"`, `a"b\c`, 4, 17},
		{`##"a\##"b"##`, `a"b`, 2, 18},
		{`"a\tb"`, "a\tb", 2, 0}, // other escapes
		{`"a\(x)b"`, "ayb", 2, 0},
		{`"other"`, "abc", 1, 0},
		{`"abcd"`, "abc", 1, 0},
		{`"""`, "abc", 1, 0},
		{"", "abc", 1, 0},
		{`"abc"`, "abc", 9, 0},
	} {
		var m Map
		whole := at("a.cue", 3)
		whole.Start.Column = 10
		m.Add("query", Entry{Key: whole, Value: whole, Literal: tc.literal})
		want := whole
		if tc.column > 0 {
			want.Start.Column = tc.column
		}
		if got := m.Inside("query", tc.value, tc.offset); got != want {
			t.Errorf("%s at %d: got column %d, want %d", tc.literal, tc.offset, got.Start.Column, want.Start.Column)
		}
	}
}
