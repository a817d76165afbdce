package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns nothing.
const nobody = 7400

// TestRelease: the binary as it is released needs nothing beside it: in an empty
// directory that is its root, as a user who is not root, it serves, and says that it is
// well. So it does in the image that the Dockerfile makes.
func TestRelease(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may change what a process sees as its root directory")
	}
	t.Parallel()
	jail, err := os.MkdirTemp("", "throng-release-") // t.TempDir is for its owner only
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(jail) })
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-X main.version=v9.8.7",
		"-o", filepath.Join(jail, "throng"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data := filepath.Join(jail, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(jail, 0o555); err != nil {
		t.Fatal(err)
	}
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.Command("/throng", args...)
		cmd.Dir, cmd.Env, cmd.Stderr = "/", []string{}, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: jail, Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
		}
		return cmd
	}
	checkReleaseVersion(t, inside("version", "-o", "json"))
	if said, err := inside("--version").Output(); err != nil || string(said) != "throng v9.8.7\n" {
		t.Errorf("--version says %q, %v", said, err)
	}
	checkReleaseServes(t, inside)
}

func checkReleaseVersion(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.Output()
	var v versionInfo
	if err != nil || json.Unmarshal(out, &v) != nil || v.Version != "v9.8.7" {
		t.Errorf("version: %s, %v", out, err)
	}
}

func checkReleaseServes(t *testing.T, inside func(...string) *exec.Cmd) {
	t.Helper()
	serve := inside("serve", "--data-dir", "/data", "--client-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0",
		"--memory-limit", "1GiB") // there is no /proc to ask
	stdout, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if _, http, found := strings.Cut(strings.TrimSpace(line), " http="); !found {
		t.Errorf("it said %q, %v", line, err)
	} else if out, err := inside("health", "--ready", "--http-addr", http).Output(); err != nil {
		t.Errorf("health: %s, %v", out, err)
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := serve.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestHealth: a node that is well, one that is not there, and addresses that listen
// everywhere.
func TestHealth(t *testing.T) {
	t.Parallel()
	_, http := startAdmin(t, t.TempDir())
	_, port, _ := strings.Cut(http, ":")
	for _, addr := range []string{http, ":" + port, "0.0.0.0:" + port} {
		var out bytes.Buffer
		if err := health(t.Context(), &out, addr, true); err != nil || out.Len() == 0 {
			t.Errorf("%s: %q, %v", addr, &out, err)
		}
	}
	if err := health(t.Context(), &bytes.Buffer{}, freeAddr(t), false); err == nil {
		t.Error("nobody is well")
	}
	if err := health(t.Context(), &bytes.Buffer{}, "x", false); exitCode(err) != exitUsage {
		t.Error(err)
	}
}

// TestHealthAddr: the address is the one that the node took from the same file and
// environment, also when the file has got a mistake since.
func TestHealthAddr(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	for _, c := range []struct{ file, variable, want string }{
		{"", "", httpAddrDefault},
		{"http_addr: :8080", "", ":8080"},
		{"http_addr: :8080", ":9090", ":9090"},
		{"http_addr: ''", "", ""},
		{"http_adr: :8080", ":9090", ":9090"},
		{"http_adr: :8080", "", httpAddrDefault},
	} {
		if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("THRONG_CONFIG", file)
		t.Setenv("THRONG_HTTP_ADDR", c.variable)
		if c.variable == "" {
			os.Unsetenv("THRONG_HTTP_ADDR")
		}
		if got := configuredHTTP(); got != c.want {
			t.Errorf("with %q and %q it is %q, want %q", c.file, c.variable, got, c.want)
		}
	}
	if err := health(t.Context(), &bytes.Buffer{}, "", false); exitCode(err) != exitUsage {
		t.Errorf("a node without an HTTP port: %v", err)
	}
}

// TestUnit: systemd understands the unit. The program need not be installed for that.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip(err)
	}
	unit, err := os.ReadFile(filepath.Join(root, "deploy/systemd/throng.service"))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("RestartPreventExitStatus=%d %d\n", exitUsage, exitDisk)
	if !bytes.Contains(unit, []byte(want)) {
		t.Errorf("the unit does not say %q", want)
	}
	file := filepath.Join(t.TempDir(), "throng.service")
	unit = bytes.ReplaceAll(unit, []byte("/usr/local/bin/throng"), []byte("/bin/sh"))
	if err := os.WriteFile(file, unit, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
