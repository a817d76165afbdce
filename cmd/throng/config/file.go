package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// FileBytesMax is how large a configuration file may be.
const FileBytesMax = 1 << 20

// readFile returns what a file sets, and what is wrong with its form.
func readFile(name string) (found, error) {
	if name == "" {
		return found{}, nil
	}
	info, err := os.Stat(name)
	if err == nil && info.Mode()&(fs.ModeDir|fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		// A pipe may be waited for without end, and holds nothing when it is read again.
		err = fmt.Errorf("%s is no file", name)
	}
	if err != nil {
		return found{}, fmt.Errorf("read the configuration: %w", err)
	}
	f, err := os.Open(name)
	if err != nil {
		return found{}, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, FileBytesMax+1))
	if err != nil {
		return found{}, fmt.Errorf("read the configuration: %w", err)
	}
	if len(data) > FileBytesMax {
		return found{wrong: Mistakes{fileOrigin(name, 0).lineMistake(
			"a configuration has at most %s", formatSize(FileBytesMax))}}, nil
	}
	return parsed(name, data), nil
}

// fileOrigin is a line of a file; 0 is none in particular.
func fileOrigin(name string, line int) Origin {
	return Origin{Source: FromFile, File: name, Line: line}
}

// parsed reads the one flat mapping that a file holds.
func parsed(name string, data []byte) (f found) {
	mapping, wrong := parseMapping(name, data)
	if mapping == nil {
		return found{wrong: wrong}
	}
	first := map[string]int{} // lines of keys
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		at := fileOrigin(name, key.Line)
		if key.Kind != yaml.ScalarNode {
			f.wrong = append(f.wrong, at.lineMistake("want a key: value"))
			continue
		}
		if line, twice := first[key.Value]; twice {
			f.wrong = append(f.wrong, at.mistake(key.Value,
				" is set already, on line %d: keep one of the two", line))
			continue
		}
		first[key.Value] = key.Line
		e, problem := entryOf(key, value)
		if problem != "" {
			f.wrong = append(f.wrong, at.mistake(key.Value, "%s", problem))
			continue
		}
		e.origin = at
		f.entries = append(f.entries, e)
	}
	return f
}

// parseMapping returns the mapping; nil when there is none, because the file is
// empty or because of a mistake.
func parseMapping(name string, data []byte) (*yaml.Node, Mistakes) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, Mistakes{notYAML(name, data, err)}
	}
	switch err := decoder.Decode(&more); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, Mistakes{notYAML(name, data, err)}
	default:
		return nil, Mistakes{fileOrigin(name, more.Line).lineMistake(
			"a second document begins here: want one, without lines of ---")}
	}
	root := document.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null":
		return nil, nil // comments alone
	case root.Kind != yaml.MappingNode:
		return nil, Mistakes{fileOrigin(name, root.Line).lineMistake(
			"want lines of key: value, client_addr: 127.0.0.1:7400 say")}
	}
	return root, nil
}

// entryOf reads the value of a key. The problem follows the key in a sentence.
func entryOf(key, value *yaml.Node) (e entry, problem string) {
	e = entry{key: key.Value}
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case value.Style&yaml.TaggedStyle != 0:
		return e, " has a tag, " + shortened(value.Tag) + ": write the value alone"
	case value.Kind == yaml.ScalarNode && value.ShortTag() == "!!null":
		return e, ` has no value: leave the line out for the default, or write "" for an empty text`
	case value.Kind == yaml.ScalarNode:
		e.text = value.Value
		return e, ""
	case value.Kind != yaml.SequenceNode:
		return e, " holds keys of its own, but all keys are flat: write them at the left margin"
	}
	e.sequence = true
	for _, item := range value.Content {
		if item.Kind != yaml.ScalarNode || item.ShortTag() == "!!null" {
			return e, ": want a sequence of texts"
		}
		e.texts = append(e.texts, item.Value)
	}
	return e, ""
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// notYAML says where a file is no YAML, as far as the parser knows.
func notYAML(name string, data []byte, err error) Mistake {
	found := yamlError.FindStringSubmatch(err.Error())
	if found == nil {
		return fileOrigin(name, oddLine(data)).lineMistake("this is no YAML: %v", err)
	}
	line, err := strconv.Atoi(found[1])
	if err != nil {
		line = oddLine(data)
	}
	return fileOrigin(name, line).lineMistake("this is no YAML: %s", found[2])
}

// oddLine returns the first line that holds what the parser refuses before it counts
// lines: bytes that are no UTF-8, and control characters; 0 is none.
func oddLine(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) || bytes.ContainsFunc(line, isOdd) {
			return i + 1
		}
	}
	return 0
}

func isOdd(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\r' }
