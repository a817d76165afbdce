package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/durable/disk"
)

// keyBytes is how long a secret of the server is. In its file it is hexadecimal.
const keyBytes = 32

// A secret is something that whoever shows it may do much with. It is kept in a file.
type secret struct {
	name string // "server key": in messages
	base string // of its file in the data directory
}

// The studio's own servers say by their key who they are, and who runs the node by the
// admin token.
var (
	serverSecret = secret{"server key", "server.key"}
	adminSecret  = secret{"admin token", "admin.token"}
	// All nodes of a cluster know its secret, and nobody else.
	clusterSecret = secret{"cluster secret", "cluster.secret"}
)

// in returns where the secret is: in file, or, when that is empty, in the data directory.
func (s secret) in(file, dataDir string) string {
	if file != "" {
		return file
	}
	return filepath.Join(dataDir, s.base)
}

// open reads the secret from file, or, when file is empty, from the data directory, where
// it is made at the first start.
func (s secret) open(log *slog.Logger, file, dataDir string) (string, error) {
	if file != "" {
		return s.read(file)
	}
	file = s.in("", dataDir)
	key, err := s.read(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	made, err := makeSecret(file, drawKey())
	if err != nil {
		return "", fmt.Errorf("make the %s: %w", s.name, err)
	}
	if made {
		log.Info("made the "+s.name+": guard it like a password", "file", file)
	}
	return s.read(file)
}

func (s secret) read(file string) (string, error) {
	if isKey(file) { // which must not be printed, as the name of a file would be
		return "", fmt.Errorf("read the %s: want the name of the file that it is in, "+
			"and this is a key itself", s.name)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the %s: %w", s.name, err)
	}
	key := strings.TrimSpace(string(text))
	if !isKey(key) {
		return "", fmt.Errorf("the %s in %s is not %d hexadecimal digits: "+
			"write one with 'openssl rand -hex %d'", s.name, file, 2*keyBytes, keyBytes)
	}
	return key, nil
}

// isKey says whether a text has the form of a key.
func isKey(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == keyBytes
}

// drawKey returns the text of a new key.
func drawKey() string {
	var raw [keyBytes]byte
	rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:]) + "\n"
}

// makeSecret writes a file that only its owner can read, so that it is there whole
// or not at all, and leaves one alone that another start wrote meanwhile: made is
// then false.
func makeSecret(file, text string) (made bool, err error) {
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, "."+filepath.Base(file)+"-*") // readable by its owner only
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return false, err
	}
	if err := f.Sync(); err != nil {
		return false, err
	}
	err = os.Link(f.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	return err == nil, disk.SyncDir(vfs.Default, dir)
}

// warnOpen warns of files with secrets that everybody on the machine can read. What
// checks a studio's tokens is mostly a public key, and may be read; so may certificates.
func warnOpen(log *slog.Logger, c *config.Config) {
	public := []string{"jwt_key_file", "peer_tls_cert_file", "peer_tls_ca_file"}
	for _, k := range c.Keys() {
		if !k.Secret || k.Text() == "" || slices.Contains(public, k.Name) {
			continue
		}
		info, err := os.Stat(k.Text())
		if err == nil && info.Mode().Perm()&0o004 != 0 {
			log.Warn("others on this machine can read a secret: take that away with chmod o-r",
				"key", k.Name, "file", k.Text())
		}
	}
}
