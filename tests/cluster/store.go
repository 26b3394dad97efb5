package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// An application has the private keys, and signs; the cluster never sees them.
type application struct {
	accessKey  *ecdsa.PrivateKey  // ES256
	refreshKey ed25519.PrivateKey // the same refresh token comes out each time
}

// What a client has after a login or a refresh.
type pair struct{ sid, access, refresh, outcome string }

// invalid_grant: the token is good for nothing.
var errGrant = errors.New("invalid_grant")

var encode = base64.RawURLEncoding.EncodeToString
var decode = base64.RawURLEncoding.DecodeString

func random() string {
	bytes := make([]byte, 16)
	rand.Read(bytes)
	return encode(bytes)
}

// file reads a statement of sql/, without its comments: they would be in every log.
func file(name string) statement {
	text, err := os.ReadFile(filepath.Join("sql", name))
	if err != nil {
		panic(err)
	}
	var lines []string
	for _, line := range strings.Split(string(text), "\n") {
		if before, _, _ := strings.Cut(line, "--"); strings.TrimSpace(before) != "" {
			lines = append(lines, before)
		}
	}
	return statement{text: strings.Join(lines, "\n")}
}

var named = regexp.MustCompile(`:([a-z_]+)`)

// with binds what the statement asks for, and no more; what is not given is NULL.
func (s statement) with(parameters row) statement {
	s.parameters = row{}
	for _, match := range named.FindAllStringSubmatch(s.text, -1) {
		s.parameters[match[1]] = parameters[match[1]]
	}
	return s
}

// script splits a file of several statements; a trigger ends with a line END;.
func script(name string) (statements []statement) {
	var one []string
	for _, line := range strings.Split(file(name).text, "\n") {
		one = append(one, line)
		trigger := strings.HasPrefix(one[0], "CREATE TRIGGER")
		if trigger && line == "END;" || !trigger && strings.HasSuffix(strings.TrimSpace(line), ";") {
			text := strings.Join(one, "\n")
			if text != "BEGIN IMMEDIATE;" && text != "COMMIT;" {
				statements = append(statements, statement{text: text})
			}
			one = nil
		}
	}
	return statements
}

func newApplication() *application {
	access, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, refresh, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &application{access, refresh}
}

// install makes the store, and announces the keys.
func (a *application) install(n *node, now int64) error {
	var all []statement
	for _, name := range []string{"cluster/revoked.sql", "token_store.sql", "cluster/guards.sql"} {
		all = append(all, script(name)...)
	}
	if _, err := n.executeUnchanged(all...); err != nil {
		return err
	}
	keys := []row{
		{"use": "access", "kid": "access-1", "alg": "ES256", "jwk": a.publicAccessKey()},
		{"use": "refresh", "kid": "refresh-1", "alg": "EdDSA", "jwk": fmt.Sprintf(
			`{"kty":"OKP","crv":"Ed25519","kid":"refresh-1","alg":"EdDSA","x":"%s"}`,
			encode(a.refreshKey.Public().(ed25519.PublicKey)))},
	}
	for _, key := range keys {
		key["now"] = now
		if _, err := n.execute(file("cluster/create_key.sql").with(key)); err != nil {
			return err
		}
	}
	return nil
}

func (a *application) publicAccessKey() string {
	public := a.accessKey.PublicKey
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","alg":"ES256","x":"%s","y":"%s"}`,
		encode(public.X.FillBytes(make([]byte, 32))), encode(public.Y.FillBytes(make([]byte, 32))))
}

// sign makes a compact JWS: RFC 7515 section 3.1.
func (a *application) sign(kid, typ string, claims any) (string, error) {
	header := row{"alg": "ES256", "kid": kid, "typ": typ}
	if typ == "rt+jwt" {
		header["alg"] = "EdDSA"
	}
	text, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	input := encode(text) + "." + encode([]byte(fmt.Sprint(claims)))
	var signature []byte
	if typ == "rt+jwt" {
		signature = ed25519.Sign(a.refreshKey, []byte(input))
	} else {
		hash := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, a.accessKey, hash[:])
		if err != nil {
			return "", err
		}
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	return input + "." + encode(signature), nil
}

// finish signs what a prepared row says, and commits it. False: somebody else was quicker.
func (a *application) finish(n *node, commit string, prepared row) (p pair, counted bool, err error) {
	p.sid, p.outcome = fmt.Sprint(prepared["sid"]), "login"
	if outcome, there := prepared["outcome"]; there {
		p.outcome = fmt.Sprint(outcome)
	}
	if p.outcome != "reuse" {
		if p.access, err = a.sign(fmt.Sprint(prepared["access_kid"]), "at+jwt", prepared["access_claims"]); err != nil {
			return p, false, err
		}
		if p.refresh, err = a.sign("refresh-1", "rt+jwt", prepared["refresh_claims"]); err != nil {
			return p, false, err
		}
	}
	delete(prepared, "access_claims")
	delete(prepared, "refresh_claims")
	results, err := n.execute(file("cluster/" + commit).with(prepared))
	if err != nil {
		return p, false, err
	}
	return p, results[0].Affected == 1, nil
}

func (a *application) login(n *node, sub string, now int64) (pair, error) {
	rows, err := n.query(weak, file("cluster/login_prepare.sql").with(row{"sub": sub, "scope": "articles:read",
		"sid": random(), "salt": random(), "jti": random(), "now": now}))
	if err != nil {
		return pair{}, err
	}
	if len(rows) != 1 {
		return pair{}, errors.New("no active key")
	}
	p, counted, err := a.finish(n, "login_commit.sql", rows[0])
	if err == nil && !counted {
		err = errGrant
	}
	return p, err
}

// refresh answers errGrant where the token is good for nothing; any other error leaves open whether it was rotated.
func (a *application) refresh(n *node, token string, now int64) (pair, error) {
	for range 20 {
		rows, err := n.query(weak, file("cluster/refresh_prepare.sql").with(row{"token": token, "jti": random(), "now": now}))
		if err != nil {
			return pair{}, err
		}
		if len(rows) == 0 {
			return pair{}, errGrant
		}
		p, counted, err := a.finish(n, "refresh_commit.sql", rows[0])
		if err != nil || counted {
			return p, err
		}
	}
	return pair{}, errors.New("somebody else was quicker, again and again")
}

func (a *application) logout(n *node, sid, sub string, now int64) error {
	_, err := n.execute(file("logout.sql").with(row{"sid": sid, "sub": sub, "now": now}))
	return err
}

// status answers what a node says of an access token, from what it has itself.
func (n *node) status(token string, now int64) string {
	rows, err := n.query(none, file("authenticate.sql").with(row{"token": token, "now": now}))
	if err != nil || len(rows) != 1 {
		return fmt.Sprint("error: ", err)
	}
	return fmt.Sprint(rows[0]["status"])
}
