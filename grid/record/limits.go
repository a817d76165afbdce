package record

import "math"

// What a table, a row and a transaction may hold.
const (
	NameBytesMax        = 48            // the name of a table, column or index
	ColumnsMax          = 16            // columns of a table, those of its key included
	IndexesMax          = 8             // indexes of a table
	UintMax             = math.MaxInt64 // a number without sign: SQL has 63 bits for it
	ValueBytesMax       = 1 << 10       // a value of bytes or text
	KeyBytesMax         = 1 << 10       // an encoded key; the encoded columns of an index
	DocumentBytesMax    = 1 << 20       // a document
	TransactionBytesMax = 8 << 20       // all rows that an Update puts and deletes
	RowsMax             = 1000          // rows of a GetMany, and of a page
	PageBytesMax        = 1 << 20       // all rows of a page, unless it is a single row
)
