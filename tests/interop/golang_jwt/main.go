// golang-jwt v5 as a peer. It has no JWK: its users hold Go's own key types, read from PEM with the
// library's ParseXFromPEM functions; Go's crypto/x509 writes them here.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const audience = "https://api.example"

type algorithmEntry struct {
	Label   string            `json:"label"`
	Alg     string            `json:"alg"`
	Kid     string            `json:"kid"`
	Reads   []string          `json:"reads"`
	Forms   map[string]string `json:"forms"`
	Payload string            `json:"payload"`
	Token   string            `json:"token"`
}

type lack struct {
	Label  string `json:"label"`
	Reason string `json:"reason"`
}

type produced struct {
	Peer       string           `json:"peer"`
	Version    string           `json:"version"`
	Algorithms []algorithmEntry `json:"algorithms"`
	Lacks      []lack           `json:"lacks"`
}

type offer struct {
	ID     int64    `json:"id"`
	Alg    string   `json:"alg"`
	Form   string   `json:"form"`
	Key    string   `json:"key"`
	Token  string   `json:"token"`
	Refuse []string `json:"refuse"`
	Sign   string   `json:"sign"`
}

type verdict struct {
	ID       int64  `json:"id"`
	OK       bool   `json:"ok"`
	Payload  string `json:"payload,omitempty"`
	Accepted []int  `json:"accepted"`
	Signed   string `json:"signed,omitempty"`
	Error    string `json:"error,omitempty"`
}

var lacks = []lack{
	{"ES256K", "golang-jwt has no ES256K, Go no secp256k1"},
	{"EdDSA-Ed448", "golang-jwt's EdDSA is Ed25519 alone"},
	{"Ed25519", "golang-jwt knows the key as EdDSA only"},
	{"Ed448", "golang-jwt's EdDSA is Ed25519 alone"},
	{"ML-DSA-44", "golang-jwt has no ML-DSA"},
	{"ML-DSA-65", "golang-jwt has no ML-DSA"},
	{"ML-DSA-87", "golang-jwt has no ML-DSA"},
	{"any", "golang-jwt has no JWK, no JWKS and no thumbprints " +
		"(forms: jwk, jwk-private, jwks, thumbprint)"},
}

// Numbers stay as they are written: json.Number, never float64.
func claimsOf(payload string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	decoder := json.NewDecoder(strings.NewReader(payload))
	decoder.UseNumber()
	err := decoder.Decode(&claims)
	return claims, err
}

func sign(payload, alg, kid string, key any) (string, error) {
	claims, err := claimsOf(payload)
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.GetSigningMethod(alg), claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	return token.SignedString(key)
}

func verify(token, alg string, key any) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{alg}), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithJSONNumber())
	return claims, err
}

func payloadFor(directory string, number int, jti string) (string, error) {
	text, err := os.ReadFile(filepath.Join(directory, "payloads.jsonl"))
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Replace(lines[number%len(lines)], "@JTI@", jti, 1), nil
}

func libraryVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.Contains(module.Path, "golang-jwt") {
				return module.Version
			}
		}
	}
	return "unknown"
}

func produce(directory string) (produced, error) {
	result := produced{Peer: "golang-jwt", Version: libraryVersion(), Lacks: lacks}
	keys, err := generateKeys()
	if err != nil {
		return result, err
	}
	for number, k := range keys {
		entry := algorithmEntry{
			Label: k.label, Alg: k.label, Kid: "golang-jwt-" + k.label, Reads: k.reads}
		if entry.Forms, err = k.write(k.private); err != nil {
			return result, fmt.Errorf("%s: %w", k.label, err)
		}
		if entry.Payload, err = payloadFor(directory, number, entry.Kid); err != nil {
			return result, err
		}
		if entry.Token, err = sign(entry.Payload, entry.Alg, entry.Kid, k.private); err != nil {
			return result, fmt.Errorf("%s: %w", k.label, err)
		}
		result.Algorithms = append(result.Algorithms, entry)
	}
	return result, nil
}

func check(o offer) (v verdict, err error) {
	v = verdict{ID: o.ID, Accepted: []int{}}
	public, private, err := readKey(o.Alg, o.Form, o.Key)
	if err != nil {
		return v, err
	}
	claims, err := verify(o.Token, o.Alg, public)
	if err != nil {
		return v, err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return v, err
	}
	v.Payload = string(payload)
	for position, token := range o.Refuse {
		if _, refused := verify(token, o.Alg, public); refused == nil {
			v.Accepted = append(v.Accepted, position)
		}
	}
	if o.Sign != "" {
		v.Signed, err = sign(o.Sign, o.Alg, "", private)
	}
	return v, err
}

func checkAll(directory string) (map[string][]verdict, error) {
	var offered struct {
		Cases []offer `json:"cases"`
	}
	text, err := os.ReadFile(filepath.Join(directory, "offered.json"))
	if err != nil {
		return nil, err
	}
	if err = json.Unmarshal(text, &offered); err != nil {
		return nil, err
	}
	verdicts := []verdict{}
	for _, o := range offered.Cases {
		v, refusal := check(o)
		v.OK = refusal == nil
		if refusal != nil {
			v.Error = refusal.Error()
		}
		verdicts = append(verdicts, v)
	}
	return map[string][]verdict{"cases": verdicts}, nil
}

func run(mode, directory string) error {
	var document any
	var name string
	var err error
	switch mode {
	case "produce":
		name = "produced.json"
		document, err = produce(directory)
	case "check":
		name = "verdicts.json"
		document, err = checkAll(directory)
	default:
		return fmt.Errorf("unknown mode %q", mode)
	}
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, name), text, 0o600)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: golang_jwt produce|check DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
