/*
** ask.h - putting a question to the extension, or to its signature code.
**
** A question to SQL is asked of all functions that answer it, and they must
** agree. An SQL error is a refusal (what a broken key gives), and `run->said`
** has its text; otherwise `run->said` has the status code.
*/
#ifndef VECTORS_ASK_H
#define VECTORS_ASK_H

#include "run.h"

/* jws_status and jws_verify; `options` may be NULL. Values may come from sqlite3_column_value(). */
enum answer ask_jws(
    struct run *run, sqlite3_value *jws, sqlite3_value *key, sqlite3_value *options);

/* jwt_status, jwt_verify, jwt_claims and jwt_claim; `options` may be NULL. */
enum answer ask_jwt(
    struct run *run, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options);

/* jwk_problem: is this a key that could be used? An error that raises is said, too. */
enum answer ask_key(struct run *run, sqlite3_value *key);

/*
** The signature code itself, for messages that no token can carry: reads `jwk`,
** and checks `signature` over `message` (both hex). `run->said` says which step
** refused.
*/
enum answer ask_signature(struct run *run, const char *algorithm, const char *jwk,
    const char *message, const char *signature);

#endif
