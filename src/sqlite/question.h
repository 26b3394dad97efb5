/*
** question.h - one verifying call: arguments to a verdict. What jwt_verify and
** its siblings, jwt_explain, jwt_decode and jwt_each share.
*/
#ifndef JWT_QUESTION_H
#define JWT_QUESTION_H

#include "../jose/verdict.h"
#include "revocation.h"

struct question {
    struct connection *connection;
    struct revocation_mark *mark; /* which table revoked_by means, for this execution */
    struct key_set *keys;
    struct policy *policy;
    struct verdict_services services;
    struct revocation_question revocation;
    struct verification verification;
    struct fault *fault; /* where a service says why it failed, */
    int failure;         /* and with which of SQLite's codes */
};

/*
** Reads policy and key (a NULL key value is no fault: its tokens are
** `key_missing`) and takes the token to its verdict. `options` NULL: there is
** no such argument. SQLITE_OK where `verification` holds a verdict; SQLITE_ERROR
** with `fault`, the caller's mistake; or another code to raise: out of memory,
** or what the revocation table met (SQLITE_BUSY and the like).
** question_release() is due in every case. `mark` is the caller's and outlives
** the question. A large struct, not to be copied.
*/
int question_ask(struct question *question, struct connection *connection,
    struct revocation_mark *mark, enum policy_use use, sqlite3_value *token, sqlite3_value *key,
    sqlite3_value *options, struct fault *fault);

/* question_ask() for a scalar function: true where there is a verdict; else the error is set on `context`. */
bool question_ask_scalar(struct question *question, sqlite3_context *context, const char *function,
    enum policy_use use, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options,
    int options_argument);

/* Gives back what question_ask() holds. */
void question_release(struct question *question);

#endif
