package history

import (
	"errors"

	"github.com/thronggrid/throng/grid/pack"
)

// field is the one field of a document.
const field = "message"

var errNoMessage = errors.New("the archive's row has no message")

// appendDocument appends the document that holds a message.
func appendDocument(b, message []byte) []byte {
	return append(pack.AppendString(pack.AppendMap(b, 1), field), message...)
}

// messageIn returns a view of the message in a document. Other fields, which a
// later version may add, are passed over.
func messageIn(doc []byte) ([]byte, error) {
	in := pack.NewCursor(doc)
	var message []byte
	for range in.Map() {
		if string(in.String()) == field {
			message = in.Raw()
		} else {
			in.Skip()
		}
	}
	if in.Done() != nil || message == nil {
		return nil, errNoMessage
	}
	return message, nil
}
