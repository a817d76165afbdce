package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

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
