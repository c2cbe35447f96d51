// Package child runs programs that outlive whoever started them.
//
// A child has its own session, so that neither a Ctrl-C nor the death of the host reaches it, and writes its output
// straight to a file. It is named by process id, start time and boot: a later host finds it again, watches it through a
// pidfd, and never mistakes another process for it.
package child
