package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/credential"
)

// configIn is the default configuration with another data directory.
func configIn(dir string) *config.Config {
	c := config.Default()
	c.Node.DataDir = dir
	return c
}

func tokensIn(t *testing.T, dir string) *credential.Tokens {
	t.Helper()
	tokens, err := openTokens(quiet, configIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// TestTokenKeysAreMadeOnce: what was signed before a restart is good after it.
func TestTokenKeysAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	user := grid.UserID("custom", "player-0001")
	issued, err := tokensIn(t, dir).Issue(&grid.Caller{User: user})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tokensIn(t, dir).Session(issued.Session); err != nil || got != user {
		t.Errorf("after a restart the token is of %v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, "token.keys"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the keys is %v, want -rw------- (%v)", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left, want the keys alone", len(files))
	}
}

// TestTokenKeysRotate does what the help says.
func TestTokenKeysRotate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token.keys")
	issued, err := tokensIn(t, dir).Issue(&grid.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []bool{true, false} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		current, _, _ := strings.Cut(string(text), "\n")
		fresh, _, _ := strings.Cut(credential.DrawKeys(), "\n")
		if err := os.WriteFile(file, []byte(fresh+"\n"+current+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tokensIn(t, dir).Session(issued.Session); (err == nil) != good {
			t.Errorf("a token of the key before: %v", err)
		}
	}
	if err := os.WriteFile(file, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openTokens(quiet, configIn(dir)); err == nil ||
		!strings.Contains(err.Error(), file+": line 1 is no key") {
		t.Errorf("a broken file: %v", err)
	}
}
