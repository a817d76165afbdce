package record

import (
	"context"

	"github.com/thronggrid/throng/grid/fault"
)

// Attempt is what the transactions of all stores have in common: which calls of
// one are refused, and that a refused one spoils it. It belongs to a single call
// of a transaction's function.
type Attempt struct {
	ctx   context.Context
	bytes int   // put and deleted so far
	err   error // the first failure
	over  bool
}

// NewAttempt returns an attempt that ends with ctx.
func NewAttempt(ctx context.Context) Attempt { return Attempt{ctx: ctx} }

// Begin says why a call cannot be served any more.
func (a *Attempt) Begin() error {
	switch {
	case a.over:
		return fault.New(fault.Internal, "the transaction is over: use it only in its function")
	case a.err != nil:
		return a.err
	case a.ctx.Err() != nil:
		return a.Fail(Interrupted(a.ctx))
	}
	return nil
}

// Fail spoils the transaction and returns why.
func (a *Attempt) Fail(err error) error {
	a.err = err
	return err
}

// CheckPut refuses a row that cannot be put, or is too much for one transaction.
func (a *Attempt) CheckPut(t *Table, r *Row) error {
	if err := t.CheckRow(r); err != nil {
		return a.Fail(err)
	}
	return a.spend(t.putBytes(r))
}

// CheckDelete is CheckPut for a key that is to be deleted.
func (a *Attempt) CheckDelete(t *Table, key []Value) error {
	if err := t.CheckKey(key); err != nil {
		return a.Fail(err)
	}
	return a.spend(TupleBytes(key))
}

// spend counts what a transaction puts, and the keys of what it deletes.
func (a *Attempt) spend(bytes int) error {
	if a.bytes += bytes; a.bytes > TransactionBytesMax {
		return a.Fail(fault.New(fault.ResourceExhausted,
			"a transaction of more than %d bytes: use several", TransactionBytesMax))
	}
	return nil
}

// End says that the function has returned with err. It returns that, or what
// has spoiled the transaction.
func (a *Attempt) End(err error) error {
	if err == nil {
		err = a.Begin()
	}
	a.over = true
	return err
}

// Interrupted is the error of a transaction whose context has ended before it
// was stored.
func Interrupted(ctx context.Context) error {
	return fault.New(fault.Cancelled, "the transaction was given up, nothing was stored: %v",
		context.Cause(ctx))
}

// Unopened is the error of a call with a table that the store does not know.
func Unopened(t *Table) error {
	return fault.New(fault.Internal, "the store was not opened with the table %s", t.Name)
}

// CheckKeys says why the keys of a GetMany are refused.
func (t *Table) CheckKeys(keys [][]Value) error {
	if len(keys) > RowsMax {
		return fault.New(fault.Internal, "%d rows of the table %s at once: at most %d",
			len(keys), t.Name, RowsMax)
	}
	for _, key := range keys {
		if err := t.CheckKey(key); err != nil {
			return err
		}
	}
	return nil
}
