/*
** cases.c - see cases.h.
*/
#include "cases.h"

#include <string.h>

#include "ask.h"
#include "report.h"

enum column {
    COLUMN_PATH,
    COLUMN_ID,
    COLUMN_LABEL,
    COLUMN_UPSTREAM,
    COLUMN_DECIDED,
    COLUMN_WHY,
    COLUMN_KIND,
    COLUMN_STATUS,
    COLUMN_QUESTION,
};

static bool is_text(sqlite3_stmt *row, int column, const char *wanted)
{
    const char *text = run_text(row, column);
    return text != NULL && strcmp(text, wanted) == 0;
}

static struct vector_case read_case(struct run *run, sqlite3_stmt *row)
{
    struct vector_case one = {
        .path = run_text(row, COLUMN_PATH),
        .id = run_text(row, COLUMN_ID),
        .label = run_text(row, COLUMN_LABEL),
        .upstream = is_text(row, COLUMN_UPSTREAM, "valid")     ? VALID
                    : is_text(row, COLUMN_UPSTREAM, "invalid") ? INVALID
                                                               : EITHER,
        .is_decided = run_text(row, COLUMN_DECIDED) != NULL,
        .decided = is_text(row, COLUMN_DECIDED, "accept") ? ACCEPTED : REFUSED,
        .why = run_text(row, COLUMN_WHY),
    };
    if (one.path == NULL || one.id == NULL) run_stop(run, "a case without a file or a name");
    return one;
}

static enum answer ask(struct run *run, sqlite3_stmt *row)
{
    sqlite3_value *arguments[3];
    int given = sqlite3_column_count(row) - COLUMN_QUESTION;
    for (int i = 0; i < 3; i++) {
        arguments[i] = i < given ? sqlite3_column_value(row, COLUMN_QUESTION + i) : NULL;
    }
    if (is_text(row, COLUMN_KIND, "jws")) {
        return ask_jws(run, arguments[0], arguments[1], arguments[2]);
    }
    if (is_text(row, COLUMN_KIND, "jwt")) {
        return ask_jwt(run, arguments[0], arguments[1], arguments[2]);
    }
    if (is_text(row, COLUMN_KIND, "key")) return ask_key(run, arguments[0]);
    if (!is_text(row, COLUMN_KIND, "signature")) run_stop(run, "a case of no known kind");
    return ask_signature(run, run_text(row, COLUMN_QUESTION), run_text(row, COLUMN_QUESTION + 1),
        run_text(row, COLUMN_QUESTION + 2), run_text(row, COLUMN_QUESTION + 3));
}

static void judge_status(struct run *run, const struct vector_case *one, const char *wanted)
{
    if (wanted == NULL) return;
    report_check(run, one->path, strcmp(run->said, wanted) == 0, "%s: refused as %s (it was: %s)",
        one->id, wanted, run->said);
}

unsigned cases_run(struct run *run, const char *sql, const char *parameter)
{
    unsigned count = 0;
    sqlite3_stmt *row = run_prepare(run, sql);
    if (parameter != NULL) sqlite3_bind_text(row, 1, parameter, -1, SQLITE_STATIC);
    for (; run_step(run, row); count++) {
        struct vector_case one = read_case(run, row);
        enum answer answer = ask(run, row);
        report_case(run, &one, answer);
        if (answer == REFUSED) judge_status(run, &one, run_text(row, COLUMN_STATUS));
    }
    sqlite3_finalize(row);
    if (count == 0) {
        report_check(run, parameter != NULL ? parameter : run->suite, false, "there are cases");
    }
    return count;
}
