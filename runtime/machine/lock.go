package machine

import "github.com/penstock-dev/penstock/runtime/event"

func (s *State) foldLock(e event.Event) error {
	k, ok := s.g.envIndex[e.Env]
	if !ok {
		return illegal(e, "no instruction locks environment %q", e.Env)
	}
	x, err := decode[event.Lock](e.Data)
	if err != nil {
		return illegal(e, "payload: %v", err)
	}
	v := &s.envs[k]
	switch e.Type {
	case event.LockAcquired:
		taken := v.fence != 0 && v.fence != x.Fence && v.pins > 0
		v.phase, v.fence, v.lost = lockHeld, x.Fence, false
		if taken {
			s.overtaken(k)
		}
	case event.LockReleased:
		v.phase, v.fence = lockFree, 0
	case event.LockLost:
		v.phase, v.lost = lockFree, true
		s.lockLost(k, x.Holder)
	case event.LockWaiting:
		return nil
	}
	s.out.lock[k], s.out.unlock[k] = false, false
	for i := range s.out.wants[k] {
		s.out.touch(i)
	}
	for i := range s.stages {
		if s.stages[i].pinned {
			s.out.touchStage(int32(i))
		}
	}
	return nil
}

// overtaken ends the stages that write in an environment which somebody else held in between: what they know of it may
// no longer be so. Their compensation looks at what is there and takes away only what is theirs.
func (s *State) overtaken(e int32) {
	for _, k := range s.writers(e) {
		if s.stages[k].phase == active && s.stages[k].main > 0 {
			c := s.addCause(event.Cause{Stage: s.g.stages[k].s.Name, Message: "another run held the lock of " + s.g.envs[e].name + " in between"})
			s.failStage(k, c)
		}
	}
}

// lockLost leaves the environment as it is: it is somebody else's now. Everything of ours there is unsettled.
func (s *State) lockLost(e int32, holder string) {
	msg := "the lock of " + s.g.envs[e].name + " was taken away"
	if holder != "" {
		msg += " by " + holder
	}
	for _, k := range s.writers(e) {
		st := &s.stages[k]
		if st.phase == active && st.main > 0 {
			s.failStage(k, s.addCause(event.Cause{Stage: s.g.stages[k].s.Name, Message: msg}))
		}
		if st.phase == undoing {
			s.stick(k, event.Cause{Stage: s.g.stages[k].s.Name, Message: msg})
		}
	}
}

// writers are the stages that are pinned to environment e.
func (s *State) writers(e int32) []int32 {
	var out []int32
	for k := range s.stages {
		if !s.stages[k].pinned {
			continue
		}
		for _, x := range s.g.stages[k].envs {
			if x == e {
				out = append(out, int32(k))
			}
		}
	}
	return out
}

// lockGone reports whether the lock that node i needs was taken away, and not taken again since.
func (s *State) lockGone(i int32) bool {
	e := s.g.nodes[i].env
	return e != none && s.envs[e].lost
}
