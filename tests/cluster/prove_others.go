package main

import (
	"fmt"
)

// The statements that run as they are, with :now: keys that rotate and are revoked, what counts once, another issuer's logout.
func proveOthers(c *cluster) error {
	a, now := c.app, start+200
	n, err := c.follower()
	if err != nil {
		return err
	}
	rows, err := n.query(weak, file("cluster/login_prepare.sql").with(row{"sub": "frank", "sid": random(), "salt": random(),
		"jti": random(), "now": now}))
	if err != nil || len(rows) != 1 {
		return fmt.Errorf("login_prepare: %v, %w", rows, err)
	}
	rows[0]["idp_iss"], rows[0]["idp_sub"], rows[0]["idp_sid"] = "https://idp.example", "f", "there-1"
	p, _, err := a.finish(n, "login_commit.sql", rows[0])
	if err != nil {
		return err
	}
	c.agree("after a login by another issuer")
	equal(title(n, "knows it"), n.status(p.access, now+1), "ok")

	logout, err := a.sign("access-1", "logout+jwt", fmt.Sprintf(`{"iss":"https://idp.example","aud":"here","iat":%d,"exp":%d,"jti":"l1",`+
		`"sid":"there-1","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`, now+5, now+100))
	if err != nil {
		return err
	}
	for i, each := range []statement{
		file("backchannel_logout.sql").with(row{"token": logout, "idp_keys": a.publicAccessKey(), "idp_iss": "https://idp.example",
			"aud": "here", "now": now + 10}),
		file("use_once.sql").with(row{"iss": "https://idp.example", "jti": "other", "exp": now + 100, "now": now + 11}),
		file("cluster/create_key.sql").with(row{"use": "access", "kid": "access-2", "alg": "ES256", "jwk": a.publicAccessKey(), "now": now + 12}),
		file("rotate_keys.sql").with(row{"use": "access", "now": now + 13}),
		file("revoke_key.sql").with(row{"kid": "access-2", "now": now + 14}),
	} {
		if _, err := n.execute(each); err != nil {
			return fmt.Errorf("statement %d: %w", i, err)
		}
		c.agree(fmt.Sprint("after statement ", i))
	}
	for _, each := range c.nodes {
		equal(title(each, "has ended the session of another issuer's logout"), each.status(p.access, now+20), "session_ended")
		state, err := each.value(none, sql("SELECT group_concat(state, ' ') FROM (SELECT state FROM jwt_key WHERE use = 'access' ORDER BY kid)"))
		if err != nil {
			return err
		}
		equal(title(each, "has both keys' states"), state, "retiring revoked")
	}
	// A third key, so that there is one that signs.
	_, err = n.execute(file("cluster/create_key.sql").with(row{"use": "access", "kid": "access-3", "alg": "ES256",
		"jwk": a.publicAccessKey(), "now": now + 30}))
	if err != nil {
		return err
	}
	p, err = a.login(n, "frank", now+31)
	if err != nil {
		return err
	}
	c.agree("after a new key")
	equal("a login with the new key", n.status(p.access, now+32), "ok")
	return nil
}
