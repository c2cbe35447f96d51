package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Validate reports whatever makes a plan impossible to execute: names that don't exist or occur twice, an order that
// isn't one, instructions that are none or several at once, numbers out of bounds. The compiler never makes such a plan;
// this stands at the doors through which plans come in. All problems are reported, joined, at most 20.
func Validate(p *Plan) error {
	v := &validator{p: p, stages: map[string]int{}, nodes: map[NodeID]int{}}
	for _, part := range []func(){v.head, v.stagesInOrder, v.nodesInOrder, v.stageNodes, v.monitors, v.workloads} {
		part()
	}
	if len(v.errs) == 0 {
		return nil
	}
	return fmt.Errorf("invalid plan: %w", errors.Join(v.errs...))
}

type validator struct {
	p      *Plan
	stages map[string]int
	nodes  map[NodeID]int
	errs   []error
}

func (v *validator) errorf(format string, args ...any) {
	const most = 20
	if len(v.errs) < most {
		v.errs = append(v.errs, fmt.Errorf(format, args...))
	}
}

func (v *validator) head() {
	if v.p.Format < 1 || v.p.Format > Format {
		v.errorf("format_version %d", v.p.Format)
	}
	if v.p.Pipeline == "" {
		v.errorf("the pipeline has no name")
	}
	switch v.p.Concurrency {
	case ConcurrencyQueue, ConcurrencyReject, ConcurrencySupersede:
	default:
		v.errorf("concurrency %q", v.p.Concurrency)
	}
	if len(v.p.Stages) == 0 {
		v.errorf("it has no stages")
	}
}

func (v *validator) stagesInOrder() {
	for i, s := range v.p.Stages {
		if _, twice := v.stages[s.Name]; twice || s.Name == "" {
			v.errorf("stage %q occurs twice", s.Name)
		}
		for _, need := range s.Needs {
			if _, ok := v.stages[need]; !ok {
				v.errorf("stage %q needs %q, which does not come before it", s.Name, need)
			}
		}
		v.stages[s.Name] = i
		if s.Timeout < 0 {
			v.errorf("stage %q has timeout %s", s.Name, s.Timeout)
		}
		if _, ok := v.p.Envs[s.Environment]; !ok && s.Environment != "" {
			v.errorf("stage %q: unknown environment %q", s.Name, s.Environment)
		}
	}
	for _, s := range v.p.Stages {
		for _, name := range s.Rollback {
			if _, ok := v.stages[name]; !ok {
				v.errorf("stage %q rolls back unknown stage %q", s.Name, name)
			}
		}
	}
}

func (v *validator) nodesInOrder() {
	for i := range v.p.Nodes {
		n := &v.p.Nodes[i]
		if _, twice := v.nodes[n.ID]; twice {
			v.errorf("node %q occurs twice", n.ID)
		}
		if stage, step, _ := strings.Cut(string(n.ID), "/"); stage != n.Stage || step == "" {
			v.errorf("node %q is not named after its stage %q and a step", n.ID, n.Stage)
		}
		for _, need := range n.Needs {
			if _, ok := v.nodes[need]; !ok {
				v.errorf("node %q needs %q, which does not come before it", n.ID, need)
			}
		}
		if n.When != nil {
			v.snapshot(n.ID, n.When.Snapshot)
		}
		v.nodes[n.ID] = i
		v.node(n)
	}
}

// snapshot demands that a node named as a snapshot is one and comes before the node that names it.
func (v *validator) snapshot(user NodeID, id NodeID) {
	i, ok := v.nodes[id]
	if !ok || v.p.Nodes[i].Do.Snapshot == nil {
		v.errorf("node %q: %q is not a snapshot that comes before it", user, id)
	}
}

func (v *validator) node(n *Node) {
	if _, ok := v.stages[n.Stage]; !ok {
		v.errorf("node %q is of unknown stage %q", n.ID, n.Stage)
	}
	if n.Timeout < 0 || n.Retry.Backoff < 0 || n.Retry.Attempts < 1 {
		v.errorf("node %q: timeout %s, %d attempts, back-off %s", n.ID, n.Timeout, n.Retry.Attempts, n.Retry.Backoff)
	}
	if _, ok := v.p.Envs[n.Lock]; !ok && n.Lock != "" {
		v.errorf("node %q locks unknown environment %q", n.ID, n.Lock)
	}
	if n.Hold != nil && n.Hold.For < 0 {
		v.errorf("node %q holds for %s", n.ID, n.Hold.For)
	}
	v.do(n.ID, n.Do)
	switch n.Do.Op() {
	case OpUnstage, OpRestore, OpRevert:
		v.errorf("node %q: %s only undoes other instructions", n.ID, n.Do.Op())
	}
	if n.Undo != nil {
		v.do(n.ID, *n.Undo)
	}
}

// do verifies one instruction: exactly one is set, and what it names exists.
func (v *validator) do(id NodeID, d Do) {
	set := 0
	for _, f := range reflect.ValueOf(d).Fields() {
		if !f.IsNil() {
			set++
		}
	}
	if set != 1 {
		v.errorf("node %q has %d instructions, want one", id, set)
	}
	if ref, ok := d.Workload(); ok {
		if _, known := v.p.Workloads[ref]; !known {
			v.errorf("node %q: unknown workload %q", id, ref)
		}
	}
	switch {
	case d.Exec != nil && len(d.Exec.Command) == 0:
		v.errorf("node %q: no command", id)
	case d.Shift != nil && !(d.Shift.Weight >= 0 && d.Shift.Weight <= 100 && d.Shift.Mirror >= 0 && d.Shift.Mirror <= 100):
		v.errorf("node %q: weight %v, mirror %v", id, d.Shift.Weight, d.Shift.Mirror)
	case d.Shift != nil && d.Shift.Lease < 0:
		v.errorf("node %q: lease %s", id, d.Shift.Lease)
	case d.Restore != nil:
		v.snapshot(id, d.Restore.Snapshot)
	case d.Retire != nil:
		v.snapshot(id, d.Retire.Snapshot)
	case d.Apply != nil:
		if i, ok := v.nodes[d.Apply.Preview]; !ok || v.p.Nodes[i].Do.Preview == nil {
			v.errorf("node %q: %q is not a preview that comes before it", id, d.Apply.Preview)
		}
	case d.VerifyArtifact != nil:
		v.artifact(id, d.VerifyArtifact.Artifact)
	case d.CopyArtifact != nil:
		v.artifact(id, d.CopyArtifact.Artifact)
	case d.Approve != nil && (d.Approve.Count < 1 || len(d.Approve.By) == 0):
		v.errorf("node %q asks for %d of %d approvers", id, d.Approve.Count, len(d.Approve.By))
	}
}

func (v *validator) artifact(id NodeID, name string) {
	if _, ok := v.p.Artifacts[name]; !ok {
		v.errorf("node %q: unknown artifact %q", id, name)
	}
}

// stageNodes demands that each stage lists exactly its nodes, in the order of the plan.
func (v *validator) stageNodes() {
	listed := make(map[string][]NodeID, len(v.p.Stages))
	for _, n := range v.p.Nodes {
		listed[n.Stage] = append(listed[n.Stage], n.ID)
	}
	for _, s := range v.p.Stages {
		if !slices.Equal(listed[s.Name], s.Nodes) || len(s.Nodes) == 0 {
			v.errorf("stage %q does not list its nodes", s.Name)
		}
	}
	for name, a := range v.p.Artifacts {
		if i, ok := v.nodes[a.Producer]; a.Producer != "" && (!ok || v.p.Nodes[i].Do.Exec == nil) {
			v.errorf("artifact %q is produced by %q, which runs no command", name, a.Producer)
		}
	}
}

func (v *validator) monitors() {
	seen := map[MonitorID]bool{}
	for _, m := range v.p.Monitors {
		opens, ok := v.nodes[m.Opens]
		closes, known := v.nodes[m.Closes]
		_, stage := v.stages[m.Stage]
		_, workload := v.p.Workloads[m.Workload]
		if seen[m.ID] || !ok || !known || !stage || !workload || opens >= closes {
			v.errorf("monitor %q: it has to occur once, in a known stage, for a known workload, and open at a node before the one at which it closes", m.ID)
		}
		seen[m.ID] = true
		if m.When != nil {
			v.snapshot(m.Opens, m.When.Snapshot)
		}
		v.judge(m.ID, m.Judge)
	}
	for _, n := range v.p.Nodes {
		if n.Hold != nil && n.Hold.Monitor != "" && !seen[n.Hold.Monitor] {
			v.errorf("node %q holds under unknown monitor %q", n.ID, n.Hold.Monitor)
		}
	}
}

func (v *validator) judge(id MonitorID, j Judge) {
	if !(j.Alpha > 0 && j.Alpha < 1) || j.Tick <= 0 || len(j.SLIs)+len(j.Limits) == 0 {
		v.errorf("monitor %q: alpha %v, tick %s, %d SLIs and %d limits", id, j.Alpha, j.Tick, len(j.SLIs), len(j.Limits))
	}
	if j.Against != "stable" && j.Against != "objective" || j.Require != "no-harm" && j.Require != "proven-safe" {
		v.errorf("monitor %q: against %q, require %q", id, j.Against, j.Require)
	}
	if !slices.Contains([]string{"promote", "hold", "ask", "rollback"}, j.Inconclusive) {
		v.errorf("monitor %q: inconclusive %q", id, j.Inconclusive)
	}
	for _, s := range j.SLIs {
		if _, ok := v.p.SLOs[s.SLO]; !ok || !(s.Tolerate >= 1 && s.Safe >= 1 && s.Weight > 0) {
			v.errorf("monitor %q: SLO %q, tolerate %v, safe %v, weight %v", id, s.SLO, s.Tolerate, s.Safe, s.Weight)
		}
	}
	for _, l := range j.Limits {
		if l.Query == "" || l.Above == nil && l.Below == nil {
			v.errorf("monitor %q: limit %q has no query or no bound", id, l.Name)
		}
	}
}

func (v *validator) workloads() {
	for _, ref := range sortedKeys(v.p.Workloads) {
		w := v.p.Workloads[ref]
		if RefOf(w.Name, w.Environment) != ref {
			v.errorf("workload %q is that of %q in %q", ref, w.Name, w.Environment)
		}
		if _, ok := v.p.Envs[w.Environment]; !ok {
			v.errorf("workload %q: unknown environment", ref)
		}
		for _, h := range w.Holes {
			if _, err := pointer(h.Pointer); err != nil {
				v.errorf("workload %q: %w", ref, err)
			}
			if _, ok := v.p.Artifacts[h.From.Artifact]; !ok && h.From.Artifact != "" {
				v.errorf("workload %q: unknown artifact %q", ref, h.From.Artifact)
			}
		}
	}
}
