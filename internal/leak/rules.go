package leak

import (
	_ "embed" // for rulesText
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed rules.txt
var rulesText string

// rule is one format of secrets. Most rules are never asked: until then only the keywords are taken out of the line.
type rule struct {
	line   string
	once   sync.Once
	format *format
}

func (r *rule) parsed() *format {
	r.once.Do(func() { r.format = parse(r.line) })
	return r.format
}

// format is a rule read to its end.
type format struct {
	id      string
	entropy float64
	group   int
	expr    *regexp.Regexp
	allow   []allowed
}

// allowed is what is no secret although it looks like one: an expression, or a part of it.
type allowed struct {
	expr *regexp.Regexp
	stop string
}

// table is what rules.txt says, with its keywords by their first two letters.
type table struct {
	global rule
	rules  []rule
	// keywords are linked by next; first holds 1 + the place of the first one.
	keywords []keyword
	first    [1 << 16]uint16
}

type keyword struct {
	text string
	// bound keywords count at the beginning of a word only.
	bound bool
	rule  int
	next  uint16
}

// rules is the table, made when somebody first asks.
var rules = sync.OnceValue(load)

func load() *table {
	const about = 256
	t := &table{rules: make([]rule, 0, about), keywords: make([]keyword, 0, 2*about)}
	for l := range strings.Lines(rulesText) {
		if l[0] == '#' {
			continue
		}
		l = strings.TrimSuffix(l, "\n")
		words, rest, _ := strings.Cut(l, "\t")
		if words == "" {
			t.global.line = rest
			continue
		}
		for k := range strings.SplitSeq(words, ",") {
			t.add(k, len(t.rules))
		}
		t.rules = append(t.rules, rule{line: rest})
	}
	return t
}

func (t *table) add(word string, rule int) {
	k := keyword{rule: rule}
	k.text, k.bound = strings.CutPrefix(word, `\b`)
	b := pair(k.text[0], k.text[1])
	k.next = t.first[b]
	t.keywords = append(t.keywords, k)
	t.first[b] = uint16(len(t.keywords))
}

func parse(line string) *format {
	fields := strings.Split(line, "\t")
	f := &format{id: fields[0]}
	f.entropy, _ = strconv.ParseFloat(fields[1], 64)
	f.group, _ = strconv.Atoi(fields[2])
	f.expr = regexp.MustCompile(fields[3])
	for _, a := range fields[4:] {
		kind, x, _ := strings.Cut(a, ":")
		if kind == "stop" {
			f.allow = append(f.allow, allowed{stop: x})
			continue
		}
		f.allow = append(f.allow, allowed{expr: regexp.MustCompile(x)})
	}
	return f
}

func pair(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

// candidates are the rules that have a keyword in the text, in the order of the table.
func (t *table) candidates(text string) []int {
	var out []int
	for i := 0; i+1 < len(text); i++ {
		for at := t.first[pair(lower(text[i]), lower(text[i+1]))]; at != 0; {
			k := &t.keywords[at-1]
			at = k.next
			if hasPrefixFold(text[i:], k.text) && !(k.bound && i > 0 && inWord(text[i-1])) && !slices.Contains(out, k.rule) {
				out = append(out, k.rule)
			}
		}
	}
	slices.Sort(out)
	return out
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(s[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
