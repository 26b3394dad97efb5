package main

// prove is the suite: it builds up one cluster and then harms it, step by step. After each step the tables of all
// nodes are compared.
func prove(c *cluster) error {
	if err := c.begin(3); err != nil {
		return err
	}
	for _, n := range c.nodes {
		text, err := n.get("/status?key=extensions.names")
		equal(title(n, "has loaded the extension"), string(text), `["jwt_ext.so"]`)
		if err != nil {
			return err
		}
	}
	for _, step := range []func(*cluster) error{
		proveRevocation, proveStore, proveRefusals, proveOthers, proveLeaderKilled, proveReplay, proveFourth,
	} {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}
