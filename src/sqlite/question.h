/*
** question.h - one verifying call: arguments to a verdict. What jwt_verify and
** its siblings, jwt_explain, jwt_decode and jwt_each share.
*/
#ifndef JWT_QUESTION_H
#define JWT_QUESTION_H

#include "../jose/verdict.h"
#include "connection.h"

struct question {
    struct connection *connection;
    sqlite3_context *context; /* of the scalar function that asks, or NULL */
    int options_argument;     /* there: the index of its options argument */
    struct key_set *keys;
    struct policy *policy;
    struct verdict_services services;
    struct verification verification;
};

/*
** Reads policy and key (a NULL key value is no fault: its tokens are
** `key_missing`) and takes the token to its verdict. `options` NULL: there is
** no such argument. SQLITE_OK where `verification` holds a verdict; else
** SQLITE_NOMEM, or SQLITE_ERROR with `fault`, the caller's mistake.
** question_release() is due in every case. `context` and `options_argument` as
** in the struct. A large struct, not to be copied.
*/
int question_ask(struct question *question, struct connection *connection, sqlite3_context *context,
    int options_argument, enum policy_use use, sqlite3_value *token, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault);

/* question_ask() for a scalar function: true where there is a verdict; else the error is set on `context`. */
bool question_ask_scalar(struct question *question, sqlite3_context *context, const char *function,
    enum policy_use use, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options,
    int options_argument);

/* Gives back what question_ask() holds. */
void question_release(struct question *question);

#endif
