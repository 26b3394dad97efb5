/*
** revocation_reading.h - from a token's text, or from claims that were verified
** already, to the subject of a question. No signature is looked at.
*/
#ifndef JWT_REVOCATION_READING_H
#define JWT_REVOCATION_READING_H

#include <sqlite3ext.h>

#include "../jose/unverified.h"
#include "revocation_subject.h"

#define MEMO_HEADER_BYTES 160
#define MEMO_KID_BYTES 96

/*
** The last header that was read. Most tokens of an issuer have the same one, to
** the byte, and need not have it read again. All zero at first.
*/
struct header_memo {
    size_t length; /* of `text`, base64url; 0: none */
    char text[MEMO_HEADER_BYTES];
    size_t kid_length; /* of `kid`, a JSON string; 0: the header has none */
    char kid[MEMO_KID_BYTES];
};

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
** Reads a token. Value and memo must outlive the reading; reading_release() is
** due whatever the result.
*/
enum reading_result reading_token(
    struct reading *reading, struct header_memo *memo, sqlite3_value *token, const char **why);

/* As reading_token() for a JSON object of claims and the header's kid; NULL: none is known. */
enum reading_result reading_claims(
    struct reading *reading, sqlite3_value *claims, sqlite3_value *kid, const char **why);

void reading_release(struct reading *reading);

#endif
