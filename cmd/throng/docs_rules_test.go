package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/thronggrid/throng/netio/admin"
)

// checkBlock checks what can be seen without running a block as a reader would.
func checkBlock(t *testing.T, b *block) {
	t.Helper()
	err := b.checkOrigin()
	if err == nil {
		err = b.checkLanguage(t.TempDir())
	}
	if err != nil {
		t.Errorf("%s: %v", b.at(), err)
	}
}

// checkOrigin compares a block with the file that it is said to be from.
func (b *block) checkOrigin() error {
	if b.opts["from"] == "" {
		return nil
	}
	whole, err := os.ReadFile(filepath.Join(root, b.opts["from"]))
	if err == nil && !strings.Contains(string(whole), b.text) {
		err = fmt.Errorf("this is not part of %s", b.opts["from"])
	}
	return err
}

// checkLanguage has a rule for each language. What sh, console and output say is seen when
// they are run; here only what is not.
func (b *block) checkLanguage(dir string) error {
	switch b.lang {
	case "sh":
		if b.why != "" || b.word == "parsed" {
			return checkScript(b.text)
		}
	case "go":
		_, err := parser.ParseFile(token.NewFileSet(), b.at(), b.text, parser.SkipObjectResolution)
		return orElse(err, b.checkPlace())
	case "yaml":
		return b.checkYAML(filepath.Join(dir, "throng.yaml"))
	case "json":
		return json.Unmarshal([]byte(b.text), new(any))
	case "ini":
		return b.checkPlace()
	case "mermaid":
		if !strings.HasPrefix(b.text, "flowchart ") && !strings.HasPrefix(b.text, "sequenceDiagram\n") {
			return errors.New("this is no kind of picture that is used here")
		}
	case "text":
		if found := typed.FindString(b.text); found != "" {
			return fmt.Errorf("%q is to be typed: want sh, so that it is run", found)
		}
	}
	return nil
}

// typed finds lines that a reader would type. A usage has words in capitals or brackets.
var typed = regexp.MustCompile(`(?m)^(?:\$ .*|(?:make|go|curl|sudo|bin/throng) .*)$`)

func orElse(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// checkPlace wants a block to be part of something that is built, or tested.
func (b *block) checkPlace() error {
	if b.opts["file"] == "" && b.opts["from"] == "" {
		return fmt.Errorf("%s needs file=, so that it is used, or from=", b.lang)
	}
	return nil
}

// checkYAML wants a configuration, whole or in part, or else one of Prometheus, with
// metrics that there are.
func (b *block) checkYAML(file string) error {
	if b.word == "prometheus" {
		if err := yaml.Unmarshal([]byte(b.text), &map[string]any{}); err != nil {
			return err
		}
		for _, name := range regexp.MustCompile(`throng_[a-z_]+`).FindAllString(b.text, -1) {
			if !strings.Contains(admin.Document(), "`"+name+"`") {
				return fmt.Errorf("there is no metric %s", name)
			}
		}
		return nil
	}
	if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
		return err
	}
	var said bytes.Buffer
	if code := run([]string{"config", "check", file}, &said, &said); code != exitOK {
		return fmt.Errorf("throng config check: %s", &said)
	}
	return nil
}

// checkScript checks a script that is not run: bash can read it, and its command lines of
// throng are right.
func checkScript(text string) error {
	if said, err := exec.Command("bash", "-n", "-c", text).CombinedOutput(); err != nil {
		return fmt.Errorf("bash: %w: %s", err, said)
	}
	for line := range strings.Lines(separators.ReplaceAllString(text, "\n")) {
		if found := throngLine.FindStringSubmatch(line); found != nil {
			if err := checkCommandLine(found[1]); err != nil {
				return fmt.Errorf("%q: %w", line, err)
			}
		}
	}
	return nil
}

// separators part the commands of a script, and throngLine finds those of throng.
var (
	separators = regexp.MustCompile(`(?m) #.*$|\$\(|[()|>;&]`)
	throngLine = regexp.MustCompile(`^\s*(?:[A-Z_]+=\S* |sudo )*(?:\S*bin/)?throng ([a-z].*)`)
)

// checkCommandLine says what is wrong with the words behind throng.
func checkCommandLine(text string) error {
	cmd, rest, err := newRoot().Find(strings.Fields(text))
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// TestDocsRules: what is wrong is found, in every language that has a rule here.
func TestDocsRules(t *testing.T) {
	for _, c := range []struct{ info, text string }{
		{"sh norun: x", "throng serve --no-such-flag"},
		{"sh norun: x", "sudo bin/throng bench crush"},
		{"sh norun: x", "if true; then"},
		{"sh parsed", "throng serve $(throng key dir)"},
		{"sh parsed", "throng version   # prints\nthrong backup    # lacks the file"},
		{"sh parsed", "throng config doc --marked > file"},
		{"go from=cmd/throng/main.go", "func no("},
		{"go", "package main"},
		{"go from=README.md", "package nowhere"},
		{"yaml", "client_adr: 127.0.0.1:7400"},
		{"yaml", "session_grace: 3"},
		{"yaml prometheus", "expr: throng_no_such_metric > 0"},
		{"yaml prometheus", "a: b: c"},
		{"json", "{a: 1}"},
		{"ini", "[Unit]"},
		{"ini from=deploy/systemd/throng.service", "Restart=never"},
		{"mermaid", "picture\n"},
		{"text", "first\nmake run\n"},
	} {
		b := &block{page: "p.md", opts: map[string]string{}, text: c.text}
		if err := b.parseInfo(c.info); err != nil {
			t.Fatal(err)
		}
		if orElse(b.checkOrigin(), b.checkLanguage(t.TempDir())) == nil {
			t.Errorf("%s: %q was taken", c.info, c.text)
		}
	}
	for _, good := range []string{
		"throng serve --client-addr :7400 $(throng keys ./keys)    # open", "sudo throng bench crash --power -o json",
		"bin/throng config doc > throng.yaml", "throng dump --limit 0 -o json today.throng | jq .digest",
		"cat throng.yaml", "throng keys /etc/throng/keys\nchown -R throng:throng /etc/throng/keys",
	} {
		if err := checkScript(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}
