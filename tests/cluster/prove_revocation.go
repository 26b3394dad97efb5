package main

import "fmt"

func title(n *node, what string) string { return fmt.Sprintf("node %d %s", n.id, what) }

// A revocation table alone, as in the README: issue and verify anywhere, revoke through a follower, refused everywhere.
func proveRevocation(c *cluster) error {
	follower, err := c.follower()
	if err != nil {
		return err
	}
	if _, err := follower.execute(sql("CREATE VIRTUAL TABLE revoked USING jwt_revocation(clock='explicit')")); err != nil {
		return err
	}
	secret, err := follower.value(none, sql("SELECT jwk_generate('HS256')"))
	if err != nil {
		return err
	}

	tokens := map[*node]any{}
	for i, n := range c.nodes {
		tokens[n], err = n.value(none, sql("SELECT jwt_sign(:claims, :key, '{}')", row{"key": secret,
			"claims": fmt.Sprintf(`{"sub":"u%d","jti":"t%d","iat":1700000000,"exp":4102444800}`, i, i)}))
		if err != nil {
			return err
		}
	}
	status := func(n *node, token any) (any, error) {
		return n.value(none, sql(`SELECT jwt_status(:token, :key, '{"revoked_by":"revoked"}')`, row{"token": token, "key": secret}))
	}
	everywhere := func(token any, want, when string) error {
		for _, n := range c.nodes {
			got, err := status(n, token)
			if err != nil {
				return err
			}
			equal(title(n, when), got, want)
		}
		return nil
	}
	if err := c.agree("with a revocation table"); err != nil {
		return err
	}
	for _, token := range tokens {
		if err := everywhere(token, "ok", "verifies what any node issued"); err != nil {
			return err
		}
	}

	// Twice: a rule is merged, not refused.
	for range 2 {
		_, err = follower.execute(sql("INSERT INTO revoked (jti, expires_at, reason, revoked_at) VALUES ('t0', 4102444800, 'logout', 1700000100)"))
		if err != nil {
			return err
		}
	}
	if err := c.agree("after a revocation through a follower"); err != nil {
		return err
	}
	if err := everywhere(tokens[c.nodes[0]], "revoked", "refuses what a follower revoked"); err != nil {
		return err
	}
	return everywhere(tokens[c.nodes[1]], "ok", "accepts what nobody revoked")
}
