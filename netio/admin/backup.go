package admin

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// BackupStall is how long a client that takes a backup may read nothing of it, unless the
// Node says otherwise.
const BackupStall = 30 * time.Second

// BackupQuery says what shall be in a backup.
type BackupQuery struct {
	Keys bool // the files with the node's keys, too
}

// backup streams a backup of the node. What goes wrong before its first byte is answered;
// behind that the connection is cut, and what the client has is no backup.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	if s.options.Node.Backup == nil {
		fail(w, fault.New(fault.Unimplemented, "this node takes no backups of itself"))
		return
	}
	q := BackupQuery{}
	switch keys := r.URL.Query().Get("keys"); keys {
	case "", "0":
	case "1":
		q.Keys = true
	default:
		fail(w, fault.New(fault.InvalidArgument, "keys=%q: want 0 or 1", keys))
		return
	}
	out := &stream{w: w, control: http.NewResponseController(w),
		stall: cmp.Or(s.options.Node.BackupStall, BackupStall)}
	// Nothing more is read, and that takes as long as it takes. A connection that cannot be
	// given a deadline keeps that of the server.
	_ = out.control.SetReadDeadline(time.Time{})
	err := s.options.Node.Backup(r.Context(), out, q)
	switch {
	case err == nil:
		s.options.Logger.Info("a backup was taken over HTTP", "bytes", out.bytes, "keys", q.Keys)
	case out.bytes == 0:
		fail(w, err)
	default:
		s.options.Logger.Warn("a backup over HTTP ended early: what was sent is no backup",
			"bytes", out.bytes, "error", err)
		panic(http.ErrAbortHandler) // which cuts the connection, so that the client notices
	}
}

// stream answers with bytes, each piece of which must be taken within stall.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	bytes   int64
}

func (s *stream) Write(b []byte) (int, error) {
	if s.bytes == 0 {
		s.w.Header().Set("Content-Type", "application/octet-stream")
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(s.stall))
	n, err := s.w.Write(b)
	s.bytes += int64(n)
	if err != nil {
		err = fmt.Errorf("send to the client: %w", err)
	}
	return n, err
}

var _ io.Writer = (*stream)(nil)

// Backup is how a Node writes a backup of itself. It ends early with the context and with
// the first error of the writer. An error before the first byte is for the client.
type Backup func(context.Context, io.Writer, BackupQuery) error
