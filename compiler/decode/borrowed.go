package decode

import (
	"reflect"
	"slices"
	"strings"
)

// borrowed is what the language calls a field that other tools know by the given name; "" for all other names.
func borrowed(t reflect.Type, name string) string {
	if t == nil {
		return ""
	}
	for _, b := range vocabulary() {
		if b.in == deref(t).Name() && slices.Contains(strings.Fields(b.words), name) {
			return b.field
		}
	}
	return ""
}

// loan says which words of other tools mean a field of a struct.
type loan struct{ in, field, words string }

// vocabulary holds what people bring along from Kubernetes, Argo, PipeCD, Spinnaker and the CI services, where the distance
// between the words doesn't tell.
func vocabulary() []loan {
	return []loan{
		{"Pipeline", "stages", "jobs steps tasks"},
		{"Pipeline", "environments", "clusters"},
		{"Pipeline", "workloads", "services apps applications components"},
		{"Pipeline", "artifacts", "images"},
		{"Pipeline", "slos", "objectives"},
		{"Stage", "needs", "dependsOn depends_on dependencies runAfter requires after requisiteStageRefIds"},
		{"Stage", "exec", "run script cmd sh shell uses"},
		{"Stage", "retry", "retries"},
		{"Stage", "gates", "when if conditions constraints"},
		{"Stage", "approve", "approval manualJudgment"},
		{"Stage", "timeout", "timeoutSeconds timeoutMinutes activeDeadlineSeconds"},
		{"Stage", "deploy", "rollout strategy"},
		{"Stage", "verify", "analysis"},
		{"Deploy", "in", "environment env to into target cluster"},
		{"Deploy", "workload", "service app application"},
		{"Deploy", "allAtOnce", "recreate quickSync"},
		{"Rolling", "batch", "maxSurge maxUnavailable batchSize"},
		{"Step", "weight", "percent percentage traffic"},
		{"Step", "hold", "pause wait duration bake soak"},
		{"Step", "capacity", "replicas scale setCanaryScale"},
		{"Step", "match", "setHeaderRoute headers"},
		{"Canary", "steps", "weights phases stages"},
		{"BlueGreen", "before", "prePromotionAnalysis previewReplicaCount"},
		{"BlueGreen", "after", "postPromotionAnalysis"},
		{"BlueGreen", "keep", "scaleDownDelaySeconds"},
		{"Linear", "every", "interval"},
		{"Analysis", "slos", "metrics templates"},
		{"Analysis", "limits", "thresholds"},
		{"Limit", "query", "promql expr"},
		{"Limit", "above", "min"},
		{"Limit", "below", "max"},
		{"GateQuery", "above", "min"},
		{"GateQuery", "below", "max"},
		{"Environment", "tier", "type kind level"},
		{"Environment", "variables", "vars env"},
		{"Environment", "kubernetes", "k8s"},
		{"Environment", "lambda", "aws functions"},
		{"Environment", "terraform", "tofu opentofu tf"},
		{"Workload", "kubernetes", "k8s"},
		{"Workload", "terraform", "tofu opentofu tf"},
		{"TerraformWorkload", "vars", "variables"},
		{"Exec", "command", "run cmd script args"},
		{"Exec", "dir", "workdir workingDirectory workingDir cwd"},
		{"Exec", "container", "image"},
		{"Exec", "produces", "outputs artifacts"},
		{"Command", "command", "run cmd script args"},
		{"Command", "dir", "workdir workingDirectory workingDir cwd"},
		{"Retry", "attempts", "limit max count times maxAttempts maxRetries"},
		{"Retry", "backoff", "delay wait interval"},
		{"Approve", "by", "approvers users reviewers from"},
		{"Approve", "count", "quorum minApprovers minApproverNum required minimum"},
		{"Approve", "expires", "timeout"},
		{"SLO", "objective", "target goal"},
		{"SLO", "over", "window period timeWindow"},
		{"SLO", "sli", "indicator"},
		{"Window", "from", "start begin"},
		{"Window", "to", "end until"},
		{"Window", "timezone", "tz timeZone"},
		{"KubernetesWorkload", "manifests", "files yaml resources"},
	}
}
