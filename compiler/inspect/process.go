package inspect

import (
	"net"
	"slices"

	"github.com/penstock-dev/penstock/compiler/source"
	"github.com/penstock-dev/penstock/schema"
	"github.com/penstock-dev/penstock/targets/process"
)

// programs asks the offline half of the process target what cannot work: in each workload as it is written, and as it is
// in each environment that fills something in.
func (in *inspection) programs() {
	for _, name := range sorted(in.p.Workloads) {
		w := in.p.Workloads[name]
		at := source.Join("workloads", string(name))
		known := map[process.Finding]bool{}
		if w.Process != nil {
			for _, f := range process.Check(*w.Process) {
				known[f] = true
				in.finding(at+".process", f)
			}
		}
		for _, env := range w.Environments() {
			if w.In[env].Process == nil {
				continue
			}
			resolved, _ := w.Resolve(env)
			for _, f := range process.Check(*resolved.Process) {
				if !known[f] {
					in.finding(source.Join(at+".in", string(env))+".process", f)
				}
			}
		}
	}
}

func (in *inspection) finding(at string, f process.Finding) {
	at += "." + f.Path
	d := in.list.Errorf(CodeProcess, in.m.Value(at), at, "%s", f.Message)
	d.Hint = f.Hint
}

// door is where users connect to a program that some stage deploys.
type door struct {
	workload schema.WorkloadName
	env      schema.EnvName
	listen   string
}

// doors reports programs that would listen on one address. All process environments are on one machine.
func (in *inspection) doors() {
	seen := map[door]bool{}
	byPort := map[string][]door{}
	for _, name := range sorted(in.p.Stages) {
		d := in.p.Stages[name].Deploy
		if d == nil {
			continue
		}
		w, _ := in.p.Workloads[d.Workload].Resolve(d.In)
		if w.Process == nil || w.Process.Listen == "" {
			continue
		}
		x := door{d.Workload, d.In, w.Process.Listen}
		_, port, err := net.SplitHostPort(x.listen)
		if err != nil || seen[x] {
			continue
		}
		seen[x] = true
		if i := slices.IndexFunc(byPort[port], func(o door) bool { return process.SameDoor(o.listen, x.listen) }); i >= 0 {
			in.sameDoor(byPort[port][i], x)
			continue
		}
		byPort[port] = append(byPort[port], x)
	}
}

func (in *inspection) sameDoor(a, b door) {
	at := source.Join("workloads", string(b.workload)) + ".process.listen"
	if o, ok := in.p.Workloads[b.workload].In[b.env]; ok && o.Process != nil && o.Process.Listen != "" {
		at = source.Join(source.Join("workloads", string(b.workload))+".in", string(b.env)) + ".process.listen"
	}
	d := in.list.Errorf(CodeDoor, in.m.Value(at), at, "%q in %q would listen on %s, where %q in %q does", b.workload, b.env, b.listen, a.workload, a.env)
	d.Hint = "all process environments are on one machine: give each program an address of its own, if need be under in: " + string(b.env)
}
