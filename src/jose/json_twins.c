/*
** json_twins.c - see json_twins.h.
**
** Names go into a table by their marks. Whoever chooses names can choose them so
** that they collide there: then the table is given up, and the caller sorts, which
** knows no bad order. So nothing about the table must be secret.
*/
#include "json_twins.h"

#include "secure.h"

#include <stdint.h>
#include <string.h>

#define STEPS_A_NAME 4 /* that many comparisons for each name, and the table is given up */

static int compare_names(const void *left, const void *right)
{
    const struct json_name *a = left;
    const struct json_name *b = right;
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    return a->length == 0 ? 0 : memcmp(a->bytes, b->bytes, a->length);
}

/*
** Moves the element at `root` down to its place in the heap of `count`.
** Heap sort, because qsort() may be quadratic on a chosen order, and allocates.
*/
static void sift_down(struct json_name *names, size_t root, size_t count)
{
    for (;;) {
        size_t child = root * 2 + 1;
        if (child >= count) return;
        if (child + 1 < count && compare_names(&names[child], &names[child + 1]) < 0) child++;
        if (compare_names(&names[root], &names[child]) >= 0) return;
        struct json_name moved = names[root];
        names[root] = names[child];
        names[child] = moved;
        root = child;
    }
}

static void sort_names(struct json_name *names, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) sift_down(names, i - 1, count);
    for (size_t i = count; i > 1; i--) {
        struct json_name moved = names[0];
        names[0] = names[i - 1];
        names[i - 1] = moved;
        sift_down(names, 0, i - 1);
    }
}

bool json_names_have_twins(struct json_name *names, size_t count)
{
    sort_names(names, count);
    for (size_t i = 1; i < count; i++) {
        if (compare_names(&names[i - 1], &names[i]) == 0) return true;
    }
    return false;
}

/* ---- names as they stand in the text */

static bool are_twins(
    const char *text, const struct json_member *left, const struct json_member *right)
{
    return left->name_mark == right->name_mark && left->name_length == right->name_length &&
           memcmp(text + left->name_at, text + right->name_at, left->name_length) == 0;
}

/* `slots` has 2^`bits` places, more than there are names; an empty one is 0, others are 1 and a name's index. */
static enum json_twins search(const char *text, const struct json_member *members, size_t count,
    uint32_t *slots, unsigned bits)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t steps = STEPS_A_NAME * count;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = members[i].name_mark * UINT64_C(0x9e3779b97f4a7c15);
        size_t place = (size_t)(hash >> (64 - bits));
        for (; slots[place] != 0; place = (place + 1) & mask) {
            if (are_twins(text, &members[slots[place] - 1], &members[i])) return JSON_TWINS_FOUND;
            if (steps-- == 0) return JSON_TWINS_UNKNOWN;
        }
        slots[place] = (uint32_t)i + 1;
    }
    return JSON_TWINS_NONE;
}

enum json_twins json_members_twins(
    const char *text, const struct json_member *members, size_t count)
{
    enum json_twins twins = JSON_TWINS_UNKNOWN;
    unsigned bits = 6;
    while (((size_t)1 << bits) < 2 * count) bits++;
    uint32_t *slots = memory_new_zero(((size_t)1 << bits) * sizeof *slots);
    if (slots != NULL) twins = search(text, members, count, slots, bits);
    memory_free(slots);
    return twins;
}
