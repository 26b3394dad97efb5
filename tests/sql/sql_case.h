/*
** Runs one case of a test file and judges what came out. run_sql.c reads the files.
*/
#ifndef SQL_CASE_H
#define SQL_CASE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "sql_text.h"

enum { MOST_VARIABLES = 100 };

struct variable {
    char *name;
    sqlite3_value *value;
};

/* One keyword with the lines that belong to it. */
struct section {
    char *keyword;
    char *rest;
    struct text block;
    int line;
};

/* A case or table that has been read but not yet run. */
struct pending {
    bool is_open;
    bool is_table;
    char *title;
    int line;
    struct text sql;
    bool wants_rows;
    struct text wanted;      /* expected rows, or the lines of a table */
    struct text error_tests; /* lines `= text`, `^ text`, `+ text`, `- text` */
    char *skip_sql;
    char *skip_reason;
};

struct runner {
    const char *extension;
    const char *title; /* only cases whose title begins so; NULL: all */
    const char *path;
    char *entry;
    sqlite3 *db;
    struct variable variables[MOST_VARIABLES];
    int variable_count;
    struct pending pending;
    bool file_is_broken;
    bool file_is_skipped;
    int passed, failed, skipped;
};

/* Counts a failure and prints what was expected and what came. */
void report_failure(
    struct runner *runner, int line, const char *title, const char *wanted, const char *got);

/*
** Runs every statement of `sql`. Rows of all statements go to `rows`, a message to `message`.
** Returns the SQLite result code of the first statement that failed, else SQLITE_OK.
*/
int run_statements(struct runner *runner, const char *sql, sqlite3_value **cells, int cell_count,
    struct text *rows, struct text *message);

/* The value of an SQL expression, to be freed with sqlite3_value_free; NULL on error. */
sqlite3_value *evaluate(struct runner *runner, const char *expression, struct text *message);

/*
** Registers the SQL functions that run SQL on the connection of the test:
**     exec_error(sql)   the message that the statements fail with, or NULL
**     exec_rows(sql)    their rows as a test file writes them, or `error`
**     query_plan(sql)   the rows of EXPLAIN QUERY PLAN
** The statements see the variables of the file. A SQLite result code.
*/
int case_functions_register(struct runner *runner);

/* True where the condition of `skip unless` does not hold; counts and prints the skip. */
bool is_to_be_skipped(
    struct runner *runner, const char *sql, const char *title, const char *reason);

/* Runs the case or table that has been read, if there is one, and forgets it. */
void pending_run(struct runner *runner);

#endif
