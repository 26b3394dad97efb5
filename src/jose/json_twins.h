/*
** json_twins.h - does a name occur twice among many.
*/
#ifndef JWT_JSON_TWINS_H
#define JWT_JSON_TWINS_H

#include "json_reader.h"

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
