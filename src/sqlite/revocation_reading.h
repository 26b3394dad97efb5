/*
** revocation_reading.h - from a token's text, or from claims that were verified
** already, to the subject of a question. No signature is looked at.
*/
#ifndef JWT_REVOCATION_READING_H
#define JWT_REVOCATION_READING_H

#include <sqlite3ext.h>

#include "../jose/unverified.h"
#include "revocation_subject.h"

/* About 8 KiB, for the stack; not to be copied. */
struct reading {
    struct subject subject;
    struct unverified token;
    struct json_object payload; /* of claims that came without a token */
    struct claims claims;
};

enum reading_result {
    READING_FINE,
    READING_UNKNOWN, /* nothing can be said about this one; `why` says why. Static */
    READING_NO_MEMORY,
};

/*
** Reads a token. The value must outlive the reading; reading_release() is due
** whatever the result.
*/
enum reading_result reading_token(struct reading *reading, sqlite3_value *token, const char **why);

/* As reading_token() for a JSON object of claims and the header's kid; NULL: none is known. */
enum reading_result reading_claims(
    struct reading *reading, sqlite3_value *claims, sqlite3_value *kid, const char **why);

void reading_release(struct reading *reading);

#endif
