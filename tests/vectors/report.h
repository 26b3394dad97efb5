/*
** report.h - judging answers, counting them by file, and saying what came of it.
*/
#ifndef VECTORS_REPORT_H
#define VECTORS_REPORT_H

#include "run.h"

/* Judges the answer to one case. True where it is what must be. */
bool report_case(struct run *run, const struct vector_case *one, enum answer answer);

/* A case that cannot be asked here. */
void report_skip(struct run *run, const struct vector_case *one, const char *why);

/*
** Counts a check beside the cases: that `holds`, where `what` says what it proves.
** Under a pretence it is not looked at.
*/
void report_check(struct run *run, const char *path, bool holds, const char *what, ...)
    __attribute__((format(printf, 4, 5)));

/*
** report_check() for each row of `sql`: column 0 is the file, column 1 what it
** proves, column 2 whether it holds. An error of the statement is a failure.
** There must be `rows` rows.
*/
void report_checks(struct run *run, unsigned rows, const char *sql);

/* The table of files, and the checks on the whole: whether pretences were noticed. */
void report_end(struct run *run);

#endif
