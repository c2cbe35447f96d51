package metrics

// Meter takes readings of a pair of versions and says what was counted between them. The zero value has none yet.
type Meter struct {
	last Pair
	has  bool
}

// Last returns the latest reading.
func (m *Meter) Last() (Pair, bool) { return m.last, m.has }

// Set makes p the reading that the next one is compared with.
func (m *Meter) Set(p Pair) { m.last, m.has = p, true }

// Forget drops the reading: the next one is only a beginning.
func (m *Meter) Forget() { *m = Meter{} }

// Take makes p the latest reading and returns what was added since the one before; false when that can't be told, because
// it is the first one or a counter began anew at a time before the one before.
func (m *Meter) Take(p Pair) (added Pair, ok bool) {
	before, has := m.last, m.has
	m.Set(p)
	if !has {
		return Pair{}, false
	}
	added = Pair{At: p.At, Weight: p.Weight}
	var canary, stable bool
	added.Canary, canary = p.Canary.since(before.Canary, before)
	added.Stable, stable = p.Stable.since(before.Stable, before)
	return added, canary && stable
}

// since returns what c counted after it was b. A counter that began anew holds exactly what was counted since then: that
// is all there is to know when it began after the reading, and too much when it began earlier (it is another version's).
func (c Counter) since(b Counter, reading Pair) (Counter, bool) {
	if c.Since.Equal(b.Since) && c.Total >= b.Total && c.Bad >= b.Bad {
		return Counter{Bad: c.Bad - b.Bad, Total: c.Total - b.Total, Since: c.Since}, true
	}
	if !c.Since.IsZero() && !c.Since.Equal(b.Since) && !reading.At.IsZero() && c.Since.Before(reading.At) {
		return Counter{}, false
	}
	return c, true
}
