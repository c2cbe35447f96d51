// Command thumbnails is the function thumbnails-resize: it takes events from
// Lambda's runtime interface, one after the other, and answers each with a
// smaller image.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	log.SetFlags(0)
	api := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	if api == "" {
		log.Fatal("thumbnails: AWS_LAMBDA_RUNTIME_API is not set; Lambda sets it")
	}
	base := "http://" + api + "/2018-06-01/runtime/invocation/"
	for {
		if err := next(http.DefaultClient, base); err != nil {
			log.Fatalf("thumbnails: %v", err) // Lambda starts another one
		}
	}
}

// next waits for one event, handles it and reports the result. The error is
// about the runtime interface; what goes wrong with the event is reported there.
func next(client *http.Client, base string) error {
	resp, err := client.Get(base + "next")
	if err != nil {
		return fmt.Errorf("wait for an event: %w", err)
	}
	defer resp.Body.Close()
	payload, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	id := resp.Header.Get("Lambda-Runtime-Aws-Request-Id")
	if resp.StatusCode != http.StatusOK || id == "" {
		return fmt.Errorf("wait for an event: status %s", resp.Status)
	}
	answer, err := handle(payload)
	path := id + "/response"
	if err != nil {
		path = id + "/error"
		answer, err = json.Marshal(map[string]string{"errorType": "BadEvent", "errorMessage": err.Error()})
		if err != nil {
			return fmt.Errorf("report an error: %w", err)
		}
	}
	done, err := client.Post(base+path, "application/json", bytes.NewReader(answer))
	if err != nil {
		return fmt.Errorf("report the result: %w", err)
	}
	defer done.Body.Close()
	if done.StatusCode != http.StatusAccepted {
		return fmt.Errorf("report the result: status %s", done.Status)
	}
	return nil
}
