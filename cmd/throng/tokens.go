package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/thronggrid/throng/netio/credential"
)

// tokenFlags say which tokens are given out, and which are taken.
type tokenFlags struct {
	lives  credential.Lives
	studio credential.StudioOptions // Key is read by openStudio
	key    string                   // the studio's key file
}

func (f *tokenFlags) add(flags *pflag.FlagSet) {
	lives := credential.DefaultLives()
	flags.DurationVar(&f.lives.Session, "session-token-life", lives.Session,
		"`time` that a session token lasts, which cannot be called back")
	flags.DurationVar(&f.lives.Refresh, "refresh-token-life", lives.Refresh,
		"`time` that a refresh token lasts, which can be used once")
	flags.StringVar(&f.key, "jwt-key-file", "",
		"`file` with what checks the tokens of your own account service: "+
			"a public key in PEM, or the secret of an HMAC")
	flags.StringSliceVar(&f.studio.Algorithms, "jwt-algorithms", nil,
		"`names` of the algorithms to take, RS256,PS256 say (default all that fit the key)")
	flags.StringVar(&f.studio.Issuer, "jwt-issuer", "", "`text` that their claim iss must be")
	flags.StringVar(&f.studio.Audience, "jwt-audience", "", "`text` that their claim aud must hold")
}

// check refuses what cannot work before anything is touched.
func (f *tokenFlags) check() error {
	if err := f.lives.Validate(); err != nil {
		return usagef("--session-token-life and --refresh-token-life: %w", err)
	}
	for _, a := range f.studio.Algorithms {
		if !slices.Contains(credential.Algorithms(), a) {
			return usagef("--jwt-algorithms: there is no %q: there are %s",
				a, strings.Join(credential.Algorithms(), ", "))
		}
	}
	more := len(f.studio.Algorithms) > 0 || f.studio.Issuer != "" || f.studio.Audience != ""
	if more && f.key == "" {
		return usagef("--jwt-algorithms, --jwt-issuer and --jwt-audience say which tokens are " +
			"taken besides: name the key that checks them with --jwt-key-file")
	}
	return nil
}

// openTokens returns what gives out tokens. Its keys are in token.keys of the data
// directory, where they are made at the first start.
func (f *tokenFlags) openTokens(log *slog.Logger, dataDir string) (*credential.Tokens, error) {
	file := filepath.Join(dataDir, "token.keys")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		var made bool
		if made, err = makeSecret(file, credential.DrawKeys()); err != nil {
			return nil, fmt.Errorf("make the keys of tokens: %w", err)
		}
		if made {
			log.Info("made the keys that sign tokens: guard them like passwords", "file", file)
		}
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the keys of tokens: %w", err)
	}
	keys, err := credential.ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("the keys of tokens in %s: %w", file, err)
	}
	return credential.New(credential.Options{Keys: keys, Lives: f.lives})
}

// openStudio returns what checks a studio's tokens, nil when there is no key.
func (f *tokenFlags) openStudio() (*credential.Studio, error) {
	if f.key == "" {
		return nil, nil
	}
	key, err := os.ReadFile(f.key)
	if err != nil {
		return nil, fmt.Errorf("read the key of --jwt-key-file: %w", err)
	}
	o := f.studio
	o.Key = key
	studio, err := credential.NewStudio(o)
	if err != nil {
		return nil, fmt.Errorf("--jwt-key-file %s: %w", f.key, err)
	}
	return studio, nil
}
