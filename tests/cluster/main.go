// The token store and the revocation table on rqlite: a real cluster, driven over its HTTP API.
//
//	cluster prove | story | load      from the project's root; tests/cluster/run builds what they need
//
// This program uses Go's own library alone. What the module requires is rqlited, built as a tool of it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

var modes = map[string]func(*cluster) error{
	"prove": prove, "story": story, "load": load, "measure": measure,
}

// What run tells us, as paths from the project's root.
type setting struct{ rqlited, extension, work string }

func main() {
	if len(os.Args) != 5 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: cluster prove|story|load RQLITED EXTENSION FOLDER")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], setting{absolute(os.Args[2]), absolute(os.Args[3]), absolute(os.Args[4])}))
}

func run(mode string, set setting) int {
	c := newCluster(set)
	defer c.stop()
	stopOnSignal(c)
	if err := modes[mode](c); err != nil {
		report(mode+" goes through", false, err.Error())
		c.showLogs()
	}
	return account()
}

func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		panic(err)
	}
	return whole
}
