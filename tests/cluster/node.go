package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A node is one rqlited and its folder, which outlives the process.
type node struct {
	id         int
	http, raft string
	space      string // network namespace, or "" for this one
	folder     string
	process    *exec.Cmd
	ended      chan struct{} // closed when the process is gone
}

type cluster struct {
	setting
	nodes []*node
	net   *network // where nodes have network namespaces of their own
	app   *application
}

func newCluster(set setting) *cluster {
	return &cluster{setting: set, app: newApplication()}
}

// add makes a node on loopback, on ports that are free now.
func (c *cluster) add() (*node, error) {
	n := &node{id: len(c.nodes) + 1}
	var held []net.Listener
	for _, address := range []*string{&n.http, &n.raft} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		held = append(held, listener)
		*address = listener.Addr().String()
	}
	for _, listener := range held {
		listener.Close()
	}
	return c.place(n)
}

// place gives a node its empty folder and its place in the cluster.
func (c *cluster) place(n *node) (*node, error) {
	n.folder = filepath.Join(c.work, fmt.Sprint("node", n.id))
	if err := os.RemoveAll(n.folder); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(n.folder, 0o755); err != nil {
		return nil, err
	}
	c.nodes = append(c.nodes, n)
	return n, nil
}

// start runs a node that expects so many voters at the cluster's birth; 0 joins one that is there.
func (c *cluster) start(n *node, voters int) error {
	var others []string
	for _, other := range c.nodes {
		if voters > 0 || other != n {
			others = append(others, other.raft)
		}
	}
	arguments := []string{
		"-node-id", fmt.Sprint(n.id), "-http-addr", n.http, "-raft-addr", n.raft, "-join", strings.Join(others, ","),
		"-extensions-path", c.extension, "-raft-snap-int", "1s",
	}
	if voters > 0 {
		arguments = append(arguments, "-bootstrap-expect", fmt.Sprint(voters))
	}
	command := append([]string{c.rqlited}, append(arguments, filepath.Join(n.folder, "data"))...)
	if n.space != "" {
		command = append([]string{"ip", "netns", "exec", n.space}, command...)
	}
	log, err := os.OpenFile(filepath.Join(n.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	n.process = exec.Command(command[0], command[1:]...)
	n.process.Stdout, n.process.Stderr = log, log
	n.process.Env = append(os.Environ(), "TZ=UTC")
	n.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.process.Start(); err != nil {
		return err
	}
	n.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		process.Wait()
		close(ended)
	}(n.process, n.ended)
	return nil
}

func (n *node) runs() bool {
	if n.process == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// signal sends to the node's own process; SIGKILL and SIGTERM wait for its end.
func (n *node) signal(s syscall.Signal) {
	if !n.runs() {
		return
	}
	n.process.Process.Signal(s)
	if s == syscall.SIGKILL || s == syscall.SIGTERM {
		select {
		case <-n.ended:
		case <-time.After(20 * time.Second):
			n.process.Process.Kill()
			<-n.ended
		}
	}
}

// begin starts so many nodes as one new cluster, and waits until each answers with the extension loaded.
func (c *cluster) begin(size int) error {
	for range size {
		if _, err := c.add(); err != nil {
			return err
		}
	}
	return c.startAll()
}

func (c *cluster) startAll() error {
	for _, n := range c.nodes {
		if err := c.start(n, len(c.nodes)); err != nil {
			return err
		}
	}
	for _, n := range c.nodes {
		if err := c.ready(n); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until a node has caught up with the leader.
func (c *cluster) ready(n *node) error {
	return within(60*time.Second, fmt.Sprintf("node %d is ready", n.id), func() error {
		if !n.runs() {
			return errors.New("it has ended")
		}
		_, err := n.get("/readyz?sync&timeout=5s")
		return err
	})
}

// leader waits for one that a majority of the running nodes follows, and answers it.
func (c *cluster) leader() (found *node, err error) {
	err = within(30*time.Second, "there is a leader", func() error {
		votes := map[string]int{}
		for _, n := range c.nodes {
			if n.runs() {
				if name, err := n.leaderName(); err == nil && name != "" {
					votes[name]++
				}
			}
		}
		for _, n := range c.nodes {
			if n.runs() && votes[fmt.Sprint(n.id)]*2 > len(c.nodes) {
				found = n
				return nil
			}
		}
		return fmt.Errorf("they follow %v", votes)
	})
	return found, err
}

// follower answers a running node that is not the leader.
func (c *cluster) follower() (*node, error) {
	leader, err := c.leader()
	if err != nil {
		return nil, err
	}
	for _, n := range c.nodes {
		if n != leader && n.runs() {
			return n, nil
		}
	}
	return nil, errors.New("no node but the leader runs")
}

func (c *cluster) stop() {
	for _, n := range c.nodes {
		n.signal(syscall.SIGCONT)
		n.signal(syscall.SIGKILL)
	}
	if c.net != nil {
		c.net.remove()
	}
}

func (c *cluster) showLogs() {
	for _, n := range c.nodes {
		text, _ := os.ReadFile(filepath.Join(n.folder, "log"))
		lines := strings.Split(strings.TrimSpace(string(bytes.ToValidUTF8(text, nil))), "\n")
		fmt.Printf("-- node %d:\n%s\n", n.id, strings.Join(lines[max(0, len(lines)-8):], "\n"))
	}
}

// within tries until it succeeds or time is up.
func within(limit time.Duration, what string, try func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %s: %w", limit, what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func stopOnSignal(c *cluster) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		c.stop()
		os.Exit(130)
	}()
}
