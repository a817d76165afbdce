package credential

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
)

// Limits of a studio's key.
const (
	SecretBytesMin = 32
	SecretBytesMax = 4 << 10 // bounds a key file of any kind, too
	RSABitsMin     = 2048
	RSABitsMax     = 8192 // its signature still fits into a token
)

// Algorithms returns the algorithms by which a studio may sign.
func Algorithms() []string {
	return slices.Concat(hmacAlgorithms(), rsaAlgorithms(),
		[]string{"ES256", "ES384", "ES512", "EdDSA"})
}

func hmacAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

func rsaAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
}

// readKey returns the key that a file holds, as package jwt wants it, and the
// algorithms that fit it. Only what looks like no public key in any of the usual
// forms is a secret: everybody has a public key, and could sign with it.
func readKey(file []byte) (key any, fit []string, err error) {
	if len(file) > SecretBytesMax {
		return nil, nil, fmt.Errorf("the key has %d bytes: at most %d are read",
			len(file), SecretBytesMax)
	}
	if bytes.Contains(file, []byte("-----BEGIN")) {
		return readPublic(file)
	}
	secret := withoutLineEnd(file)
	switch text := bytes.TrimSpace(secret); {
	case bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("[")):
		return nil, nil, fmt.Errorf("the key is JSON (a JWK?): convert it to PEM")
	case bytes.HasPrefix(text, []byte("ssh-")) || bytes.HasPrefix(text, []byte("ecdsa-sha2-")):
		return nil, nil, fmt.Errorf("the key is one of SSH: " +
			"convert it with 'ssh-keygen -e -m PKCS8 -f …'")
	case isDER(secret) || isDER(decode64(text)):
		return nil, nil, fmt.Errorf("the key is DER: convert it with " +
			"'openssl pkey -pubin -inform DER -in … -out …'")
	case len(secret) < SecretBytesMin:
		return nil, nil, fmt.Errorf("the key is no PEM, and too short for a secret: "+
			"it has %d bytes, want at least %d random ones", len(secret), SecretBytesMin)
	}
	return secret, hmacAlgorithms(), nil
}

// withoutLineEnd takes the line's end off a text: an editor or a shell put it there.
func withoutLineEnd(file []byte) []byte {
	line := bytes.TrimSuffix(bytes.TrimSuffix(file, []byte("\n")), []byte("\r"))
	for _, b := range line {
		if b < ' ' || b > '~' {
			return file
		}
	}
	return line
}

func decode64(text []byte) []byte {
	b, _ := base64.StdEncoding.DecodeString(string(text))
	return b
}

// isDER says whether b is a key or a certificate in binary form.
func isDER(b []byte) bool {
	if _, err := x509.ParsePKIXPublicKey(b); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PublicKey(b); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS8PrivateKey(b); err == nil {
		return true
	}
	_, err := x509.ParseCertificate(b)
	return err == nil
}

// readPublic reads a public key in PEM.
func readPublic(file []byte) (key any, fit []string, err error) {
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, nil, fmt.Errorf("the key's PEM is broken: " +
			"its lines from BEGIN to END are needed as they were made")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, nil, fmt.Errorf("there is more behind the key: one public key is wanted, alone")
	}
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		return nil, nil, fmt.Errorf("the key is a certificate: " +
			"take the public key out of it with 'openssl x509 -pubkey -noout -in …'")
	case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return nil, nil, fmt.Errorf("the key is private: keep it where tokens are signed, " +
			"and give this server the public one, made with 'openssl pkey -pubout -in …'")
	default:
		return nil, nil, fmt.Errorf("the key is a PEM block of %q: want PUBLIC KEY", block.Type)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the public key cannot be read: %w", err)
	}
	fit, err = fitting(key)
	return key, fit, err
}

// fitting returns the algorithms that fit a public key.
func fitting(key any) ([]string, error) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < RSABitsMin || n > RSABitsMax {
			return nil, fmt.Errorf("an RSA key of %d bits: want %d to %d",
				n, RSABitsMin, RSABitsMax)
		}
		return rsaAlgorithms(), nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}, nil
		case elliptic.P384():
			return []string{"ES384"}, nil
		case elliptic.P521():
			return []string{"ES512"}, nil
		}
		return nil, fmt.Errorf("an ECDSA key on the curve %s: want P-256, P-384 or P-521",
			k.Params().Name)
	case ed25519.PublicKey:
		return []string{"EdDSA"}, nil
	}
	return nil, fmt.Errorf("a public key of type %T: want RSA, ECDSA or Ed25519", key)
}
