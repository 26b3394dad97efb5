/*
** question.h - one verifying call: arguments to a verdict. What jwt_verify and
** its siblings, jwt_decode and jwt_explain share.
*/
#ifndef JWT_QUESTION_H
#define JWT_QUESTION_H

#include "../jose/verdict.h"
#include "connection.h"

struct question {
    sqlite3_context *context;
    struct connection *connection;
    int options_argument; /* index of the options argument, for what is kept per statement */
    struct key_set *keys;
    struct policy *policy;
    struct verdict_services services;
    struct verification verification;
};

/*
** Reads policy and key (a NULL key argument is no fault: its tokens are
** `key_missing`) and takes the token to its verdict. `options` NULL: no such
** argument. True where `verification` holds a verdict; else the error is set
** on `context`, in the name of `function`. question_release() is due in both
** cases. A large struct: for the stack, not to be copied.
*/
bool question_ask(struct question *question, sqlite3_context *context, const char *function,
    enum policy_use use, sqlite3_value *token, sqlite3_value *key, sqlite3_value *options,
    int options_argument);

/* Gives back what question_ask() holds. */
void question_release(struct question *question);

#endif
