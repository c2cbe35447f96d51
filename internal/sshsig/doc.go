// Package sshsig signs and verifies bytes with ssh keys, in the format of OpenSSH's PROTOCOL.sshsig: what
// `ssh-keygen -Y sign` writes is verified here, and the other way round. Who may sign is said by an allowed_signers file
// (ssh-keygen(1), "ALLOWED SIGNERS"), read strictly: what this package doesn't enforce, it refuses.
package sshsig
