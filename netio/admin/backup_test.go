package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// TestBackup: its bytes come as they are written; what goes wrong is answered, or cuts the
// connection when it is too late for that.
func TestBackup(t *testing.T) {
	backup := func(ctx context.Context, w io.Writer, q BackupQuery) error {
		if !q.Keys {
			return fault.New(fault.ResourceExhausted, "another is under way")
		}
		for range 100 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return err
			}
		}
		return errors.New("the disk is gone")
	}
	s := started(t, func(o *Options) { o.Node.Backup = backup })
	post := func(query string) (int, string, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"http://"+s.Addr().String()+"/admin/backup"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		return a.StatusCode, string(text), err
	}
	for query, want := range map[string]int{"": http.StatusTooManyRequests, "?keys=yes": http.StatusBadRequest} {
		if status, text, err := post(query); status != want || err != nil || !strings.Contains(text, "message") {
			t.Errorf("%q: %d %s, %v; want %d", query, status, text, err, want)
		}
	}
	if status, text, err := post("?keys=1"); status != http.StatusOK || err == nil {
		t.Errorf("a backup that ends early: %d, %d bytes, and no error", status, len(text))
	}
}

// TestABackupThatNobodyTakes: a client that reads nothing of a backup is cut off once its
// time is over, and one that goes away at once; the node hears of both, by an error or by
// the end of the context, and ends its work.
func TestABackupThatNobodyTakes(t *testing.T) {
	for _, c := range []struct {
		what  string
		stall time.Duration
		leave bool
		want  func(error, context.Context) bool
	}{
		{"who stalls", 10 * time.Millisecond, false, func(err error, _ context.Context) bool {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}},
		{"who goes away", time.Hour, true, func(err error, ctx context.Context) bool {
			<-ctx.Done()
			return err != nil
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			type end struct {
				err error
				ctx context.Context
			}
			ended := make(chan end, 1)
			s := started(t, func(o *Options) {
				o.Node.BackupStall = c.stall
				o.Node.Backup = func(ctx context.Context, w io.Writer, _ BackupQuery) (err error) {
					for err == nil { // more than all buffers on the way take
						_, err = w.Write(make([]byte, 64<<10))
					}
					ended <- end{err, ctx}
					return err
				}
			})
			conn, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /admin/backup HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", token)
			if c.leave {
				if _, err := io.ReadFull(conn, make([]byte, 1<<20)); err != nil {
					t.Fatal(err)
				}
				conn.Close()
			}
			if e := <-ended; !c.want(e.err, e.ctx) {
				t.Errorf("the backup ended with %v", e.err)
			}
		})
	}
}
