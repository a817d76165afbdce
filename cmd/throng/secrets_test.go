package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/netio/credential"
)

// TestNoSecretIsPrinted shows all kinds of secrets, right and wrong ones, to a server that
// logs all it can, and to the commands around it. None of them is in what these print, in
// what the HTTP port answers, nor in any file but those that are there to hold it. In the
// end one of two servers is stopped, and the other made to print all its goroutines, as a
// crash does.
func TestNoSecretIsPrinted(t *testing.T) {
	for _, end := range []struct {
		format, last string
		signal       os.Signal
	}{
		{"json", `"msg":"stopping"`, os.Interrupt},
		{"text", "goroutine ", syscall.SIGQUIT},
	} {
		t.Run(end.format, func(t *testing.T) {
			t.Parallel()
			k := startKeeper(t, end.format)
			k.logIn()
			k.logInWrong()
			k.breakHellos()
			k.askHTTP()
			k.backUp()
			k.runCommands()
			k.reload()
			k.look("the configuration", k.read(k.file))
			k.log.wait(t, "a request was slow")
			if err := k.process.Signal(end.signal); err != nil {
				t.Fatal(err)
			}
			_ = k.ended()
			log := k.log.wait(t, end.last)
			if !strings.Contains(log, "DEBUG") {
				t.Error("the server logs nothing at level debug")
			}
			k.look("the log", log)
			k.lookAtFiles(k.dir)
		})
	}
}

// A keeper is a server with secrets, and those who use it.
type keeper struct {
	*abuser
	vault
	base  string // holds a folder keys, where files are that may hold secrets
	file  string // the configuration
	log   *transcript
	ended func() error
}

// A transcript is what a process has printed so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // has room for one
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{}, 1)} }

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
	return s.text.Write(b)
}

// wait returns all that was printed once want is there.
func (s *transcript) wait(t *testing.T, want string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	for {
		s.mu.Lock()
		text := s.text.String()
		s.mu.Unlock()
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-s.more:
		case <-ctx.Done():
			t.Fatalf("%q was not printed, but\n%s", want, text)
		}
	}
}

func startKeeper(t *testing.T, format string) *keeper {
	t.Helper()
	k := &keeper{
		abuser: &abuser{T: t, victim: &victim{t: t}}, base: t.TempDir(), log: newTranscript(),
	}
	k.dir, k.file = filepath.Join(k.base, "data"), filepath.Join(k.base, "throng.yaml")
	for _, dir := range []string{"data", "keys"} {
		if err := os.Mkdir(filepath.Join(k.base, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	k.configure("log_level: debug")
	out := newTranscript()
	cmd := exec.Command("throng", "serve", "--config", k.file, "--log-format", format)
	cmd.Stdout, cmd.Stderr = out, k.log
	wait, err := startMortal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	k.process, k.ended = cmd.Process, sync.OnceValue(wait)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = k.ended()
	})
	line, _, _ := strings.Cut(out.wait(t, "\n"), "\n")
	both, ready := strings.CutPrefix(line, "ready client=")
	k.addr, k.http, _ = strings.Cut(both, " http=")
	if !ready {
		t.Fatalf("the server said %q", line)
	}
	k.look("stdout", line)
	return k
}

// key returns the path of a file with secrets. Backups have those in the data directory.
func (k *keeper) key(base string) string {
	if slices.Contains(secretFiles(), base) {
		return filepath.Join(k.dir, base)
	}
	return filepath.Join(k.base, "keys", base)
}

// configure writes the configuration, with secrets that are new, in files of their own.
func (k *keeper) configure(more string) {
	k.Helper()
	lines := []string{
		more, "data_dir: " + k.dir, "client_addr: 127.0.0.1:0", "http_addr: 127.0.0.1:0",
		"hello_timeout: 1s", "ballast_bytes: 1MiB", "slow_request: 1us", // all are
	}
	tokens := credential.DrawKeys() + credential.DrawKeys()
	for _, s := range []struct{ key, base, text string }{
		{"server_key_file", "server.key", drawKey()},
		{"admin_token_file", "admin.token", drawKey()},
		{"token_keys_file", "token.keys", strings.Join(strings.Fields(tokens)[:2], "\n") + "\n"},
		{"jwt_key_file", "studio.secret", k.draw("the studio's secret") + "\n"},
		{"cluster_secret_file", "cluster.secret", drawKey()},
	} {
		k.write(k.key(s.base), s.text)
		lines = append(lines, s.key+": "+k.key(s.base))
		for _, one := range strings.Fields(s.text) {
			k.add(s.key, one)
		}
	}
	text := strings.Join(lines, "\n")
	for _, key := range config.Default().Keys() {
		if key.Secret && !strings.Contains(text, key.Name+": ") &&
			!strings.HasPrefix(key.Name, "peer_tls_") { // the pair of a certificate is not one word
			k.Fatalf("the key %s names a secret: set it here, so that it is looked for", key.Name)
		}
	}
	k.write(k.file, text)
}

func (k *keeper) write(file, text string) {
	k.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		k.Fatal(err)
	}
}

func (k *keeper) read(file string) string {
	k.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		k.Fatal(err)
	}
	return string(text)
}

// secret reads the one secret of a file.
func (k *keeper) secret(base string) string {
	k.Helper()
	return strings.Fields(k.read(k.key(base)))[0]
}

// look looks for secrets where none should be.
func (k *keeper) look(where, text string) {
	k.Helper()
	for _, name := range k.find(text) {
		k.Errorf("%s holds a secret, %s", where, name)
	}
}

// lookAtFiles looks into all files below a directory, but for those with keys.
func (k *keeper) lookAtFiles(dir string) {
	k.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && name != k.key(d.Name()) {
			n++
			k.look(name, k.read(name))
		}
		return err
	})
	if err != nil || n == 0 {
		k.Errorf("looked at %d files of %s: %v", n, dir, err)
	}
}

// run runs a command to its end, well or not, with some more environment, and looks at all
// it prints.
func (k *keeper) run(env string, args ...string) string {
	k.Helper()
	ctx, stop := context.WithTimeout(k.Context(), patience)
	defer stop()
	cmd := exec.CommandContext(ctx, "throng", args...)
	cmd.Env, cmd.Dir = append(os.Environ(), env), k.base
	said, _ := cmd.CombinedOutput()
	what := fmt.Sprintf("what throng %.40q printed", args)
	if len(said) == 0 {
		k.Errorf("%s is nothing", what)
	}
	k.look(what, string(said))
	return string(said)
}

// backUp takes backups with the keys and without: only the former holds them.
func (k *keeper) backUp() {
	token, without := k.key("admin.token"), filepath.Join(k.base, "without")
	k.run("", "backup", "--http", k.http, "--admin-token-file", token, without)
	k.run("", "backup", "--http", k.http, "--admin-token-file", token, "--with-keys", k.key("backup"))
	k.run("", "backup", "verify", k.key("backup"))
	if k.find(k.read(k.key("backup"))) == nil {
		k.Error("a backup with keys holds none, or they are not found")
	}
	k.look("a backup without keys", k.read(without))
	restored := filepath.Join(k.base, "restored")
	k.run("", "restore", "--data-dir", restored, without)
	k.lookAtFiles(restored)
	k.run("", "restore", "--data-dir", filepath.Join(k.base, "keys", "restored"), k.key("backup"))
	k.write(k.key("wrong.token"), k.drawKey("a wrong admin token"))
	k.run("", "backup", "--http", k.http, "--admin-token-file", k.key("wrong.token"), without+"2")
}

// drawKey returns a new secret of the form that the server's have.
func (k *keeper) drawKey(name string) string {
	key := strings.TrimSpace(drawKey())
	k.add(name, key)
	return key
}

// runCommands runs what prints the configuration, and what is given a secret where it should
// be given a file.
func (k *keeper) runCommands() {
	for _, flags := range [][]string{nil, {"--origin"}, {"-o", "json"}} {
		k.run("", append([]string{"config", "show", "--config", k.file}, flags...)...)
	}
	k.run("", "keys", filepath.Join(k.base, "keys", "made"))
	k.run("", "health", "--http-addr", k.http)
	key, pem := k.secret("server.key"), "-----BEGIN PRIVATE KEY-----\n"+k.draw("a key in PEM")+"\n"
	wrong := filepath.Join(k.base, "keys", "wrong.yaml")
	for _, c := range config.Default().Keys() {
		if !c.Secret {
			continue
		}
		for _, secret := range []string{key, pem} {
			k.run(c.Variable()+"="+secret, "config", "show")
			k.run("", "serve", "--data-dir", "other", "--"+c.Flag(), secret)
			k.write(wrong, fmt.Sprintf("%s: %q\nkey: %q\n%s\n", c.Name, secret, secret, secret))
			k.run("", "config", "check", wrong)
		}
	}
	for _, base := range []string{"server.key", "token.keys", "admin.token", "studio.secret"} {
		k.run("", "config", "check", k.key(base))
	}
	k.run("THRONG_SERVER_KEY="+key, "config", "show")
	k.run("", "serve", "--server-key="+key)
	k.run("", "backup", "--http", k.http, "--admin-token-file", k.secret("admin.token"), "file")
}

// reload gives the server other secrets, and a configuration that is wrong in its secrets.
func (k *keeper) reload() {
	old := k.read(k.file)
	hangUp := func(want string) {
		k.Helper()
		if err := k.process.Signal(syscall.SIGHUP); err != nil {
			k.Fatal(err)
		}
		k.log.wait(k.T, want)
	}
	k.write(k.file, strings.Replace(old, k.key("server.key"), k.drawKey("a key in the configuration"), 1))
	hangUp("was not reloaded")
	k.configure("log_repeats_max: 0\nlog_level: debug")
	k.write(k.file, strings.NewReplacer("/server.key", "/new-server.key", "/token.keys", "/new-token.keys").
		Replace(k.read(k.file)))
	hangUp("new-token.keys")
}
