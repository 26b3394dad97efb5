package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Levels of consistency of a read, in rqlite's words.
const (
	none         = "none"         // this node's own state, maybe behind
	weak         = "weak"         // the leader's, as it knows itself to be one
	linearizable = "linearizable" // the leader's, after a majority confirmed it
	strong       = "strong"       // the query itself goes through the log: never with a key
)

type row map[string]any

type statement struct {
	text       string
	parameters row // by name, without the colon
}

// MarshalJSON writes a statement as rqlite reads it: ["text", {"name": value}].
func (s statement) MarshalJSON() ([]byte, error) {
	if s.parameters == nil {
		return json.Marshal([]any{s.text})
	}
	return json.Marshal([]any{s.text, map[string]any(s.parameters)})
}

func sql(text string, parameters ...row) statement {
	s := statement{text: text}
	for _, p := range parameters {
		s.parameters = p
	}
	return s
}

// An SQL error: the statement was tried, and refused. Any other error leaves open whether it was.
type refusal struct{ text string }

func (r refusal) Error() string { return r.text }

var client = &http.Client{Timeout: 8 * time.Second, Transport: &http.Transport{
	MaxIdleConnsPerHost: 32, IdleConnTimeout: 5 * time.Second, ResponseHeaderTimeout: 8 * time.Second}}

func (n *node) get(path string) ([]byte, error) {
	answer, err := client.Get("http://" + n.http + path)
	return body(answer, err)
}

func (n *node) post(path string, message any) ([]byte, error) {
	text, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	answer, err := client.Post("http://"+n.http+path, "application/json", bytes.NewReader(text))
	return body(answer, err)
}

func body(answer *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, clip(strings.TrimSpace(string(text))))
	}
	return text, err
}

type result struct {
	Rows     []row  `json:"rows"`
	Affected int    `json:"rows_affected"`
	Error    string `json:"error"`
}

func results(text []byte, err error) ([]result, error) {
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []result `json:"results"`
		Error   string   `json:"error"`
	}
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	if err := reader.Decode(&answer); err != nil {
		return nil, fmt.Errorf("%w: %s", err, clip(string(text)))
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	for _, each := range answer.Results {
		if each.Error != "" {
			return answer.Results, refusal{each.Error}
		}
	}
	return answer.Results, nil
}

// query reads, at a level, and answers the rows of the one statement.
func (n *node) query(level string, s statement) ([]row, error) {
	found, err := results(n.post("/db/query?associative&level="+level, []statement{s}))
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d results for one query", len(found))
	}
	return found[0].Rows, nil
}

// execute writes: the statements go through the log to every node, several of them as one transaction.
func (n *node) execute(statements ...statement) ([]result, error) {
	return results(n.post("/db/execute?associative&transaction", statements))
}

// executeUnchanged is execute() for a schema: rqlite would put a time of its own where a view asks for "now".
func (n *node) executeUnchanged(statements ...statement) ([]result, error) {
	return results(n.post("/db/execute?associative&transaction&norwtime&norwrandom", statements))
}

// value answers a query's only value.
func (n *node) value(level string, s statement) (any, error) {
	rows, err := n.query(level, s)
	if err != nil || len(rows) != 1 || len(rows[0]) != 1 {
		return nil, errors.Join(err, fmt.Errorf("node %d: one value was expected, not %v", n.id, rows))
	}
	for _, value := range rows[0] {
		return value, nil
	}
	return nil, nil
}

func (n *node) leaderName() (string, error) {
	text, err := n.get("/status?key=store.leader.node_id")
	return strings.Trim(strings.TrimSpace(string(text)), `"`), err
}
