package check

import (
	"errors"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/penstock-dev/penstock/internal/names"
	"github.com/penstock-dev/penstock/schema"
)

func queryDocs() []Doc {
	return []Doc{
		{
			Code:  "query-malformed",
			Title: "a query is not PromQL",
			What:  "Prometheus's own parser refuses a query, or a selector of an SLO.",
			Why:   "Every answer would be an error: a judge without data never passes, and a gate never opens.",
			Bad:   `stages: production: deploy: canary: analysis: limits: memory: {query: "max(rate(memory)", below: 6}`,
			Good:  `stages: production: deploy: canary: analysis: limits: memory: {query: "max(memory)", below: 6}`,
		},
		{
			Code:  "query-selector",
			Title: "an SLO counts something that is not a plain selector",
			What:  "bad, good, total or histogram is an expression, a range or a selector that cannot be what is asked for: a histogram with _bucket, _sum or _count at its end or with a matcher for le, or no metric at all.",
			Why:   "Penstock takes the counters themselves, for each version and over its own windows. What is already a rate cannot be counted any more.",
			Bad:   `slos: failed: {objective: 99, over: "7d", sli: events: {bad: "rate(failed_total[5m])", total: "requests_total"}}`,
			Good:  `slos: failed: {objective: 99, over: "7d", sli: events: {bad: "failed_total", total: "requests_total"}}`,
		},
		{
			Code:  "query-same",
			Title: "an SLO divides a counter by itself",
			What:  "bad or good selects the same series as total.",
			Why:   "Every event would be bad, or every event good, whatever happens.",
			Bad:   `slos: failed: {objective: 99, over: "7d", sli: events: {bad: "requests_total", total: "requests_total"}}`,
			Good:  `slos: failed: {objective: 99, over: "7d", sli: events: {bad: #"requests_total{code="500"}"#, total: "requests_total"}}`,
		},
		{
			Code:  "query-value",
			Title: "a query does not give one value",
			What:  "The query of a limit or a gate gives a range of samples or a text.",
			Why:   "Neither is above or below a number.",
			Bad:   `stages: production: deploy: canary: analysis: limits: memory: {query: "memory[5m]", below: 6}`,
			Good:  `stages: production: deploy: canary: analysis: limits: memory: {query: "max_over_time(memory[5m])", below: 6}`,
		},
	}
}

// queries holds every query to Prometheus's own parser and to what its place needs.
func queries(p *pass) {
	q := &querying{pass: p, parsed: map[string]parsed{}}
	for name, s := range p.pipe.SLOs {
		where := root("slos").field(string(name)).field("sli")
		if e := s.SLI.Events; e != nil {
			q.events(where.field("events"), e)
		}
		if l := s.SLI.Latency; l != nil {
			q.histogram(where.field("latency").field("histogram"), l.Histogram)
		}
	}
	for _, name := range p.stages {
		s := p.pipe.Stages[schema.StageName(name)]
		analyses(p.stageAt(name), s, func(where *at, a schema.Analysis) {
			for limit, l := range a.Limits {
				q.value(where.field("limits").field(string(limit)).field("query"), l.Query)
			}
		})
		for gate, g := range s.Gates {
			if g.Query != nil {
				q.value(p.stageAt(name).field("gates").field(string(gate)).field("query").field("query"), g.Query.Query)
			}
		}
	}
}

// metricName is the label that holds a series' name.
const metricName = "__name__"

// querying is the check with what was parsed so far: many stages ask one query.
type querying struct {
	*pass
	parsed map[string]parsed
}

type parsed struct {
	expr parser.Expr
	err  error
}

// parse returns nil for what it has reported, and for what is not there.
func (q *querying) parse(where *at, query string) parser.Expr {
	if query == "" {
		return nil
	}
	known, ok := q.parsed[query]
	if !ok {
		// Whether the server knows an experimental function is for the server to say.
		known.expr, known.err = parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(query)
		q.parsed[query] = known
	}
	if known.err == nil {
		return known.expr
	}
	offset, message := 0, known.err.Error()
	var list parser.ParseErrors
	if errors.As(known.err, &list) && len(list) > 0 {
		offset, message = int(list[0].PositionRange.Start), list[0].Err.Error()
	}
	path := where.String()
	d := q.list.Errorf("query-malformed", q.source.Inside(path, query, offset), path, "this is not PromQL: %s", strings.Join(strings.Fields(message), " "))
	switch word, isCall := strings.CutPrefix(message, `unknown function with name "`); {
	case isCall:
		if near, ok := names.Nearest(strings.TrimSuffix(word, `"`), names.Sorted(parser.Functions)); ok {
			d.Message += ` (did you mean "` + near + `"?)`
		}
	case strings.HasPrefix(message, "expected type range vector"):
		d.Hint = "say over which time, as in requests_total[5m]"
	}
	return nil
}

func (q *querying) events(where *at, e *schema.EventsSLI) {
	total := q.selector(where.field("total"), e.Total)
	for field, query := range map[string]string{"bad": e.Bad, "good": e.Good} {
		part := q.selector(where.field(field), query)
		if part == nil || total == nil || !sameSeries(part, total) {
			continue
		}
		d := q.errorf("query-same", where.field(field), "%s selects the same as total: every event would be %s", field, field)
		d.Hint = "add a matcher that tells the " + field + " ones, or name another counter"
		q.relate(d, where.field("total"), "total")
	}
}

func (q *querying) histogram(where *at, query string) {
	s := q.selector(where, query)
	if s == nil {
		return
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ends := strings.CutSuffix(s.Name, suffix); ends && base != "" {
			d := q.errorf("query-selector", where, "%q is a part of a histogram", s.Name)
			d.Hint = "name the histogram itself, " + base + ": its buckets are found by that"
			return
		}
	}
	for _, m := range s.LabelMatchers {
		if m.Name == labels.BucketLabel {
			d := q.errorf("query-selector", where, "the selector chooses a bucket: %s", m)
			d.Hint = "leave le out: below says which bucket"
			return
		}
	}
}

// selector demands a plain selector of a metric.
func (q *querying) selector(where *at, query string) *parser.VectorSelector {
	expr := q.parse(where, query)
	if expr == nil {
		return nil
	}
	s, plain := expr.(*parser.VectorSelector)
	if !plain {
		d := q.errorf("query-selector", where, "a selector of a counter is needed, and this is %s", kindOfExpr(expr))
		d.Hint = "name the counter itself: rates and sums are penstock's to make"
		if inner := selectorsIn(expr); len(inner) == 1 {
			bare := *inner[0]
			unmoved(&bare)
			d.Hint = "name the counter itself, " + bare.String() + ": rates and sums are penstock's to make"
		}
		return nil
	}
	bare := *s
	if unmoved(&bare); bare.String() != s.String() {
		q.errorf("query-selector", where, "the selector looks at another time: %s", s).Hint = "name the counter itself, " + bare.String()
		return nil
	}
	if s.Name == "" && !matches(s, metricName) {
		q.errorf("query-selector", where, "the selector names no metric: %s", s).Hint = "put the counter's name in front of the braces"
		return nil
	}
	return s
}

// value demands a query that gives numbers at one moment.
func (q *querying) value(where *at, query string) {
	expr := q.parse(where, query)
	if expr == nil {
		return
	}
	switch expr.Type() {
	case parser.ValueTypeMatrix:
		d := q.errorf("query-value", where, "the query gives a range of samples, and one value is needed")
		d.Hint = "sum them up over the range, as in max_over_time(" + expr.String() + ")"
	case parser.ValueTypeString:
		q.errorf("query-value", where, "the query gives a text, and a number is needed")
	}
}

func kindOfExpr(e parser.Expr) string {
	switch e := e.(type) {
	case *parser.Call:
		return "a call of " + e.Func.Name
	case *parser.AggregateExpr:
		return "an aggregation by " + e.Op.String()
	case *parser.MatrixSelector:
		return "a range of samples"
	case *parser.SubqueryExpr:
		return "a subquery"
	case *parser.NumberLiteral:
		return "a number"
	case *parser.StringLiteral:
		return "a text"
	}
	return "an expression"
}

// selectorsIn are the vector selectors of an expression.
func selectorsIn(e parser.Expr) []*parser.VectorSelector {
	var out []*parser.VectorSelector
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			out = append(out, s)
		}
		return nil
	})
	return out
}

// unmoved takes off what makes a selector look at another time.
func unmoved(s *parser.VectorSelector) {
	*s = parser.VectorSelector{Name: s.Name, LabelMatchers: s.LabelMatchers}
}

func matches(s *parser.VectorSelector, label string) bool {
	for _, m := range s.LabelMatchers {
		if m.Name == label {
			return true
		}
	}
	return false
}

// sameSeries reports whether two selectors have the same matchers, in whatever order.
func sameSeries(a, b *parser.VectorSelector) bool {
	set := func(s *parser.VectorSelector) map[string]bool {
		out := map[string]bool{}
		for _, m := range s.LabelMatchers {
			out[m.String()] = true
		}
		return out
	}
	x, y := set(a), set(b)
	for m := range x {
		if !y[m] {
			return false
		}
	}
	return len(x) == len(y)
}
