package kubernetes

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// podSpec is where the kinds that run pods have the spec of the pod.
func podSpec(o Object) []string {
	switch o.Group() + "/" + o.Kind {
	case "/Pod":
		return []string{"spec"}
	case "apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet", "batch/Job", "/ReplicationController":
		return []string{"spec", "template", "spec"}
	case "batch/CronJob":
		return []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	return nil
}

// details reads what the checks ask for.
func (r *reader) details(o *Object, n *yaml.Node) {
	if o.Group() == "" && o.Kind == "Secret" {
		for _, field := range []string{"data", "stringData"} {
			if d := at(n, field); o.Data == nil && d != nil && len(d.Content) > 0 {
				p := r.place(key(n, field))
				o.Data = &p
			}
		}
	}
	if o.Group() == "autoscaling" && o.Kind == "HorizontalPodAutoscaler" && text(n, "spec", "scaleTargetRef", "kind") == "Deployment" {
		o.Scales = text(n, "spec", "scaleTargetRef", "name")
	}
	if count, err := strconv.Atoi(text(n, "spec", "replicas")); err == nil {
		o.Replicas = &Count{r.place(at(n, "spec", "replicas")), count}
	}
	path := podSpec(*o)
	if path == nil {
		return
	}
	pod := at(n, path...)
	if pod == nil {
		return
	}
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		containers := at(pod, list)
		if containers == nil || containers.Kind != yaml.SequenceNode {
			continue
		}
		for _, c := range containers.Content {
			r.image(o, c)
		}
	}
}

func (r *reader) image(o *Object, container *yaml.Node) {
	ref := text(container, "image")
	if ref == "" {
		return
	}
	where := r.place(at(container, "image"))
	if strings.Contains(ref, "{{") {
		r.wrong(where, renderHint, "this is a template, and no manifest")
		return
	}
	o.Images = append(o.Images, Image{where, text(container, "name"), ref})
}

// key is the node of a key.
func key(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i]
		}
	}
	return n
}

// Pinned reports whether an image reference names a digest.
func Pinned(ref string) bool { return strings.Contains(ref, "@sha256:") }

// Repository is an image reference without tag and digest.
func Repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref
}

// Tag is the tag of an image reference, or "".
func Tag(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	return strings.TrimPrefix(strings.TrimPrefix(ref, Repository(ref)), ":")
}
