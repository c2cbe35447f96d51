// Package lsp is penstock's language server: it speaks the Language Server Protocol on two streams, lets the compiler vet
// what editors have open, and lets package language answer what they ask.
//
// One goroutine owns all state ([Server.Serve]); one reads the client's messages, and at most one vets. Questions are answered
// from the text as it is, without evaluation, so an answer never waits for a check. Nothing that a client sends ends the
// server but exit, and nothing it sends is taken for more memory than a message may have.
package lsp
