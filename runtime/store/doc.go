// Package store keeps what a run must not forget: its events, and what belongs to them.
//
// The journal is append-only, one hash chain per run, durable when Append returns. Beside it stand the plans and
// decisions (bytes that are never re-encoded), the index of runs, releases and deployments, the inbox through which
// other processes speak to a run, and the evidence stream of the judge. [Open] keeps all of it in a SQLite database in
// the directory .penstock, together with the artifacts and logs; [NewMemory] keeps it in memory. Both pass one suite.
//
// The store refuses what would make its record a lie: an append by a writer that lost its lease, a run that does not
// begin with run.started or whose plan is not stored, other bytes under an id that is taken, a message acknowledged
// twice. After a write that failed (disk full, I/O error) it refuses every further one: what is on disk is then only
// known after opening it again.
//
// # The chain
//
// The bytes of event n are its JSON as encoding/json writes it, with its seq and run. hash_0 is 32 zero bytes and
// hash_n = sha256(hash_{n-1} || bytes_n). An edit, a missing or an added row breaks the chain; that the end was cut off,
// or that everything was written anew, shows only against a [Head] that was kept elsewhere.
package store
