/*
** explain.h - a verdict in words: which check failed, what was found, what was
** expected, and what to do.
**
** Shows header members always, and of the claims only the one that failed, and
** only after a good signature: at most 100 characters of it, control
** characters escaped. No key material, ever.
*/
#ifndef JWT_EXPLAIN_H
#define JWT_EXPLAIN_H

#include "text.h"
#include "verdict.h"

/* Appends one line that says why the verdict is what it is; nothing where it is STATUS_OK. */
void explain_detail(struct text *out, const struct verification *verification);

/*
** Appends the whole story as a JSON object: status, valid, detail and remedy,
** and `checks`, in their order, each `pass`, `fail` or `not reached`.
*/
void explain_json(struct text *out, const struct verification *verification);

#endif
