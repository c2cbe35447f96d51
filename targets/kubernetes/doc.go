// Package kubernetes is the offline half of the Kubernetes target: it reads manifests as they are written, with the places
// of what matters in them. It renders nothing, runs no template and asks no cluster.
package kubernetes
