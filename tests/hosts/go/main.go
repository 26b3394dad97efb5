// Host: database/sql with mattn/go-sqlite3. What it is given and prints: tests/hosts/README.md.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/mattn/go-sqlite3"
)

var ctx = context.Background()
var variables = map[string]any{}
var passed, failed int

// Names of parameters; quoted strings and comments are passed over.
var parameter = regexp.MustCompile(`'(?:[^']|'')*'|--[^\n]*|:([a-z_]\w*)`)

func arguments(text string) []any {
	var bound []any
	seen := map[string]bool{}
	for _, match := range parameter.FindAllStringSubmatch(text, -1) {
		if name := match[1]; name != "" && !seen[name] {
			seen[name] = true
			bound = append(bound, sql.Named(name, variables[name]))
		}
	}
	return bound
}

func show(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	}
	return fmt.Sprint(value)
}

func query(connection *sql.Conn, text string) ([][]any, error) {
	rows, err := connection.QueryContext(ctx, text, arguments(text)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		row, places := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func plain(rows [][]any) string {
	var lines []string
	for _, row := range rows {
		var cells []string
		for _, value := range row {
			cells = append(cells, show(value))
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return strings.Join(lines, " / ")
}

func judge(title, found, wanted string) {
	if found == wanted {
		passed++
	} else {
		failed++
		fmt.Printf("FAILED: %s\n    found:  %s\n    wanted: %s\n", title, found, wanted)
	}
}

func step(connection *sql.Conn, action, value, text string) {
	title := text
	if strings.HasPrefix(text, "@") {
		file, err := os.ReadFile(text[1:])
		if err != nil {
			panic(err)
		}
		text = string(file)
	}
	if strings.HasPrefix(value, ":") {
		value = show(variables[value[1:]])
	}
	if action == "script" {
		if _, err := connection.ExecContext(ctx, text); err != nil {
			judge(title, err.Error(), "no error")
		} else {
			passed++
		}
		return
	}
	rows, err := query(connection, text)
	switch {
	case action == "fails" && err != nil && strings.Contains(err.Error(), value):
		passed++
	case err != nil:
		judge(title, "error: "+err.Error(), value)
	case action == "keep":
		for i, name := range strings.Split(value, ",") {
			if len(rows) == 0 {
				judge(title, "no row", value)
				break
			}
			variables[name] = rows[0][i]
		}
		passed++
	case action == "show":
		fmt.Printf("%s: %s\n", value, plain(rows))
	default: // is, fails
		judge(title, plain(rows), value)
	}
}

func main() {
	database, extension, scenario := os.Args[1], os.Args[2], os.Args[3]
	for _, pair := range os.Args[4:] {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	sql.Register("sqlite3_jwt", &sqlite3.SQLiteDriver{Extensions: []string{extension}})
	db, err := sql.Open("sqlite3_jwt", "file:"+database+"?_busy_timeout=10000&_journal_mode=WAL")
	if err != nil {
		panic(err)
	}
	connections := map[string]*sql.Conn{}
	for _, name := range []string{"a", "b"} {
		if connections[name], err = db.Conn(ctx); err != nil {
			panic(err)
		}
	}
	file, err := os.ReadFile(scenario)
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(string(file), "\n") {
		if line != "" && line[0] != '#' {
			fields := strings.SplitN(line, "\t", 4)
			step(connections[fields[0]], fields[1], fields[2], fields[3])
		}
	}

	// Many connections of one pool, in many goroutines.
	var wait sync.WaitGroup
	answers := make(chan string, 64)
	for i := 0; i < 64; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var status string
			if err := db.QueryRowContext(ctx, "SELECT jwt_status(?, ?)", variables["token"], variables["public"]).Scan(&status); err != nil {
				status = err.Error()
			}
			answers <- status
		}()
	}
	wait.Wait()
	close(answers)
	for status := range answers {
		judge("a pool of connections", status, "ok")
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
}
