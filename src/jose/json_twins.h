/*
** json_twins.h - does a name occur twice among many.
*/
#ifndef JWT_JSON_TWINS_H
#define JWT_JSON_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member of an object that was read: see json_reader.h. */
struct json_member {
    uint32_t name_at; /* offset of the first byte after the opening quote */
    uint32_t name_length;
    uint32_t value_at; /* offset of the value's first byte (a string's quote) */
    uint32_t value_length;
    /*
    ** Of the raw name, to tell names apart quickly: up to eight bytes are their
    ** own mark, the first in its lowest byte. Longer ones may share theirs.
    */
    uint64_t name_mark;
    uint8_t type; /* enum json_type of the value */
    bool name_escaped;
    bool value_plain; /* the value has no escape; false: it may have one */
};

/* A name's content, without escapes. */
struct json_name {
    const char *bytes;
    size_t length;
};

/*
** True where two of `count` names are equal. In n log n whatever the names. Puts
** them in another order.
*/
bool json_names_have_twins(struct json_name *names, size_t count);

enum json_twins {
    JSON_TWINS_NONE,
    JSON_TWINS_FOUND,
    JSON_TWINS_UNKNOWN, /* the names collide too much, or memory ran out: sort them */
};

/*
** Whether two of `count` members (below 2^31) of `text` have one name, none of
** which has an escape. In time that grows with the length of the names alone.
*/
enum json_twins json_members_twins(
    const char *text, const struct json_member *members, size_t count);

#endif
