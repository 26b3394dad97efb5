package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// measure writes what docs/scaling.md says of the cluster, as JSON to measured.json in the folder it was given: how long after
// its acknowledgement a revocation is not yet seen on the other nodes, and what a read costs at each level.
func measure(c *cluster) error {
	if err := c.begin(3); err != nil {
		return err
	}
	if err := c.app.install(c.nodes[0], start); err != nil {
		return err
	}
	leader, err := c.leader()
	if err != nil {
		return err
	}
	follower, err := c.follower()
	if err != nil {
		return err
	}
	p, err := c.app.login(leader, "alice", start)
	if err != nil {
		return err
	}
	c.agree("before measuring")

	const rules = 300
	var lags, writes []float64
	for i := range rules {
		jti := fmt.Sprint("lag-", i)
		begun := time.Now()
		_, err := leader.execute(sql("INSERT INTO jwt_revoked (jti, revoked_at) VALUES (:jti, :now)", row{"jti": jti, "now": start}))
		if err != nil {
			return err
		}
		acknowledged := time.Now()
		writes = append(writes, acknowledged.Sub(begun).Seconds())
		seen := sql("SELECT 1 FROM jwt_revoked WHERE jti = :jti", row{"jti": jti})
		for {
			asked := time.Now()
			rows, err := follower.query(none, seen)
			if err != nil {
				return err
			}
			if len(rows) == 1 {
				lags = append(lags, max(0, asked.Sub(acknowledged).Seconds()))
				break
			}
		}
	}

	levels := map[string]any{}
	for _, level := range []string{none, weak, linearizable, strong} {
		var times []float64
		for range rules {
			begun := time.Now()
			if _, err := follower.query(level, file("authenticate.sql").with(row{"token": p.access, "now": start + 1})); err != nil {
				return err
			}
			times = append(times, time.Since(begun).Seconds())
		}
		levels[level] = quantiles(times)
	}
	text, err := json.MarshalIndent(map[string]any{
		"lag": quantiles(lags), "write": quantiles(writes), "authenticate": levels, "rules": rules}, "", "    ")
	if err != nil {
		return err
	}
	report("it measured", true, "")
	return os.WriteFile(filepath.Join(c.work, "measured.json"), text, 0o644)
}

func quantiles(seconds []float64) map[string]float64 {
	sort.Float64s(seconds)
	var sum float64
	for _, each := range seconds {
		sum += each
	}
	return map[string]float64{"mean": sum / float64(len(seconds)), "median": seconds[len(seconds)/2],
		"p99": seconds[len(seconds)*99/100]}
}
