// Uses the module as an application would. Prints what it is.
package main

import (
	"database/sql"
	"fmt"

	_ "github.com/mattn/go-sqlite3"
	jwt "sqlite-jwt.example/jwt"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	must(jwt.Auto())
	db, err := sql.Open("sqlite3", ":memory:")
	must(err)
	var linkage, key, token, sub string
	must(db.QueryRow("SELECT json_extract(jwt_debug(), '$.linkage'), jwk_generate('ES256')").Scan(&linkage, &key))
	must(db.QueryRow("SELECT jwt_sign(?, ?)", `{"sub":"u1"}`, key).Scan(&token))
	must(db.QueryRow("SELECT jwt_claim(?, 'sub', ?)", token, key).Scan(&sub))

	jwt.Cancel()
	must(jwt.AutoVerifyOnly())
	other, err := sql.Open("sqlite3", ":memory:")
	must(err)
	var valid bool
	must(other.QueryRow("SELECT jwt_verify(?, ?)", token, key).Scan(&valid))
	_, refused := other.Exec("SELECT jwt_sign('{}', 'x')")
	if !valid {
		panic("not valid")
	}
	fmt.Println(linkage, sub, refused)
}
