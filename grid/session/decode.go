package session

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

// Each body has a decode, which reads its fields from an array of n and checks
// them: it may come from an old log or a peer, and is believed no more than a
// client. Keys and statuses are views of the body.

// trackBody is the body of KindTrack: that of untracking, and behind it status and, if
// the gateway was told less than StreamsMax, on how many streams a session may be.
type trackBody struct {
	untrackBody
	status []byte
	most   int
}

// untrackBody is the body of KindUntrack:
// [user, session, origin, conn, key]. The first four say who asks.
type untrackBody struct {
	ConfirmRequest
	key []byte
}

// endBody is the body of KindEnd: [user, session, by or nil, origin, conn].
type endBody struct {
	user    grid.ID
	session grid.SessionID // of the user, to be ended
	// by is the session of the same user that asks, from the connection; 0: a server
	// asks, whose session is elsewhere.
	by     grid.SessionID
	origin grid.Origin
	conn   uint64
}

func (r *ConfirmRequest) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 4); err != nil {
		return err
	}
	if r.User, err = grid.ReadUser(in); err != nil {
		return err
	}
	if r.Session, err = grid.ReadSession(in); err != nil {
		return err
	}
	r.Origin, r.Conn = grid.Origin(in.Uint()), in.Uint()
	return in.Err()
}

func (r *untrackBody) decode(in *pack.Cursor, n int) error {
	if err := grid.CheckFields(n, 5); err != nil {
		return err
	}
	if err := r.ConfirmRequest.decode(in, n); err != nil {
		return err
	}
	r.key = in.Bytes()
	if in.Err() != nil {
		return in.Err()
	}
	return grid.CheckKey(r.key)
}

func (r *trackBody) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 6); err != nil {
		return err
	}
	if err = r.untrackBody.decode(in, n); err != nil {
		return err
	}
	if r.status, err = presence.ReadStatus(in); err != nil {
		return err
	}
	r.most = StreamsMax
	if n > 6 {
		r.most = int(min(max(in.Uint(), 1), StreamsMax))
	}
	return in.Err()
}

func (r *endBody) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 5); err != nil {
		return err
	}
	if r.user, err = grid.ReadUser(in); err != nil {
		return err
	}
	if r.session, err = grid.ReadSession(in); err != nil {
		return err
	}
	if r.by, err = sessionOrNil(in); err != nil {
		return err
	}
	r.origin, r.conn = grid.Origin(in.Uint()), in.Uint()
	return in.Err()
}

func (r *OpenRequest) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 7); err != nil {
		return err
	}
	if r.User, err = grid.ReadUser(in); err != nil {
		return err
	}
	r.Origin, r.Conn = grid.Origin(in.Uint()), in.Uint()
	if r.Secret, err = readSecret(in); err != nil {
		return err
	}
	r.Server = in.Bool()
	if r.Spend, err = userOrNil(in); err != nil {
		return err
	}
	r.SpendUntil = in.Int()
	return in.Err()
}

func (r *ResumeRequest) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 6); err != nil {
		return err
	}
	var c ConfirmRequest // the same fields stand first
	if err = c.decode(in, n); err != nil {
		return err
	}
	r.User, r.Session, r.Origin, r.Conn = c.User, c.Session, c.Origin, c.Conn
	if r.Secret, err = readSecret(in); err != nil {
		return err
	}
	if r.Next, err = readSecret(in); err != nil || n < 8 {
		return err
	}
	if r.Refresh, err = userOrNil(in); err != nil {
		return err
	}
	r.RefreshUntil = in.Int()
	return in.Err()
}

func (r *DetachRequest) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 4); err != nil {
		return err
	}
	if r.User, err = grid.ReadUser(in); err != nil {
		return err
	}
	r.Origin, r.Conn = grid.Origin(in.Uint()), in.Uint()
	r.Grace = in.Int()
	return in.Err()
}

// decode reads a client's request as well as the body of a query: there the user
// is always named. Both fields may be missing.
func (r *ListRequest) decode(in *pack.Cursor, n int) (err error) {
	*r = ListRequest{}
	if n > 0 {
		if r.User, err = userOrNil(in); err != nil {
			return err
		}
	}
	if n > 1 {
		r.After, err = sessionOrNil(in)
	}
	return err
}

// decode reads a client's request. Both fields may be missing.
func (r *EndRequest) decode(in *pack.Cursor, n int) (err error) {
	*r = EndRequest{}
	if n > 0 {
		if r.Session, err = sessionOrNil(in); err != nil {
			return err
		}
	}
	if n > 1 {
		r.User, err = userOrNil(in)
	}
	return err
}

func userOrNil(in *pack.Cursor) (grid.ID, error) {
	if in.Nil() {
		return grid.ID{}, nil
	}
	return grid.ReadUser(in)
}

func sessionOrNil(in *pack.Cursor) (grid.SessionID, error) {
	if in.Nil() {
		return 0, nil
	}
	return grid.ReadSession(in)
}

func readSecret(in *pack.Cursor) (secret Secret, err error) {
	b := in.Bytes()
	if in.Err() == nil && len(b) != len(secret) {
		return secret, fault.New(fault.InvalidArgument,
			"what stands for a secret has %d bytes: want %d", len(b), len(secret))
	}
	copy(secret[:], b)
	return secret, in.Err()
}
