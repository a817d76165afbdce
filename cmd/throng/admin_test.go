package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fetch gets a page of the HTTP port, with the admin token if there is one.
func fetch(t *testing.T, addr, path, token string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// adminToken reads the token that a node has made.
func adminToken(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(dir, "admin.token")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has the mode %v, want it readable by its owner only", file, info.Mode())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestServeHTTP: a node says over HTTP how it is, and shows all else to who has its token.
func TestServeHTTP(t *testing.T) {
	dir := t.TempDir()
	_, addr := startAdmin(t, dir)
	for _, path := range []string{"/livez", "/readyz", "/metrics"} {
		if status, body := fetch(t, addr, path, ""); status != http.StatusOK {
			t.Errorf("%s of a node that is ready: %d %s", path, status, body)
		}
	}
	status, body := fetch(t, addr, "/debug/pprof/goroutine?debug=1", "")
	if status != http.StatusUnauthorized || !strings.Contains(body, filepath.Join(dir, "admin.token")) {
		t.Errorf("without the token: %d %s", status, body)
	}
	if status, body := fetch(t, addr, "/debug/pprof/goroutine?debug=1", adminToken(t, dir)); status != http.StatusOK {
		t.Errorf("with the token: %d %s", status, body)
	}

	status, body = fetch(t, addr, "/admin/hot?kind=boards&seconds=1", adminToken(t, dir))
	if status != http.StatusOK || !strings.Contains(body, `"kind":"boards"`) || !strings.Contains(body, `"top":[]`) {
		t.Errorf("what is hot on an idle node: %d %s", status, body)
	}

	other := filepath.Join(t.TempDir(), "data")
	said := refusedServe(t, "--data-dir", other, "--http-addr", addr)
	if !strings.Contains(said, "choose another --http-addr") {
		t.Errorf("a second node on the same port said: %s", said)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("it made its data directory before it looked at the port")
	}
}
