package metrics

import (
	"errors"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestConfine(t *testing.T) {
	one := map[string]string{"cluster": "a"}
	for name, x := range map[string]struct {
		query string
		with  map[string]string
		want  string
	}{
		"none":           {" up", nil, " up"},
		"bare":           {"up", one, `up{cluster="a"}`},
		"sorted":         {"up", map[string]string{"z": "1", "b": "2"}, `up{b="2",z="1"}`},
		"range":          {`sum(rate(http_total{code=~"5.."}[5m])) / sum(rate(http_total[5m]))`, one, `sum(rate(http_total{cluster="a",code=~"5.."}[5m])) / sum(rate(http_total{cluster="a"}[5m]))`},
		"subquery":       {"max_over_time(rate(x[1m])[1h:5m] offset 1d)", one, `max_over_time(rate(x{cluster="a"}[1m])[1h:5m] offset 1d)`},
		"other value":    {`up{cluster="b"}`, one, `up{cluster="a",cluster="b"}`},
		"same value":     {`up{cluster="a"}`, one, `up{cluster="a"}`},
		"no selector":    {"vector(1)", one, "vector(1)"},
		"name as label":  {`{__name__=~"a.*"}`, one, `{__name__=~"a.*",cluster="a"}`},
		"in a text":      {`label_replace(up, "a", "up{}", "b", "(.*)")`, one, `label_replace(up{cluster="a"}, "a", "up{}", "b", "(.*)")`},
		"quoted value":   {"up", map[string]string{"cluster": "a\"} or up{x=\"\n"}, `up{cluster="a\"} or up{x=\"\n"}`},
		"alert":          {`count(ALERTS{alertname="A"}) or vector(0)`, one, `count(ALERTS{alertname="A",cluster="a"}) or vector(0)`},
		"absent":         {"absent(up)", one, `absent(up{cluster="a"})`},
		"at and keyword": {"up @ end() offset 5m", one, `up{cluster="a"} @ end() offset 5m`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Confine(x.query, x.with)
			if err != nil {
				t.Fatal(err)
			}
			if !equivalent(t, got, x.want) {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}

// equivalent compares queries without the order of matchers.
func equivalent(t *testing.T, a, b string) bool {
	t.Helper()
	canonical := func(q string) string {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		for _, s := range selectors(expr) {
			slices.SortFunc(s.LabelMatchers, func(x, y *labels.Matcher) int {
				if x.String() < y.String() {
					return -1
				}
				return 1
			})
		}
		return expr.String()
	}
	return a == b || canonical(a) == canonical(b)
}

func selectors(expr parser.Expr) []*parser.VectorSelector {
	var out []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			out = append(out, s)
		}
		return nil
	})
	return out
}

func TestConfineRefuses(t *testing.T) {
	for name, x := range map[string]struct {
		query string
		with  map[string]string
	}{
		"no query":       {"sum(", map[string]string{"a": "b"}},
		"bad name":       {"up", map[string]string{"a-b": "c"}},
		"injected name":  {"up", map[string]string{`a="b"} or up{c`: "c"}},
		"name of metric": {"up", map[string]string{"__name__": "down"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Confine(x.query, x.with); err == nil {
				t.Errorf("got %s", got)
			}
		})
	}
	if _, err := Confine("info(up)", map[string]string{"a": "b"}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("info: %v", err)
	}
}

// FuzzConfine holds that no selector escapes, whatever the query and the value are.
func FuzzConfine(f *testing.F) {
	f.Add("sum(rate(a{b=\"c\"}[5m])) / b", "x")
	f.Add("max_over_time((a or {__name__=\"b\"})[1h:])", "\"} or up{a=\"")
	f.Add("count_values(\"x\", -a[1m:5s] @ 5)", "\xff\n")
	f.Fuzz(func(t *testing.T, query, value string) {
		got, err := Confine(query, map[string]string{"tenant": value})
		if err != nil {
			return
		}
		options := parser.Options{EnableExperimentalFunctions: true}
		before, err := parser.NewParser(options).ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		after, err := parser.NewParser(options).ParseExpr(got)
		if err != nil {
			t.Fatalf("%q became %q: %v", query, got, err)
		}
		all := selectors(after)
		if len(all) != len(selectors(before)) {
			t.Errorf("%q became %q", query, got)
		}
		for _, s := range all {
			if !slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
				return m.Name == "tenant" && m.Type == labels.MatchEqual && m.Value == value
			}) {
				t.Errorf("%q became %q: a selector is not confined to %q", query, got, value)
			}
		}
	})
}
