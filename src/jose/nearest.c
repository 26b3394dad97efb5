/*
** nearest.c - see nearest.h. Levenshtein's distance, one row at a time.
*/
#include "nearest.h"

#include <string.h>

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

size_t nearest_distance(const char *name, size_t length, const char *known)
{
    size_t known_length = strlen(known);
    size_t row[NEAREST_KNOWN_MAX];
    for (size_t j = 0; j <= known_length; j++) row[j] = j;
    for (size_t i = 0; i < length; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < known_length; j++) {
            size_t replaced = diagonal + (lower(name[i]) != lower(known[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(diagonal, row[j]) + 1);
        }
    }
    return row[known_length];
}
