/*
** json_twins.c - see json_twins.h.
*/
#include "json_twins.h"

#include <string.h>

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
