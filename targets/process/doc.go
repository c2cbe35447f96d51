// Package process is the offline half of the process target: what can be said about a program that a penstock host runs
// without running it. It reads no file, opens no socket and links nothing of the host.
//
// The host itself is in host, its language in control, its client in client; the driver that the runtime uses is in live.
package process
