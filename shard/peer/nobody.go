package peer

// Nobody is the Peers of a node alone: it reaches nobody.
type Nobody struct{}

var _ Peers = Nobody{}

// Tell returns ErrUnreachable.
func (Nobody) Tell(uint32, Channel, []byte) error { return ErrUnreachable }

// Call hands ErrUnreachable to done.
func (Nobody) Call(_ uint32, _ Channel, _ []byte, done Done) { done(nil, ErrUnreachable) }

// Ask hands ErrUnreachable to done.
func (Nobody) Ask(_ string, _ Channel, _ []byte, done Done) { done(nil, ErrUnreachable) }

// Serve does nothing: no message comes.
func (Nobody) Serve(Channel, Handler) {}

// Watch does nothing: nothing happens to nodes that there are not.
func (Nobody) Watch(func(Event)) {}

// SetNodes does nothing.
func (Nobody) SetNodes([]Node) {}
