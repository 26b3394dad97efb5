package main

import (
	"fmt"
	"syscall"
)

// story shows what the proofs prove, once, to somebody who looks on.
func story(c *cluster) error {
	say := func(format string, values ...any) { fmt.Printf(format+"\n", values...) }
	say("Three nodes of rqlite on loopback, each with the extension.\n")
	if err := c.begin(3); err != nil {
		return err
	}
	one, two, three := c.nodes[0], c.nodes[1], c.nodes[2]
	a := c.app
	if err := a.install(one, start); err != nil {
		return err
	}
	say("1. Through node 1: the token store. It has public keys only; this program keeps the private ones, and signs.")
	p, err := a.login(one, "alice", start)
	if err != nil {
		return err
	}
	c.agree("after the login")
	say("2. Alice logs in through node 1. Node 3 says of her access token: %s", three.status(p.access, start+1))
	equal("the login", three.status(p.access, start+1), "ok")
	next, err := a.refresh(two, p.refresh, start+10)
	if err != nil {
		return err
	}
	say("3. She refreshes through node 2: %s", next.outcome)
	last, err := a.refresh(three, next.refresh, start+20)
	if err != nil {
		return err
	}
	say("   and again through node 3: %s", last.outcome)
	thief, err := a.refresh(one, p.refresh, start+30)
	if err != nil {
		return err
	}
	c.agree("after the theft")
	say("4. Somebody sends her first refresh token to node 1: %s. Node 2 says of her access token: %s", thief.outcome,
		two.status(last.access, start+31))
	equal("the theft", two.status(last.access, start+31), "session_ended")
	p, err = a.login(two, "alice", start+40)
	if err != nil {
		return err
	}
	leader, err := c.leader()
	if err != nil {
		return err
	}
	leader.signal(syscall.SIGKILL)
	say("5. She logs in again, and node %d, the leader, is killed.", leader.id)
	follower, err := c.follower()
	if err != nil {
		return err
	}
	if p, err = a.refresh(follower, p.refresh, start+50); err != nil {
		return err
	}
	say("   The two others go on: %s", p.outcome)
	if err := a.logout(follower, p.sid, "alice", start+60); err != nil {
		return err
	}
	if err := c.start(leader, 3); err != nil {
		return err
	}
	if err := c.ready(leader); err != nil {
		return err
	}
	c.agree("after the logout")
	say("6. She logs out. Node %d comes back and says of her access token: %s\n", leader.id, leader.status(p.access, start+61))
	equal("the logout", leader.status(p.access, start+61), "session_ended")
	say("The nodes have the same bytes in every table. docs/scaling.md has the rest.")
	return nil
}
