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
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
)

// keyBytes is how long the server's key is. In its file it is hexadecimal.
const keyBytes = 32

// serverKey returns the key by which a studio's own servers say who they are.
// It is read from file, or, when file is empty, from server.key in the data
// directory, where it is made at the first start.
func serverKey(log *slog.Logger, file, dataDir string) (string, error) {
	if file != "" {
		return readKey(file)
	}
	file = filepath.Join(dataDir, "server.key")
	key, err := readKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	made, err := makeKey(file)
	if err != nil {
		return "", fmt.Errorf("make the server key: %w", err)
	}
	if made {
		log.Info("made the server key: guard it like a password", "file", file)
	}
	return readKey(file)
}

func readKey(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the server key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if raw, err := hex.DecodeString(key); err != nil || len(raw) != keyBytes {
		return "", fmt.Errorf("the server key in %s is not %d hexadecimal digits: "+
			"write one with 'openssl rand -hex %d'", file, 2*keyBytes, keyBytes)
	}
	return key, nil
}

// makeKey writes a new server key.
func makeKey(file string) (made bool, err error) {
	var raw [keyBytes]byte
	rand.Read(raw[:]) // never fails
	return makeSecret(file, hex.EncodeToString(raw[:])+"\n")
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
