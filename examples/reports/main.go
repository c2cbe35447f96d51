// Command reports is the function reports-monthly: it sums the bookings of an
// event by account and answers with the report and where it belongs.
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

// month is the event: what was booked, in cents.
type month struct {
	Month    string    `json:"month"`
	Bookings []booking `json:"bookings"`
}

type booking struct {
	Account string `json:"account"`
	Amount  int64  `json:"amount"`
}

// report is the answer.
type report struct {
	Key      string           `json:"key"`
	Currency string           `json:"currency"`
	Sums     map[string]int64 `json:"sums"`
}

func main() {
	log.SetFlags(0)
	api, bucket := os.Getenv("AWS_LAMBDA_RUNTIME_API"), os.Getenv("BUCKET")
	if api == "" || bucket == "" {
		log.Fatal("reports: AWS_LAMBDA_RUNTIME_API and BUCKET must be set")
	}
	base := "http://" + api + "/2018-06-01/runtime/invocation/"
	for {
		if err := next(base, bucket, os.Getenv("CURRENCY")); err != nil {
			log.Fatalf("reports: %v", err) // Lambda starts another one
		}
	}
}

// next handles one event; the error is about the runtime interface.
func next(base, bucket, currency string) error {
	resp, err := http.Get(base + "next")
	if err != nil {
		return fmt.Errorf("wait for an event: %w", err)
	}
	defer resp.Body.Close()
	payload, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the event: %w", err)
	}
	path := base + resp.Header.Get("Lambda-Runtime-Aws-Request-Id") + "/response"
	var answer any
	if answer, err = sum(payload, bucket, currency); err != nil {
		path = base + resp.Header.Get("Lambda-Runtime-Aws-Request-Id") + "/error"
		answer = map[string]string{"errorType": "BadEvent", "errorMessage": err.Error()}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	done, err := http.Post(path, "application/json", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("report the result: %w", err)
	}
	return done.Body.Close()
}

func sum(payload []byte, bucket, currency string) (report, error) {
	var m month
	if err := json.Unmarshal(payload, &m); err != nil {
		return report{}, fmt.Errorf("read the event: %w", err)
	}
	if m.Month == "" {
		return report{}, fmt.Errorf("the event has no month")
	}
	r := report{Key: bucket + "/" + m.Month + ".json", Currency: currency, Sums: map[string]int64{}}
	for _, b := range m.Bookings {
		r.Sums[b.Account] += b.Amount
	}
	return r, nil
}
