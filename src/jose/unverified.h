/*
** unverified.h - what a token says, WITHOUT any check of its signature.
**
** For reading tokens that the caller trusts already, and for telling people
** what a token claims. As strict about the text as verification is.
*/
#ifndef JWT_UNVERIFIED_H
#define JWT_UNVERIFIED_H

#include "claims.h"
#include "header_memo.h"
#include "token.h"

#define UNVERIFIED_OWN_BYTES 4096

struct unverified {
    struct token_parts parts;
    bool header_fine;  /* a strict JSON object: `header` can be asked */
    bool payload_fine; /* a strict JSON object: `payload` and `claims` can be asked */
    struct json_object header;
    struct json_object payload;
    struct claims claims;            /* not with UNVERIFIED_PLAIN */
    struct kept_header *kept_header; /* a reference, where the header was read before; or NULL */
    unsigned char *buffer;           /* `own`, or allocated for long tokens */
    unsigned char own[UNVERIFIED_OWN_BYTES];
};

/* What to read: each bit costs its time only where it is asked for. */
enum {
    UNVERIFIED_HEADER = 1,
    UNVERIFIED_PAYLOAD = 2, /* and where the known claims are, */
    UNVERIFIED_PLAIN = 4,   /* unless nobody asks for those */
};

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

/* The same with a memo (or NULL) of headers that came before. */
enum unverified_result unverified_read_known(struct unverified *unverified, const char *text,
    size_t length, unsigned what, struct header_memo *headers);

/* Makes unverified_release() safe on a struct that unverified_read() has not seen. */
void unverified_start(struct unverified *unverified);

/* Frees what unverified_read() allocated. */
void unverified_release(struct unverified *unverified);

#endif
