/*
** revocation_ask.c - the option revoked_by: how a function that is given a
** table's name asks that table. See revocation.h.
**
** The name is resolved by SQLite itself: a private `SELECT ... WHERE token = ''`
** connects the table if need be, checks that the schema in memory is the one in
** the file, and ends in the table's own xFilter, which notes that it was asked.
** An ordinary table, or a view, notes nothing. That costs a prepare, so it is
** done once for each execution of a statement; the mark that remembers the
** result dies with the execution. Longer it must not live: after DETACH and
** ATTACH, or DROP and CREATE, the same name is another table, while a statement
** that somebody has not finalized may still hold the old one.
**
** Within an execution the mark is checked at each question: the table has been
** disconnected, or SQLite had to prepare one of its statements again. Then the
** name is resolved again, and the question asked again while the private
** statement is open, so that nothing can change in between.
*/
#include "revocation.h"

SQLITE_EXTENSION_INIT3

#include "revocation_probe.h"
#include "revocation_table.h"

#include <string.h>

/* A policy's revoked_by, taken apart. */
struct table_name {
    char *schema; /* sqlite3_malloc()ed, both */
    char *table;
};

/* ---- marks ---- */

void revocation_mark_clear(struct revocation_mark *mark)
{
    if (mark->table != NULL) revocation_table_release(mark->table);
    mark->table = NULL;
}

static void mark_free(void *mark)
{
    revocation_mark_clear(mark);
    sqlite3_free(mark);
}

struct revocation_mark *revocation_mark_kept(sqlite3_context *context, int options_argument)
{
    return sqlite3_get_auxdata(context, options_argument);
}

/*
** Auxiliary data of an argument lives until the statement is reset, or, where
** the argument is no constant, until this call returns: then every call
** resolves the name anew, which is slow and right.
*/
void revocation_mark_keep(
    sqlite3_context *context, int options_argument, struct revocation_mark *mark)
{
    struct revocation_mark *kept = sqlite3_malloc64(sizeof *kept);
    if (kept == NULL) {
        revocation_mark_clear(mark);
        return;
    }
    *kept = *mark;
    mark->table = NULL;
    sqlite3_set_auxdata(context, options_argument, kept, mark_free);
}

static bool is_alive(const struct revocation_mark *mark)
{
    return mark->table != NULL && !mark->table->is_dead;
}

/* ---- names ---- */

static void name_release(struct table_name *name)
{
    sqlite3_free(name->schema);
    sqlite3_free(name->table);
}

/* "table" is main's, so that no TEMP table can stand in for it; "schema.table" is split at the first dot. */
static int name_read(struct table_name *name, struct json_value value)
{
    char *text = sqlite3_malloc64(value.length + 1);
    char *dot;
    *name = (struct table_name){ NULL, NULL };
    if (text == NULL) return SQLITE_NOMEM;
    text[json_string_decode(value, text)] = '\0';
    dot = strchr(text, '.');
    if (dot != NULL) *dot = '\0';
    name->schema = sqlite3_mprintf("%s", dot == NULL ? "main" : text);
    name->table = sqlite3_mprintf("%s", dot == NULL ? text : dot + 1);
    sqlite3_free(text);
    return name->schema == NULL || name->table == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* ---- finding ---- */

/* The table that noted the private question, if it has the name that was asked for. */
static struct revocation_table *asked_table(
    struct connection *connection, const struct table_name *name)
{
    struct revocation_table *table = connection->revocations;
    while (table != NULL && !table->was_asked) table = table->next;
    if (table == NULL || sqlite3_stricmp(table->store.schema, name->schema) != 0 ||
        sqlite3_stricmp(table->store.table, name->table) != 0) {
        return NULL;
    }
    return table;
}

/*
** Runs the private question up to its row, where the mark gets the table.
** `*statement` is then open, and its read transaction with it: the caller
** finalizes it, whatever the result.
*/
static int resolve(struct connection *connection, const struct table_name *name,
    struct revocation_mark *mark, sqlite3_stmt **statement, struct fault *fault)
{
    struct revocation_table *table;
    int rc;
    char *sql =
        sqlite3_mprintf("SELECT 1 FROM \"%w\".\"%w\" WHERE token = ''", name->schema, name->table);
    if (sql == NULL) return SQLITE_NOMEM;
    rc = sqlite3_prepare_v2(connection->db, sql, -1, statement, NULL);
    sqlite3_free(sql);
    for (table = connection->revocations; table != NULL; table = table->next) {
        table->was_asked = false;
    }
    if (rc == SQLITE_OK) rc = sqlite3_step(*statement);
    table = rc == SQLITE_ROW ? asked_table(connection, name) : NULL;
    if (table != NULL) {
        mark->table = revocation_table_retain(table);
        return SQLITE_OK;
    }
    /* BUSY, INTERRUPT, I/O errors and the like are raised as they are: the caller may try again. */
    if (rc != SQLITE_OK && rc != SQLITE_ERROR && rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    fault_set(fault, "options: revoked_by: %.80s.%.80s is no revocation table", name->schema,
        name->table);
    return SQLITE_ERROR;
}

/* Rules are kept past expires_at for as long as a verifier's leeway may let a token live on. */
static int check_leeway(
    const struct revocation_table *table, const struct policy *policy, struct fault *fault)
{
    if (policy->leeway <= table->options.leeway) return SQLITE_OK;
    fault_set(fault,
        "options: leeway: %g seconds are more than the %g of the revocation table: "
        "a rule that is still needed may be pruned already",
        policy->leeway, table->options.leeway);
    return SQLITE_ERROR;
}

/* Resolves and remembers. `*statement` as resolve() leaves it. */
static int find(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, sqlite3_stmt **statement, struct fault *fault)
{
    struct table_name name;
    int rc = name_read(&name, policy->revoked_by);
    revocation_mark_clear(mark);
    if (rc == SQLITE_OK) rc = resolve(connection, &name, mark, statement, fault);
    name_release(&name);
    if (rc == SQLITE_OK) rc = check_leeway(mark->table, policy, fault);
    if (rc != SQLITE_OK) revocation_mark_clear(mark);
    return rc;
}

int revocation_find(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int rc;
    if (policy->revoked_by.text == NULL || is_alive(mark)) return SQLITE_OK;
    rc = find(connection, policy, mark, &statement, fault);
    sqlite3_finalize(statement);
    return rc;
}

/* ---- asking ---- */

static enum status status_of(enum probe_answer answer)
{
    switch (answer) {
    case PROBE_CLEAR: return STATUS_OK;
    case PROBE_HIT: return STATUS_REVOKED;
    default: return STATUS_REVOCATION_UNKNOWN;
    }
}

/*
** Asks one table. `*moved`: the answer is worth nothing, because the name may
** mean another table by now. A damaged table is a verdict, "unknown"; all other
** errors are raised (sql-surface section 8).
*/
static int ask(struct revocation_table *table, const struct verification *verification,
    enum status *status, bool *moved)
{
    struct subject subject;
    struct probe probe = {
        .store = &table->store,
        .subject = &subject,
        .require = table->options.require,
    };
    int rc;
    subject_start(&subject, &verification->claims, verification->header.kid);
    revocation_table_enter(table);
    rc = probe_ask(&probe);
    *moved = table->store.moved || table->is_dead;
    *status = rc == SQLITE_OK ? status_of(probe.answer) : STATUS_REVOCATION_UNKNOWN;
    revocation_table_leave(table);
    subject_release(&subject);
    return (rc & 0xff) == SQLITE_CORRUPT ? SQLITE_OK : rc;
}

int revocation_ask(struct connection *connection, struct revocation_mark *mark,
    const struct verification *verification, enum status *status, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    bool moved = true;
    int rc = SQLITE_OK;
    *status = STATUS_REVOCATION_UNKNOWN;
    if (is_alive(mark)) rc = ask(mark->table, verification, status, &moved);
    if (moved) {
        rc = find(connection, verification->policy, mark, &statement, fault);
        if (rc == SQLITE_OK) rc = ask(mark->table, verification, status, &moved);
        sqlite3_finalize(statement);
    }
    return rc;
}
