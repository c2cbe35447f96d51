package store

import "time"

// Current returns the deployment of a workload that is in force: the last one committed and not rolled back. The
// history is as Deployments returns it, newest first.
func Current(history []Deployment, workload string) (Deployment, bool) {
	s := inForce(history)[workload]
	if len(s) == 0 {
		return Deployment{}, false
	}
	return s[len(s)-1].Deployment, true
}

// Since returns the time from which on a release has been running in an environment without a break: of all workloads
// that run it, the latest. It is false when none does. The history is as Deployments returns it, newest first.
func Since(history []Deployment, release string) (time.Time, bool) {
	var at time.Time
	found := false
	for _, s := range inForce(history) {
		if len(s) == 0 || s[len(s)-1].Release != release {
			continue
		}
		found = true
		if t := s[len(s)-1].since; t.After(at) {
			at = t
		}
	}
	return at, found
}

// committed is a deployment and the time since when its release runs without a break.
type committed struct {
	Deployment
	since time.Time
}

// inForce folds a history, newest first, into the stack of commits of each workload that were not taken back. The last
// one is in force. When a rollback uncovers an earlier one, that one runs since the rollback.
func inForce(history []Deployment) map[string][]committed {
	out := map[string][]committed{}
	for i := len(history) - 1; i >= 0; i-- {
		d := history[i]
		s := out[d.Workload]
		switch d.Outcome {
		case Committed:
			c := committed{d, d.At}
			if n := len(s); n > 0 && s[n-1].Release == d.Release && d.Release != "" {
				c.since = s[n-1].since
			}
			s = append(s, c)
		case RolledBack:
			s = takeBack(s, d)
		}
		out[d.Workload] = s
	}
	return out
}

// takeBack drops what the run of a rollback committed.
func takeBack(s []committed, d Deployment) []committed {
	var kept []committed
	for _, c := range s {
		if c.Run != d.Run {
			kept = append(kept, c)
		}
	}
	if n := len(kept); n > 0 && s[len(s)-1].Run == d.Run {
		kept[n-1].since = d.At
	}
	return kept
}
