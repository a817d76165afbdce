package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thronggrid/throng/netio/credential"
)

// Tokens says which tokens are given out, and which are taken.
type Tokens struct {
	KeysFile    string
	SessionLife time.Duration
	RefreshLife time.Duration

	JWTKeyFile    string
	JWTAlgorithms []string
	JWTIssuer     string
	JWTAudience   string
}

func (t *Tokens) keys() []Key {
	lives := credential.DefaultLives()
	return []Key{{
		Name: "token_keys_file",
		Doc: "`file` with the keys that sign the tokens that are given out " +
			"(default <data_dir>/token.keys, made at the first start)",
		Secret: true,
		value:  &text{at: &t.KeysFile},
	}, {
		Name: "session_token_life",
		Doc:  "`time` that a session token lasts, which cannot be called back",
		value: span(&t.SessionLife, lives.Session,
			credential.SessionLifeMin, credential.SessionLifeMax, ""),
	}, {
		Name: "refresh_token_life",
		Doc: "`time` that a refresh token lasts, which can be used once; " +
			"at least session_token_life",
		value: span(&t.RefreshLife, lives.Refresh,
			credential.RefreshLifeMin, credential.RefreshLifeMax, ""),
	}, {
		Name: "jwt_key_file",
		Doc: "`file` with what checks the tokens of your own account service: " +
			"a public key in PEM, or the secret of an HMAC",
		Secret: true,
		value:  &text{at: &t.JWTKeyFile},
	}, {
		Name: "jwt_algorithms",
		Doc: "`names` of the algorithms to take, RS256,PS256 say " +
			"(default all that fit the key)",
		value: &list{at: &t.JWTAlgorithms, check: checkAlgorithm},
	}, {
		Name:  "jwt_issuer",
		Doc:   "`text` that their claim iss must be",
		value: &text{at: &t.JWTIssuer},
	}, {
		Name:  "jwt_audience",
		Doc:   "`text` that their claim aud must hold",
		value: &text{at: &t.JWTAudience},
	}}
}

func checkAlgorithm(name string) error {
	if !slices.Contains(credential.Algorithms(), name) {
		return fmt.Errorf("there is no %q: there are %s",
			shortened(name), strings.Join(credential.Algorithms(), ", "))
	}
	return nil
}

// check finds what is wrong between keys that are right one by one.
func (t *Tokens) check(c *Config) (wrong Mistakes) {
	if t.RefreshLife < t.SessionLife {
		wrong = append(wrong, c.mistake("refresh_token_life",
			" %s: session tokens live %s: want refresh tokens to live longer",
			formatDuration(int64(t.RefreshLife)), formatDuration(int64(t.SessionLife))))
	}
	if t.JWTKeyFile != "" {
		return wrong
	}
	for key, set := range map[string]bool{
		"jwt_algorithms": len(t.JWTAlgorithms) > 0,
		"jwt_issuer":     t.JWTIssuer != "",
		"jwt_audience":   t.JWTAudience != "",
	} {
		if set {
			wrong = append(wrong, c.mistake(key, " says which tokens are taken besides: "+
				"name the key that checks them with %s", c.origins[key].spell("jwt_key_file")))
		}
	}
	return wrong
}
