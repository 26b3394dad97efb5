/*
** json_twins.h - does a name occur twice among many.
*/
#ifndef JWT_JSON_TWINS_H
#define JWT_JSON_TWINS_H

#include <stdbool.h>
#include <stddef.h>

/* A name's content, without escapes. */
struct json_name {
    const char *bytes;
    size_t length;
};

/*
** True where two of `count` names are equal. In n log n whatever the names, so
** that a hundred thousand members cost no more than reading them. Puts them in
** another order.
*/
bool json_names_have_twins(struct json_name *names, size_t count);

#endif
