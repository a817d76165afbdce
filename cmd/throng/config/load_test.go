package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// written is a file with this text.
func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "throng.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPrecedence: default, file, environment, flag, and each overrides those
// before it.
func TestPrecedence(t *testing.T) {
	file := written(t, "# a comment\nshards: 2\n")
	s := Sources{}
	for _, step := range []struct {
		add    func()
		want   int
		origin string
	}{
		{func() {}, 0, "default"},
		{func() { s.File = file }, 2, file + ":2"},
		{func() { s.Environ = []string{"HOME=/root", "THRONG_SHARDS=3"} }, 3, "env THRONG_SHARDS"},
		{func() { s.Flags = []Setting{{"shards", "4"}} }, 4, "flag --shards"},
	} {
		step.add()
		c, err := Load(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Origin("shards").Of("shards"); c.Node.Shards != step.want || got != step.origin {
			t.Errorf("%d shards from %s, want %d from %s", c.Node.Shards, got, step.want, step.origin)
		}
	}
}

// TestTypes sets a key of each type in each way that there is.
func TestTypes(t *testing.T) {
	c, err := Load(Sources{
		File: written(t, `
data_dir: /var/lib/throng
connections_max: 1000
frame_bytes_max: 128KiB
session_grace: 1m30s
websocket_origins: [https://a.example, https://b.example]
jwt_algorithms:
  - ES256
jwt_key_file: "studio.pem"
`),
		Environ: []string{"THRONG_OUTGOING_BYTES_MAX=600000", "THRONG_CONFIG=elsewhere"},
		Flags:   []Setting{{"jwt_algorithms", "RS256,PS256"}, {"jwt_algorithms", "EdDSA"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Node.DataDir = "/var/lib/throng"
	want.Limits.ConnectionsMax = 1000
	want.Limits.FrameBytesMax = 128 << 10
	want.Limits.OutgoingBytesMax = 600000
	want.Clients.SessionGrace = 90 * time.Second
	want.Clients.WebsocketOrigins = []string{"https://a.example", "https://b.example"}
	want.Tokens.JWTAlgorithms = []string{"RS256", "PS256", "EdDSA"}
	want.Tokens.JWTKeyFile = "studio.pem"
	want.origins = c.origins
	if !reflect.DeepEqual(c, want) {
		t.Errorf("loaded %+v, want %+v", c, want)
	}
}

// TestMistakes: each is found, says where it is and what to do.
func TestMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		file    string
		environ []string
		flags   []Setting
		want    []string // in order; FILE stands for its name
	}{
		"three in a file": {
			file: "shards: many\nclient_adr: :7400\nsession_grace: 0s\n",
			want: []string{
				"FILE:1: shards many: want a whole number, 1 to 1024, or 0 for one per core",
				`FILE:2: there is no key "client_adr": did you mean client_addr?`,
				"FILE:3: session_grace 0s: want 1s to 24h",
			},
		},
		"hyphens": {file: "client-addr: x", want: []string{`"client-addr": did you mean client_addr?`}},
		"nothing near": {file: "zzz: 1",
			want: []string{`FILE:1: there is no key "zzz": 'throng config doc' lists all`}},
		"twice": {file: "shards: 1\n\nshards: 2",
			want: []string{"FILE:3: shards is set already, on line 1: keep one of the two"}},
		"nested": {file: "limits:\n  shards: 1",
			want: []string{"FILE:1: limits holds keys of its own, but all keys are flat"}},
		"no value":   {file: "shards:", want: []string{"FILE:1: shards has no value: leave the line out"}},
		"a sequence": {file: "shards: [1]", want: []string{"FILE:1: shards: want one value, not a sequence"}},
		"sequences": {file: "jwt_algorithms: [[ES256]]",
			want: []string{"FILE:1: jwt_algorithms: want a sequence of texts"}},
		"no mapping": {file: "- shards", want: []string{"FILE:1: want lines of key: value"}},
		"no YAML":    {file: "shards: 1\n  x: [", want: []string{"FILE:2: this is no YAML"}},
		"a tab":      {file: "shards:\n\t1", want: []string{"FILE:2: this is no YAML"}},
		"a document": {file: "shards: 1\n---\nshards: 2", want: []string{"FILE:2: a second document begins here"}},
		"too large": {file: strings.Repeat("#", FileBytesMax+1),
			want: []string{"FILE: a configuration has at most 1MiB"}},
		"an odd key": {file: "[1]: 2", want: []string{"FILE:1: want a key: value"}},
		"bytes": {file: "frame_bytes_max: 64kb",
			want: []string{"want a size in bytes, 65536, 64KiB or 1GiB say, 4KiB to 16MiB"}},
		"many bytes": {file: "frame_bytes_max: 9000000TiB", want: []string{"9000000TiB: want 4KiB to 16MiB"}},
		"a level":    {file: "log_level: loud", want: []string{`log_level "loud": want debug, info, warn or error`}},
		"an origin": {file: "websocket_origins: [game.example]",
			want: []string{`websocket_origins: the origin "game.example"`}},
		"overridden": {file: "shards: -1", flags: []Setting{{"shards", "1"}},
			want: []string{"FILE:1: shards -1: want 1 to 1024"}},
		"a variable": {environ: []string{"THRONG_SHARDS=-1"}, want: []string{"THRONG_SHARDS -1: want 1 to 1024"}},
		"an empty": {environ: []string{"THRONG_SHARDS="},
			want: []string{"THRONG_SHARDS is empty: want a whole number"}},
		"a near one": {environ: []string{"THRONG_SHARD=1"},
			want: []string{"THRONG_SHARD sets nothing: did you mean THRONG_SHARDS?"}},
		"lower case": {environ: []string{"THRONG_shards=1"},
			want: []string{"THRONG_shards sets nothing: did you mean THRONG_SHARDS?"}},
		"none near": {environ: []string{"THRONG_ZZZ=1"}, want: []string{"THRONG_ZZZ sets nothing: unset it"}},
		"the file":  {environ: []string{"THRONG_CONFIGS=1"}, want: []string{"did you mean THRONG_CONFIG?"}},
		"a flag": {flags: []Setting{{"client_addr", "7400"}},
			want: []string{`--client-addr "7400": want host:port`}},
		"empty flag": {flags: []Setting{{"data_dir", ""}}, want: []string{"--data-dir is empty: name a directory"}},
		"short lives": {flags: []Setting{{"session_token_life", "2h"}, {"refresh_token_life", "1h"}},
			want: []string{"--refresh-token-life 1h: session tokens live 2h: want refresh tokens to live longer"}},
		"no jwt key": {environ: []string{"THRONG_JWT_ISSUER=x"},
			want: []string{"THRONG_JWT_ISSUER says which tokens are taken besides: " +
				"name the key that checks them with THRONG_JWT_KEY_FILE"}},
		"everywhere": {file: "shards: x", environ: []string{"THRONG_SHARDS=y"}, flags: []Setting{{"shards", "z"}},
			want: []string{"FILE:1: shards x", "THRONG_SHARDS y", "--shards z"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := Sources{Environ: tc.environ, Flags: tc.flags}
			if tc.file != "" {
				s.File = written(t, tc.file)
			}
			_, err := Load(s)
			wrong, ok := err.(Mistakes)
			if !ok || len(wrong) != len(tc.want) {
				t.Fatalf("%v, want %d mistakes", err, len(tc.want))
			}
			for i, want := range tc.want {
				want = strings.ReplaceAll(want, "FILE", s.File)
				if got := wrong[i].String(); !strings.Contains(got, want) {
					t.Errorf("%s, want %s", got, want)
				}
			}
		})
	}
}

// TestNoSecretIsTold: what was given in place of the name of a file, or under a
// name that there is not, may be a secret.
func TestNoSecretIsTold(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, s := range []Sources{
		{File: written(t, "server_key: "+secret)},
		{File: written(t, "server_key_file: "+secret)},
		{File: written(t, "jwt_key_file: |\n  -----BEGIN PUBLIC KEY-----\n  "+secret)},
		{Environ: []string{"THRONG_SERVER_KEY=" + secret}},
		{Environ: []string{"THRONG_SERVER_KEY_FILE=" + secret}},
		{Flags: []Setting{{"server_key_file", secret}}},
	} {
		if _, err := Load(s); err == nil || strings.Contains(err.Error(), secret[:8]) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestLinks: what Kubernetes sets for a service of our name is none of ours.
func TestLinks(t *testing.T) {
	links := []string{
		"THRONG_SERVICE_HOST=10.0.0.1", "THRONG_SERVICE_PORT=7400", "THRONG_SERVICE_PORT_CLIENTS=7400",
		"THRONG_PORT=tcp://10.0.0.1:7400", "THRONG_PORT_7400_TCP=tcp://10.0.0.1:7400",
		"THRONG_PORT_7400_TCP_ADDR=10.0.0.1", "THRONG_ADMIN_SERVICE_HOST=10.0.0.1",
	}
	if _, err := Load(Sources{Environ: links}); err != nil {
		t.Error(err)
	}
	if _, err := Load(Sources{Environ: []string{"THRONG_PORT=7400"}}); err == nil {
		t.Error("THRONG_PORT=7400 was taken for a link")
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	if _, err := Load(Sources{File: "missing.yaml"}); err == nil ||
		!strings.Contains(err.Error(), "read the configuration: stat missing.yaml") {
		t.Error(err)
	}
	if _, err := Load(Sources{File: written(t, "# nothing\n")}); err != nil {
		t.Error(err)
	}
}

// TestEachFieldHasAKey: no field of a section is out of reach, and no two keys
// share one, or a name.
func TestEachFieldHasAKey(t *testing.T) {
	c := Default()
	fields := 0
	for v, i := reflect.ValueOf(c).Elem(), 0; i < v.NumField(); i++ {
		if section := v.Field(i); section.Kind() == reflect.Struct {
			fields += section.NumField()
		}
	}
	at, names := map[any]bool{}, map[string]bool{}
	for _, k := range c.Keys() {
		at[reflect.ValueOf(k.value).Elem().FieldByName("at").Pointer()] = true
		names[k.Name] = true
		if strings.Count(k.Doc, "`") != 2 || k.Doc[0] != '`' {
			t.Errorf("the doc of %s does not begin with a word for its value: %s", k.Name, k.Doc)
		}
		if k.Secret != strings.HasSuffix(k.Name, "_file") {
			t.Errorf("%s: a key whose name ends in _file names a secret, and no other does", k.Name)
		}
	}
	if len(at) != fields || len(names) != fields || len(c.Keys()) != fields {
		t.Errorf("%d fields, %d keys for %d of them, %d names", fields, len(c.Keys()), len(at), len(names))
	}
}
