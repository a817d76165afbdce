package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/thronggrid/throng/tools/generated"
)

// head begins the page; ' stands for a backquote.
const head = `# Commands

'throng' is one binary: the server, and the tools around it. This page is generated from what
'--help' says of each command: see 'make generate'.

Every command writes what was asked for to stdout, and logs and progress to stderr; '-o json'
prints the same as JSON, whose names are stable. 'throng completion bash' (or zsh, fish,
powershell) writes what lets a shell complete commands and flags.

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | what was asked for failed, or a check did not hold |
| 2 | the command line or the configuration cannot be understood |
| 74 | the disk failed, or its data cannot be trusted: look at the disk before you start again |

| command | does |
| --- | --- |
`

// serve is the command whose flags are the keys of the configuration. Others that take
// them, too, refer to it.
const serve = "throng serve"

// page makes the whole page.
func page(commands []command) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(head, "'", "`"))
	for _, c := range commands[1:] {
		anchor := strings.ReplaceAll(c.Path, " ", "-")
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", c.Path, anchor, cell(c.Short))
	}
	paths := make([]string, len(commands))
	for i := range commands {
		paths[i] = commands[i].Path
	}
	for _, c := range commands[1:] {
		b.WriteString(c.section(newProse(paths)))
	}
	return b.String()
}

// section is what the page says of one command.
func (c *command) section(p *prose) string {
	var b strings.Builder
	level := strings.Repeat("#", min(1+strings.Count(c.Path, " "), 3))
	fmt.Fprintf(&b, "\n%s %s\n\n```text\n%s\n```\n\n", level, c.Path, c.Usage)
	b.WriteString(p.paragraphs(c.Long))
	own, sections := c.flags()
	if len(own) > 0 {
		b.WriteString("\n" + table(p, own))
	}
	switch {
	case len(sections) > 0 && c.Path != serve:
		fmt.Fprintf(&b, "\nAnd all flags of [`%s`](#throng-serve) that are keys "+
			"of the configuration.\n", serve)
	case len(sections) > 0:
		b.WriteString("\nAll other flags are keys of the [configuration](configuration.md), " +
			"section by section.\n")
		for _, flags := range sections {
			fmt.Fprintf(&b, "\n%s:\n\n%s", flags[0].Section, table(p, flags))
		}
	}
	if c.Example != "" {
		b.WriteString("\n```sh parsed\n" + dedent(c.Example) + "\n```\n")
	}
	return b.String()
}

// flags parts the flags into those of the command alone and the keys of the configuration,
// by section.
func (c *command) flags() (own []flag, sections [][]flag) {
	for _, f := range c.Flags {
		last := len(sections) - 1
		switch {
		case f.Section == "":
			own = append(own, f)
		case last >= 0 && sections[last][0].Section == f.Section:
			sections[last] = append(sections[last], f)
		default:
			sections = append(sections, []flag{f})
		}
	}
	return own, sections
}

func table(p *prose, flags []flag) string {
	var b strings.Builder
	b.WriteString("| flag | default | means |\n| --- | --- | --- |\n")
	for _, f := range flags {
		name, value := "--"+f.Name, ""
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if f.Value != "" {
			name += " " + f.Value
		}
		if f.Default != "" && !strings.Contains(f.Help, "(default") { // which says more
			value = "`" + f.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, value, cell(p.marked(f.Help)))
	}
	return b.String()
}

// cell is a text that stands in a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// dedent takes away the two spaces that lines of examples begin with.
func dedent(text string) string {
	return strings.TrimPrefix(strings.ReplaceAll(text, "\n  ", "\n"), "  ")
}

// prose makes Markdown of help, which is written for a terminal.
type prose struct{ code *regexp.Regexp }

// newProse knows the commands by their paths; the longer come first.
func newProse(paths []string) *prose {
	var commands []string
	for _, path := range paths[1:] {
		commands = append([]string{regexp.QuoteMeta(path) + `\b`}, commands...)
	}
	return &prose{regexp.MustCompile(strings.Join(append([]string{
		`'throng[^']*'`,
	}, append(commands,
		`--[a-z][a-z0-9-]*(?:=[a-z]+| 0)?`,
		`-o json`, `ulimit -n`,
		`<[a-z_-]+>(?:/[a-z]+(?:\.[a-z]+)*)?`, // a file in a directory
		`\b[a-z]+(?:_[a-z]+)+\b`,
		`\b[A-Z]+(?:_[A-Z]+)+\b`,
		`\b[a-z/-]+\.(?:keys?|token|unfinished|md)\b`,
		`/(?:livez|readyz|metrics)\b`,
	)...), "|"))}
}

// marked marks what is code in a text.
func (p *prose) marked(text string) string {
	return p.code.ReplaceAllStringFunc(text, func(code string) string {
		return "`" + strings.Trim(code, "'") + "`"
	})
}

// paragraphs wraps the text of a help anew; indented lines are shown as they are.
func (p *prose) paragraphs(text string) string {
	var out []string
	for _, one := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(one, "  ") {
			out = append(out, "```text\n"+dedent(one)+"\n```\n")
		} else {
			out = append(out, generated.Wrap(p.marked(one), "")+"\n")
		}
	}
	return strings.Join(out, "\n")
}
