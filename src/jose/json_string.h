/*
** json_string.h - one JSON value as a slice of text, and what a string among
** them says once its escapes are resolved.
**
** For text that json_reader has accepted, or is accepting: a string is looked
** at only after its grammar was checked.
*/
#ifndef JWT_JSON_STRING_H
#define JWT_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_INTEGER, /* a number without '.', 'e' or 'E' */
    JSON_REAL,    /* any other number */
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* One value: its raw text without white space around it. `text` NULL stands for "absent". */
struct json_value {
    const char *text;
    size_t length;
    enum json_type type;
};

/*
** Writes a JSON_STRING's content, unescaped, as UTF-8 to `out` (room for
** `string.length` bytes); returns the bytes written. No NUL is added, and
** none can be among them.
*/
size_t json_string_decode(struct json_value string, char *out);

/*
** The content of a JSON_STRING that has no escapes, in place; else NULL.
** `*length` gets its bytes.
*/
const char *json_string_plain(struct json_value string, size_t *length);

/* True where the JSON_STRING's content is exactly these bytes. */
bool json_string_is(struct json_value string, const char *bytes, size_t length);

/* True where these bytes (no space among them) are one of the space-separated words of a JSON_STRING's content. */
bool json_string_has_word(struct json_value string, const char *word, size_t length);

/* True where two JSON_STRINGs have the same content. */
bool json_strings_equal(struct json_value left, struct json_value right);

#endif
