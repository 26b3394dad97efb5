/*
** run.h - one run over the vector files: what its parts share.
**
** A case is a row that SQL draws from a vector file: a name, what its authors
** expect, and the arguments of a question to the extension. The answer is held
** against what expectations.json and the contract (sql-surface) say of it.
**
** Every suite runs three times: once as it is, and twice with answers that are
** made up ("accepted", "refused", whatever is asked). A suite that does not
** notice a verifier of these kinds proves nothing, and that is a failure too.
*/
#ifndef VECTORS_RUN_H
#define VECTORS_RUN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

enum answer { REFUSED, ACCEPTED };

/* Whose answers are judged: the extension's, or made-up ones. */
enum pretence { HONEST, ACCEPTS_ALL, REFUSES_ALL, PRETENCE_COUNT };

/* What the authors of a vector file say of a case. */
enum upstream { INVALID, VALID, EITHER };

/* What one file's cases came to. */
struct tally {
    char *path;
    const char *suite;
    unsigned cases, accepted, refused, deviations, skipped, failed;
    unsigned must_accept, must_refuse;
    unsigned noticed[PRETENCE_COUNT]; /* cases that failed under this pretence */
};

struct run {
    sqlite3 *db; /* has the extension, and the functions of corpus.h */
    struct corpus *corpus;
    enum pretence pretence;
    const char *suite; /* the one that runs */
    struct tally *tallies;
    size_t tally_count;
    unsigned passed, failed, skipped;
    char said[256]; /* what the last answer was: a status code, or the error's text */
};

/* One case, on its way from its row to the report. The texts live until the row is left. */
struct vector_case {
    const char *path; /* of its file, from the folder of the vectors */
    const char *id;
    const char *label; /* another name that expectations.json may call it by, or NULL */
    enum upstream upstream;
    bool
        is_decided; /* the contract decides, whatever upstream says: `decided`, for the reason `why` */
    enum answer decided;
    const char *why;
};

/* A program's mistake or an unreadable corpus: prints why, and exits with 1. */
void run_stop(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Prepares one statement; stops the run where it is none. The caller finalizes it. */
sqlite3_stmt *run_prepare(struct run *run, const char *sql);

/* Steps: true where there is a row. Stops the run on an error. */
bool run_step(struct run *run, sqlite3_stmt *statement);

/* A column as text, NULL for SQL NULL. Lives until the next step. */
const char *run_text(sqlite3_stmt *statement, int column);

#endif
