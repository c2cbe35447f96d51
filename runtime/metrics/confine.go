package metrics

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// metricName is the label that holds a series' name.
const metricName = "__name__"

// Confine adds labels as matchers to every vector selector of a query, also those in range selectors and subqueries. A
// selector that asks for another value of such a label keeps that matcher, and so finds nothing. Without labels the query
// is returned as it is.
//
// The function info is refused: it reads series that no selector of the query names.
func Confine(query string, with map[string]string) (string, error) {
	if len(with) == 0 {
		return query, nil
	}
	matchers, err := matchersOf(with)
	if err != nil {
		return "", err
	}
	// Whether the server knows an experimental function is for the server to say.
	expr, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(query)
	if err != nil {
		return "", fmt.Errorf("add the environment's labels to the query: %w", err)
	}
	refused := false
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			for _, m := range matchers {
				if !slices.ContainsFunc(n.LabelMatchers, func(has *labels.Matcher) bool { return same(has, m) }) {
					n.LabelMatchers = append(n.LabelMatchers, m)
				}
			}
		case *parser.Call:
			refused = refused || n.Func.Name == "info"
		}
		return nil
	})
	if refused {
		return "", fmt.Errorf("the function info can't be confined to the environment's labels: %w", ErrUnsupported)
	}
	return expr.String(), nil
}

// labelName is what every version of the server and every store behind its API takes as the name of a label.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func matchersOf(with map[string]string) ([]*labels.Matcher, error) {
	var out []*labels.Matcher
	for _, name := range slices.Sorted(maps.Keys(with)) {
		if name == metricName || !labelName.MatchString(name) {
			return nil, fmt.Errorf("label %q of the environment's metrics: a label's name is letters, digits and _, and not %s", name, metricName)
		}
		m, err := labels.NewMatcher(labels.MatchEqual, name, with[name])
		if err != nil {
			return nil, fmt.Errorf("label %q of the environment's metrics: %w", name, err)
		}
		out = append(out, m)
	}
	return out, nil
}

func same(a, b *labels.Matcher) bool {
	return a.Type == b.Type && a.Name == b.Name && a.Value == b.Value
}
