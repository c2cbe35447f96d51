package machine

// outbox is what Next has issued and no event has answered yet, and what it has to look at. It is no part of the fold:
// run.resumed empties it.
type outbox struct {
	nodes    []int32 // to look at
	stages   []int32
	monitors []int32
	in       []mark // per node
	inStage  []bool
	inMon    []bool
	lock     []bool // AcquireLock issued
	unlock   []bool // ReleaseLock issued
	timer    []bool // stage timer issued
	mon      []mark // per monitor
	// wants are, per environment, the nodes that wait for its lock or were issued under it.
	wants []map[int32]bool
	// held are ready nodes kept back by Options.Parallel.
	held []int32
	// issued counts dispatches without their node.dispatched, other the unanswered lock and monitor commands.
	issued  int32
	ended   bool
	subject map[int32]cached
}

type cached struct {
	version int
	subject string
}

// mark says what is queued and issued for one node or monitor.
type mark uint8

const (
	queued     mark = 1 << iota // is in the list to look at
	sent                        // the one command of the current phase
	sentUndo                    // the same for the undo
	cancelSent                  // CancelOp
	sentOpen                    // OpenMonitor
	sentClose                   // CloseMonitor
	isOpen                      // the judge is known to run in this process
)

func (o *outbox) reset(s *State) {
	*o = outbox{
		in: make([]mark, len(s.nodes)), inStage: make([]bool, len(s.stages)), inMon: make([]bool, len(s.monitors)),
		lock: make([]bool, len(s.envs)), unlock: make([]bool, len(s.envs)), timer: make([]bool, len(s.stages)),
		mon: make([]mark, len(s.monitors)), wants: make([]map[int32]bool, len(s.envs)), subject: map[int32]cached{},
	}
}

// resume empties the outbox and looks at everything again.
func (o *outbox) resume(s *State) {
	o.reset(s)
	for i := range s.nodes {
		o.touch(int32(i))
	}
	for k := range s.stages {
		o.touchStage(int32(k))
	}
	for m := range s.monitors {
		o.touchMonitor(int32(m))
	}
}

// touch looks at node i in the next Next.
func (o *outbox) touch(i int32) {
	if o.in[i]&queued == 0 {
		o.in[i] |= queued
		o.nodes = append(o.nodes, i)
	}
}

func (o *outbox) touchStage(k int32) {
	if !o.inStage[k] {
		o.inStage[k] = true
		o.stages = append(o.stages, k)
	}
}

func (o *outbox) touchMonitor(m int32) {
	if !o.inMon[m] {
		o.inMon[m] = true
		o.monitors = append(o.monitors, m)
	}
}

// answered takes a node's command out: its phase has changed.
func (o *outbox) answered(i int32, undo bool) {
	if undo {
		o.in[i] &^= sentUndo
	} else {
		o.in[i] &^= sent
	}
	o.in[i] &^= cancelSent
	o.touch(i)
}

// want notes that node i waits for, or was issued under, the lock of e.
func (o *outbox) want(e, i int32) {
	if o.wants[e] == nil {
		o.wants[e] = map[int32]bool{}
	}
	o.wants[e][i] = true
}
