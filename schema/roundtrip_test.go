package schema_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/schema"
)

// TestRoundTrip fills every field of every type, all variants at once (CUE
// leaves "exactly one" to the compiler), and takes it through CUE and back.
func TestRoundTrip(t *testing.T) {
	ctx := cuecontext.New()
	def := compileSchema(t, ctx).LookupPath(cue.ParsePath("#Pipeline"))
	var in schema.Pipeline
	fill(t, reflect.ValueOf(&in).Elem(), "Pipeline")

	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]cue.Value{"encoded": ctx.Encode(in), "json": ctx.CompileBytes(text)} {
		t.Run(name, func(t *testing.T) {
			u := def.Unify(v)
			if err := u.Validate(cue.Concrete(true), cue.Final()); err != nil {
				t.Fatal(details(err))
			}
			var out schema.Pipeline
			if err := u.Decode(&out); err != nil {
				t.Fatal(details(err))
			}
			if diff := cmp.Diff(in, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestZeroIsAbsent encodes the smallest pipeline: what is not given must not appear.
func TestZeroIsAbsent(t *testing.T) {
	in := schema.Pipeline{Name: "p", Stages: map[schema.StageName]schema.Stage{"s": {Exec: &schema.Exec{Command: []string{"true"}}}}}
	got, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"p","stages":{"s":{"exec":{"command":["true"]}}}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// fill sets v, and all that hangs below it, to something the schema accepts.
func fill(t *testing.T, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), v.Type().Name()+"."+tagName(v.Type().Field(i)))
		}
	case reflect.Map:
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString("akey")
		fill(t, elem, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, elem)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), path)
	case reflect.String:
		v.SetString(sampleText(v.Type(), path))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(sampleInt(path))
	case reflect.Float64:
		v.SetFloat(sampleFloat(path))
	case reflect.Interface:
		v.Set(reflect.ValueOf("anything"))
	default:
		t.Fatalf("%s: no sample for %v", path, v.Type())
	}
}

// sampleText is a valid string for a field: by its place, else by its type.
func sampleText(typ reflect.Type, path string) string {
	byPlace := map[string]string{
		"Webhook.url": "https://example.com/hook", "Prometheus.url": "http://127.0.0.1:9090", "Keyless.issuer": "https://issuer.example.com",
		"LambdaEnvironment.endpoint": "http://127.0.0.1:1", "Container.image": "r.example.com/a@sha256:" + zeros64,
		"Inject.output": "infra.cluster_id", "Window.from": "09:00", "Window.to": "2026-12-31T18:00", "Drift.path": "/spec",
		"ImageArtifact.repository": "r.example.com:5000/team/a-b", "ImageArtifact.platforms": "linux/arm64/v8",
		"Environment.repositories": "r.example.com/a", "Promote.from": "r.example.com/a", "Promote.to": "r.example.com/b",
		"KubernetesEnvironment.namespace": "ns", "ProcessWorkload.listen": "[::1]:8080", "ProcessReady.http": "/healthz",
		"LambdaEnvironment.account": "111111111111", "LambdaEnvironment.region": "eu-central-1",
		"LambdaEnvironment.role": "arn:aws:iam::111111111111:role/r", "LambdaWorkload.role": "arn:aws:iam::111111111111:role/r",
		"LambdaWorkload.architecture": "arm64", "TerraformEnvironment.binary": "tofu", "Group.members": "user:ann",
	}
	if s, ok := byPlace[path]; ok {
		return s
	}
	byType := map[reflect.Type]string{
		reflect.TypeFor[schema.Duration](): "1w2d3h4m5s6ms", reflect.TypeFor[schema.Date](): "2026-02-28",
		reflect.TypeFor[schema.Timezone](): "America/Argentina/Buenos_Aires", reflect.TypeFor[schema.Principal](): "group:release-managers",
		reflect.TypeFor[schema.Concurrency](): "supersede", reflect.TypeFor[schema.Interrupted](): "check",
		reflect.TypeFor[schema.Occasion](): "rolledBack", reflect.TypeFor[schema.Tier](): "preproduction", reflect.TypeFor[schema.Weekday](): "sun",
		reflect.TypeFor[schema.Require](): "proven-safe", reflect.TypeFor[schema.Inconclusive](): "approve",
	}
	if s, ok := byType[typ]; ok {
		return s
	}
	return "text"
}

const zeros64 = "0000000000000000000000000000000000000000000000000000000000000000"

func sampleInt(path string) int64 {
	if path == "LambdaWorkload.memory" {
		return 512
	}
	return 7
}

func sampleFloat(path string) float64 {
	if path == "Analysis.alpha" || path == "Verify.alpha" {
		return 0.01
	}
	return 12.5
}
