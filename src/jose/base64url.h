/*
** base64url.h - base64url without padding (RFC 4648 section 5, RFC 7515
** section 2), strict: each byte string has exactly one text.
*/
#ifndef JWT_BASE64URL_H
#define JWT_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

/* How many characters `size` bytes become. */
#define BASE64URL_LENGTH(size) (((size) / 3) * 4 + ((size) % 3 ? (size) % 3 + 1 : 0))

/* An upper bound, tight to 2, of the bytes that `length` characters become. */
#define BASE64URL_SIZE(length) (((length) / 4) * 3 + 3)

/* Writes BASE64URL_LENGTH(size) characters to `out`; returns their number. `out` and `bytes` do not overlap. */
size_t base64url_encode(char *out, const void *bytes, size_t size);

/*
** Reads `length` characters to `out` (room for BASE64URL_SIZE(length) bytes)
** and sets `*size`. False, with `*size` 0 and `out` undefined, where the text
** is not canonical: a character outside [A-Za-z0-9_-] (so also '=', white
** space, '+', '/', NUL), length % 4 == 1, or unused bits that are not zero
** (RFC 4648 section 3.5). Variable time: never meant for secret comparison.
*/
bool base64url_decode(unsigned char *out, size_t *size, const char *text, size_t length);

/*
** The same without wide instructions, for tests: base64url_encode() and
** base64url_decode() take those where the processor has them, and must agree
** with these on every text.
*/
size_t base64url_encode_portable(char *out, const void *bytes, size_t size);
bool base64url_decode_portable(unsigned char *out, size_t *size, const char *text, size_t length);

#endif
