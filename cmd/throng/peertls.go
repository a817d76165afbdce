package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/thronggrid/throng/cmd/throng/config"
)

// peerTLS returns how nodes encrypt what they say, nil when they do not.
func peerTLS(c *config.Cluster) (*tls.Config, error) {
	if c.TLSCertFile == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.TLSCertFile, c.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read --peer-tls-cert-file and --peer-tls-key-file: %w", err)
	}
	pem, err := os.ReadFile(c.TLSCAFile)
	if err != nil {
		return nil, fmt.Errorf("read --peer-tls-ca-file: %w", err)
	}
	signers := x509.NewCertPool()
	if !signers.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("there is no certificate in --peer-tls-ca-file %s", c.TLSCAFile)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: signers, ClientCAs: signers,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}, nil
}
