// Package jwt links jwt_ext, JSON Web Tokens inside SQLite, into a program with mattn/go-sqlite3:
//
//	import (
//		_ "github.com/mattn/go-sqlite3"
//		jwt "sqlite-jwt.example/jwt"
//	)
//
//	jwt.Auto() // every connection that is opened from now on
//	db, err := sql.Open("sqlite3", "app.db")
//
// It is compiled by cgo, and needs OpenSSL 3 and the headers of SQLite.
package jwt

/*
#cgo CFLAGS: -DSQLITE_CORE -std=gnu11 -O2
#cgo pkg-config: libcrypto
#cgo LDFLAGS: -lm
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
#include "jwt_ext.h"

static int jwt_auto(void) { return sqlite3_auto_extension((void (*)(void))sqlite3_jwtext_init); }
static int jwt_auto_verify(void) { return sqlite3_auto_extension((void (*)(void))sqlite3_jwtverify_init); }
static void jwt_cancel(void)
{
	sqlite3_cancel_auto_extension((void (*)(void))sqlite3_jwtext_init);
	sqlite3_cancel_auto_extension((void (*)(void))sqlite3_jwtverify_init);
}
*/
import "C"

import "fmt"

func answer(code C.int) error {
	if code != 0 {
		return fmt.Errorf("sqlite-jwt: SQLite answers %d", int(code))
	}
	return nil
}

// Auto gives the extension to every connection that is opened from now on.
func Auto() error { return answer(C.jwt_auto()) }

// AutoVerifyOnly is Auto without what signs, generates or shows private keys.
func AutoVerifyOnly() error { return answer(C.jwt_auto_verify()) }

// Cancel takes back what Auto and AutoVerifyOnly did, for connections that are opened later.
func Cancel() { C.jwt_cancel() }
