// Package control is the language that penstock speaks with its process host: requests, answers and errors as JSON over
// HTTP on a unix socket, and where that socket is.
//
// Every request that changes a service is an [Op]: it names the service, carries the fencing number of the environment's
// lock, the number of its dispatch and an idempotency key. The host executes it as far as it can at once, waits for the
// rest as long as the request allows, and answers with the state of the service; a client repeats the request until the
// answer says that it is done. Repeating is therefore always safe.
//
// Only the user who owns the socket's directory can reach the host, and the kernel tells the host who calls.
package control
