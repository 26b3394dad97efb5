/*
** report.c - see report.h.
*/
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expectations.h"

static struct tally *tally_of(struct run *run, const char *path)
{
    struct tally *grown;
    for (size_t i = 0; i < run->tally_count; i++) {
        if (strcmp(run->tallies[i].path, path) == 0) return &run->tallies[i];
    }
    grown = realloc(run->tallies, (run->tally_count + 1) * sizeof *grown);
    if (grown == NULL) run_stop(run, "out of memory");
    run->tallies = grown;
    grown = &run->tallies[run->tally_count++];
    memset(grown, 0, sizeof *grown);
    grown->path = sqlite3_mprintf("%s", path);
    grown->suite = run->suite;
    if (grown->path == NULL) run_stop(run, "out of memory");
    return grown;
}

static const char *answer_name(enum answer answer)
{
    return answer == ACCEPTED ? "accepted" : "refused";
}

/* What must come, and why where that is not upstream's word; EXPECT_UPSTREAM where nobody says. */
static enum expected expected_answer(
    struct run *run, const struct vector_case *one, const char **why)
{
    enum expected expected = expectations_find(run, one->path, one->id, one->label, why);
    if (expected != EXPECT_UPSTREAM) return expected;
    *why = one->why;
    if (one->is_decided) return one->decided == ACCEPTED ? EXPECT_ACCEPT : EXPECT_REFUSE;
    if (one->upstream == EITHER) return EXPECT_UPSTREAM;
    return one->upstream == VALID ? EXPECT_ACCEPT : EXPECT_REFUSE;
}

/* Where the answer is right, and not upstream's (or upstream has none): which, and why. */
static void say_deviation(struct run *run, struct tally *tally, const struct vector_case *one,
    enum answer answer, const char *why)
{
    if (why == NULL) run_stop(run, "%s: %s: a deviation without a reason", one->path, one->id);
    if (one->upstream == EITHER) {
        printf("decided: %s: %s: %s: %s\n", one->path, one->id, answer_name(answer), why);
        return;
    }
    tally->deviations++;
    printf("deviation: %s: %s: upstream says %s, %s: %s\n", one->path, one->id,
        one->upstream == VALID ? "valid" : "invalid", answer_name(answer), why);
}

bool report_case(struct run *run, const struct vector_case *one, enum answer answer)
{
    const char *why = NULL;
    struct tally *tally = tally_of(run, one->path);
    enum expected expected = expected_answer(run, one, &why);
    enum answer wanted = expected == EXPECT_ACCEPT ? ACCEPTED : REFUSED;
    bool holds = expected != EXPECT_UPSTREAM && answer == wanted;
    bool deviates = one->upstream == EITHER || (one->upstream == VALID) != (wanted == ACCEPTED);
    if (expected == EXPECT_SKIP) {
        report_skip(run, one, why);
        return true;
    }
    if (run->pretence != HONEST) {
        tally->noticed[run->pretence] += !holds;
        return holds;
    }
    tally->cases++;
    *(wanted == ACCEPTED ? &tally->must_accept : &tally->must_refuse) += 1;
    *(answer == ACCEPTED ? &tally->accepted : &tally->refused) += 1;
    if (holds) {
        run->passed++;
        if (deviates) say_deviation(run, tally, one, answer, why);
        return true;
    }
    run->failed++;
    tally->failed++;
    printf("failed: %s: %s: %s (%s)%s%s\n", one->path, one->id, answer_name(answer), run->said,
        why != NULL ? ": " : "", why != NULL ? why : "");
    return false;
}

void report_skip(struct run *run, const struct vector_case *one, const char *why)
{
    if (run->pretence != HONEST) return;
    run->skipped++;
    tally_of(run, one->path)->skipped++;
    printf("skipped: %s: %s: %s\n", one->path, one->id, why);
}

void report_check(struct run *run, const char *path, bool holds, const char *what, ...)
{
    va_list arguments;
    if (run->pretence != HONEST) return;
    *(holds ? &run->passed : &run->failed) += 1;
    if (holds) return;
    printf("failed: %s: not so: ", path);
    va_start(arguments, what);
    vprintf(what, arguments);
    va_end(arguments);
    printf("\n");
}

void report_checks(struct run *run, unsigned rows, const char *sql)
{
    unsigned count = 0;
    sqlite3_stmt *row;
    if (run->pretence != HONEST) return;
    row = run_prepare(run, sql);
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *path = run_text(row, 0);
        const char *what = run_text(row, 1);
        report_check(run, path != NULL ? path : run->suite, sqlite3_column_int(row, 2) == 1, "%s",
            what != NULL ? what : "(no name)");
        count++;
    }
    if (code != SQLITE_DONE) {
        report_check(run, run->suite, false, "the check can be made: %s", sqlite3_errmsg(run->db));
    } else if (count != rows) {
        report_check(run, run->suite, false, "there are %u rows, not %u: %s", rows, count, sql);
    }
    sqlite3_finalize(row);
}

/* Each pretence must fail in exactly the cases that forbid what it does, and in some of each suite. */
static void check_pretences(struct run *run)
{
    for (size_t i = 0; i < run->tally_count; i++) {
        const struct tally *tally = &run->tallies[i];
        unsigned accepts = 0;
        unsigned refuses = 0;
        bool first = true;
        report_check(run, tally->path,
            tally->noticed[ACCEPTS_ALL] == tally->must_refuse &&
                tally->noticed[REFUSES_ALL] == tally->must_accept,
            "made-up answers fail in all cases that forbid them");
        for (size_t j = 0; j < run->tally_count; j++) {
            if (strcmp(run->tallies[j].suite, tally->suite) != 0) continue;
            if (j < i) first = false;
            accepts += run->tallies[j].must_accept;
            refuses += run->tallies[j].must_refuse;
        }
        if (!first || accepts + refuses == 0) continue;
        report_check(run, tally->suite, refuses > 0, "a verifier that accepts all is noticed");
        report_check(run, tally->suite, accepts > 0, "a verifier that refuses all is noticed");
    }
}

void report_end(struct run *run)
{
    check_pretences(run);
    printf("\n%-74s %5s %8s %7s %10s %7s %6s\n", "file", "cases", "accepted", "refused",
        "deviations", "skipped", "failed");
    for (size_t i = 0; i < run->tally_count; i++) {
        const struct tally *tally = &run->tallies[i];
        printf("%-74s %5u %8u %7u %10u %7u %6u\n", tally->path, tally->cases, tally->accepted,
            tally->refused, tally->deviations, tally->skipped, tally->failed);
        sqlite3_free(tally->path);
    }
    free(run->tallies);
    run->tallies = NULL;
    run->tally_count = 0;
}
