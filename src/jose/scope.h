/*
** scope.h - what a scope grants (RFC 6749 section 3.3).
*/
#ifndef JWT_SCOPE_H
#define JWT_SCOPE_H

#include "json_value.h"

/*
** True where every space-separated word of `wanted` is a word of `granted`: a
** string of space-separated words, or an array of strings (RFC 6749 section
** 3.3). False where `wanted` has no word, or `granted` is anything else.
*/
bool scope_grants(struct json_value granted, const char *wanted, size_t wanted_length);

/* As scope_grants() for a list of words that does not stand in JSON. */
bool scope_words_grant(
    const char *granted, size_t granted_length, const char *wanted, size_t wanted_length);

#endif
