package main

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

// The leader is killed while sessions are refreshed by two tabs each, some log out, and rules are made.
func proveLeaderKilled(c *cluster) error {
	clock := stopwatch{time.Now()}
	var lives []*life
	for i := range 16 {
		l := newLife(i)
		l.begin(c, clock.now())
		lives = append(lives, l)
	}
	stop := make(chan struct{})
	over := func() bool {
		select {
		case <-stop:
			return true
		default:
			return false
		}
	}
	var wait sync.WaitGroup
	for i, l := range lives {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for round := 0; !over(); round++ {
				if i%4 == 0 && round == 6 {
					l.logout(c, clock.now())
					return
				}
				l.refresh(c, 2, clock.now())
			}
		}()
	}
	var acknowledged []string
	wait.Add(1)
	go func() {
		defer wait.Done()
		for i := 0; !over(); i++ {
			jti := fmt.Sprint("during-", i)
			_, err := c.some().execute(sql("INSERT INTO jwt_revoked (jti, revoked_at) VALUES (:jti, :now)", row{"jti": jti, "now": clock.now()}))
			if err == nil {
				acknowledged = append(acknowledged, jti)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()

	time.Sleep(1500 * time.Millisecond)
	leader, err := c.leader()
	if err != nil {
		return err
	}
	leader.signal(syscall.SIGKILL)
	time.Sleep(4 * time.Second)
	if err := c.start(leader, len(c.nodes)); err != nil {
		return err
	}
	time.Sleep(2500 * time.Millisecond)
	close(stop)
	wait.Wait()
	if err := c.ready(leader); err != nil {
		return err
	}
	c.agree("after the leader was killed, and came back")
	judge(c, lives, clock.now())
	for _, n := range c.nodes {
		missing := 0
		for _, jti := range acknowledged {
			rows, err := n.query(none, sql("SELECT 1 FROM jwt_revoked WHERE jti = :jti", row{"jti": jti}))
			if err != nil {
				return err
			}
			if len(rows) != 1 {
				missing++
			}
		}
		report(title(n, "has every rule that was acknowledged"), missing == 0 && len(acknowledged) > 20,
			fmt.Sprint(missing, " of ", len(acknowledged), " are missing"))
	}
	return nil
}

// All nodes are killed and started again: what they have comes from snapshots and the log, run again much later.
func proveReplay(c *cluster) error {
	c.agree("before all are killed") // what was written last has reached the node that is asked
	before, err := c.nodes[0].sums()
	if err != nil {
		return err
	}
	for _, n := range c.nodes {
		n.signal(syscall.SIGKILL)
	}
	if err := c.startAll(); err != nil {
		return err
	}
	c.agree("after all were killed and the log ran again")
	after, err := c.nodes[0].sums()
	if err != nil {
		return err
	}
	for _, name := range sorted(before) {
		equal("after the log ran again: "+name, after[name], before[name])
	}
	return nil
}

// A fourth node gets a snapshot and what came after it.
func proveFourth(c *cluster) error {
	leader, err := c.leader()
	if err != nil {
		return err
	}
	if _, err := leader.post("/snapshot", nil); err != nil {
		return fmt.Errorf("a snapshot: %w", err)
	}
	now := start + 5000
	p, err := c.app.login(leader, "erin", now)
	if err != nil {
		return err
	}
	fourth, err := c.add()
	if err != nil {
		return err
	}
	if err := c.start(fourth, 0); err != nil {
		return err
	}
	if err := c.ready(fourth); err != nil {
		return err
	}
	c.agree("with a fourth node")
	equal(title(fourth, "knows a session from before it came"), fourth.status(p.access, now+1), "ok")
	next, err := c.app.refresh(fourth, p.refresh, now+2)
	if err != nil {
		return err
	}
	equal("a refresh through it", next.outcome, "rotated")
	if err := c.app.logout(fourth, p.sid, "erin", now+3); err != nil {
		return err
	}
	c.agree("after a logout through it")
	for _, n := range c.nodes {
		equal(title(n, "refuses after a logout through the fourth"), n.status(next.access, now+4), "session_ended")
	}
	fourth.signal(syscall.SIGKILL)
	if err := c.start(fourth, 0); err != nil {
		return err
	}
	if err := c.ready(fourth); err != nil {
		return err
	}
	c.agree("after the fourth was killed, and came back")
	_, err = c.app.refresh(fourth, next.refresh, now+5)
	report("and refuses the refresh token", errors.Is(err, errGrant), fmt.Sprint(err))
	return nil
}
