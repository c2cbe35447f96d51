// Package host is the process behind `penstock host`: it runs versions of programs on this machine, routes requests
// between them, and outlives the runs that release them.
//
// # Records and what runs
//
// What a service should be is its record: which version has which role, the canary's weight, the lease. A request changes
// a copy of the record; the copy is written to disk, synced, and only then takes the place of the old one and is applied:
// doors are opened, runners started or told to leave, the route is set. Applying is a comparison, so that a host that
// starts on the records of a dead one does the same thing and nothing else.
//
// A runner looks after one version: starts its program from the content store, asks whether it is ready, starts it again
// when it dies, drains and stops it when its role is to leave.
//
// # Ends
//
// A program is not a child in the sense of dying with its parent. When the host is killed, programs go on; the next host
// finds them by process id and start time. When the host is replaced on purpose, its successor gets the listening sockets,
// the resting connections and the secrets through a socket of their own, and the old process leaves when it has answered
// what it was asked.
//
// # Exposure
//
// Traffic of an uncommitted version is lent: unless the run renews the lease, the host takes the traffic back by itself
// and says so in the status. A lease that ran out while no host was running is found to have run out at the next start.
package host
