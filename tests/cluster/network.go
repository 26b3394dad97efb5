package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// A network has a bridge in this namespace and a namespace for each node, so that a node can be cut off: from the
// others and from its clients. Needs root and iproute2.
type network struct {
	bridge string
	spaces []string
	subnet string
}

func ip(arguments ...string) error {
	text, err := exec.Command("ip", arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %s", strings.Join(arguments, " "), strings.TrimSpace(string(text)))
	}
	return nil
}

func ipAll(commands ...string) error {
	for _, command := range commands {
		if err := ip(strings.Fields(command)...); err != nil {
			return err
		}
	}
	return nil
}

// newNetwork makes the bridge; its names carry the process's number, so that two runs do not meet.
func newNetwork() (*network, error) {
	number := os.Getpid()
	n := &network{bridge: fmt.Sprint("jwtbr", number%100000), subnet: fmt.Sprintf("10.%d.%d", 100+number%100, number/100%250)}
	err := ipAll("link add "+n.bridge+" type bridge", "addr add "+n.subnet+".1/24 dev "+n.bridge, "link set "+n.bridge+" up")
	if err != nil {
		n.remove()
	}
	return n, err
}

func (n *network) link(id int) string {
	return fmt.Sprintf("%sn%d", strings.Replace(n.bridge, "jwtbr", "jv", 1), id)
}

// join gives a node a namespace and an address.
func (n *network) join(of *node) error {
	space, link := fmt.Sprint(n.bridge, "-", of.id), n.link(of.id)
	n.spaces = append(n.spaces, space)
	address := fmt.Sprintf("%s.%d", n.subnet, 10+of.id)
	of.space, of.http, of.raft = space, address+":4001", address+":4002"
	return ipAll("netns add "+space,
		"link add "+link+" type veth peer name eth0 netns "+space,
		"link set "+link+" master "+n.bridge, "link set "+link+" up",
		"-n "+space+" addr add "+address+"/24 dev eth0", "-n "+space+" link set eth0 up", "-n "+space+" link set lo up")
}

func (n *network) cut(of *node) error  { return ip("link", "set", n.link(of.id), "down") }
func (n *network) mend(of *node) error { return ip("link", "set", n.link(of.id), "up") }

func (n *network) remove() {
	for _, space := range n.spaces {
		ip("netns", "del", space)
	}
	ip("link", "del", n.bridge)
}
