package main

import (
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
	"time"
)

// sums answers a checksum for the schema and for each table that has rows of its own, as this node has them.
// quote() tells types apart and shows each REAL exactly.
func (n *node) sums() (map[string]string, error) {
	schema, err := n.query(none, sql("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"))
	if err != nil {
		return nil, err
	}
	sums := map[string]string{"the schema": sum(schema)}
	columns, err := n.query(none, sql(`
		SELECT m.name AS "table", group_concat('quote("' || c.name || '")', ' || '','' || ') AS line
		FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS c
		WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%' GROUP BY m.name`))
	if err != nil {
		return nil, err
	}
	for _, each := range columns {
		rows, err := n.query(none, sql(fmt.Sprintf(`SELECT %s AS line FROM "%s" ORDER BY line`, each["line"], each["table"])))
		if err != nil {
			return nil, err
		}
		sums[fmt.Sprint(each["table"])] = fmt.Sprint(len(rows), " rows ", sum(rows))
	}
	return sums, nil
}

func sum(rows []row) string {
	hash := sha256.New()
	for _, r := range rows {
		for _, name := range sorted(r) {
			fmt.Fprintf(hash, "%s=%v\x00", name, r[name])
		}
		hash.Write([]byte{'\n'})
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

func sorted[V any](of map[string]V) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// agree counts one check: every node that runs has the same bytes in every table, at the latest when all have applied
// the log. Nobody may be writing.
func (c *cluster) agree(when string) error {
	var difference string
	err := within(30*time.Second, "all nodes answer", func() error {
		var err error
		difference, err = c.difference()
		if err == nil && difference != "" {
			err = fmt.Errorf("%s", difference)
		}
		return err
	})
	report("all nodes have the same tables "+when, err == nil, fmt.Sprint(err))
	return nil
}

// difference says which table differs between nodes that run; "" where none does.
func (c *cluster) difference() (string, error) {
	var first map[string]string
	var compared int
	for _, n := range c.nodes {
		if !n.runs() {
			continue
		}
		sums, err := n.sums()
		if err != nil {
			return "", err
		}
		if compared++; first == nil {
			first = sums
			continue
		}
		var differs []string
		for name := range first {
			if first[name] != sums[name] {
				differs = append(differs, fmt.Sprintf("%s: %s, and on node %d %s", name, first[name], n.id, sums[name]))
			}
		}
		for name := range sums {
			if _, there := first[name]; !there {
				differs = append(differs, name+" is not everywhere")
			}
		}
		if differs != nil {
			return strings.Join(differs, "; "), nil
		}
	}
	if compared < 2 {
		return "fewer than two nodes run", nil
	}
	return "", nil
}
