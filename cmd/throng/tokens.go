package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/netio/credential"
)

// tokenKeysFile is where the keys that sign tokens are, in the data directory.
const tokenKeysFile = "token.keys"

// openTokens returns what gives out tokens. Its keys are in the file that is
// configured, or else in token.keys of the data directory, where they are made at
// the first start.
func openTokens(log *slog.Logger, c *config.Config) (*credential.Tokens, error) {
	file := c.Tokens.KeysFile
	text, err := readTokenKeys(log, &file, c.Node.DataDir)
	if err != nil {
		return nil, err
	}
	keys, err := credential.ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("the keys of tokens in %s: %w", file, err)
	}
	lives := credential.Lives{Session: c.Tokens.SessionLife, Refresh: c.Tokens.RefreshLife}
	return credential.New(credential.Options{Keys: keys, Lives: lives})
}

// readTokenKeys reads the keys from file, or, when that is "", from the data
// directory; file is then set.
func readTokenKeys(log *slog.Logger, file *string, dataDir string) ([]byte, error) {
	if *file != "" {
		text, err := os.ReadFile(*file)
		if err != nil {
			return nil, fmt.Errorf("read the keys of tokens: %w", err)
		}
		return text, nil
	}
	*file = filepath.Join(dataDir, tokenKeysFile)
	text, err := os.ReadFile(*file)
	if errors.Is(err, fs.ErrNotExist) {
		var made bool
		if made, err = makeSecret(*file, credential.DrawKeys()); err != nil {
			return nil, fmt.Errorf("make the keys of tokens: %w", err)
		}
		if made {
			log.Info("made the keys that sign tokens: guard them like passwords", "file", *file)
		}
		text, err = os.ReadFile(*file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the keys of tokens: %w", err)
	}
	return text, nil
}

// openStudio returns what checks a studio's tokens, nil when there is no key.
func openStudio(c *config.Tokens) (*credential.Studio, error) {
	if c.JWTKeyFile == "" {
		return nil, nil
	}
	key, err := os.ReadFile(c.JWTKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the key of --jwt-key-file: %w", err)
	}
	studio, err := credential.NewStudio(credential.StudioOptions{
		Key: key, Algorithms: c.JWTAlgorithms, Issuer: c.JWTIssuer, Audience: c.JWTAudience,
	})
	if err != nil {
		return nil, fmt.Errorf("--jwt-key-file %s: %w", c.JWTKeyFile, err)
	}
	return studio, nil
}
