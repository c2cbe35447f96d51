package proxy

import (
	"math"
	"math/rand/v2"
	"sync"
)

// deckSize is the number of requests over which the share is exact.
const deckSize = 100

// deck deals requests to the canary so that exactly weight of every hundred go there, in random order.
// A weight with a fraction is exact in the long run: what a deck leaves over is added to the next one.
type deck struct {
	weight float64 // percent

	mu    sync.Mutex
	rng   *rand.Rand
	cards [deckSize]bool
	next  int     // index of the card to deal; deckSize when the deck is used up
	carry float64 // fraction of a card owed to the canary, in [0,1)
}

// newDeck returns a deck for a weight in percent. The fraction owed starts at random, so that a light weight with few
// requests is right on average from the first deck on.
func newDeck(weight float64) *deck {
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	return &deck{weight: weight, rng: rng, next: deckSize, carry: rng.Float64()}
}

// deal reports whether the next request goes to the canary.
func (d *deck) deal() bool {
	if d.weight <= 0 {
		return false
	}
	if d.weight >= 100 {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next == deckSize {
		d.shuffle()
	}
	card := d.cards[d.next]
	d.next++
	return card
}

// shuffle fills the deck anew: the canary's cards are put into randomly chosen distinct places
// (selection sampling, Knuth TAOCP vol. 2, 3.4.2, algorithm S).
func (d *deck) shuffle() {
	owed := d.weight*deckSize/100 + d.carry
	whole := math.Floor(owed + 1e-9) // 1e-9: a sum of fractions such as ten times 0.1 must reach its whole number
	d.carry = max(0, owed-whole)
	left := int(whole)
	for i := range d.cards {
		d.cards[i] = d.rng.IntN(deckSize-i) < left
		if d.cards[i] {
			left--
		}
	}
	d.next = 0
}
