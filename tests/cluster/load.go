package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	loadSessions = 200
	loadWorkers  = 8
)

// What happens to nodes, one after the other, while clients work.
var misfortunes = []struct {
	name string
	do   func(*cluster, *node) error
}{
	{"killed", func(c *cluster, n *node) error {
		n.signal(syscall.SIGKILL)
		time.Sleep(2 * time.Second)
		return c.start(n, len(c.nodes))
	}},
	{"cut off", func(c *cluster, n *node) error {
		if err := c.net.cut(n); err != nil {
			return err
		}
		time.Sleep(4 * time.Second)
		return c.net.mend(n)
	}},
	{"stopped and restarted", func(c *cluster, n *node) error {
		n.signal(syscall.SIGTERM)
		return c.start(n, len(c.nodes))
	}},
	{"frozen", func(c *cluster, n *node) error {
		n.signal(syscall.SIGSTOP)
		time.Sleep(3 * time.Second)
		n.signal(syscall.SIGCONT)
		return nil
	}},
}

// load is clients that log in, refresh and log out while nodes are killed, restarted, frozen and cut off.
func load(c *cluster) error {
	lasting := 40 * time.Second
	if os.Getenv("LONG") != "" {
		lasting = 4 * time.Minute
	}
	net, err := newNetwork()
	if err != nil {
		if os.Getenv("CI") != "" {
			return err
		}
		skip("the load", err.Error())
		return nil
	}
	c.net = net
	client.Timeout = 3 * time.Second
	for range 3 {
		n, err := c.place(&node{id: len(c.nodes) + 1})
		if err != nil {
			return err
		}
		if err := net.join(n); err != nil {
			return err
		}
	}
	if err := c.startAll(); err != nil {
		return err
	}
	if err := c.app.install(c.nodes[0], start); err != nil {
		return err
	}
	// An answer that is lost can be had again for as long as a node may be away.
	if _, err := c.nodes[0].execute(sql("UPDATE jwt_policy SET grace = 100000, grace_max = 100000")); err != nil {
		return err
	}

	clock := stopwatch{time.Now()}
	var lives []*life
	for i := range loadSessions {
		lives = append(lives, newLife(i))
	}
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for worker := range loadWorkers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for round := 0; ; round++ {
				for i := worker; i < loadSessions; i += loadWorkers {
					select {
					case <-stop:
						return
					default:
					}
					switch l := lives[i]; {
					case l.sid == "":
						l.begin(c, clock.now())
					case l.out == "" && round > 1 && i%5 == 0 && rand.IntN(3) == 0:
						l.logout(c, clock.now())
					case l.out == "":
						l.refresh(c, 1+rand.IntN(2), clock.now())
					}
				}
			}
		}()
	}
	happened := map[string]int{}
	for i := 0; time.Since(clock.begun) < lasting; i++ {
		time.Sleep(3 * time.Second)
		what, n := misfortunes[i%len(misfortunes)], c.nodes[rand.IntN(len(c.nodes))]
		if err := what.do(c, n); err != nil {
			return fmt.Errorf("node %d %s: %w", n.id, what.name, err)
		}
		happened[what.name]++
	}
	close(stop)
	wait.Wait()
	for _, n := range c.nodes {
		if err := c.ready(n); err != nil {
			return err
		}
	}
	fmt.Printf("in %s: %v\n", time.Since(clock.begun).Round(time.Second), happened)
	c.agree("after the load")
	judge(c, lives, clock.now())
	return nil
}
