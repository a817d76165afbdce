package main

import (
	"errors"

	"github.com/thronggrid/throng/cmd/throng/config"
)

// loadConfig loads a configuration; mistakes in it are errors of usage.
func loadConfig(s config.Sources) (*config.Config, error) {
	c, err := config.Load(s)
	var wrong config.Mistakes
	if errors.As(err, &wrong) {
		return nil, usageError{err}
	}
	return c, err
}
