/*
** revocation_table.c - the module jwt_revocation: making, connecting, renaming
** and dropping its tables. See revocation.h.
**
** A table keeps its rules in one shadow table, and nothing else: so ROLLBACK,
** savepoints and other processes need no methods here, and xBegin and its
** siblings stay away.
*/
#include "revocation_table.h"

SQLITE_EXTENSION_INIT3

#include "revocation.h"

#include <stdarg.h>
#include <string.h>

#define MODULE_NAME "jwt_revocation"

static const char declaration[] =
    "CREATE TABLE x(jti TEXT, sid TEXT, sub TEXT, client_id TEXT, aud TEXT, kid TEXT, iss TEXT, "
    "issued_before REAL, expires_at REAL, reason TEXT, actor TEXT, revoked_at REAL, "
    "token TEXT HIDDEN, claims TEXT HIDDEN, header_kid TEXT HIDDEN, "
    "rule TEXT HIDDEN NOT NULL PRIMARY KEY) WITHOUT ROWID";

/* ---- life ---- */

struct revocation_table *revocation_table_retain(struct revocation_table *table)
{
    table->references++;
    return table;
}

void revocation_table_release(struct revocation_table *table)
{
    if (--table->references > 0) return;
    sqlite3_free(table->spare_cursor);
    sqlite3_free(table->known_as);
    store_close(&table->store);
    connection_release(table->connection);
    sqlite3_free(table->base.zErrMsg); /* SQLite does not take it where xDestroy fails */
    sqlite3_free(table);
}

void revocation_table_enter(struct revocation_table *table)
{
    revocation_table_retain(table);
    table->questions++;
}

void revocation_table_leave(struct revocation_table *table)
{
    table->questions--;
    /* No statement may outlive the connection: what is dead gives its own back at once. */
    if (table->is_dead && table->questions == 0) store_rest(&table->store);
    revocation_table_release(table);
}

int revocation_table_failed(struct revocation_table *table, int rc)
{
    if (rc != SQLITE_OK && table->store.message != NULL) {
        sqlite3_free(table->base.zErrMsg);
        table->base.zErrMsg = table->store.message;
        table->store.message = NULL;
    }
    return rc;
}

int revocation_table_refuse(struct revocation_table *table, const char *format, ...)
{
    va_list arguments;
    char *text;
    va_start(arguments, format);
    text = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (text == NULL) return SQLITE_NOMEM;
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf("%s: %s", table->store.table, text);
    sqlite3_free(text);
    return table->base.zErrMsg == NULL ? SQLITE_NOMEM : SQLITE_ERROR;
}

/* ---- connecting ---- */

static int read_options(
    struct revocation_table *table, int count, const char *const *arguments, char **message)
{
    struct fault fault = { FAULT_NONE, "" };
    if (revocation_options_read(&table->options, count, arguments, &fault)) return SQLITE_OK;
    *message = sqlite3_mprintf(MODULE_NAME ": %s", fault.text);
    return *message == NULL ? SQLITE_NOMEM : SQLITE_ERROR;
}

/* Makes the struct. `arguments`: module, schema, table, options. */
static int make(sqlite3 *db, struct connection *connection, int count, const char *const *arguments,
    struct revocation_table **out, char **message)
{
    struct revocation_table *table = sqlite3_malloc64(sizeof *table);
    int rc;
    if (table == NULL) return SQLITE_NOMEM;
    memset(table, 0, sizeof *table);
    table->references = 1;
    table->connection = connection_retain(connection);
    rc = store_open(&table->store, db, arguments[1], arguments[2]);
    if (rc == SQLITE_OK) rc = read_options(table, count - 3, arguments + 3, message);
    if (rc == SQLITE_OK) rc = sqlite3_declare_vtab(db, declaration);
    if (rc != SQLITE_OK) {
        revocation_table_release(table);
        return rc;
    }
    *out = table;
    return SQLITE_OK;
}

static void list(struct revocation_table *table)
{
    table->next = table->connection->revocations;
    table->connection->revocations = table;
}

/* By pointer: two tables can have one name, while SQLite still holds the older one. */
static void unlist(struct revocation_table *table)
{
    struct revocation_table **link = &table->connection->revocations;
    while (*link != table) link = &(*link)->next;
    *link = table->next;
    table->next = NULL;
}

static int connect_table(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    struct revocation_table *table;
    int rc = make(db, context, count, arguments, &table, message);
    if (rc != SQLITE_OK) return rc;
    list(table);
    *out = &table->base;
    return SQLITE_OK;
}

static int create_table(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    struct revocation_table *table;
    int rc = make(db, context, count, arguments, &table, message);
    if (rc != SQLITE_OK) return rc;
    rc = store_create(&table->store);
    if (rc != SQLITE_OK) {
        *message = sqlite3_mprintf("%s", sqlite3_errmsg(db));
        revocation_table_release(table);
        return *message == NULL ? SQLITE_NOMEM : rc;
    }
    list(table);
    *out = &table->base;
    return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *base)
{
    struct revocation_table *table = (struct revocation_table *)base;
    unlist(table);
    table->is_dead = true;
    if (table->questions == 0) store_rest(&table->store);
    revocation_table_release(table);
    return SQLITE_OK;
}

static int destroy_table(sqlite3_vtab *base)
{
    struct revocation_table *table = (struct revocation_table *)base;
    int rc = store_destroy(&table->store);
    if (rc != SQLITE_OK) return revocation_table_failed(table, rc);
    return disconnect_table(base);
}

static int rename_table(sqlite3_vtab *base, const char *name)
{
    struct revocation_table *table = (struct revocation_table *)base;
    return revocation_table_failed(table, store_rename(&table->store, name));
}

static int is_shadow_name(const char *suffix)
{
    return sqlite3_stricmp(suffix, "rules") == 0;
}

#if SQLITE_VERSION_NUMBER >= 3044000
/* PRAGMA integrity_check: does the shadow table hold rules, each fit for its kind? */
static int check_integrity(
    sqlite3_vtab *base, const char *schema, const char *name, int flags, char **problem)
{
    struct store *store = &((struct revocation_table *)base)->store;
    struct rule_key key;
    sqlite3_stmt *row = NULL;
    int rc = store_scan(store, "", &row);
    (void)schema;
    (void)flags;
    while (rc == SQLITE_OK && (rc = store_step(store, row)) == SQLITE_ROW) {
        rc = store_row_key(store, row, &key);
    }
    sqlite3_finalize(row);
    if ((rc & 0xff) == SQLITE_CORRUPT) {
        *problem = sqlite3_mprintf("%s", store->message == NULL ? name : store->message);
        return *problem == NULL ? SQLITE_NOMEM : SQLITE_OK;
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
#define MODULE_VERSION 4
#else
#define MODULE_VERSION 3
#endif

static const sqlite3_module module = {
    .iVersion = MODULE_VERSION,
    .xCreate = create_table,
    .xConnect = connect_table,
    .xBestIndex = revocation_best_index,
    .xDisconnect = disconnect_table,
    .xDestroy = destroy_table,
    .xOpen = revocation_cursor_open,
    .xClose = revocation_cursor_close,
    .xFilter = revocation_cursor_filter,
    .xNext = revocation_cursor_next,
    .xEof = revocation_cursor_eof,
    .xColumn = revocation_cursor_column,
    .xUpdate = revocation_update,
    .xRename = rename_table,
    .xShadowName = is_shadow_name,
#if SQLITE_VERSION_NUMBER >= 3044000
    .xIntegrity = check_integrity,
#endif
};

static const struct module_entry entries[] = { { MODULE_NAME, &module } };

const struct module_table revocation_tables = { entries, 1 };
