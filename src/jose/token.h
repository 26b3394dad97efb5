/*
** token.h - the JWS compact serialization (RFC 7515 section 7.1) and its
** protected header (section 4).
*/
#ifndef JWT_TOKEN_H
#define JWT_TOKEN_H

#include "algorithm.h"
#include "json_value.h"

/* Where the three segments of a compact token are, as offsets into its text. */
struct token_parts {
    const char *text;
    size_t length;
    size_t header_length; /* the header starts at 0 */
    size_t payload_at;
    size_t payload_length;
    size_t signature_at;
    size_t signature_length;
};

/* Finds the segments. False unless there are exactly two dots; does not look at the alphabet. */
bool token_split(struct token_parts *parts, const char *text, size_t length);

/* The bytes that are signed: header, dot, payload (RFC 7515 section 5.1). */
size_t token_signing_length(const struct token_parts *parts);

/*
** What a header says. Everything points into the decoded header's text, which
** must outlive it; nothing is believed before the signature is.
*/
struct token_header {
    struct json_object object;
    struct json_value alg;
    struct json_value kid;             /* absent, or a string */
    struct json_value typ;             /* absent, or a string */
    struct json_value crit;            /* absent, or a well-formed list: see token_header_read() */
    const struct algorithm *algorithm; /* NULL where `alg` is not one of ours */
    bool has_b64;
    bool b64; /* RFC 7797; true unless the header says false */
};

enum header_result { HEADER_FINE, HEADER_BAD, HEADER_NO_MEMORY };

/*
** Reads a decoded header: a strict JSON object with a string `alg`; `kid`,
** `typ`, `cty` strings where present; `crit`, where present, a non-empty array
** of distinct strings, each the name of a member of this header (RFC 7515
** section 4.1.11); `b64`, where present, true or false (RFC 7797 section 3).
** On HEADER_BAD `*why` gets static words and `*member` the member's name or
** NULL. token_header_release() is due in every case.
*/
enum header_result token_header_read(struct token_header *header, const char *text, size_t length,
    const char **why, const char **member);

/* Gives back what token_header_read() allocated. */
void token_header_release(struct token_header *header);

/* True where a header member of this name is registered (RFC 7515 section 4.1, RFC 7797): no extension may take it. */
bool token_header_is_registered(const char *name, size_t length);

/* True where two media types of `typ` or `cty` are equal: any case, "application/" may be left out (RFC 7515 section 4.1.9). */
bool token_typ_equal(struct json_value left, struct json_value right);

/* token_typ_equal() against a C string. */
bool token_typ_is(struct json_value typ, const char *wanted);

#endif
