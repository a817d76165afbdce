package host

import "github.com/hashicorp/raft"

// Hook is what a transport may offer beside raft.Transport. Then no goroutine is needed
// between it and Raft; without, a replica costs one more.
type Hook interface {
	// Screen lets a function see each request before Raft gets it, on the goroutine that
	// hands it over, which it does not block. If it returns an error, that is the answer,
	// and Raft does not get the request. It is called once, before Consumer.
	Screen(screen func(command any) error)
	// Inject hands Raft a request as if a node had sent it. It returns once Raft has taken
	// it, or the transport is closed.
	Inject(raft.RPC)
}
