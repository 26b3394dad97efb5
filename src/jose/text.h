/*
** text.h - a growing byte buffer for text that we compose.
**
** Errors stick: after one failed allocation every append is a no-op and
** `failed` stays true, so that a composer checks once, at the end.
*/
#ifndef JWT_TEXT_H
#define JWT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes; /* `own` at first; never NUL-terminated */
    size_t length;
    size_t capacity;
    size_t touched; /* bytes that may have been written: so many are wiped */
    bool failed;
    char own[1024]; /* short texts need no allocation */
};

/* Makes `text` empty. Must be called first; the struct must not be copied afterwards. */
void text_start(struct text *text);

/* Gives its memory back, wiped (a composed JWK is a secret). Safe to call twice. */
void text_release(struct text *text);

/* Appends `length` bytes. */
void text_add(struct text *text, const void *bytes, size_t length);

/* Appends a C string. */
void text_add_string(struct text *text, const char *string);

/* Appends `length` UTF-8 bytes as a JSON string with its quotes (RFC 8259 section 7). */
void text_add_json_string(struct text *text, const char *bytes, size_t length);

/* Appends the base64url form, without padding, of `length` bytes. */
void text_add_base64url(struct text *text, const void *bytes, size_t length);

/* Appends a decimal integer. */
void text_add_integer(struct text *text, long long value);

/* Room for `length` more bytes at the end, to be filled by the caller, or NULL. Not counted yet: text_commit(). */
char *text_reserve(struct text *text, size_t length);

/* Counts `length` bytes that were written into text_reserve()'s room. */
void text_commit(struct text *text, size_t length);

#endif
