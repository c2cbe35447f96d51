// Package proxy is the door users connect to: a reverse proxy that splits the requests of one service between its stable
// and its canary version by weight, counts what each version answers, and loses no request when the split changes, when a
// version goes away on purpose, or when the process that owns the door is replaced.
//
// It speaks HTTP/1.1 and HTTP/2 without TLS (prior knowledge), passes upgrades and trailers through and flushes every
// write at once, so that event streams stay streams.
//
// # Splitting
//
// Requests are dealt from a shuffled deck of one hundred cards, exactly w of them for the canary. The share is exact over
// every hundred requests, and because the order inside a deck is random, a client that alternates between two kinds of
// request cannot send one kind to one version. A fraction of a percent is carried from deck to deck.
//
// # Retrying
//
// A request goes to a second version only when that cannot do anything twice: the connection was refused before a byte was
// sent, or the method is one that HTTP defines as safe to repeat, its body was not touched, and no byte of a response had
// come. A failed try counts against the version that failed it.
//
// # Draining
//
// A version leaves the route first; requests already under way are counted per version, and it may be stopped when its
// count is zero. A request that chose a version and then finds the route changed chooses again, which closes the gap
// between choosing and counting.
//
// # Handing over
//
// A process that is being replaced passes its listening sockets to its successor, stops accepting, and passes every
// HTTP/1.1 connection on as well, at a moment when no byte of the next request has left the kernel. Neither side closes it,
// so there is no moment at which a client's next request could meet a closed socket. HTTP/2 connections are ended by
// GOAWAY, which tells the client which requests were not looked at. Only requests that are still being answered stay behind.
package proxy
