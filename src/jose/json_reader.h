/*
** json_reader.h - one pass over an attacker's bytes.
**
** Reads JSON to the letter of RFC 8259, as strictly as I-JSON (RFC 7493)
** where that matters for tokens: UTF-8 valid, no byte-order mark, no duplicate
** member at any depth (names compared unescaped), no \u0000, no lone
** surrogate, depth at most 64, nothing after the text. It builds no tree and
** copies nothing: what it leaves behind is a table of the top-level members.
** For usual tokens it allocates nothing.
*/
#ifndef JWT_JSON_READER_H
#define JWT_JSON_READER_H

#include "json_string.h"
#include "json_twins.h"

#include <stdint.h>

#define JSON_DEPTH_MAX 64
#define JSON_OWN_MEMBERS 40

/* What is wrong with a text. The order means nothing. */
enum json_fault {
    JSON_FINE,
    JSON_NO_MEMORY,
    JSON_NOT_OBJECT, /* the text is JSON perhaps, but does not start an object */
    JSON_BAD_SYNTAX, /* RFC 8259 grammar, control character in a string, byte-order mark */
    JSON_BAD_UTF8,   /* RFC 3629, overlong and surrogates included */
    JSON_BAD_ESCAPE, /* unknown escape, \u0000, lone surrogate */
    JSON_DUPLICATE,  /* a member name twice in one object */
    JSON_TOO_DEEP,   /* more than JSON_DEPTH_MAX */
    JSON_TRAILING,   /* something after the value */
    JSON_TOO_LONG,   /* more than 1 GiB */
};

/* The members of an object that was read. Not to be copied: `members` may point into it. */
struct json_object {
    const char *text; /* the caller's bytes, not copied */
    size_t length;
    struct json_member *members; /* in the text's order */
    size_t count;
    size_t capacity;
    struct json_member own[JSON_OWN_MEMBERS];
};

/*
** Reads `length` bytes that must be one JSON object. `text` need not be
** NUL-terminated and must outlive `object`. On JSON_FINE the object's members
** can be asked; on any other result it is empty. `*at` (may be NULL) gets the
** offset where reading stopped. json_object_release() is due in both cases.
*/
enum json_fault json_object_read(
    struct json_object *object, const char *text, size_t length, size_t *at);

/* Gives back what json_object_read() allocated, if anything. Safe on a zeroed struct, and twice. */
void json_object_release(struct json_object *object);

/* As json_object_read() for any JSON value, keeping nothing. */
enum json_fault json_text_check(const char *text, size_t length, size_t *at);

/* The member of exactly this name (bytes, compared unescaped), or NULL. */
const struct json_member *json_object_find(
    const struct json_object *object, const char *name, size_t name_length);

/* Plain words for a fault, for example "a member name occurs twice". Static. */
const char *json_fault_text(enum json_fault fault);

#endif
