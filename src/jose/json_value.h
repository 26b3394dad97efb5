/*
** json_value.h - reading values out of JSON text that json_reader accepted.
**
** Nothing here checks grammar again, so nothing here may meet a text that has
** not passed json_object_read() or json_text_check().
*/
#ifndef JWT_JSON_VALUE_H
#define JWT_JSON_VALUE_H

#include "json_reader.h"

/* A walk over the members of an object or the elements of an array. */
struct json_cursor {
    const char *at;
    const char *end;
};

/* The value of a member; absent where `member` is NULL. */
static inline struct json_value json_member_value(
    const struct json_object *object, const struct json_member *member)
{
    if (member == NULL) return (struct json_value){ NULL, 0, JSON_NULL };
    return (struct json_value){ object->text + member->value_at, member->value_length,
        (enum json_type)member->type };
}

/* The value of the member of this name, or absent. */
struct json_value json_object_get(const struct json_object *object, const char *name);

/* The value that starts at `text` (after white space), within `length` bytes. */
struct json_value json_value_at(const char *text, size_t length);

/* Starts a walk over `container`, an array or object. */
struct json_cursor json_cursor_start(struct json_value container);

/* Steps to the next element; false at the end. */
bool json_array_next(struct json_cursor *cursor, struct json_value *element);

/* Steps to the next member; `name` is a JSON_STRING value with its quotes. False at the end. */
bool json_object_next(
    struct json_cursor *cursor, struct json_value *name, struct json_value *value);

/* True, with `*out` set, where the value is JSON_INTEGER and fits 64 bits. */
bool json_integer(struct json_value value, int64_t *out);

/* The nearest double to a number (JSON_INTEGER or JSON_REAL); may be infinite. Independent of the locale. */
double json_number(struct json_value value);

/*
** True where a number is within 2^53 on both sides of zero, exactly: up to
** there doubles tell whole numbers apart, and beyond they skip some.
*/
bool json_number_is_safe(struct json_value value);

/*
** JSON equality: numbers by value (1 equals 1.0; whole numbers exactly, of any
** length, fractions by their nearest doubles), strings by content, arrays in
** order, objects regardless of order (RFC 8259 section 4).
*/
bool json_equal(struct json_value left, struct json_value right);

enum json_path_result {
    JSON_PATH_FOUND,
    JSON_PATH_ABSENT,
    JSON_PATH_INVALID, /* not a path: the caller's mistake */
};

/*
** Follows a path in SQLite's syntax ($, .name, ."name", [3], [#-1], [#]) from
** `root`. Names match unescaped content.
*/
enum json_path_result json_path_find(
    struct json_value root, const char *path, size_t path_length, struct json_value *out);

/* As json_path_find() from an object that was read: its first name is looked up in the table of members. */
enum json_path_result json_object_path_find(
    const struct json_object *object, const char *path, size_t path_length, struct json_value *out);

#endif
