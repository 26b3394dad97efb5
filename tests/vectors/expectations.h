/*
** expectations.h - expectations.json: what wins over a vector file's own label.
**
** Entries that name a file, a case and "accept" or "reject" are applied as they
** stand. The others are prose for people ("reject unless ..."): how each of
** them reads under our contract is in a table, with the sentence that decides.
** An entry that is neither, or that no case has met, is a failure.
*/
#ifndef VECTORS_EXPECTATIONS_H
#define VECTORS_EXPECTATIONS_H

#include "run.h"

enum expected { EXPECT_UPSTREAM, EXPECT_ACCEPT, EXPECT_REFUSE, EXPECT_SKIP };

/* Reads expectations.json. */
void expectations_load(struct run *run);

/*
** What is expected of a case that goes by `id` or `label`; `*why` gets the
** reason (valid until the next call) where it is not what upstream says.
*/
enum expected expectations_find(
    struct run *run, const char *path, const char *id, const char *label, const char **why);

/* Says that the entries about this file could not be met here: it was skipped. */
void expectations_excuse(struct run *run, const char *path);

/* Failures for entries that no case has met. */
void expectations_check(struct run *run);

#endif
