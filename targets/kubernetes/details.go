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
	if data := at(n, "data"); data != nil && o.Group() == "" && o.Kind == "ConfigMap" && data.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(data.Content); i += 2 {
			r.value(o, data.Content[i].Value, resolve(data.Content[i+1]))
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
			r.container(o, c)
		}
	}
}

func (r *reader) value(o *Object, name string, text *yaml.Node) {
	if text != nil && text.Kind == yaml.ScalarNode {
		o.Values = append(o.Values, Value{r.place(text), name, text.Value})
	}
}

// container reads what it runs, and its variables.
func (r *reader) container(o *Object, container *yaml.Node) {
	if env := at(container, "env"); env != nil && env.Kind == yaml.SequenceNode {
		for _, v := range env.Content {
			r.value(o, text(v, "name"), at(v, "value"))
		}
	}
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
