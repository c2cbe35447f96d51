package compiler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIndex holds the tables of the corpus's README against its packages: what they list is there, and nothing of the lists
// has been dropped.
func TestIndex(t *testing.T) {
	text, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	least := map[string]int{
		"Classic mistakes":                          28,
		"What PipeCD's loader is given":             15,
		"What the linter of Argo Rollouts is given": 11,
	}
	rows := map[string]int{}
	section := ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		}
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| mistake") {
			continue
		}
		rows[section]++
		names := strings.Fields(cells[2])
		if len(names) == 0 {
			t.Errorf("%s: no package shows%s", section, cells[1])
		}
		for _, name := range names {
			if !exists("broken", name) && !exists("pending", name) {
				t.Errorf("%s: there is no package %s", section, name)
			}
		}
	}
	for section, n := range least {
		if rows[section] < n {
			t.Errorf("%s: %d rows, want %d", section, rows[section], n)
		}
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join("testdata", dir, name+".txtar"))
	return err == nil
}
