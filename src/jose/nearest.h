/*
** nearest.h - how far a name is from one that we know, for "did you mean".
*/
#ifndef JWT_NEAREST_H
#define JWT_NEAREST_H

#include <stddef.h>

#define NEAREST_KNOWN_MAX 32 /* longer than any name of ours */

/*
** Edits (insert, delete, replace; the case of ASCII letters is free) from the
** `length` bytes at `name` to `known`, a C string shorter than
** NEAREST_KNOWN_MAX. Takes `length` times strlen(known) steps.
*/
size_t nearest_distance(const char *name, size_t length, const char *known);

#endif
