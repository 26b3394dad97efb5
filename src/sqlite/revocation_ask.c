/*
** revocation_ask.c - the option revoked_by: how a function that is given a
** table's name asks that table. See revocation.h.
**
** The name is resolved by SQLite itself: a private `SELECT ... WHERE token = ''`
** connects the table if need be, checks that the schema in memory is the one in
** the file, and ends in the table's own xFilter, which notes that it was asked.
** An ordinary table, or a view, notes nothing. That costs a prepare, several
** times what a verification costs, so the table remembers the name by which it
** was found.
**
** What a name means changes in few ways, and each of them shows. DROP and RENAME
** in this connection call the table's methods, which give up its statements.
** DETACH, and the ROLLBACK of a schema change, expire every statement of the
** connection. Any other schema change, by whomever, makes SQLite prepare the
** table's statements again when they are stepped next, as every question does
** but where nothing was committed since the last one. Where one of these is the
** case, or the shadow table is not fit, the name is resolved again, and the
** question asked again while the private statement is open, so that nothing can
** change in between. (Less is not enough: an idle statement of the host keeps
** SQLite from disconnecting the table of a file that was detached, and the table
** would answer for another file of its name.)
*/
#include "revocation.h"

SQLITE_EXTENSION_INIT3

#include "../jose/rarely.h"
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
    *mark = (struct revocation_mark){ NULL, false };
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
** the argument is no constant, until this call returns: then every call makes
** sure of the name anew.
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
    return mark->table != NULL && !mark->table->is_dead && mark->table->store.is_found;
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
        *mark = (struct revocation_mark){ revocation_table_retain(table), true };
        return SQLITE_OK;
    }
    /* BUSY, INTERRUPT, I/O errors and the like are raised as they are: the caller may try again. */
    if (rc != SQLITE_ERROR && rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
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

/* What the same revoked_by meant when it was last resolved, if that can still be told. */
static struct revocation_table *known_table(struct connection *connection, struct json_value name)
{
    struct revocation_table *table = connection->revocations;
    while (table != NULL && !(table->store.is_found && table->known_length == name.length &&
                                memcmp(table->known_as, name.text, name.length) == 0)) {
        table = table->next;
    }
    return table;
}

/*
** Lets the table know by which name it was found: its snapshot statement,
** prepared now, minds every change from here on. Where that fails it only means
** that the next question looks for the table again.
*/
static void remember(struct revocation_table *table, struct json_value name)
{
    sqlite3_stmt *snapshot;
    char *copy = sqlite3_malloc64(name.length + 1);
    table->store.is_found = false;
    sqlite3_free(table->known_as);
    table->known_as = copy;
    if (copy == NULL) return;
    memcpy(copy, name.text, name.length);
    table->known_length = name.length;
    table->store.is_found =
        store_statement(&table->store, STATEMENT_SNAPSHOT, &snapshot) == SQLITE_OK;
}

/* Resolves and remembers. `*statement` as resolve() leaves it. */
RARELY static int find(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, sqlite3_stmt **statement, struct fault *fault)
{
    struct table_name name;
    int rc = name_read(&name, policy->revoked_by);
    revocation_mark_clear(mark);
    if (rc == SQLITE_OK) rc = resolve(connection, &name, mark, statement, fault);
    name_release(&name);
    if (rc == SQLITE_OK) remember(mark->table, policy->revoked_by);
    if (rc == SQLITE_OK) rc = check_leeway(mark->table, policy, fault);
    if (rc != SQLITE_OK) revocation_mark_clear(mark);
    return rc;
}

/* For the mark of an execution that begins. */
RARELY static int find_first(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault)
{
    struct revocation_table *known = known_table(connection, policy->revoked_by);
    sqlite3_stmt *statement = NULL;
    int rc;
    if (known != NULL && policy->leeway <= known->options.leeway) {
        revocation_mark_clear(mark);
        mark->table = revocation_table_retain(known);
        return SQLITE_OK;
    }
    rc = find(connection, policy, mark, &statement, fault);
    sqlite3_finalize(statement);
    return rc;
}

int revocation_find(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault)
{
    if (policy->revoked_by.text == NULL || is_alive(mark)) return SQLITE_OK;
    return find_first(connection, policy, mark, fault);
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
RARELY static int ask(
    struct revocation_table *table, struct subject *subject, enum status *status, bool *moved)
{
    struct probe probe;
    int rc;
    probe_start(&probe, &table->store, subject, table->options.require);
    revocation_table_enter(table);
    rc = probe_ask(&probe);
    *moved = table->store.moved || table->is_dead || (rc & 0xff) == SQLITE_CORRUPT;
    *status = rc == SQLITE_OK ? status_of(probe.answer) : STATUS_REVOCATION_UNKNOWN;
    revocation_table_leave(table);
    return (rc & 0xff) == SQLITE_CORRUPT ? SQLITE_OK : rc;
}

/* revocation_ask() where what is kept does not answer at once. */
RARELY static int ask_at_length(struct connection *connection, struct revocation_mark *mark,
    struct subject *subject, const struct policy *policy, enum status *status, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    bool moved = true;
    int rc = SQLITE_OK;
    *status = STATUS_REVOCATION_UNKNOWN;
    if (is_alive(mark)) rc = ask(mark->table, subject, status, &moved);
    if (moved) {
        rc = find(connection, policy, mark, &statement, fault);
        if (rc == SQLITE_OK) rc = ask(mark->table, subject, status, &moved);
        sqlite3_finalize(statement);
    }
    subject_release(subject);
    if (rc == SQLITE_OK) mark->is_sure = true;
    return rc;
}

void revocation_expect(struct revocation_question *question, const struct revocation_mark *mark,
    const struct verification *verification)
{
    subject_start(&question->subject, &verification->claims, verification->header->kid);
    question->probe.filter = NULL;
    if (!is_alive(mark)) return;
    probe_start(
        &question->probe, &mark->table->store, &question->subject, mark->table->options.require);
    probe_look_ahead(&question->probe);
}

int revocation_ask(struct revocation_question *question, struct connection *connection,
    struct revocation_mark *mark, const struct verification *verification, enum status *status,
    struct fault *fault)
{
    if (!is_alive(mark) || !probe_is_clear(&question->probe)) {
        return ask_at_length(
            connection, mark, &question->subject, verification->policy, status, fault);
    }
    mark->is_sure = true;
    *status = STATUS_OK;
    return SQLITE_OK;
}

/* True in `*same` where nothing can have changed what the mark's name means. */
RARELY static int look(struct revocation_table *table, bool *same)
{
    int rc;
    revocation_table_enter(table);
    rc = probe_schema(&table->store);
    *same = rc == SQLITE_OK && !table->store.moved && !table->is_dead;
    revocation_table_leave(table);
    return (rc & 0xff) == SQLITE_CORRUPT ? SQLITE_OK : rc;
}

int revocation_confirm(struct connection *connection, const struct policy *policy,
    struct revocation_mark *mark, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    bool same = false;
    int rc = SQLITE_OK;
    if (policy->revoked_by.text == NULL || (mark->is_sure && is_alive(mark))) return SQLITE_OK;
    if (is_alive(mark)) rc = look(mark->table, &same);
    if (rc == SQLITE_OK && !same) rc = find(connection, policy, mark, &statement, fault);
    sqlite3_finalize(statement);
    if (rc == SQLITE_OK) mark->is_sure = true;
    return rc;
}
