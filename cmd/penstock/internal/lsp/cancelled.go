package lsp

import (
	"slices"
	"sync"
)

// cancelled is a set of request ids, of which only the latest are kept: a client may take back what was answered long ago.
type cancelled struct {
	mu  sync.Mutex
	ids []string
}

// maxCancelled is more than a client has under way.
const maxCancelled = 256

func (c *cancelled) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ids) >= maxCancelled {
		c.ids = c.ids[1:]
	}
	c.ids = append(c.ids, id)
}

func (c *cancelled) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.ids, id)
}

func (c *cancelled) take(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.ids, id)
	if i >= 0 {
		c.ids = slices.Delete(c.ids, i, i+1)
	}
	return i >= 0
}
