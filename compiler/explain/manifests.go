package explain

import "strings"

// manifestDocs are the codes of what stands in manifests.
func manifestDocs() []Doc {
	const pinned = "registry.example.com/web@sha256:7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730"
	release := func(deployment, more string) string {
		return "-- pipeline.cue --\n" + file("environments: live: {tier: \"production\", kubernetes: {context: \"live\", namespace: \"web\"}}\n"+
			"artifacts: app: image: repository: \"registry.example.com/web\"\n"+
			"workloads: web: kubernetes: {manifests: [\"k8s/*.yaml\"], images: [\"app\"]}\n"+
			"stages: {\n\tbuild: exec: {command: [\"make\"], produces: app: digestFile: \"app.digest\"}\n"+
			"\tweb: {needs: [\"build\"], deploy: {workload: \"web\", in: \"live\", rolling: {}}}\n}") +
			"-- k8s/web.yaml --\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n" +
			"spec:\n  replicas: 4\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n" +
			deployment + more
	}
	const web = "        - {name: web, image: registry.example.com/web}\n"
	object := func(kind, rest string) string {
		return "---\napiVersion: v1\nkind: " + kind + "\nmetadata: {name: web}\n" + rest
	}
	good := release(web, object("ConfigMap", "data: {level: info}\n"))
	return []Doc{
		{
			Code: "manifest-malformed", Phase: "inspect",
			Title: "a manifest is none",
			What:  "A file that a workload names as a manifest is not YAML, has a key twice, holds something that is no object with apiVersion, kind and name, or is a template or a kustomization that has to be rendered first.",
			Why:   "The cluster would refuse it, or take something else from it than was meant. Penstock runs no templates: what is reviewed is what is applied.",
			Bad:   release(web, object("ConfigMap", "data: {level: {{ .Values.level }}}\n")),
			Good:  good,
		},
		{
			Code: "manifest-secret", Phase: "inspect",
			Title: "a Secret's values stand in a manifest",
			What:  "A manifest holds a Secret with data or stringData. Base64 hides nothing.",
			Why:   "Whoever can read the repository, or a backup of it, has the secret, and it stays in the history for good. Let something in the cluster make the Secret from a store (External Secrets, Sealed Secrets, the CSI driver) and refer to it by name.",
			Bad:   release(web, object("Secret", "stringData: {password: correct-horse}\n")),
			Good:  release(web, "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: web}\nspec: {data: [{secretKey: password, remoteRef: {key: web/password}}]}\n"),
		},
		{
			Code: "manifest-twice", Phase: "inspect",
			Title: "an object is in the manifests twice",
			What:  "Two documents of a workload's manifests are the same kind with the same name in the same namespace.",
			Why:   "The second would undo the first, and which comes second is chance.",
			Bad:   release(web, object("ConfigMap", "data: {level: info}\n")+object("ConfigMap", "data: {level: debug}\n")),
			Good:  good,
		},
		{
			Code: "mutable-image", Phase: "inspect",
			Title: "an image may be another one tomorrow",
			What:  "A container that goes to production has an image that is neither one of the workload's artifacts nor named with its digest. In other tiers nothing is said.",
			Why:   "A tag can be moved: what was tested and approved is not what the next pod runs, and going back does not bring the old image back.",
			Bad:   release(web+"        - {name: proxy, image: \"registry.example.com/proxy:v1\"}\n", ""),
			Good:  release(web+"        - name: proxy\n          image: "+strings.Replace(pinned, "/web@", "/proxy@", 1)+"\n", ""),
		},
		{
			Code: "image-unused", Phase: "inspect",
			Title: "no manifest runs the image",
			What:  "A workload's images name an artifact whose repository is mentioned in none of its manifests.",
			Why:   "The digest would be put nowhere: the stage would succeed, and the new version would not run.",
			Bad:   release("        - name: web\n          image: "+strings.Replace(pinned, "/web@", "/webserver@", 1)+"\n", ""),
			Good:  good,
		},
	}
}
