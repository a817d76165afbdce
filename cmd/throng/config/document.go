package config

import (
	"fmt"
	"strconv"
	"strings"
)

// YAML returns a file that sets all keys to what they are in c, with comments that
// say what each means.
func (c *Config) YAML() string {
	var b strings.Builder
	b.WriteString("# The configuration of a node of Throng.\n" +
		"#\n" +
		"# Each key can be set in the environment, too, and as a flag of throng serve:\n" +
		"# client_addr is THRONG_CLIENT_ADDR and --client-addr. A flag counts before the\n" +
		"# environment, and that before this file. A key that is left out has its default.\n" +
		"# Those marked (reload) change while the node runs, on SIGHUP.\n")
	for _, s := range c.Sections() {
		fmt.Fprintf(&b, "\n# ---- %s ----\n", s.Title)
		for _, k := range s.Keys {
			b.WriteByte('\n')
			for _, line := range wrapped(k.comment(), 78) {
				b.WriteString("# " + line + "\n")
			}
			fmt.Fprintf(&b, "%s: %s\n", k.Name, k.yaml())
		}
	}
	return b.String()
}

// comment is what a file says about a key.
func (k *Key) comment() string {
	s := strings.ReplaceAll(k.Doc, "`", "")
	if within := k.Range(); within != "" {
		s += ": " + within
	}
	if k.Reloadable {
		s += " (reload)"
	}
	return s
}

// yaml is the value as a file has it. What strconv quotes in ASCII, YAML reads
// alike.
func (k *Key) yaml() string {
	switch v := k.value.(type) {
	case *text:
		return strconv.QuoteToASCII(*v.at)
	case *list:
		quoted := make([]string, len(*v.at))
		for i, t := range *v.at {
			quoted[i] = strconv.QuoteToASCII(t)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return k.Text()
}

// wrapped breaks a text into lines of at most so many bytes, where words allow.
func wrapped(text string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// markdownHead begins the page; ' stands for a backquote.
const markdownHead = `# Configuration

All keys of a node, with their defaults. [How to configure a node](howto/configure.md) says where
to set them; 'throng config doc' writes this as a file to begin with, and
'throng config show --origin' what a node would use. This page is generated: see 'make generate'.

A key is set in the YAML file under its name, in the environment as 'THRONG_' and its name in
capitals, and on the command line with dashes: 'client_addr', 'THRONG_CLIENT_ADDR', '--client-addr'.
Sizes are written '65536', '64KiB' or '1GiB', durations '90s' or '1h30m', lists as a sequence in
the file and with commas elsewhere. A key marked *reload* changes while the node runs, on SIGHUP.
Keys that end in '_file' name files with secrets: the secrets themselves stand in no configuration.
`

// Markdown returns the page of all keys.
func Markdown() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(markdownHead, "'", "`"))
	for _, s := range Default().Sections() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.Title)
		b.WriteString("| key | default | taken | meaning |\n| --- | --- | --- | --- |\n")
		for _, k := range s.Keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n",
				k.Name, k.defaultCell(), cell(k.taken()), cell(k.meaning()))
		}
	}
	return b.String()
}

func (k *Key) defaultCell() string {
	if d := k.Default(); d != "" {
		return "`" + d + "`"
	}
	return ""
}

// taken says which values are: the range, or the type.
func (k *Key) taken() string {
	within := k.Range()
	if within == "" {
		return k.Type()
	}
	if _, isText := k.value.(*text); isText {
		return within
	}
	return k.Type() + ", " + within
}

func (k *Key) meaning() string {
	s := strings.ReplaceAll(k.Doc, "`", "")
	if k.Reloadable {
		s += "; *reload*"
	}
	return s
}

// cell is a text that stands in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
