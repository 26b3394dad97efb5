/*
** unverified.h - what a token says, WITHOUT any check of its signature.
**
** For reading tokens that the caller trusts already, and for telling people
** what a token claims. As strict about the text as verification is.
*/
#ifndef JWT_UNVERIFIED_H
#define JWT_UNVERIFIED_H

#include "claims.h"
#include "token.h"

#define UNVERIFIED_OWN_BYTES 4096

struct unverified {
    struct token_parts parts;
    bool header_fine;  /* a strict JSON object: `header` can be asked */
    bool payload_fine; /* a strict JSON object: `payload` and `claims` can be asked */
    struct json_object header;
    struct json_object payload;
    struct claims claims;
    unsigned char *buffer; /* `own`, or allocated for long tokens */
    unsigned char own[UNVERIFIED_OWN_BYTES];
};

/* What to read: each bit costs its time only where it is asked for. */
enum { UNVERIFIED_HEADER = 1, UNVERIFIED_PAYLOAD = 2 };

enum unverified_result {
    UNVERIFIED_FINE,
    UNVERIFIED_MALFORMED, /* not three strict base64url segments, or longer than 1048576 bytes */
    UNVERIFIED_NO_MEMORY,
};

/*
** Takes `length` bytes apart. `text` must outlive the struct, which must not be
** copied; unverified_release() is due whatever the result.
*/
enum unverified_result unverified_read(
    struct unverified *unverified, const char *text, size_t length, unsigned what);

/* Frees what unverified_read() allocated. */
void unverified_release(struct unverified *unverified);

#endif
