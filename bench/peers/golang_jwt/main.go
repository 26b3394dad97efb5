// golang-jwt v5: one parser, keys read once, claims into a struct (its quickest way).
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"syscall"

	"github.com/golang-jwt/jwt/v5"
)

const (
	warmNs    = 100e6
	stretchNs = 40e6
	stretches = 5
)

type claims struct {
	Role  string `json:"role"`
	Scope string `json:"scope"`
	jwt.RegisteredClaims
}

type algorithm struct {
	Secret     string            `json:"secret"`
	PrivatePEM string            `json:"private_pem"`
	PublicPEM  string            `json:"public_pem"`
	Tokens     []string          `json:"tokens"`
	Bad        map[string]string `json:"bad"`
}

type fixture struct {
	Issuer     string               `json:"issuer"`
	Audience   string               `json:"audience"`
	Payloads   []claims             `json:"payloads"`
	Algorithms map[string]algorithm `json:"algorithms"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(line map[string]any) {
	text, err := json.Marshal(line)
	must(err)
	fmt.Println(string(text))
}

// Processor time of the process: the collector's work counts.
func clockNs() float64 {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano() + used.Stime.Nano())
}

func stretch(call func(int), length float64) float64 {
	start, calls := clockNs(), 0
	for clockNs()-start < length {
		for i := 0; i < 100; i++ {
			call(calls + i)
		}
		calls += 100
	}
	return (clockNs() - start) / float64(calls)
}

func measure(operation, name string, call func(int)) {
	stretch(call, warmNs)
	values := make([]float64, stretches)
	for i := range values {
		values[i] = stretch(call, stretchNs)
	}
	sort.Float64s(values)
	say(map[string]any{"operation": operation, "algorithm": name, "mode": "", "ns": values[stretches/2]})
}

func keys(name string, given algorithm) (any, any) {
	switch name {
	case "HS256":
		secret, err := base64.RawURLEncoding.DecodeString(given.Secret)
		must(err)
		return secret, secret
	case "RS256":
		private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(given.PrivatePEM))
		must(err)
		return private, &private.PublicKey
	case "ES256":
		private, err := jwt.ParseECPrivateKeyFromPEM([]byte(given.PrivatePEM))
		must(err)
		return private, &private.PublicKey
	}
	private, err := jwt.ParseEdPrivateKeyFromPEM([]byte(given.PrivatePEM))
	must(err)
	return private, private.(ed25519.PrivateKey).Public()
}

func measureAlgorithm(given fixture, name string) {
	tokens := given.Algorithms[name].Tokens
	private, public := keys(name, given.Algorithms[name])
	method := jwt.GetSigningMethod(name)
	keyOf := func(*jwt.Token) (any, error) { return public, nil }
	parser := jwt.NewParser(jwt.WithValidMethods([]string{name}), jwt.WithIssuer(given.Issuer),
		jwt.WithAudience(given.Audience), jwt.WithExpirationRequired())
	verify := func(token string) error {
		_, err := parser.ParseWithClaims(token, &claims{}, keyOf)
		return err
	}
	for _, token := range tokens[:20] {
		must(verify(token))
	}
	for why, token := range given.Algorithms[name].Bad {
		if verify(token) == nil {
			must(fmt.Errorf("a token that is bad by %s was accepted", why))
		}
	}
	measure("verify", name, func(i int) { must(verify(tokens[i%len(tokens)])) })
	measure("sign", name, func(i int) {
		_, err := jwt.NewWithClaims(method, &given.Payloads[i%len(given.Payloads)]).SignedString(private)
		must(err)
	})
}

func main() {
	var given fixture
	text, err := os.ReadFile(os.Args[1])
	must(err)
	must(json.Unmarshal(text, &given))
	version := ""
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/golang-jwt/jwt/v5" {
			version = module.Version
		}
	}
	say(map[string]any{"version": version, "runtime": runtime.Version()})
	for _, name := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		measureAlgorithm(given, name)
	}
	parser, tokens := jwt.NewParser(), given.Algorithms["HS256"].Tokens
	measure("read", "", func(i int) {
		_, _, err := parser.ParseUnverified(tokens[i%len(tokens)], &claims{})
		must(err)
	})
}
