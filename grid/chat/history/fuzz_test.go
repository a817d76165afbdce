package history

import (
	"bytes"
	"testing"
)

// FuzzDocument: arbitrary documents never panic, and what is found in one is
// found again in the document that holds it.
func FuzzDocument(f *testing.F) {
	f.Add(appendDocument(nil, []byte{0x93, 1, 2, 3}))
	f.Add([]byte{0x82, 0xa1, 'x', 0xc0, 0xa7, 'm', 'e', 's', 's', 'a', 'g', 'e', 0x90})
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, doc []byte) {
		message, err := messageIn(doc)
		if err != nil {
			return
		}
		again, err := messageIn(appendDocument(nil, message))
		if err != nil || !bytes.Equal(again, message) {
			t.Fatalf("%x comes back as %x, %v", message, again, err)
		}
	})
}

func TestDocumentKeepsItsBytes(t *testing.T) {
	if got, want := appendDocument(nil, []byte{0x90}), []byte("\x81\xa7message\x90"); !bytes.Equal(got, want) {
		t.Errorf("the document is %q, want %q", got, want)
	}
}
