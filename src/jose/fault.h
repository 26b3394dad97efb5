/*
** fault.h - the one way to report a caller's mistake.
**
** A function that can be misused takes a `struct fault *` last, returns false
** (or NULL) and fills it. The text names the argument, what is wrong and the
** remedy: `options: unknown member "exp_in" (did you mean "expires_in"?)`.
** The caller puts the SQL function's name in front. No text ever holds key
** material, a MAC, a token, or anything longer than a short name.
*/
#ifndef JWT_FAULT_H
#define JWT_FAULT_H

#include "rarely.h"

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_NONE,   /* nothing is wrong */
    FAULT_CALLER, /* the caller's mistake: raise `text` */
    FAULT_MEMORY, /* an allocation failed: raise "out of memory" */
};

struct fault {
    enum fault_kind kind;
    char text[240]; /* UTF-8, NUL-terminated; empty for FAULT_MEMORY */
};

/*
** Records a caller's mistake; printf-like, truncated to fit, never cut inside
** a UTF-8 sequence. An earlier fault is kept. Always returns false, so that
** `return fault_set(...)` reads well.
*/
RARELY bool fault_set(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Records that memory ran out. Always returns false. */
bool fault_memory(struct fault *fault);

#endif
