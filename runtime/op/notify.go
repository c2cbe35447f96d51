package op

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/penstock-dev/penstock/compiler/plan"
	"github.com/penstock-dev/penstock/runtime/event"
)

// webhookTimeout bounds one notification.
const webhookTimeout = 10 * time.Second

// notify tells somebody. It never fails a run: what went wrong is said in the detail.
func (x *Executor) notify(ctx context.Context, c Call, n *plan.Notify) (*event.Done, error) {
	var err error
	switch {
	case n.Exec != nil:
		err = x.run(ctx, c, x.execCommand(n.Exec))
	case n.Webhook != "":
		err = post(ctx, plan.Webhook{URL: n.Webhook}, nil, map[string]string{"run": c.Run, "node": string(c.Node), "message": n.Message})
	}
	if err != nil {
		return &event.Done{Detail: "nobody was told: " + oneLine(err.Error())}, nil
	}
	return &event.Done{}, nil
}

// Tell sends a pipeline's own notification about an event.
func (x *Executor) Tell(ctx context.Context, c Call, n plan.Notification, body any) error {
	if n.Exec != nil {
		return x.run(ctx, c, x.execCommand(n.Exec))
	}
	if n.Webhook == nil {
		return nil
	}
	headers := map[string]string{}
	for name, ref := range n.Webhook.Secrets {
		v, err := x.Secret(ctx, ref)
		if err != nil {
			return fmt.Errorf("secret of header %s: %w", name, err)
		}
		headers[name] = v
	}
	return post(ctx, *n.Webhook, headers, body)
}

func post(ctx context.Context, hook plan.Webhook, secret map[string]string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, set := range []map[string]string{hook.Headers, secret} {
		for k, v := range set {
			req.Header.Set(k, v)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("notify: %s answered %s", hook.URL, resp.Status)
	}
	return nil
}
