// Package history is the archive of chat over record tables: every message of
// every channel, for as long as the store keeps it.
//
// # The table chat_messages
//
//	key       bytes  the stream's key                    key
//	seq       uint   the message's number                key
//	revision  uint   the last change that it carries
//	doc       {"message": [seq, time, revision, sender, session, content or nil]}
//
// The message is kept as the channel encoded it, so fields that a later version
// appends are kept too; and as a value in the document, not as bytes, so that a
// database can look into it.
//
//	I1  A row is only ever replaced by what chat.Merge makes of it: comparing and
//	    writing is one transaction, so rows may come twice, late and in any order.
//	I2  A removed message leaves its row.
//
// # Ownership and failure
//
// An Archive holds no state and may be used from any goroutine. Store divides
// rows among transactions of at most batchRowsMax rows and batchBytesMax bytes
// of messages; those before one that fails are stored. What fails is returned,
// wrapped; asking again is harmless. Read holds one page of the store at a time.
package history
