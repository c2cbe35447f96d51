package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/penstock-dev/penstock/schema"
)

func TestVariants(t *testing.T) {
	five := 5.0
	for name, tc := range map[string]struct {
		v    any
		want []string
	}{
		"none":          {v: schema.Stage{}},
		"one":           {v: schema.Stage{Deploy: &schema.Deploy{}}, want: []string{"deploy"}},
		"two":           {v: schema.Stage{Promote: &schema.Promote{}, Exec: &schema.Exec{}}, want: []string{"exec", "promote"}},
		"pointer":       {v: &schema.Deploy{BlueGreen: &schema.BlueGreen{}}, want: []string{"blueGreen"}},
		"nil pointer":   {v: (*schema.Stage)(nil)},
		"string":        {v: schema.Inject{Artifact: "app"}, want: []string{"artifact"}},
		"number":        {v: schema.Step{Weight: &five, Capacity: &five, Hold: "1m"}, want: []string{"weight"}},
		"bool":          {v: schema.ProcessReady{TCP: true, Every: "1s"}, want: []string{"tcp"}},
		"empty struct":  {v: schema.Environment{Process: &schema.ProcessEnvironment{}, Tier: "test"}, want: []string{"process"}},
		"revert":        {v: schema.Migrate{Irreversible: "drops"}, want: []string{"irreversible"}},
		"bad and total": {v: schema.EventsSLI{Bad: "a", Total: "b"}, want: []string{"bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, schema.Variants(tc.v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVariantNames(t *testing.T) {
	for name, tc := range map[string]struct {
		v    any
		want []string
	}{
		"stage":       {v: schema.Stage{}, want: []string{"exec", "deploy", "verify", "approve", "migrate", "preview", "promote"}},
		"deploy":      {v: &schema.Deploy{}, want: []string{"allAtOnce", "rolling", "canary", "linear", "blueGreen", "apply"}},
		"step":        {v: schema.Step{}, want: []string{"weight", "match", "mirror", "approve"}},
		"gate":        {v: schema.Gate{}, want: []string{"errorBudget", "window", "soak", "query", "alert", "exec"}},
		"environment": {v: schema.Environment{}, want: []string{"process", "kubernetes", "lambda", "terraform"}},
		"overlay":     {v: schema.Overlay{}, want: []string{"process", "kubernetes", "lambda", "terraform"}},
		"secret":      {v: schema.Secret{}, want: []string{"env", "file", "vault", "kubernetes"}},
		"no variants": {v: schema.Owner{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, schema.VariantNames(tc.v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeepOfStrategy(t *testing.T) {
	for name, tc := range map[string]struct {
		d    schema.Deploy
		want schema.Duration
	}{
		"all at once": {schema.Deploy{AllAtOnce: &schema.AllAtOnce{Keep: "1m"}}, "1m"},
		"rolling":     {schema.Deploy{Rolling: &schema.Rolling{Keep: "2m"}}, "2m"},
		"canary":      {schema.Deploy{Canary: &schema.Canary{Keep: "3m"}}, "3m"},
		"linear":      {schema.Deploy{Linear: &schema.Linear{Keep: "4m"}}, "4m"},
		"blue-green":  {schema.Deploy{BlueGreen: &schema.BlueGreen{Keep: "5m"}}, "5m"},
		"apply":       {schema.Deploy{Apply: &schema.Apply{}}, "0s"},
		"default":     {schema.Deploy{Canary: &schema.Canary{}}, schema.DefaultKeep},
	} {
		if got := tc.d.KeepOrDefault(); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestInterruptedOfMigration(t *testing.T) {
	if got := (schema.Stage{Migrate: &schema.Migrate{}}).InterruptedOrDefault(); got != schema.InterruptedCheck {
		t.Errorf("a migration's own check is not asked: %q", got)
	}
	if got := (schema.Stage{Migrate: &schema.Migrate{}, Interrupted: "fail"}).InterruptedOrDefault(); got != schema.InterruptedFail {
		t.Errorf("the migration says %q", got)
	}
}

func TestTierRank(t *testing.T) {
	tiers := schema.Tiers()
	for i, tier := range tiers {
		if tier.Rank() != i {
			t.Errorf("%s has rank %d, want %d", tier, tier.Rank(), i)
		}
	}
	if schema.Tier("prod").Rank() != -1 {
		t.Error("an unknown tier has a rank")
	}
	if schema.Staging.Rank() >= schema.Production.Rank() {
		t.Error("staging is not below production")
	}
}
