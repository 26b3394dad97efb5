package main

import "fmt"

const start = int64(1700000000)

// The token store through any node: what one writes, all have, with the same bytes.
func proveStore(c *cluster) error {
	a := c.app
	follower, err := c.follower()
	if err != nil {
		return err
	}
	if err := a.install(follower, start); err != nil {
		return err
	}
	if err := a.install(follower, start); err == nil {
		report("a key is announced once", false, "twice")
	}
	c.agree("with a token store")
	everywhere := func(what, token, want string, now int64) {
		for _, n := range c.nodes {
			equal(title(n, what), n.status(token, now), want)
		}
	}

	first, err := a.login(follower, "alice", start)
	if err != nil {
		return err
	}
	c.agree("after a login")
	everywhere("knows the session of a login", first.access, "ok", start+1)

	second, err := a.refresh(c.nodes[0], first.refresh, start+10)
	if err != nil {
		return err
	}
	equal("a refresh", second.outcome, "rotated")
	again, err := a.refresh(c.nodes[1], first.refresh, start+11)
	if err != nil {
		return err
	}
	equal("the same token through another node, within grace", again.outcome, "replayed")
	equal("its successor is the same, byte by byte", again.refresh, second.refresh)
	third, err := a.refresh(c.nodes[2], second.refresh, start+20)
	if err != nil {
		return err
	}
	equal("the successor", third.outcome, "rotated")
	c.agree("after refreshes through each node")
	everywhere("knows the session after a refresh", third.access, "ok", start+21)

	thief, err := a.refresh(c.nodes[0], first.refresh, start+30)
	if err != nil {
		return err
	}
	equal("a token of two generations ago", thief.outcome+thief.refresh, "reuse")
	c.agree("after a reuse")
	everywhere("has ended the session", third.access, "session_ended", start+31)
	_, err = a.refresh(c.nodes[1], third.refresh, start+32)
	equal("its refresh token", err, errGrant)

	// Logging out, of one session and of all.
	var pairs []pair
	for i := range 3 {
		p, err := a.login(c.nodes[i], "bob", start+40)
		if err != nil {
			return err
		}
		pairs = append(pairs, p)
	}
	if err := a.logout(follower, pairs[0].sid, "bob", start+50); err != nil {
		return err
	}
	c.agree("after a logout")
	everywhere("refuses after a logout", pairs[0].access, "session_ended", start+51)
	everywhere("knows the other sessions", pairs[1].access, "ok", start+51)
	if _, err := follower.execute(file("logout_everywhere.sql").with(row{"sub": "bob", "now": start + 60})); err != nil {
		return err
	}
	c.agree("after a logout everywhere")
	for _, p := range pairs {
		everywhere("refuses after a logout everywhere", p.access, "session_ended", start+61)
	}

	// A rule for a subject that has a session.
	p, err := a.login(follower, "carol", start+70)
	if err != nil {
		return err
	}
	_, err = follower.execute(sql("INSERT INTO jwt_revoked (sub, reason, revoked_at) VALUES ('carol', 'locked', :now)", row{"now": start + 80}))
	if err != nil {
		return err
	}
	c.agree("after a rule for a subject")
	everywhere("refuses a subject that is locked", p.access, "revoked", start+81)
	_, err = a.refresh(follower, p.refresh, start+82)
	equal("a refresh of a subject that is locked", err, errGrant)
	_, err = a.login(follower, "carol", start+83)
	equal("a login of a subject that is locked", err, errGrant)
	for _, name := range []string{"prune.sql", "rotate_keys.sql"} {
		if _, err := follower.execute(file(name).with(row{"now": start + 90, "use": "access"})); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	c.agree("after pruning")
	return nil
}
