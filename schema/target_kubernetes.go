package schema

// KubernetesEnvironment is a namespace of a cluster.
type KubernetesEnvironment struct {
	Context   string `json:"context"`
	Namespace string `json:"namespace"`
	// Kubeconfig is a path; the usual one when empty.
	Kubeconfig string `json:"kubeconfig,omitempty"`
}

// KubernetesWorkload is a set of manifests.
type KubernetesWorkload struct {
	// Manifests are globs.
	Manifests []string `json:"manifests,omitempty" penstock:"needed"`
	// Images are artifacts; containers whose image is in an artifact's repository run its digest.
	Images  []ArtifactName     `json:"images,omitempty"`
	Traffic *KubernetesTraffic `json:"traffic,omitempty"`
	// Replicas replaces the manifests' count.
	Replicas *int `json:"replicas,omitempty"`
	// Ready bounds the wait for all objects to be ready.
	Ready *KubernetesReady `json:"ready,omitempty"`
	// Prune deletes objects that have left the manifests; nil is yes.
	Prune *bool `json:"prune,omitempty"`
}

// KubernetesReady bounds a wait.
type KubernetesReady struct {
	Timeout Duration `json:"timeout,omitempty"`
}

// KubernetesTraffic is how traffic is split. Exactly one field is present.
type KubernetesTraffic struct {
	Gateway *GatewayTraffic `json:"gateway,omitempty" penstock:"variant"`
	Istio   *IstioTraffic   `json:"istio,omitempty" penstock:"variant"`
	// Service is the name of a Service whose selector is switched.
	Service string `json:"service,omitempty" penstock:"variant"`
	// Replicas splits by the number of pods behind one Service.
	Replicas *ReplicaTraffic `json:"replicas,omitempty" penstock:"variant"`
}

// GatewayTraffic names a Gateway API HTTPRoute in the environment's namespace.
type GatewayTraffic struct {
	Route string `json:"route"`
}

// IstioTraffic names an Istio VirtualService and optionally one of its routes.
type IstioTraffic struct {
	VirtualService string `json:"virtualService"`
	Route          string `json:"route,omitempty"`
}

// ReplicaTraffic names the Service that both versions stand behind.
type ReplicaTraffic struct {
	Service string `json:"service"`
}
