/*
** base64url_wide.h - many characters at a time, on processors that can.
**
** Asked at each call, so that one build runs everywhere and no state is kept:
** the answer is a look at what the compiler's run time found out at load. Built
** with -DJWT_PORTABLE, nothing here is ever available (for tests and counts of
** the portable path).
*/
#ifndef JWT_BASE64URL_WIDE_H
#define JWT_BASE64URL_WIDE_H

#include <stdbool.h>
#include <stddef.h>

/* True where this processor has what the two functions below need. They must not be called otherwise. */
bool base64url_wide_available(void);

/*
** Encodes the first bytes, a multiple of three; returns how many. Writes four
** characters for each three of them and none more.
*/
size_t base64url_wide_encode(char *out, const unsigned char *bytes, size_t size);

/*
** Decodes the first characters, a multiple of four, to `out` (room for
** BASE64URL_SIZE(length) bytes); returns how many. Sets `*foreign` where one of
** them is outside the alphabet, and leaves it alone otherwise.
*/
size_t base64url_wide_decode(unsigned char *out, const char *text, size_t length, bool *foreign);

#endif
