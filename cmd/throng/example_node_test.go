package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// exampleNode is the folder of the client for Node.
const exampleNode = "../../docs/examples/node"

// TestNodeExample runs the client for Node against a server, and on the golden
// vectors: who writes a client from docs/protocol.md alone gets it right.
func TestNodeExample(t *testing.T) {
	needsNode(t)
	dir := t.TempDir()
	addr := startServer(t, dir)
	for range 2 { // what one run leaves behind does not disturb the next
		runNode(t, "chat.mjs", "ws://"+addr, "--server-key-file", filepath.Join(dir, "server.key"))
	}
	runNode(t, "vectors.mjs")
}

// TestNodeExampleSaysWhatIsMissing: without its packages it names the command that
// gets them, which is the one that its README has.
func TestNodeExampleSaysWhatIsMissing(t *testing.T) {
	needsNode(t)
	const install = "npm ci --prefix docs/examples/node"
	if readme := readExample(t, "README.md"); !strings.Contains(readme, "\n"+install+"\n") {
		t.Errorf("the README does not say %q", install)
	}
	dir := t.TempDir()
	for _, name := range []string{"chat.mjs", "throng.mjs", "room.mjs", "package.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(readExample(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("node", filepath.Join(dir, "chat.mjs")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), install) {
		t.Errorf("without its packages it ended with %v and said\n%s", err, out)
	}
}

// runNode runs a file of the example, which must succeed.
func runNode(t *testing.T, file string, args ...string) {
	t.Helper()
	readExample(t, file)
	cmd := exec.Command("node", append([]string{filepath.Join(exampleNode, file)}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node %s ended with %v and said\n%s", file, err, out)
	}
}

// readExample reads a file of the example. It reads all, so that the results of
// this test are not kept when another one has changed.
func readExample(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(exampleNode, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(text)
	}
	if texts[name] == "" {
		t.Fatalf("there is no %s in %s", name, exampleNode)
	}
	return texts[name]
}

// needsNode skips the test where Node or the example's packages are missing, but
// not in CI: .ci/test-needs installs them.
func needsNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(exampleNode, "node_modules", "ws"))
	}
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%v: run .ci/test-needs", err)
	default:
		t.Skipf("%v: run .ci/test-needs", err)
	}
}
