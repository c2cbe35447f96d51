package live

import (
	"context"
	"fmt"

	"github.com/penstock-dev/penstock/targets"
	"github.com/penstock-dev/penstock/targets/process/control"
)

var _ targets.Addresser = (*Driver)(nil)

// Address returns where the staged version listens, on the loopback and past the proxy.
func (d *Driver) Address(ctx context.Context, dep targets.Deploy) (string, error) {
	cl, _, err := d.client(dep.Place)
	if err != nil {
		return "", err
	}
	st, err := cl.Observe(ctx, service(dep))
	if err != nil {
		return "", refused(targets.Call{}, err)
	}
	for _, role := range []control.Role{control.Canary, control.Stable} {
		if v, ok := st.In(role); ok && v.Version == dep.Version && v.Addr != "" {
			return v.Addr, nil
		}
	}
	return "", fmt.Errorf("%s: %w: nothing of this release runs", dep.Ref, targets.ErrNoVersion)
}
