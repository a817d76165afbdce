package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/thronggrid/throng/tools/generated"
)

// codesPart explains the codes in docs/errors.md.
func (t *table) codesPart() string {
	var b strings.Builder
	b.WriteString("| code | name | HTTP | retry | means |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range t.Codes[1:] {
		fmt.Fprintf(&b, "| %d | [%s](#%s) | %d | %s | %s |\n",
			c.Number, c.Name, strings.ToLower(c.Name), c.HTTP, c.Retry, c.Means)
	}
	for _, c := range t.Codes[1:] {
		head := fmt.Sprintf("Code %d, HTTP status %d, retry: %s. %s",
			c.Number, c.HTTP, c.Retry, sentence(c.Means))
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", c.Name, generated.Wrap(head, ""))
		when := c.When
		if !c.Sent {
			when = "no server of this version answers with it; " + when
		}
		item(&b, "When", when)
		item(&b, "Game developer", c.Do)
		item(&b, "Operator", c.Operator)
	}
	return b.String()
}

// reasonsPart explains the reasons in docs/errors.md.
func (t *table) reasonsPart() string {
	var b strings.Builder
	b.WriteString("| reason | name | reconnect | the SDK's error |\n| --- | --- | --- | --- |\n")
	for _, r := range t.Reasons {
		fmt.Fprintf(&b, "| %d | [%s](#%s) | %s | %s |\n",
			r.Number, r.Name, r.anchor(), yes(r.Reconnect), r.Code)
	}
	for _, r := range t.Reasons {
		fmt.Fprintf(&b, "\n### %d %s\n\n%s\n\n",
			r.Number, r.Name, generated.Wrap(sentence(r.Text), ""))
		item(&b, "Game developer", r.Help)
		item(&b, "Operator", r.Operator)
	}
	return b.String()
}

// anchor is what a page makes of the heading of a reason.
func (r *reason) anchor() string {
	return fmt.Sprintf("%d-%s", r.Number, strings.ReplaceAll(r.Name, " ", "-"))
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// item writes an item of a list, if there is something to say.
func item(b *strings.Builder, who, text string) {
	if text != "nothing" {
		b.WriteString(generated.Wrap("- **"+who+"**: "+sentence(text), "  ") + "\n")
	}
}

// sentence makes a sentence of a text: with a capital letter, and with a full stop.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// forClients is docs/errors.json.
func forClients(t *table) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(t)
	return b.Bytes(), err
}

// sentCodes is the table of codes in docs/protocol.md.
func (t *table) sentCodes() string {
	var b strings.Builder
	b.WriteString("| code | name | when |\n| --- | --- | --- |\n")
	var others []string
	for _, c := range t.Codes[1:] {
		if c.Sent {
			fmt.Fprintf(&b, "| %d | %s | %s |\n", c.Number, c.Name, c.When)
			continue
		}
		others = append(others, fmt.Sprintf("%d %s", c.Number, c.Name))
	}
	also := "Also defined, as in gRPC, and not sent by this version: " +
		strings.Join(others, ", ") + "."
	return b.String() + "\n" + generated.Wrap(also, "") + "\n"
}

// helloErrors is the table of errors in reply to hello in docs/protocol.md.
func (t *table) helloErrors() string {
	var b strings.Builder
	b.WriteString("| error in reply to hello | goodbye |\n| --- | --- |\n")
	for _, c := range t.Codes {
		if c.Hello != "" {
			fmt.Fprintf(&b, "| `%s`: %s | %d |\n", c.Name, c.Hello, c.Goodbye)
		}
	}
	return b.String()
}

// reasonLines is the table of reasons in docs/protocol.md. Where a text sends the
// reader there, it has arrived.
func (t *table) reasonLines() string {
	var b strings.Builder
	b.WriteString("| reason | name | means |\n| --- | --- | --- |\n")
	for _, r := range t.Reasons {
		text, _, _ := strings.Cut(r.Text, ": see docs/protocol.md")
		fmt.Fprintf(&b, "| %d | %s | %s |\n", r.Number, r.Name, text)
	}
	return b.String()
}
