package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// A clock for statements: it begins at `start`, so that runs are alike, and goes on as real time does.
type stopwatch struct{ begun time.Time }

func (s stopwatch) now() int64 { return start + int64(time.Since(s.begun).Seconds()) }

// The model of one session: what its client was told. Only its own worker touches it.
type life struct {
	sub, sid      string
	token, access string          // the last pair that was acknowledged
	old           []string        // refresh tokens before that
	rotations     map[string]int  // by generation: how often a "rotated" was acknowledged
	unknown       int             // refreshes whose answer was lost
	out           string          // logging out: "", "asked", "acknowledged"
	trouble       map[string]bool // what must not have been seen
}

// generation reads the claim of a refresh token.
func generation(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "none"
	}
	var claims struct{ Gen json.Number }
	text, err := decode(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return "none"
	}
	return claims.Gen.String()
}

// some answers a node that runs, at random: a client knows no leader.
func (c *cluster) some() *node {
	for range 50 {
		if n := c.nodes[rand.IntN(len(c.nodes))]; n.runs() {
			return n
		}
		time.Sleep(20 * time.Millisecond)
	}
	return c.nodes[0]
}

func (l *life) begin(c *cluster, now int64) {
	for l.sid == "" {
		p, err := c.app.login(c.some(), l.sub, now)
		if err == nil {
			l.sid, l.token, l.access = p.sid, p.refresh, p.access
			return
		}
		time.Sleep(50 * time.Millisecond) // an answer that was lost: that session is nobody's
	}
}

// refresh sends the token so many times at once, as tabs do, and waits for all answers.
func (l *life) refresh(c *cluster, tabs int, now int64) {
	answers := make([]pair, tabs)
	failures := make([]error, tabs)
	var wait sync.WaitGroup
	for i := range tabs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			answers[i], failures[i] = c.app.refresh(c.some(), l.token, now)
		}()
	}
	wait.Wait()
	next := ""
	for i, p := range answers {
		switch {
		case errors.Is(failures[i], errGrant) && l.out == "":
			l.trouble["a session is lost"] = true
		case failures[i] != nil:
			l.unknown++
			time.Sleep(50 * time.Millisecond)
		case p.outcome == "reuse":
			l.trouble["a theft where nobody stole"] = true
		default:
			if p.outcome == "rotated" {
				l.rotations[generation(p.refresh)]++
			}
			if next != "" && next != p.refresh {
				l.trouble["two successors of one token"] = true
			}
			next, l.access = p.refresh, p.access
		}
	}
	if next != "" && next != l.token {
		l.old, l.token = append(l.old, l.token), next
	}
}

func (l *life) logout(c *cluster, now int64) {
	l.out = "asked"
	for range 100 {
		if c.app.logout(c.some(), l.sid, l.sub, now) == nil {
			l.out = "acknowledged"
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// judge holds what the cluster has against what clients were told; all nodes have the same by now.
func judge(c *cluster, lives []*life, now int64) {
	trouble := map[string]int{}
	var rotations, unknown, out, live int
	for _, l := range lives {
		for what := range l.trouble {
			trouble[what]++
		}
		for _, times := range l.rotations {
			rotations++
			if times > 1 {
				trouble["a generation was rotated twice"]++
			}
		}
		unknown += l.unknown
		for _, n := range c.nodes {
			if !n.runs() {
				continue
			}
			rows, err := n.query(none, sql("SELECT gen, revoked_at IS NULL AS lives FROM jwt_session WHERE sid = :sid", row{"sid": l.sid}))
			if err != nil || len(rows) != 1 {
				trouble["an acknowledged login is not there"]++
				continue
			}
			lives := fmt.Sprint(rows[0]["lives"]) == "1"
			if l.out == "acknowledged" && lives {
				trouble["a session lives after its acknowledged logout"]++
			}
			if l.out == "" && !lives {
				trouble["a session has ended by itself"]++
			}
			if status := n.status(l.access, now); l.out == "acknowledged" && status != "session_ended" || l.out == "" && status != "ok" {
				trouble["its access token is "+status]++
			}
			have, _ := rows[0]["gen"].(json.Number).Int64()
			told, _ := json.Number(generation(l.token)).Int64()
			if have < told || have > told+int64(l.unknown) {
				trouble[fmt.Sprintf("generation %d, told %d, %d answers lost", have, told, l.unknown)]++
			}
		}
		if l.out == "acknowledged" {
			out++
			if _, err := c.app.refresh(c.some(), l.token, now); !errors.Is(err, errGrant) {
				trouble["a refresh after an acknowledged logout"]++
			}
		} else if l.out == "" {
			live++
			if p, err := c.app.refresh(c.some(), l.token, now); err != nil || p.outcome == "reuse" {
				trouble[fmt.Sprint("the last token does not refresh: ", p.outcome, err)]++
			}
			// One generation lives: an older token ends the session. (The one before the last may be within grace.)
			if len(l.old) > 2 {
				p, err := c.app.refresh(c.some(), l.old[0], now)
				if err != nil || p.outcome != "reuse" {
					trouble[fmt.Sprint("an old generation lives: ", p.outcome, err)]++
				}
			}
		}
	}
	report(fmt.Sprintf("%d sessions, %d rotations, %d answers lost, %d logged out, %d alive: as the clients were told",
		len(lives), rotations, unknown, out, live), len(trouble) == 0, fmt.Sprint(trouble))
	report("something happened", rotations > len(lives) && out > 0 && live > 0, fmt.Sprint(rotations, out, live))
	fmt.Printf("%d sessions, %d rotations, %d answers lost, %d logged out, %d alive\n", len(lives), rotations, unknown, out, live)
}

func newLife(i int) *life {
	return &life{sub: fmt.Sprint("user", i), rotations: map[string]int{}, trouble: map[string]bool{}}
}
