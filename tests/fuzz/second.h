/*
** second.h - a second opinion about JSON, base64url and tokens, made of jansson
** and OpenSSL alone. Without jansson there is none: second_is_there().
*/
#ifndef JWT_FUZZ_SECOND_H
#define JWT_FUZZ_SECOND_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool second_is_there(void);

enum opinion {
    OPINION_NONE, /* jansson cannot hold a number in it: no opinion */
    OPINION_NO,
    OPINION_YES,
};

/*
** Whether a text is JSON, strictly, of any depth. On OPINION_YES `*flat` gets
** its values as bytes that FLAT_... say, malloc()ed: texts of the same values
** are the same bytes.
*/
enum opinion second_json(const char *text, size_t length, char **flat);
#define FLAT_INTEGER "i%lld;"
#define FLAT_REAL "r%a;"
#define FLAT_STRING "s%zu:" /* and its bytes */
#define FLAT_NULL "n"
#define FLAT_TRUE "t"
#define FLAT_FALSE "f"
/* Arrays are [values], objects {name value name value} in the order of the text. */

/* How many containers are open at most, in text that is JSON. */
unsigned second_depth(const char *text, size_t length);

/* base64url by OpenSSL's codec. -1 where the text is not canonical; else the size, in `out` (room for `length`). */
long second_base64url_decode(unsigned char *out, const char *text, size_t length);

/* Returns the length; `out` has room for 4 * (size / 3 + 1) + 1 characters. */
size_t second_base64url_encode(char *out, const unsigned char *bytes, size_t size);

/* A key with its one algorithm. `secret` for HMAC, else `pkey`. */
struct second_key {
    const char *algorithm;
    const char *digest; /* NULL: none (EdDSA) */
    const unsigned char *secret;
    size_t secret_size;
    EVP_PKEY *pkey;
};

/* Signs; returns the bytes written to `out` (room for 256), JOSE's form for ECDSA. */
size_t second_sign(
    const struct second_key *key, const char *text, size_t length, unsigned char *out);

/* What is asked of claims; NULL: nothing. */
struct second_policy {
    const char *iss;
    const char *aud;
    const char *sub;
    double now;
    double leeway;
};

/* Whether a token is valid. */
enum opinion second_verdict(const char *token, size_t length, const struct second_key *key,
    const struct second_policy *policy);

#endif
