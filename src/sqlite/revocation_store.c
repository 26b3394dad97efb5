/*
** revocation_store.c - see revocation_store.h.
*/
#include "revocation_store.h"

SQLITE_EXTENSION_INIT3

#include <string.h>

#define SHADOW "\"%w\".\"%w_rules\""
#define KEY_COLUMNS "kind, jti, sid, sub, client_id, aud, kid, iss"
#define ALL_COLUMNS KEY_COLUMNS ", issued_before, expires_at, reason, actor, revoked_at"
#define BY_KEY                                                             \
    "kind = ?1 AND jti = ?2 AND sid = ?3 AND sub = ?4 AND client_id = ?5 " \
    "AND aud = ?6 AND kid = ?7 AND iss = ?8"

/* A rule is never made shorter: the later date of both holds, and no date is the latest. */
#define MERGE                                                                     \
    "ON CONFLICT DO UPDATE SET issued_before = max(issued_before, "               \
    "excluded.issued_before), expires_at = max(expires_at, excluded.expires_at) " \
    "WHERE issued_before < excluded.issued_before "                               \
    "OR expires_at < ifnull(excluded.expires_at, 9e999)"

/*
** Where SQLite plans by a parameter's value (with STAT4, and for LIMIT), it
** prepares again for each new one. So questions hide theirs behind a plus.
*/
static const char *const statement_texts[STATEMENT_COUNT] = {
    /* Begins a read transaction, minds the schema, and reads no row. */
    [STATEMENT_SNAPSHOT] = "SELECT CASE WHEN ?1 THEN (SELECT kind FROM " SHADOW " LIMIT 1) END",
    [STATEMENT_NEXT_KIND] =
        "SELECT (SELECT kind FROM " SHADOW " WHERE kind > +?1 ORDER BY kind LIMIT 1)",
    [STATEMENT_INSERT] = "INSERT INTO " SHADOW "(" ALL_COLUMNS
                         ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) " MERGE,
    [STATEMENT_REMOVE] = "DELETE FROM " SHADOW " WHERE " BY_KEY,
    [STATEMENT_REVISE] = "UPDATE " SHADOW " SET issued_before = ?9, expires_at = ?10, "
                         "reason = ?11, actor = ?12, revoked_at = ?13 WHERE " BY_KEY,
    [STATEMENT_EXPIRED] = "SELECT " KEY_COLUMNS ", issued_before FROM " SHADOW
                          " WHERE expires_at < ?1 ORDER BY expires_at LIMIT 1",
};

/* The checks make the table tell by itself (PRAGMA integrity_check) where a row is no rule. */
#define SHAPE                                                                                \
    "(kind INTEGER NOT NULL, jti TEXT NOT NULL DEFAULT '', sid TEXT NOT NULL DEFAULT '', "   \
    "sub TEXT NOT NULL DEFAULT '', client_id TEXT NOT NULL DEFAULT '', "                     \
    "aud TEXT NOT NULL DEFAULT '', kid TEXT NOT NULL DEFAULT '', "                           \
    "iss TEXT NOT NULL DEFAULT '', issued_before REAL, expires_at REAL, reason TEXT, "       \
    "actor TEXT, revoked_at REAL NOT NULL, PRIMARY KEY(" KEY_COLUMNS "), "                   \
    "CHECK(kind BETWEEN 1 AND 255), "                                                        \
    "CHECK(((kind & 1) <> 0) = (jti <> '')), CHECK(((kind & 2) <> 0) = (sid <> '')), "       \
    "CHECK(((kind & 4) <> 0) = (sub <> '')), CHECK(((kind & 8) <> 0) = (client_id <> '')), " \
    "CHECK(((kind & 16) <> 0) = (aud <> '')), CHECK(((kind & 32) <> 0) = (kid <> '')), "     \
    "CHECK(((kind & 64) <> 0) = (iss <> '')), "                                              \
    "CHECK(((kind & 128) <> 0) = (issued_before IS NOT NULL))) STRICT, WITHOUT ROWID"

/* ---- life ---- */

int store_open(struct store *store, sqlite3 *db, const char *schema, const char *table)
{
    memset(store, 0, sizeof *store);
    store->db = db;
    store->schema = sqlite3_mprintf("%s", schema);
    store->table = sqlite3_mprintf("%s", table);
    if (sqlite3_stricmp(schema, "main") != 0) store->control_name = store->schema;
    return store->schema == NULL || store->table == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static void finalize_all(sqlite3_stmt **statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sqlite3_finalize(statements[i]);
        statements[i] = NULL;
    }
}

void store_rest(struct store *store)
{
    finalize_all(store->statements, STATEMENT_COUNT);
    finalize_all(store->probes, KIND_COUNT);
    finalize_all(store->lookups, KIND_MATCH_MASK + 1);
    filter_free(store->cache.filter);
    memset(&store->cache, 0, sizeof store->cache);
    store->is_checked = false;
    store->is_found = false;
}

void store_close(struct store *store)
{
    store_rest(store);
    sqlite3_free(store->schema);
    sqlite3_free(store->table);
    sqlite3_free(store->message);
    store->schema = store->table = store->message = NULL;
}

/* ---- failures ---- */

static void keep_message(struct store *store, const char *what)
{
    sqlite3_free(store->message);
    store->message =
        sqlite3_mprintf("%s: the shadow table %s_rules: %s", store->table, store->table, what);
}

int store_corrupt(struct store *store, const char *what)
{
    keep_message(store, what);
    return SQLITE_CORRUPT_VTAB;
}

/*
** What a failure on the shadow table means. Our statements are right for the
** shape that the table has from store_create(), so whatever SQLite calls an
** error in one of them, or a constraint that it breaks, is a table that
** somebody else made. (A constraint must not get out: under OR IGNORE SQLite
** would take it for "nothing to do".)
*/
static int judge(struct store *store, int rc)
{
    sqlite3_free(store->message);
    store->message = NULL;
    switch (rc & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_CORRUPT: keep_message(store, sqlite3_errmsg(store->db)); return SQLITE_CORRUPT_VTAB;
    case SQLITE_AUTH: keep_message(store, sqlite3_errmsg(store->db)); return rc;
    default: return rc;
    }
}

/* ---- statements ---- */

/* What the schema says of the shadow table: SQLITE_ROW where it is the one of store_create(). */
static int read_shape(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    /* The name can have changed, and how it is quoted, but nothing behind it. */
    char *text = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema WHERE type = 'table' AND "
                                 "name = '%q_rules' COLLATE NOCASE AND substr(sql, -%d) = %Q",
        store->schema, store->table, (int)sizeof SHAPE - 1, SHAPE);
    int rc =
        text == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(store->db, text, -1, &statement, NULL);
    sqlite3_free(text);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc;
}

int store_check_shape(struct store *store)
{
    int rc = read_shape(store);
    /* A host that lets nobody read the schema has looked after it. */
    if (rc == SQLITE_AUTH) rc = SQLITE_ROW;
    if (rc == SQLITE_DONE) return store_corrupt(store, "is not what it was made as");
    if (rc != SQLITE_ROW) return judge(store, rc);
    store->is_checked = true;
    return SQLITE_OK;
}

int store_prepare(struct store *store, const char *format, sqlite3_stmt **statement)
{
    char *text;
    int rc;
    *statement = NULL;
    /* What was looked at before can be of an older schema: a new statement is for the one that is there now. */
    store->is_checked = false;
    rc = store_check(store);
    if (rc != SQLITE_OK) return rc;
    text = sqlite3_mprintf(format, store->schema, store->table);
    if (text == NULL) return SQLITE_NOMEM;
    rc = sqlite3_prepare_v3(
        store->db, text, -1, SQLITE_PREPARE_PERSISTENT | SQLITE_PREPARE_NO_VTAB, statement, NULL);
    sqlite3_free(text);
    return rc == SQLITE_OK ? SQLITE_OK : judge(store, rc);
}

int store_statement(struct store *store, enum store_statement which, sqlite3_stmt **statement)
{
    int rc = SQLITE_OK;
    if (store->statements[which] == NULL) {
        rc = store_prepare(store, statement_texts[which], &store->statements[which]);
    }
    *statement = store->statements[which];
    return rc;
}

int store_step(struct store *store, sqlite3_stmt *statement)
{
    int before = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0);
    int rc = sqlite3_step(statement);
    if (sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0) != before) {
        store->moved = true;
        store->is_checked = false;
    }
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? rc : judge(store, rc);
}

int store_run(struct store *store, sqlite3_stmt *statement)
{
    int rc = store_step(store, statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (rc == SQLITE_ROW) return store_corrupt(store, "is not what it was made as");
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_bind_key(sqlite3_stmt *statement, const struct rule_key *key, unsigned open)
{
    int rc = sqlite3_bind_int(statement, 1, (int)key->kind);
    for (int column = 0; column < MATCH_COUNT && rc == SQLITE_OK; column++) {
        const struct rule_text *match = &key->match[column];
        if ((open & KIND_OF(column)) != 0) continue;
        if ((key->kind & KIND_OF(column)) != 0) {
            rc = sqlite3_bind_text64(
                statement, column + 2, match->bytes, match->length, SQLITE_TRANSIENT, SQLITE_UTF8);
        } else {
            rc = sqlite3_bind_text(statement, column + 2, "", 0, SQLITE_STATIC);
        }
    }
    return rc;
}

/* ---- the shadow table as a whole ---- */

static int execute(struct store *store, const char *format, const char *name)
{
    char *text = sqlite3_mprintf(format, store->schema, store->table, name);
    char *message = NULL;
    int rc;
    if (text == NULL) return SQLITE_NOMEM;
    rc = sqlite3_exec(store->db, text, NULL, NULL, &message);
    sqlite3_free(text);
    if (message != NULL) keep_message(store, message);
    sqlite3_free(message);
    return rc;
}

/* True in `*found` where the schema has something of this name. */
static int name_is_taken(struct store *store, const char *name, bool *found)
{
    char *text = sqlite3_mprintf(
        "SELECT 1 FROM \"%w\".sqlite_schema WHERE name = %Q COLLATE NOCASE", store->schema, name);
    sqlite3_stmt *statement = NULL;
    int rc =
        text == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(store->db, text, -1, &statement, NULL);
    sqlite3_free(text);
    if (rc != SQLITE_OK) return rc;
    *found = sqlite3_step(statement) == SQLITE_ROW;
    return sqlite3_finalize(statement);
}

/*
** A name for the index, the first of a row that is free: when a table is
** renamed its index keeps its name, because no index can be made or dropped
** within an ALTER TABLE, and then another table of the old name may come.
*/
static int create_index(struct store *store)
{
    char *name = sqlite3_mprintf("%s_rules_expires", store->table);
    bool taken = true;
    int rc = name == NULL ? SQLITE_NOMEM : name_is_taken(store, name, &taken);
    for (int i = 2; rc == SQLITE_OK && taken; i++) {
        sqlite3_free(name);
        name = sqlite3_mprintf("%s_rules_expires_%d", store->table, i);
        rc = name == NULL ? SQLITE_NOMEM : name_is_taken(store, name, &taken);
    }
    if (rc == SQLITE_OK) {
        char *text = sqlite3_mprintf("CREATE INDEX \"%w\".\"%w\" ON \"%w_rules\"(expires_at) "
                                     "WHERE expires_at IS NOT NULL",
            store->schema, name, store->table);
        rc = text == NULL ? SQLITE_NOMEM : sqlite3_exec(store->db, text, NULL, NULL, NULL);
        sqlite3_free(text);
    }
    sqlite3_free(name);
    return rc;
}

int store_create(struct store *store)
{
    int rc = execute(store, "CREATE TABLE " SHADOW SHAPE, NULL);
    return rc == SQLITE_OK ? create_index(store) : rc;
}

int store_destroy(struct store *store)
{
    store_rest(store);
    return execute(store, "DROP TABLE IF EXISTS " SHADOW, NULL);
}

int store_rename(struct store *store, const char *table)
{
    char *name = sqlite3_mprintf("%s", table);
    int rc;
    if (name == NULL) return SQLITE_NOMEM;
    store_rest(store);
    rc = execute(store, "ALTER TABLE " SHADOW " RENAME TO \"%w_rules\"", name);
    if (rc != SQLITE_OK) {
        sqlite3_free(name);
        return rc;
    }
    sqlite3_free(store->table);
    store->table = name;
    return SQLITE_OK;
}

/* ---- reading ---- */

int store_read_kinds(struct store *store, struct kind_list *kinds)
{
    sqlite3_int64 last = INT64_MIN;
    sqlite3_stmt *statement;
    int rc = store_statement(store, STATEMENT_NEXT_KIND, &statement);
    kinds->count = 0;
    kinds->united = 0;
    while (rc == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, last);
        rc = store_step(store, statement);
        if (rc != SQLITE_ROW) break;
        int type = sqlite3_column_type(statement, 0);
        last = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        if (type == SQLITE_NULL) return SQLITE_OK;
        if (type != SQLITE_INTEGER || last < 1 || last >= KIND_COUNT) {
            return store_corrupt(store, "a row's kind is none");
        }
        kinds->kinds[kinds->count++] = (unsigned char)last;
        kinds->united |= (unsigned)last;
        rc = SQLITE_OK;
    }
    if (statement != NULL) sqlite3_reset(statement);
    return rc == SQLITE_DONE ? store_corrupt(store, "is not what it was made as") : rc;
}

int store_lookup_take(struct store *store, unsigned open, sqlite3_stmt **statement)
{
    char format[512] = "SELECT " ALL_COLUMNS " FROM " SHADOW " WHERE kind = +?1";
    *statement = store->lookups[open];
    store->lookups[open] = NULL;
    if (*statement != NULL) return SQLITE_OK;
    for (int column = 0; column < MATCH_COUNT; column++) {
        size_t length = strlen(format);
        if ((open & KIND_OF(column)) != 0) continue;
        sqlite3_snprintf((int)(sizeof format - length), format + length, " AND %s = +?%d",
            match_column_name((enum match_column)column), column + 2);
    }
    return store_prepare(store, format, statement);
}

void store_lookup_give(struct store *store, unsigned open, sqlite3_stmt *statement)
{
    if (statement == NULL) return;
    if (store->lookups[open] != NULL) {
        sqlite3_finalize(statement);
        return;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    store->lookups[open] = statement;
}

int store_scan(struct store *store, const char *where, sqlite3_stmt **statement)
{
    char format[256];
    sqlite3_snprintf(
        (int)sizeof format, format, "SELECT %s FROM %s %s", ALL_COLUMNS, SHADOW, where);
    return store_prepare(store, format, statement);
}

int store_row_key(struct store *store, sqlite3_stmt *row, struct rule_key *key)
{
    sqlite3_int64 kind = sqlite3_column_int64(row, STORE_KIND);
    if (sqlite3_column_type(row, STORE_KIND) != SQLITE_INTEGER || kind < 1 || kind >= KIND_COUNT) {
        return store_corrupt(store, "a row's kind is none");
    }
    key->kind = (unsigned)kind;
    for (int column = 0; column < MATCH_COUNT; column++) {
        struct rule_text *match = &key->match[column];
        bool is_set = (key->kind & KIND_OF(column)) != 0;
        if (sqlite3_column_type(row, STORE_MATCH + column) != SQLITE_TEXT) {
            return store_corrupt(store, "a match column is not text");
        }
        match->bytes = (const char *)sqlite3_column_text(row, STORE_MATCH + column);
        match->length = (size_t)sqlite3_column_bytes(row, STORE_MATCH + column);
        if (match->bytes == NULL) return SQLITE_NOMEM;
        if (is_set != (match->length > 0)) {
            return store_corrupt(store, "a row's kind differs from its columns");
        }
    }
    int type = sqlite3_column_type(row, STORE_ISSUED_BEFORE);
    if (type != ((key->kind & KIND_CUT_OFF) != 0 ? SQLITE_FLOAT : SQLITE_NULL)) {
        return store_corrupt(store, "a row's kind differs from its issued_before");
    }
    return SQLITE_OK;
}
