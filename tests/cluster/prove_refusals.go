package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What would make nodes differ, or put a secret into their logs, is refused, and by all alike.
func proveRefusals(c *cluster) error {
	n, err := c.follower()
	if err != nil {
		return err
	}
	stray := newApplication() // whose private key somebody sends by mistake
	d := encode(must(stray.accessKey.ECDH()).Bytes())
	size := make([]byte, 32)
	private := fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"stray","alg":"ES256","d":"%s","x":"%s","y":"%s"}`, d,
		encode(stray.accessKey.X.FillBytes(size)), encode(stray.accessKey.Y.FillBytes(make([]byte, 32))))
	p, err := c.app.login(n, "dave", start)
	if err != nil {
		return err
	}
	rows, err := n.query(weak, sql("SELECT *, created_at AS now FROM jwt_session WHERE sid = :sid", row{"sid": p.sid}))
	if err != nil || len(rows) != 1 {
		return fmt.Errorf("the session of a login: %v, %w", rows, err)
	}
	session := rows[0]
	for _, each := range []struct {
		what, says string
		statement  statement
	}{
		{"a rule without a time, where the clock is explicit", "revoked_at: must be given",
			sql("INSERT INTO jwt_revoked (jti) VALUES ('implicit')")},
		{"a signature inside a write: the login that signs", "a public key cannot sign",
			file("login.sql").with(row{"sub": "mallory", "sid": "s", "salt": "s", "now": start})},
		{"a signature inside a write: a token into a table", "a public key cannot sign",
			sql("INSERT INTO jwt_session (sid, sub) SELECT jwt_sign('{}', jwk), 'mallory' FROM jwt_key WHERE kid = 'access-1'")},
		{"a private key into the table of keys", "a private key is now in the log",
			file("cluster/create_key.sql").with(row{"use": "access", "kid": "stray", "alg": "ES256", "jwk": private, "now": start})},
		{"a second session of the same sid", "begins once",
			file("cluster/login_commit.sql").with(session)},
	} {
		_, err := n.execute(each.statement)
		report("refused: "+each.what, err != nil && strings.Contains(err.Error(), each.says), fmt.Sprint(err))
		c.agree("after " + each.what)
	}

	// Every file of every node: log, database, snapshots.
	access, refresh := must(c.app.accessKey.ECDH()).Bytes(), c.app.refreshKey.Seed()
	secrets := map[string]bool{ // what is looked for, and whether it is there
		encode(access):                false,
		encode(refresh):               false,
		string(access):                false,
		string(refresh):               false,
		encode(c.app.refreshKey[32:]): true, // the public half: the search finds what is there
		d:                             true, // what was refused is in the log all the same
	}
	for secret, wanted := range secrets {
		for _, n := range c.nodes {
			found, err := n.holds([]byte(secret))
			if err != nil {
				return err
			}
			equal(title(n, fmt.Sprintf("has %d bytes of a key in its files", len(secret))), found, wanted)
		}
	}
	return proveVerifyOnly(c)
}

// holds tells whether any file of the node has these bytes: in the clear, or in a log that is not compressed.
func (n *node) holds(wanted []byte) (found bool, err error) {
	err = filepath.WalkDir(n.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "/extensions/") {
			return nil // files come and go while the node works
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, wanted) {
			found = true
		}
		return nil
	})
	return found, err
}

// Under the name jwtverify.so the same file has only the entry point that verifies: no node can sign.
func proveVerifyOnly(c *cluster) error {
	text, err := os.ReadFile(c.extension)
	if err != nil {
		return err
	}
	set := setting{c.rqlited, filepath.Join(c.work, "jwtverify.so"), filepath.Join(c.work, "verifying")}
	if err := os.WriteFile(set.extension, text, 0o755); err != nil {
		return err
	}
	alone := newCluster(set)
	defer alone.stop()
	if err := alone.begin(1); err != nil {
		return err
	}
	a := newApplication()
	n := alone.nodes[0]
	if err := a.install(n, start); err != nil {
		return err
	}
	p, err := a.login(n, "alice", start)
	if err != nil {
		return err
	}
	equal("verify-only nodes: a login", n.status(p.access, start+1), "ok")
	p, err = a.refresh(n, p.refresh, start+2)
	if err != nil {
		return err
	}
	equal("verify-only nodes: a refresh", p.outcome+" "+n.status(p.access, start+3), "rotated ok")
	for _, call := range []string{"jwt_sign('{}', 'k')", "jwt_random()", "jwk_generate('ES256')"} {
		_, err := n.execute(sql("INSERT INTO jwt_event (at, kind) SELECT 1, " + call))
		name, _, _ := strings.Cut(call, "(")
		report("verify-only nodes: no "+name, err != nil && strings.Contains(err.Error(), "no such function: "+name), fmt.Sprint(err))
	}
	return nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
