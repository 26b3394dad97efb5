/*
** revocation.h - the virtual table jwt_revocation, and the option revoked_by of
** the verifying functions, which asks it.
**
**   CREATE VIRTUAL TABLE revoked USING jwt_revocation;
**   INSERT INTO revoked(sub, issued_before) VALUES('user-1', unixepoch());
**   SELECT jwt_verify(:token, :key, '{"revoked_by":"revoked"}');
*/
#ifndef JWT_REVOCATION_H
#define JWT_REVOCATION_H

#include "../jose/verdict.h"
#include "functions.h"
#include "revocation_probe.h"

/* The module, for registration. */
extern const struct module_table revocation_tables;

/*
** What remembers, for the time of one execution of a statement, which table a
** policy's revoked_by means. All zero at first. A scalar function keeps it as
** auxiliary data of its options argument, a table-valued function in its
** cursor: SQLite gives up both when the execution ends.
*/
struct revocation_mark {
    struct revocation_table *table; /* a reference, or NULL */
    bool is_sure;                   /* within this execution the name was seen to mean this table */
};

/* One verification's question to the table, from the time that it is known to come. */
struct revocation_question {
    struct subject subject;
    struct probe probe; /* of the mark's table, where that lives */
};

/* Forgets. Safe twice. */
void revocation_mark_clear(struct revocation_mark *mark);

/* The mark that revocation_mark_keep() left for this call site and execution, or NULL. */
struct revocation_mark *revocation_mark_kept(sqlite3_context *context, int options_argument);

/*
** Keeps `mark` for the next call at this site, and clears it here. To be called
** when the function is done: SQLite may drop what it is given at once.
*/
void revocation_mark_keep(
    sqlite3_context *context, int options_argument, struct revocation_mark *mark);

/*
** Finds the table that policy->revoked_by means, where the mark does not hold
** a living one already. Due before the token is looked at: a name that means no
** revocation table, and a policy whose leeway is larger than the table's, are
** the caller's mistakes. Does nothing where there is no revoked_by. SQLITE_OK;
** SQLITE_ERROR with `fault`; or the code to raise (SQLITE_BUSY and the like).
** What is found may be what the name meant when it was last used: revocation_ask()
** makes sure, and so must revocation_confirm() where a verdict came without asking.
*/
int revocation_find(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault);

/*
** After revocation_find(), and once the token's signature is good and its claims
** are located: revocation_ask() may follow, for which this is due, and what it
** will look at is fetched.
*/
void revocation_expect(struct revocation_question *question, const struct revocation_mark *mark,
    const struct verification *verification);

/*
** The verdict's revocation service, after revocation_expect(): SQLITE_OK with
** STATUS_OK, STATUS_REVOKED or STATUS_REVOCATION_UNKNOWN in `*status`; or
** SQLITE_NOMEM, SQLITE_ERROR with `fault`, or another code to raise.
*/
int revocation_ask(struct revocation_question *question, struct connection *connection,
    struct revocation_mark *mark, const struct verification *verification, enum status *status,
    struct fault *fault);

/*
** After a verdict that may have come without asking: makes sure, once for each
** execution, that the name still means a revocation table. Returns as
** revocation_find() does.
*/
int revocation_confirm(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault);

#endif
