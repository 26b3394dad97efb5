/*
** What the programs of tests/revocation share: connections with the extension, SQL in one line,
** checks that count.
**
** A program is given names of its tests, or runs all; it ends with `N passed, N failed, N skipped`.
*/
#ifndef REVOCATION_HARNESS_H
#define REVOCATION_HARNESS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct test {
    const char *name;
    void (*run)(void);
};

/* Runs the tests that `argv` names, or all; returns the program's exit status. */
int harness_main(int argc, char **argv, const struct test *tests, size_t count);

/* Ends the program: something that is no test went wrong. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One check; what failed is printed. Returns `holds`. */
bool check(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The two texts are equal; NULL equals NULL. */
bool check_text(const char *got, const char *wanted, const char *what);

/* The test that runs cannot: says why, and counts. */
void skip(const char *why);

/* True for `make test-all`. */
bool is_long(void);

/* A path for a file of this name in a folder that the build may fill; the file and its companions are removed. */
const char *scratch(const char *name);

/* Opens with the extension and a busy timeout; ends the program where that fails. */
sqlite3 *open_database(const char *path);
sqlite3 *open_with(const char *path, int flags, const char *vfs);
void load_extension(sqlite3 *database);

/* Closes; that must work, so nothing may have kept a statement. */
void close_database(sqlite3 *database);

/* Runs SQL that must succeed. `format` as sqlite3_mprintf() has it, here and below. */
void run(sqlite3 *database, const char *format, ...);

/* Runs SQL; SQLite's code, the message in `*message` (sqlite3_free) where there is one. */
int try_run(sqlite3 *database, const char *sql, char **message);

/* The first column of the first row as text; "error: ..." where it fails, NULL for NULL or no row. Kept for some calls. */
const char *ask(sqlite3 *database, const char *format, ...);

/* Frees what ask() and its siblings keep for this thread. */
void forget(void);

/* A number of the first row; ends the program where there is none. */
sqlite3_int64 number(sqlite3 *database, const char *format, ...);

/* A token with these claims, signed with SECRET. Kept for some calls. */
const char *token_of(sqlite3 *database, const char *claims);

/* jwt_status of a token under {"revoked_by":table}. */
const char *status_of(sqlite3 *database, const char *token, const char *table);

/* "revoked", "ok" or "unknown" by the table itself. */
const char *answer_of(sqlite3 *database, const char *token, const char *table);

/* ---- questions ---- */

enum { MANY = 300 }; /* questions after which the filter of a small table has been built */

/* A new file with a table `revoked`, in that journal mode. */
sqlite3 *new_file(const char *name, const char *journal);

/* Asks about the token so often, in one statement that reads the file, that all is kept that can be. */
const char *ask_many(sqlite3 *database, const char *token, const char *table);

/* Prepares, or ends the program. */
sqlite3_stmt *prepare(sqlite3 *database, const char *sql);

/* A statement that gives a verdict a row without reading any file in between. */
sqlite3_stmt *prepare_verdicts(sqlite3 *database, const char *token, const char *table);

/* The verdict of its next row, or "error". */
const char *next_verdict(sqlite3_stmt *statement);

#define SECRET "'0123456789abcdef0123456789abcdef'"

#endif
