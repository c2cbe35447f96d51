package targets

import (
	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/schema"
)

// PlaceOf returns the physical place that an environment of a pipeline is: what its lock is keyed by.
//
//   - process: host, pipeline and environment. An environment is a named slot of a penstock host, so one machine can hold
//     several; the pipeline belongs to it, lest two pipelines take each other's workloads for their own.
//   - kubernetes: context and namespace (and kubeconfig, where one is named).
//   - lambda: account and region (and endpoint, where one is named).
//   - terraform: pipeline and environment. Terraform itself locks the state of each workspace.
//
// It is "" when the environment doesn't say which target it is.
func PlaceOf(pipeline, env string, e schema.Environment) plan.Place {
	switch {
	case e.Process != nil:
		return plan.Place("process:" + e.Process.HostOrDefault() + "/" + pipeline + "/" + env)
	case e.Kubernetes != nil:
		return plan.Place("kubernetes:" + e.Kubernetes.Context + "/" + e.Kubernetes.Namespace + with("kubeconfig", e.Kubernetes.Kubeconfig))
	case e.Lambda != nil:
		return plan.Place("lambda:" + e.Lambda.Account + "/" + e.Lambda.Region + with("endpoint", e.Lambda.Endpoint))
	case e.Terraform != nil:
		return plan.Place("terraform:" + pipeline + "/" + env)
	}
	return ""
}

// with is "?key=value", or nothing for an empty value.
func with(key, value string) string {
	if value == "" {
		return ""
	}
	return "?" + key + "=" + value
}
