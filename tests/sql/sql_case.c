#include "sql_case.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_helpers.h"

enum { LONGEST_SHOWN = 1500, MOST_CELLS = 12 };

/* ---- reporting -------------------------------------------------------------------------- */

static void print_lines(const char *label, const char *lines)
{
    size_t length = strlen(lines);
    int shown = length > LONGEST_SHOWN ? LONGEST_SHOWN : (int)length;
    printf("    %s ", label);
    for (int i = 0; i < shown; i++) {
        putchar(lines[i]);
        if (lines[i] == '\n') printf("    %*s ", (int)strlen(label), "");
    }
    printf("%s\n", length > LONGEST_SHOWN ? " ..." : "");
}

void report_failure(
    struct runner *runner, int line, const char *title, const char *wanted, const char *got)
{
    runner->failed++;
    printf("FAILED %s:%d: %s\n", runner->path, line, title);
    print_lines("expected:", wanted);
    print_lines("got:     ", got);
}

/* ---- running SQL ------------------------------------------------------------------------ */

static struct variable *variable_find(struct runner *runner, const char *name)
{
    for (int i = 0; i < runner->variable_count; i++) {
        if (strcmp(runner->variables[i].name, name) == 0) return &runner->variables[i];
    }
    return NULL;
}

/* Binds $NAME from the variables, and $1, $2, ... from the cells. */
static int bind_all(
    struct runner *runner, sqlite3_stmt *statement, sqlite3_value **cells, int cell_count)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        int cell = name != NULL ? atoi(name + 1) : 0;
        struct variable *variable = name != NULL ? variable_find(runner, name + 1) : NULL;
        if (cell > 0 && cell <= cell_count) {
            sqlite3_bind_value(statement, i, cells[cell - 1]);
        } else if (variable != NULL) {
            sqlite3_bind_value(statement, i, variable->value);
        } else {
            printf("%s: nothing to bind to %s\n", runner->path, name != NULL ? name : "?");
            return SQLITE_ERROR;
        }
    }
    return SQLITE_OK;
}

static void add_text_column(struct text *out, const unsigned char *bytes, int count)
{
    if (count == 0) text_add(out, "''");
    for (int i = 0; i < count; i++) {
        char escaped[8];
        switch (bytes[i]) {
        case '\n': text_add(out, "\\n"); break;
        case '\r': text_add(out, "\\r"); break;
        case '\t': text_add(out, "\\t"); break;
        case '\0': text_add(out, "\\0"); break;
        default:
            if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
                snprintf(escaped, sizeof escaped, "\\x%02x", bytes[i]);
                text_add(out, escaped);
            } else {
                text_add_bytes(out, (const char *)bytes + i, 1);
            }
        }
    }
}

static void add_column(struct text *out, sqlite3_stmt *statement, int column)
{
    const unsigned char *bytes;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: text_add(out, "NULL"); break;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(statement, column);
        text_add(out, "X'");
        for (int i = 0; i < sqlite3_column_bytes(statement, column); i++) {
            char pair[3];
            snprintf(pair, sizeof pair, "%02X", bytes[i]);
            text_add(out, pair);
        }
        text_add(out, "'");
        break;
    default:
        bytes = sqlite3_column_text(statement, column);
        add_text_column(out, bytes, sqlite3_column_bytes(statement, column));
    }
}

int run_statements(struct runner *runner, const char *sql, sqlite3_value **cells, int cell_count,
    struct text *rows, struct text *message)
{
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && *sql != '\0') {
        sqlite3_stmt *statement = NULL;
        rc = sqlite3_prepare_v2(runner->db, sql, -1, &statement, &sql);
        if (rc == SQLITE_OK && statement != NULL) {
            rc = bind_all(runner, statement, cells, cell_count);
            while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
                if (rows->length > 0) text_add(rows, "\n");
                for (int i = 0; i < sqlite3_column_count(statement); i++) {
                    if (i > 0) text_add(rows, "|");
                    add_column(rows, statement, i);
                }
                rc = SQLITE_OK;
            }
            if (rc == SQLITE_DONE) rc = SQLITE_OK;
        }
        if (rc != SQLITE_OK) text_add(message, sqlite3_errmsg(runner->db));
        sqlite3_finalize(statement);
    }
    return rc;
}

sqlite3_value *evaluate(struct runner *runner, const char *expression, struct text *message)
{
    struct text sql = { 0 };
    sqlite3_stmt *statement = NULL;
    sqlite3_value *value = NULL;

    text_add(&sql, "SELECT ");
    text_add(&sql, expression);
    int rc = sqlite3_prepare_v2(runner->db, sql.data, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = bind_all(runner, statement, NULL, 0);
    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
    } else {
        text_add(message, sqlite3_errmsg(runner->db));
    }
    sqlite3_finalize(statement);
    text_free(&sql);
    return value;
}

/* Runs the statements of argv[0], after `before`; what comes out is chosen by the caller. */
static int run_argument(sqlite3_context *context, sqlite3_value **argv, const char *before,
    struct text *rows, struct text *message)
{
    struct text sql = { 0 };
    const char *argument = (const char *)sqlite3_value_text(argv[0]);
    text_add(&sql, before);
    text_add(&sql, argument != NULL ? argument : "");
    int rc = run_statements(sqlite3_user_data(context), sql.data, NULL, 0, rows, message);
    text_free(&sql);
    return rc;
}

static void exec_error_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    struct text rows = { 0 }, message = { 0 };
    if (run_argument(context, argv, "", &rows, &message) != SQLITE_OK) {
        sqlite3_result_text(context, message.data, -1, SQLITE_TRANSIENT);
    }
    text_free(&rows);
    text_free(&message);
}

static void exec_rows_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    struct text rows = { 0 }, message = { 0 };
    int rc = run_argument(context, argv, "", &rows, &message);
    sqlite3_result_text(
        context, rc == SQLITE_OK ? text_string(&rows) : "error", -1, SQLITE_TRANSIENT);
    text_free(&rows);
    text_free(&message);
}

static void query_plan_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    struct text rows = { 0 }, message = { 0 };
    run_argument(context, argv, "EXPLAIN QUERY PLAN ", &rows, &message);
    sqlite3_result_text(context, text_string(&rows), -1, SQLITE_TRANSIENT);
    text_free(&rows);
    text_free(&message);
}

int case_functions_register(struct runner *runner)
{
    static const struct sql_function functions[] = {
        { "exec_error", 1, exec_error_function },
        { "exec_rows", 1, exec_rows_function },
        { "query_plan", 1, query_plan_function },
    };
    return sql_functions_register(
        runner->db, functions, sizeof functions / sizeof functions[0], runner);
}

/* ---- judging a case --------------------------------------------------------------------- */

/* True where `message` passes the test `kind` (= ^ + -) against `text`. */
static bool error_test_holds(
    struct runner *runner, char kind, const char *text, const char *message)
{
    if (kind == '-' && text[0] == '$') {
        struct variable *variable = variable_find(runner, text + 1);
        text = variable != NULL ? (const char *)sqlite3_value_text(variable->value) : "";
    }
    switch (kind) {
    case '=': return strcmp(message, text) == 0;
    case '^': return strncmp(message, text, strlen(text)) == 0;
    case '+': return strstr(message, text) != NULL;
    default: return strstr(message, text) == NULL;
    }
}

static bool error_tests_hold(struct runner *runner, const char *tests, const char *message)
{
    char *copy = copy_string(tests), *rest = copy;
    bool holds = true;
    while (holds && *rest != '\0') {
        char *line = rest;
        rest += strcspn(rest, "\n");
        if (*rest == '\n') *rest++ = '\0';
        holds = error_test_holds(runner, line[0], line + 2, message);
    }
    free(copy);
    return holds;
}

/*
** Runs the statements once and compares with the expected rows, or with the tests that an error
** message must pass. Nothing may stay on OpenSSL's error queue: it could be the host's.
*/
static void judge(struct runner *runner, const char *title, int line, sqlite3_value **cells,
    int cell_count, const char *wanted_rows, const char *error_tests)
{
    struct text rows = { 0 }, message = { 0 }, got = { 0 };
    ERR_clear_error();
    int rc = run_statements(
        runner, text_string(&runner->pending.sql), cells, cell_count, &rows, &message);
    bool leaves_errors = ERR_peek_error() != 0;
    bool good;

    if (rc != SQLITE_OK) {
        good = error_tests != NULL && error_tests_hold(runner, error_tests, message.data);
        text_add(&got, "error ");
        text_add(&got, message.data);
    } else {
        good = wanted_rows != NULL && strcmp(text_string(&rows), wanted_rows) == 0;
        text_add(&got, rows.length > 0 ? rows.data : "(no row)");
    }
    if (!good) {
        const char *wanted = wanted_rows != NULL && *wanted_rows == '\0' ? "(no row)" : wanted_rows;
        report_failure(runner, line, title, error_tests != NULL ? error_tests : wanted, got.data);
    } else if (leaves_errors) {
        report_failure(runner, line, title, "an empty OpenSSL error queue", "errors left on it");
    } else {
        runner->passed++;
    }
    text_free(&rows);
    text_free(&message);
    text_free(&got);
}

/* `error a & b` of a table row as error tests. */
static void error_parts(char *parts, struct text *tests)
{
    while (parts != NULL) {
        char *next = strstr(parts, " & ");
        if (next != NULL) *next = '\0';
        if (tests->length > 0) text_add(tests, "\n");
        text_add(tests, "+ ");
        text_add(tests, trim(parts));
        parts = next != NULL ? next + 3 : NULL;
    }
}

/* One line of a table: cells are bound, the last says what must come out. */
static void run_table_row(struct runner *runner, char *row, int line)
{
    sqlite3_value *cells[MOST_CELLS] = { 0 };
    int cell_count = 0;
    struct text tests = { 0 }, message = { 0 }, title = { 0 };
    char *cell = row, *bar;

    text_add(&title, runner->pending.title);
    text_add(&title, ": ");
    text_add(&title, row);
    while ((bar = strstr(cell, " | ")) != NULL && cell_count < MOST_CELLS) {
        *bar = '\0';
        cell = trim(cell);
        sqlite3_value *value;
        if (cell[0] == '=') {
            value = evaluate(runner, cell + 1, &message);
        } else {
            sqlite3_stmt *statement = NULL;
            sqlite3_prepare_v2(runner->db, "SELECT ?1", -1, &statement, NULL);
            sqlite3_bind_text(statement, 1, cell, -1, SQLITE_TRANSIENT);
            sqlite3_step(statement);
            value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
            sqlite3_finalize(statement);
        }
        cells[cell_count++] = value;
        cell = bar + 3;
    }
    cell = trim(cell);
    if (message.length > 0) {
        report_failure(runner, line, title.data, "cells that can be evaluated", message.data);
    } else if (strncmp(cell, "error ", 6) == 0) {
        error_parts(cell + 6, &tests);
        judge(runner, title.data, line, cells, cell_count, NULL, tests.data);
    } else {
        judge(runner, title.data, line, cells, cell_count, cell, NULL);
    }
    for (int i = 0; i < cell_count; i++) sqlite3_value_free(cells[i]);
    text_free(&tests);
    text_free(&message);
    text_free(&title);
}

bool is_to_be_skipped(struct runner *runner, const char *sql, const char *title, const char *reason)
{
    struct text rows = { 0 }, message = { 0 };
    bool skip = false;
    if (sql != NULL) {
        int rc = run_statements(runner, sql, NULL, 0, &rows, &message);
        if (rc != SQLITE_OK) report_failure(runner, 0, title, "a condition", message.data);
        skip = rc != SQLITE_OK || strcmp(text_string(&rows), "1") != 0;
        if (rc == SQLITE_OK && skip) {
            printf("skipped: %s: %s: %s\n", runner->path, title, reason);
            runner->skipped++;
        }
    }
    text_free(&rows);
    text_free(&message);
    return skip;
}

void pending_run(struct runner *runner)
{
    struct pending *pending = &runner->pending;
    if (!pending->is_open) return;
    if (runner->title != NULL &&
        strncmp(runner->title, pending->title, strlen(runner->title)) != 0) {
        /* passed over: see -t */
    } else if (is_to_be_skipped(runner, pending->skip_sql, pending->title, pending->skip_reason)) {
        /* reported there */
    } else if (pending->is_table) {
        char *rest = pending->wanted.data;
        int line = pending->line;
        if (rest == NULL) {
            report_failure(runner, pending->line, pending->title, "rows", "a table without rows");
        }
        while (rest != NULL && *rest != '\0') {
            char *row = rest;
            rest += strcspn(rest, "\n");
            if (*rest == '\n') *rest++ = '\0';
            run_table_row(runner, row, line);
        }
    } else if (!pending->wants_rows && pending->error_tests.length == 0) {
        report_failure(runner, pending->line, pending->title, "gives or error", "neither");
    } else {
        judge(runner, pending->title, pending->line, NULL, 0,
            pending->wants_rows ? text_string(&pending->wanted) : NULL,
            pending->error_tests.length > 0 ? pending->error_tests.data : NULL);
    }
    free(pending->title);
    free(pending->skip_sql);
    free(pending->skip_reason);
    text_free(&pending->sql);
    text_free(&pending->wanted);
    text_free(&pending->error_tests);
    *pending = (struct pending){ 0 };
}
