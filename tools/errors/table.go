package main

import (
	"bytes"
	"fmt"
	"go/token"
	"slices"

	"go.yaml.in/yaml/v3"
)

// code is one error code; table.yaml says what its fields mean.
type code struct {
	Number   int    `yaml:"number" json:"number"`
	Name     string `yaml:"name" json:"name"`
	Go       string `yaml:"go" json:"-"`
	HTTP     int    `yaml:"http" json:"http"`
	Retry    string `yaml:"retry" json:"retry"`
	Sent     bool   `yaml:"sent" json:"sent"`
	Means    string `yaml:"means" json:"means"`
	When     string `yaml:"when" json:"when"`
	Do       string `yaml:"do" json:"do"`
	Operator string `yaml:"operator" json:"operator"`
	Goodbye  int    `yaml:"goodbye" json:"goodbye"`
	Hello    string `yaml:"hello" json:"-"`
}

// reason is one reason to close a connection; see table.yaml.
type reason struct {
	Number    int    `yaml:"number" json:"number"`
	Name      string `yaml:"name" json:"name"`
	Go        string `yaml:"go" json:"-"`
	Reconnect bool   `yaml:"-" json:"reconnect"`
	Code      string `yaml:"code" json:"code"`
	Text      string `yaml:"text" json:"text"`
	Help      string `yaml:"help" json:"help"`
	Operator  string `yaml:"operator" json:"operator"`
}

type table struct {
	Codes   []code   `yaml:"codes" json:"codes"`
	Reasons []reason `yaml:"reasons" json:"reasons"`
}

// reconnectBelow ends the range of the reasons after which a client connects again.
const reconnectBelow = 2000

// read reads and checks the table.
func read(source []byte) (*table, error) {
	t := &table{}
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	if err := d.Decode(t); err != nil {
		return nil, err
	}
	for i := range t.Codes {
		if err := t.checkCode(i); err != nil {
			return nil, fmt.Errorf("code %d: %w", i, err)
		}
	}
	last := 0
	for i := range t.Reasons {
		r := &t.Reasons[i]
		if err := t.checkReason(r, last); err != nil {
			return nil, fmt.Errorf("reason %d: %w", r.Number, err)
		}
		r.Reconnect, last = r.Number < reconnectBelow, r.Number
	}
	return t, nil
}

func (t *table) checkCode(i int) error {
	c := &t.Codes[i]
	switch {
	case c.Number != i:
		return fmt.Errorf("its number is %d: codes count from 0 without gaps", c.Number)
	case c.Name == "" || !token.IsExported(c.Go):
		return fmt.Errorf("give it a name and a Go name")
	case c.Means == "" || c.Do == "" || c.Operator == "":
		return fmt.Errorf("say what it means, what to do, and what an operator looks at")
	case i > 0 && c.When == "":
		return fmt.Errorf("say when it happens")
	case c.HTTP < 200 || c.HTTP > 599 || (c.HTTP < 300) != (i == 0):
		return fmt.Errorf("%d is not the HTTP status of an error", c.HTTP)
	case !slices.Contains([]string{"never", "later", "same"}, c.Retry):
		return fmt.Errorf("retry is %q: use never, later or same", c.Retry)
	case t.reason(c.Goodbye) == nil:
		return fmt.Errorf("there is no reason %d for its goodbye", c.Goodbye)
	case c.Hello != "" && !c.Sent:
		return fmt.Errorf("it answers hello, and is not sent")
	}
	return nil
}

func (t *table) checkReason(r *reason, last int) error {
	known := func(c code) bool { return c.Name == r.Code }
	switch {
	case r.Number <= last || r.Number < 1000 || r.Number > 2999:
		return fmt.Errorf("reasons rise from 1000 to 2999, and this follows %d", last)
	case r.Name == "" || !token.IsExported(r.Go):
		return fmt.Errorf("give it a name and a Go name")
	case r.Text == "" || r.Help == "" || r.Operator == "":
		return fmt.Errorf("give it a text, help, and say what an operator looks at")
	case !slices.ContainsFunc(t.Codes, known):
		return fmt.Errorf("there is no code %q", r.Code)
	}
	return nil
}

// reason returns the reason with a number; nil if there is none.
func (t *table) reason(number int) *reason {
	i := slices.IndexFunc(t.Reasons, func(r reason) bool { return r.Number == number })
	if i < 0 {
		return nil
	}
	return &t.Reasons[i]
}

// codeGo returns the Go name of the code with a name.
func (t *table) codeGo(name string) string {
	i := slices.IndexFunc(t.Codes, func(c code) bool { return c.Name == name })
	return t.Codes[i].Go
}
