/*
** revocation_options.h - the arguments of a revocation table:
**
**   CREATE VIRTUAL TABLE revoked USING jwt_revocation(leeway=600, require='jti,iat',
**       prune=16, clock='explicit');
*/
#ifndef JWT_REVOCATION_OPTIONS_H
#define JWT_REVOCATION_OPTIONS_H

#include <sqlite3ext.h>

#include "../jose/fault.h"

struct revocation_options {
    double leeway;       /* seconds that a rule is kept past its expires_at */
    unsigned require;    /* subject_need_bit()s */
    sqlite3_int64 prune; /* rules removed at most with each insert */
    bool explicit_clock; /* nothing is taken from the clock, nothing is pruned by itself */
};

/* Reads the arguments as a module gets them. False with `fault`. */
bool revocation_options_read(struct revocation_options *options, int count,
    const char *const *arguments, struct fault *fault);

#endif
