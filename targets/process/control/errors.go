package control

import "fmt"

// Code says what kind of failure an [Error] is.
type Code string

// The codes. Callers branch on them; messages are for people.
const (
	Invalid      Code = "invalid"       // the request makes no sense
	StaleFence   Code = "stale-fence"   // another run has taken the lock since, or nobody holds it
	StaleOrder   Code = "stale-order"   // a later request of the same run was executed
	KeyReused    Code = "key-reused"    // the key belongs to a different request
	Locked       Code = "locked"        // another run holds the lock
	NoVersion    Code = "no-version"    // the version named is not there
	Conflict     Code = "conflict"      // another version is staged, or the request does not fit the state
	NotReady     Code = "not-ready"     // the version did not become ready
	MissSecrets  Code = "needs-secrets" // the version must be started and its secrets were not sent
	LeaseExpired Code = "lease-expired" // the host has taken the canary's traffic back
	BadDigest    Code = "digest"        // the artifact is not what its digest says
	AddressTaken Code = "address-taken" // the listen address is in use
	Restarting   Code = "restarting"    // the host is being replaced; ask again
	NotFound     Code = "not-found"     // no such service or path
	Internal     Code = "internal"      // the host could not do it
)

// Error is a failure that crosses the socket.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Holder is who holds the lock, for Locked.
	Holder *Holder `json:"holder,omitempty"`
	// Log are the last lines that a version wrote, for NotReady.
	Log []string `json:"log,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Is makes errors.Is compare codes: errors.Is(err, &Error{Code: StaleFence}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Errorf returns an Error with a formatted message.
func Errorf(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}
