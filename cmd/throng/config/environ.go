package config

import (
	"regexp"
	"slices"
	"strings"
)

const (
	variablePrefix = "THRONG_"
	// FileVariable names the configuration file in the environment.
	FileVariable = variablePrefix + "CONFIG"
)

// links are the variables that Kubernetes and Docker set for a service that is
// called throng, or whose name begins so.
var links = regexp.MustCompile(`^THRONG_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|` +
	`PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=|^THRONG_([A-Z0-9_]+_)?PORT=[a-z]+://`)

// readEnviron returns what the environment sets, and the variables that look as
// if they should, but do not.
func readEnviron(environ []string, names []string) (entries []entry, wrong Mistakes) {
	for _, line := range environ {
		variable, value, _ := strings.Cut(line, "=")
		rest, ours := strings.CutPrefix(variable, variablePrefix)
		if !ours || variable == FileVariable || links.MatchString(line) {
			continue
		}
		e := entry{
			key: strings.ToLower(rest), text: value, origin: Origin{Source: FromEnvironment},
		}
		if !slices.Contains(names, e.key) || variable != e.origin.spell(e.key) {
			wrong = append(wrong, unknownVariable(variable, e.key, names))
			continue
		}
		entries = append(entries, e)
	}
	return entries, wrong
}

// fileIn returns the configuration file that the environment names, or "".
func fileIn(environ []string) string {
	file := ""
	for _, line := range environ {
		if value, ok := strings.CutPrefix(line, FileVariable+"="); ok {
			file = value
		}
	}
	return file
}
