package grid

import "github.com/thronggrid/throng/grid/fault"

// A Bound is a limit on state that whoever runs the server may set lower than the
// code has it.
type Bound uint8

// The bounds, and the keys of the configuration that set them.
const (
	ContentBytesBound        Bound = iota // chat_content_bytes_max
	StatusBytesBound                      // status_bytes_max
	BoardMetadataBytesBound               // board_metadata_bytes_max
	RecordMetadataBytesBound              // record_metadata_bytes_max
	PageRecordsBound                      // page_records_max
	StripesBound                          // stripes_max, of one board
	StreamsPerSessionBound                // streams_per_session_max
	// These two are given to an edge only while there are as many: a request that
	// would make another is then refused.
	BoardsBound   // boards_max
	ChannelsBound // channels_max
	// Nothing is refused because of this one: messages carry it to their channel, which
	// cuts its tail to it.
	TailBytesBound // chat_tail_bytes
	bounds
)

// boundTexts has the key of each bound, and what a request is told that goes beyond, if
// one can.
var boundTexts = [bounds]struct{ key, text string }{
	ContentBytesBound: {"chat_content_bytes_max", "a content of %d bytes: use up to %d"},
	StatusBytesBound:  {"status_bytes_max", "a status of %d bytes: use up to %d"},
	BoardMetadataBytesBound: {"board_metadata_bytes_max",
		"%d bytes of a board's metadata: use up to %d"},
	RecordMetadataBytesBound: {"record_metadata_bytes_max",
		"%d bytes of a record's metadata: use up to %d"},
	PageRecordsBound: {"page_records_max", "a limit of %d records: ask for up to %d"},
	StripesBound:     {"stripes_max", "a board of %d stripes: use up to %d"},
	StreamsPerSessionBound: {"streams_per_session_max",
		"the session is on %d streams, of at most %d: untrack some first"},
	BoardsBound: {"boards_max",
		"this would be board %d, of at most %d: delete some, or use those there are"},
	ChannelsBound: {"channels_max",
		"this would be the first message in room %d, of at most %d: use a room that has messages"},
	TailBytesBound: {key: "chat_tail_bytes"},
}

// Key is the key of the configuration that sets the bound.
func (b Bound) Key() string { return boundTexts[b].key }

// Limits has a value for each Bound; 0 leaves it to the code, and higher values than
// that takes count for no more. Only edges know them: Prepare checks what a request
// says by itself, and what depends on state travels in the command, so that all
// replicas apply it alike. A nil *Limits is one of zeros.
type Limits [bounds]int

// Of returns the value of a bound; 0: there is none.
func (l *Limits) Of(b Bound) int {
	if l == nil {
		return 0
	}
	return l[b]
}

// Check refuses a request of n, if that is beyond the bound.
func (l *Limits) Check(b Bound, n int) error {
	if most := l.Of(b); most > 0 && n > most {
		return b.Exceeded(fault.InvalidArgument, n, most)
	}
	return nil
}

// Exceeded is the error of what is beyond a bound.
func (b Bound) Exceeded(code fault.Code, n, most int) error {
	t := &boundTexts[b]
	return fault.New(code, t.text+" (the server's %s)", n, most, t.key)
}
