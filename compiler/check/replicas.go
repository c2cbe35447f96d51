package check

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/penstock-dev/penstock/internal/diag"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets/kubernetes"
)

func replicaDocs() []Doc {
	api := func(rest string) string {
		return "workloads: api: kubernetes: {manifests: [\"api/*.yaml\"], images: [\"app\"], replicas: 4, traffic: replicas: service: \"api\"}\n" +
			`stages: api: {needs: ["build"], deploy: {workload: "api", in: "staging", ` + rest + `}}`
	}
	return []Doc{
		{
			Code:  "weight-unreachable",
			Title: "no number of pods gives this weight",
			What: "A workload splits its traffic by replicas, and a weight is no whole number of them. The number of replicas stays what it is: of N pods behind the Service some run the new version and the others the stable one, so that the weights are the multiples of 100/N. " +
				"The number is the workload's replicas, or else that of the one Deployment in its manifests that runs one of its images. Where it is not known, nothing is said.",
			Why:  "Traffic would be split in another way than the pipeline says, and the judge would be right to refuse the split.",
			Bad:  api(`canary: steps: [{weight: 5}, {weight: 50}]`),
			Good: api(`canary: steps: [{weight: 25}, {weight: 50}]`),
		},
		{
			Code:  "share-below-one",
			Allow: true,
			Title: "a share of the replicas is less than one",
			What:  "The batch of a rolling update, or the capacity of a canary's step, is less than one replica.",
			Why:   "Kubernetes makes it one: with few replicas that is a much larger share than the one that was written.",
			Bad:   "workloads: web: kubernetes: replicas: 4\n" + `stages: staging: deploy: rolling: batch: 10`,
			Good:  "workloads: web: kubernetes: replicas: 4\n" + `stages: staging: deploy: rolling: batch: 25`,
		},
		{
			Code:  "replicas-autoscaled",
			Allow: true,
			Title: "an autoscaler moves the weights",
			What:  "A workload splits its traffic by replicas, and its manifests hold a HorizontalPodAutoscaler for the Deployment.",
			Why:   "When it adds or removes pods in the middle of a canary, the new version's share changes with them.",
			Bad: `workloads: api: kubernetes: {manifests: ["scaled/*.yaml"], images: ["app"], traffic: replicas: service: "api"}` + "\n" +
				`stages: api: {needs: ["build"], deploy: {workload: "api", in: "staging", canary: steps: [{weight: 50}]}}`,
			Good: `workloads: api: kubernetes: {manifests: ["scaled/*.yaml"], images: ["app"], traffic: gateway: route: "api"}` + "\n" +
				`stages: api: {needs: ["build"], deploy: {workload: "api", in: "staging", canary: steps: [{weight: 50}]}}`,
		},
	}
}

// replicas holds shares against the number of pods there are.
func replicas(p *pass) {
	for _, d := range p.deploys {
		k := d.workload.Kubernetes
		if k == nil || kindOf(d.env) != "kubernetes" {
			continue
		}
		ratio := k.Traffic != nil && k.Traffic.Replicas != nil
		if scaler, scaled := p.autoscaler(k); scaled {
			if ratio && (d.deploy.Canary != nil || d.deploy.Linear != nil) {
				path := d.where.field(strategyOf(d.deploy)).String()
				w := p.list.Warnf("replicas-autoscaled", p.source.Key(path), path, "the weights of workload %q are shares of its pods, and an autoscaler changes their number", d.deploy.Workload)
				w.Hint = "split the traffic by a gateway, or leave the autoscaler out"
				w.Related = append(w.Related, related(scaler, "the autoscaler"))
			}
			continue
		}
		n, known := p.pods(d)
		if !known {
			continue
		}
		p.shares(d, n)
		if ratio {
			p.reachable(d, n)
		}
	}
}

// podCount is how many pods a workload has in an environment, and where that is written.
type podCount struct {
	n  int
	at diag.Range
}

// pods finds the number of replicas.
func (p *pass) pods(d deployment) (podCount, bool) {
	k := d.workload.Kubernetes
	if k.Replicas != nil {
		where := root("workloads").field(string(d.deploy.Workload))
		if o := p.pipe.Workloads[d.deploy.Workload].In[d.deploy.In]; o.Kubernetes != nil && o.Kubernetes.Replicas != nil {
			where = where.field("in").field(string(d.deploy.In))
		}
		return podCount{*k.Replicas, p.source.Value(where.field("kubernetes").field("replicas").String())}, true
	}
	found := p.deploymentsOf(k)
	if len(found) != 1 || found[0].Replicas == nil {
		return podCount{}, false
	}
	return podCount{found[0].Replicas.N, p.within(found[0].file, found[0].Replicas.Place)}, true
}

// inFile is an object with the file it is in.
type inFile struct {
	kubernetes.Object
	file string
}

// objects are those of a workload's manifests, in the order of the files.
func (p *pass) objects(k *schema.KubernetesWorkload) []inFile {
	var files []string
	for _, pattern := range k.Manifests {
		files = append(files, p.files.Globs[pattern]...)
	}
	slices.Sort(files)
	var out []inFile
	for _, f := range slices.Compact(files) {
		for _, o := range p.files.Objects[f] {
			out = append(out, inFile{o, f})
		}
	}
	return out
}

// deploymentsOf are the Deployments that run one of the workload's images.
func (p *pass) deploymentsOf(k *schema.KubernetesWorkload) []inFile {
	repositories := map[string]bool{}
	for _, name := range k.Images {
		if a := p.pipe.Artifacts[name]; a.Image != nil {
			repositories[a.Image.Repository] = true
		}
	}
	return slices.DeleteFunc(p.objects(k), func(o inFile) bool {
		return o.Group() != "apps" || o.Kind != "Deployment" ||
			!slices.ContainsFunc(o.Images, func(i kubernetes.Image) bool { return repositories[kubernetes.Repository(i.Ref)] })
	})
}

// autoscaler finds what scales one of the Deployments.
func (p *pass) autoscaler(k *schema.KubernetesWorkload) (diag.Range, bool) {
	ours := p.deploymentsOf(k)
	for _, o := range p.objects(k) {
		if o.Scales != "" && slices.ContainsFunc(ours, func(d inFile) bool { return d.Name == o.Scales && d.Namespace == o.Namespace }) {
			return p.within(o.file, o.Place), true
		}
	}
	return diag.Range{}, false
}

func (p *pass) within(file string, at kubernetes.Place) diag.Range {
	return diag.Range{File: p.files.Shown[file], Start: diag.Position{Line: at.Line, Column: at.Column}}
}

// shares warns of what would be less than one pod.
func (p *pass) shares(d deployment, n podCount) {
	check := func(where *at, what string, percent *float64) {
		if percent == nil || n.n == 0 || *percent*float64(n.n) >= 100 {
			return
		}
		w := p.warnf("share-below-one", where, "a %s of %v %% is less than one of the %s that %q has in %q", what, *percent, replicaCount(n.n), d.deploy.Workload, d.deploy.In)
		w.Hint = fmt.Sprintf("it becomes one, which is %s %%", short(100/float64(n.n)))
		w.Related = append(w.Related, related(n.at, "the replicas"))
	}
	if r := d.deploy.Rolling; r != nil {
		check(d.where.field("rolling").field("batch"), "batch", r.Batch)
	}
	if c := d.deploy.Canary; c != nil {
		for i, s := range c.Steps {
			check(d.where.field("canary").field("steps").item(i).field("capacity"), "capacity", s.Capacity)
		}
	}
}

// reachable demands that each weight is a whole number of pods.
func (p *pass) reachable(d deployment, n podCount) {
	if c := d.deploy.Canary; c != nil {
		for i, s := range c.Steps {
			if s.Weight == nil || *s.Weight <= 0 || *s.Weight >= 100 || whole(*s.Weight, n.n) {
				continue
			}
			p.unreachable(d, n, d.where.field("canary").field("steps").item(i).field("weight"), "a weight of", *s.Weight, *s.Weight)
			if n.n < 2 {
				return // the other steps have the same reason
			}
		}
	}
	l := d.deploy.Linear
	if l == nil || l.Step < leastStep {
		return
	}
	for k := 1.0; k*l.Step < 100; k++ {
		if w := k * l.Step; !whole(w, n.n) {
			p.unreachable(d, n, d.where.field("linear").field("step"), "a step of", l.Step, w)
			return
		}
	}
}

func (p *pass) unreachable(d deployment, n podCount, where *at, what string, written, weight float64) {
	e := p.errorf("weight-unreachable", where, "%s %v %% cannot be reached: %q has %s in %q, and %s %% of them is no whole number",
		what, written, d.deploy.Workload, replicaCount(n.n), d.deploy.In, short(weight))
	e.Hint = possible(weight, n.n)
	e.Related = append(e.Related, related(n.at, "the replicas"))
}

// possible says which weights there are: all of them where they are few, else those beside the one that was asked for.
func possible(weight float64, n int) string {
	const few = 8
	if n < 2 {
		return "by replicas, two are the least that can be split; or split the traffic by a gateway"
	}
	below := int(weight * float64(n) / 100)
	from, to, which := below, below+1, "nearest weight"
	if n <= few {
		from, to, which = 1, n-1, "weight"
	}
	var words []string
	for c := max(from, 1); c <= min(to, n-1); c++ {
		words = append(words, short(100*float64(c)/float64(n)))
	}
	is := "s are"
	if len(words) == 1 {
		is = " is"
	}
	if n == 2 {
		which = "only weight"
	}
	return fmt.Sprintf("with %d replicas the %s%s %s; or split the traffic by a gateway", n, which, is, join(words))
}

// whole reports whether a weight is a whole number of n pods, at least one and not all. A third may be written as 33.3.
func whole(weight float64, n int) bool {
	const rounded = 0.05
	c := math.Round(weight * float64(n) / 100)
	return c >= 1 && c < float64(n) && math.Abs(weight-100*c/float64(n)) <= rounded
}

func replicaCount(n int) string {
	if n == 1 {
		return "1 replica"
	}
	return strconv.Itoa(n) + " replicas"
}

// short is a number with at most one decimal.
func short(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }
