// Command tests asks the catalogue at URL what its users ask, and exits with 1 when an answer is wrong.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	base := os.Getenv("URL")
	if base == "" {
		log.Fatal("URL is not set")
	}
	client := &http.Client{Timeout: 10 * time.Second}
	for query, want := range map[string]int{"tea": 2, "kettle": 1, "anvil": 0} {
		if err := ask(client, base, query, want); err != nil {
			log.Fatal(err)
		}
	}
}

func ask(client *http.Client, base, query string, want int) error {
	resp, err := client.Get(base + "/catalog?q=" + url.QueryEscape(query))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var found []string
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		return fmt.Errorf("ask for %q: status %s: %w", query, resp.Status, err)
	}
	if len(found) != want {
		return fmt.Errorf("ask for %q: got %q, want %d", query, found, want)
	}
	return nil
}
