/*
** test_header_memo.c - headers that were read before are found by all of their
** bytes, from the second time on, and stay while they are referred to.
*/
#include <stdlib.h>
#include <string.h>

#include "jose/base64url.h"
#include "jose/header_memo.h"
#include "unit.h"

/* The segment of a header. */
static size_t segment_of(const char *text, char *segment)
{
    return base64url_encode(segment, text, strlen(text));
}

/* Notes a header from memory that is gone afterwards. */
static void note(struct header_memo *memo, const char *text)
{
    char segment[4096];
    size_t length = segment_of(text, segment);
    char *copy = malloc(strlen(text));
    char *exact = malloc(length);
    if (copy == NULL || exact == NULL) abort();
    memcpy(copy, text, strlen(text));
    memcpy(exact, segment, length);
    header_memo_note(memo, exact, length, copy, strlen(text));
    free(copy);
    free(exact);
}

static struct kept_header *find(struct header_memo *memo, const char *text)
{
    char segment[4096];
    size_t length = segment_of(text, segment);
    return header_memo_find(memo, segment, length);
}

static bool knows(struct header_memo *memo, const char *text)
{
    struct kept_header *kept = find(memo, text);
    bool same = kept != NULL && kept->length == strlen(text) &&
                memcmp(kept->text, text, kept->length) == 0 &&
                kept->header.object.text == kept->text;
    CHECK(kept == NULL || same, "what is found is what was noted: %s", text);
    kept_header_release(kept);
    return same;
}

static void test_second_time(void)
{
    struct header_memo *memo = header_memo_new();
    const char *text = "{\"alg\":\"HS256\",\"kid\":\"a\"}";
    CHECK(!knows(memo, text), "an empty memo knows nothing");
    note(memo, text);
    CHECK(!knows(memo, text), "nor what came once");
    note(memo, text);
    CHECK(knows(memo, text), "what came twice is known");
    struct kept_header *kept = find(memo, text);
    CHECK(kept != NULL && kept->header.algorithm != NULL &&
              strcmp(kept->header.algorithm->name, "HS256") == 0 &&
              json_string_is(kept->header.kid, "a", 1),
        "with what it says");
    header_memo_free(memo);
    CHECK(kept != NULL && json_string_is(kept->header.kid, "a", 1), "it outlives the memo");
    kept_header_release(kept);
}

/* Headers that share length, beginning or end with one that is known are others. */
static void test_near_misses(void)
{
    static const char known[] =
        "{\"alg\":\"HS256\",\"kid\":\"0123456789abcdef0123456789abcdef\",\"typ\":\"JWT\"}";
    struct header_memo *memo = header_memo_new();
    char segment[256];
    size_t length = segment_of(known, segment);
    note(memo, known);
    note(memo, known);
    CHECK(knows(memo, known), "the header is known");
    for (size_t i = 0; i < length; i++) {
        char other[256];
        memcpy(other, segment, length);
        for (unsigned bit = 0; bit < 8; bit++) {
            other[i] = (char)(segment[i] ^ (1 << bit));
            struct kept_header *kept = header_memo_find(memo, other, length);
            CHECK(kept == NULL, "with bit %u of character %zu changed it is not", bit, i);
            kept_header_release(kept);
        }
    }
    for (size_t shorter = 0; shorter < length; shorter++) {
        CHECK(header_memo_find(memo, segment, shorter) == NULL, "nor its first %zu characters",
            shorter);
        CHECK(header_memo_find(memo, segment + length - shorter, shorter) == NULL,
            "nor its last %zu", shorter);
    }
    header_memo_free(memo);
}

/* Many headers push one another out, and none is ever taken for another. */
static void test_many(void)
{
    struct header_memo *memo = header_memo_new();
    struct kept_header *held = NULL;
    char text[128];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) {
            snprintf(text, sizeof text, "{\"alg\":\"HS256\",\"kid\":\"key-%03d-of-many\"}", i);
            note(memo, text);
            note(memo, text);
            CHECK(knows(memo, text), "the latest header is known: %d", i);
            if (held == NULL) held = find(memo, text);
        }
    }
    unsigned known = 0;
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof text, "{\"alg\":\"HS256\",\"kid\":\"key-%03d-of-many\"}", i);
        known += knows(memo, text);
    }
    CHECK(known == 8, "eight are kept (%u)", known);
    CHECK(held != NULL && json_string_is(held->header.kid, "key-000-of-many", 15),
        "one that is still referred to stays");
    kept_header_release(held);
    header_memo_free(memo);
}

static void test_limits(void)
{
    struct header_memo *memo = header_memo_new();
    char text[2048];
    for (int i = 0; i < 3; i++) {
        memset(text, ' ', sizeof text);
        memcpy(text, "{\"alg\":\"HS256\"", 14);
        text[2000] = '}';
        text[2001] = 0;
        note(memo, text);
        note(memo, "{}");
    }
    CHECK(!knows(memo, text), "a long header is not kept");
    CHECK(!knows(memo, "{}"), "nor one that is shorter than any header can be");
    header_memo_free(memo);
    note(NULL, "{\"alg\":\"HS256\"}");
    CHECK(!knows(NULL, "{\"alg\":\"HS256\"}"), "without a memo nothing is kept");
    header_memo_free(NULL);
    kept_header_release(NULL);
}

int main(void)
{
    test_second_time();
    test_near_misses();
    test_many();
    test_limits();
    return unit_end();
}
