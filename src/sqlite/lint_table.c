/*
** lint_table.c - the mistakes that guides warn of, as rows:
**
**   SELECT severity, rule, message, reference FROM jwt_lint(:token);
**   SELECT rule FROM jwt_lint('{"sub":"u1","password":"x"}', :key) WHERE severity = 'error';
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/lint.h"
#include "results.h"
#include "table.h"

#include <string.h>

enum { LINT_SEVERITY, LINT_RULE, LINT_MESSAGE, LINT_REFERENCE, LINT_ARGUMENTS };

enum { ARGUMENT_TOKEN, ARGUMENT_KEY, ARGUMENT_COUNT };

struct lint_cursor {
    sqlite3_vtab_cursor base;
    size_t row;
    sqlite3_value *arguments[ARGUMENT_COUNT]; /* copies: the findings point into the first */
    struct key_set *keys;
    struct lint_report report;
};

static int lint_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    (void)count;
    (void)arguments;
    (void)message;
    return table_connect(db, context,
        "CREATE TABLE x(severity TEXT, rule TEXT, message TEXT, reference TEXT, "
        "token HIDDEN, verify_key HIDDEN)",
        SQLITE_VTAB_INNOCUOUS, out);
}

static int lint_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return table_best_index(info, LINT_ARGUMENTS, ARGUMENT_COUNT, 1, 5);
}

static int lint_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct lint_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    (void)table;
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void lint_clear(struct lint_cursor *cursor)
{
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        table_value_free(cursor->arguments[i]);
        cursor->arguments[i] = NULL;
    }
    key_set_release(cursor->keys);
    cursor->keys = NULL;
    cursor->row = 0;
    cursor->report.count = 0;
}

static int lint_close(sqlite3_vtab_cursor *base)
{
    struct lint_cursor *cursor = (struct lint_cursor *)base;
    lint_clear(cursor);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int lint_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments)
{
    struct lint_cursor *cursor = (struct lint_cursor *)base;
    struct connection *connection = ((struct table *)base->pVtab)->connection;
    struct fault fault = { FAULT_NONE, "" };
    int next = 0;
    size_t length;
    bool no_memory = false;
    const char *text;
    (void)plan_text;
    (void)count;
    lint_clear(cursor);
    for (int i = 0; i < ARGUMENT_COUNT; i++) {
        if ((plan & 1 << i) == 0) continue;
        cursor->arguments[i] = sqlite3_value_dup(arguments[next++]);
        if (cursor->arguments[i] == NULL) return SQLITE_NOMEM;
    }
    if (cursor->arguments[ARGUMENT_TOKEN] == NULL) {
        fault_set(&fault, "token: is missing: call jwt_lint(token_or_payload [, key])");
        return table_error(base->pVtab, "jwt_lint", &fault);
    }
    text = argument_text(cursor->arguments[ARGUMENT_TOKEN], &length, &no_memory);
    if (no_memory) return SQLITE_NOMEM;
    if (text == NULL) return SQLITE_OK;
    /* A key that cannot be read is a finding, not an error. */
    if (cursor->arguments[ARGUMENT_KEY] != NULL &&
        sqlite3_value_type(cursor->arguments[ARGUMENT_KEY]) != SQLITE_NULL) {
        cursor->keys = connection_key(connection, cursor->arguments[ARGUMENT_KEY], &fault);
    }
    if (fault.kind == FAULT_MEMORY) return SQLITE_NOMEM;
    return lint_text(&cursor->report, text, length, cursor->keys,
               fault.kind == FAULT_CALLER ? &fault : NULL)
               ? SQLITE_OK
               : SQLITE_NOMEM;
}

static int lint_next(sqlite3_vtab_cursor *base)
{
    ((struct lint_cursor *)base)->row++;
    return SQLITE_OK;
}

static int lint_eof(sqlite3_vtab_cursor *base)
{
    const struct lint_cursor *cursor = (const struct lint_cursor *)base;
    return cursor->row >= cursor->report.count;
}

static void result_message(sqlite3_context *context, const struct lint_finding *finding)
{
    struct text out;
    text_start(&out);
    if (finding->subject_length > 0) {
        text_add(&out, finding->subject, finding->subject_length);
        text_add_string(&out, " ");
    }
    text_add_string(&out, finding->message);
    result_text(context, &out);
}

static int lint_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct lint_cursor *cursor = (const struct lint_cursor *)base;
    const struct lint_finding *finding = &cursor->report.findings[cursor->row];
    switch (column) {
    case LINT_SEVERITY:
        sqlite3_result_text(context, lint_severity_name(finding->severity), -1, SQLITE_STATIC);
        break;
    case LINT_RULE: sqlite3_result_text(context, finding->rule, -1, SQLITE_STATIC); break;
    case LINT_MESSAGE: result_message(context, finding); break;
    case LINT_REFERENCE: sqlite3_result_text(context, finding->reference, -1, SQLITE_STATIC); break;
    default:
        if (cursor->arguments[column - LINT_ARGUMENTS] != NULL) {
            sqlite3_result_value(context, cursor->arguments[column - LINT_ARGUMENTS]);
        }
    }
    return SQLITE_OK;
}

static int lint_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct lint_cursor *)base)->row + 1;
    return SQLITE_OK;
}

static const sqlite3_module lint_module = {
    .xConnect = lint_connect,
    .xBestIndex = lint_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = lint_open,
    .xClose = lint_close,
    .xFilter = lint_filter,
    .xNext = lint_next,
    .xEof = lint_eof,
    .xColumn = lint_column,
    .xRowid = lint_rowid,
};

static const struct module_entry entries[] = { { "jwt_lint", &lint_module } };

const struct module_table lint_tables = { entries, sizeof entries / sizeof *entries };
