/*
** scope.c - see scope.h.
*/
#include "scope.h"

#include <string.h>

/* True where the `length` bytes at `word` are a word of the space-separated list. */
static bool has_word(const char *list, size_t list_length, const char *word, size_t length)
{
    const char *end = list + list_length;
    while (list < end) {
        const char *stop = memchr(list, ' ', (size_t)(end - list));
        size_t here = (size_t)((stop == NULL ? end : stop) - list);
        if (here == length && memcmp(list, word, length) == 0) return true;
        if (stop == NULL) break;
        list = stop + 1;
    }
    return false;
}

static bool grants_word(struct json_value granted, const char *word, size_t length)
{
    struct json_cursor cursor;
    struct json_value element;
    size_t plain_length;
    const char *plain;
    if (granted.type == JSON_STRING) {
        plain = json_string_plain(granted, &plain_length);
        return plain != NULL ? has_word(plain, plain_length, word, length)
                             : json_string_has_word(granted, word, length);
    }
    cursor = json_cursor_start(granted);
    while (json_array_next(&cursor, &element)) {
        if (element.type == JSON_STRING && json_string_is(element, word, length)) return true;
    }
    return false;
}

/* Steps to the next word of a space-separated list; false at its end. */
static bool next_word(const char **list, const char *end, const char **word, size_t *length)
{
    while (*list < end && **list == ' ') (*list)++;
    if (*list == end) return false;
    const char *stop = memchr(*list, ' ', (size_t)(end - *list));
    *word = *list;
    *length = (size_t)((stop == NULL ? end : stop) - *list);
    *list += *length;
    return true;
}

bool scope_grants(struct json_value granted, const char *wanted, size_t wanted_length)
{
    const char *end = wanted + wanted_length;
    const char *word;
    size_t length;
    bool any = false;
    if (granted.text == NULL) return false;
    if (granted.type != JSON_STRING && granted.type != JSON_ARRAY) return false;
    while (next_word(&wanted, end, &word, &length)) {
        if (!grants_word(granted, word, length)) return false;
        any = true;
    }
    return any;
}

bool scope_words_grant(
    const char *granted, size_t granted_length, const char *wanted, size_t wanted_length)
{
    const char *end = wanted + wanted_length;
    const char *word;
    size_t length;
    bool any = false;
    while (next_word(&wanted, end, &word, &length)) {
        if (!has_word(granted, granted_length, word, length)) return false;
        any = true;
    }
    return any;
}
