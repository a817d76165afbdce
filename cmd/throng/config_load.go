package main

import (
	"context"
	"errors"
	"net"
	"net/netip"

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

// loadToServe loads the configuration of a node, and refuses one that is not safe.
func loadToServe(ctx context.Context, s config.Sources) (*config.Config, error) {
	c, err := loadConfig(s)
	if err != nil {
		return nil, err
	}
	return c, checkExposure(ctx, c)
}

// checkExposure refuses to let the network in with secrets that nobody chose.
func checkExposure(ctx context.Context, c *config.Config) error {
	wrong := c.Exposure(func(host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	})
	if len(wrong) > 0 {
		return usageError{wrong}
	}
	return nil
}
