package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type namedKey struct {
	label   string
	private any
	reads   []string
	write   func(private any) (map[string]string, error)
}

type sized struct {
	label string
	size  int
}

type onCurve struct {
	label string
	curve elliptic.Curve
}

// secrets in bytes, moduli in bits
var secretSizes = []sized{{"HS256", 32}, {"HS384", 48}, {"HS512", 64}}
var modulusSizes = []sized{{"RS256", 2048}, {"RS384", 2048}, {"RS512", 3072},
	{"PS256", 2048}, {"PS384", 2048}, {"PS512", 3072}}
var curves = []onCurve{
	{"ES256", elliptic.P256()}, {"ES384", elliptic.P384()}, {"ES512", elliptic.P521()}}

var asymmetricForms = []string{"spki", "pkcs8"}

func generateKeys() ([]namedKey, error) {
	keys := []namedKey{}
	for _, secret := range secretSizes {
		octets := make([]byte, secret.size/2)
		if _, err := rand.Read(octets); err != nil {
			return nil, err
		}
		// hexadecimal digits: a secret that is text, so that SQL takes it as it stands
		digits := []byte(hex.EncodeToString(octets))
		keys = append(keys, namedKey{secret.label, digits, []string{"secret"}, writeSecret})
	}
	for _, modulus := range modulusSizes {
		key, err := rsa.GenerateKey(rand.Reader, modulus.size)
		if err != nil {
			return nil, err
		}
		keys = append(keys, namedKey{modulus.label, key, asymmetricForms, writeAsymmetric})
	}
	for _, curve := range curves {
		key, err := ecdsa.GenerateKey(curve.curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		keys = append(keys, namedKey{curve.label, key, asymmetricForms, writeAsymmetric})
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return append(keys, namedKey{"EdDSA", key, asymmetricForms, writeAsymmetric}), err
}

func writeSecret(private any) (map[string]string, error) {
	return map[string]string{"secret": string(private.([]byte))}, nil
}

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func writeAsymmetric(private any) (map[string]string, error) {
	forms := map[string]string{}
	public := private.(crypto.Signer).Public()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	forms["spki"], forms["pkcs8"] = pemText("PUBLIC KEY", spki), pemText("PRIVATE KEY", pkcs8)
	switch key := private.(type) {
	case *rsa.PrivateKey:
		forms["pkcs1"] = pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
		forms["pkcs1-public"] = pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey))
	case *ecdsa.PrivateKey:
		sec1, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			return nil, err
		}
		forms["sec1"] = pemText("EC PRIVATE KEY", sec1)
	}
	forms["certificate"], err = selfSigned(private, public)
	return forms, err
}

func selfSigned(private, public any) (string, error) {
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "interop"},
		NotBefore: start, NotAfter: start.AddDate(90, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, public, private)
	return pemText("CERTIFICATE", der), err
}

// readKey answers the key to verify with, and the one to sign with where the form is a private one.
func readKey(alg, form, text string) (public, private any, err error) {
	octets := []byte(text)
	if form == "secret" {
		return octets, octets, nil
	}
	if form == "spki" {
		switch {
		case strings.HasPrefix(alg, "ES"):
			public, err = jwt.ParseECPublicKeyFromPEM(octets)
		case alg == "EdDSA":
			public, err = jwt.ParseEdPublicKeyFromPEM(octets)
		default:
			public, err = jwt.ParseRSAPublicKeyFromPEM(octets)
		}
		return public, nil, err
	}
	if form != "pkcs8" {
		return nil, nil, fmt.Errorf("golang-jwt does not read the form %q", form)
	}
	switch {
	case strings.HasPrefix(alg, "ES"):
		private, err = jwt.ParseECPrivateKeyFromPEM(octets)
	case alg == "EdDSA":
		private, err = jwt.ParseEdPrivateKeyFromPEM(octets)
	default:
		private, err = jwt.ParseRSAPrivateKeyFromPEM(octets)
	}
	if err != nil {
		return nil, nil, err
	}
	return private.(crypto.Signer).Public(), private, nil
}
