/*
** test_text.c - composed text grows, escapes and sticks to its first failure; faults are kept whole.
*/
#include <string.h>

#include "src/jose/fault.h"
#include "src/jose/secure.h"
#include "src/jose/text.h"
#include "unit.h"

static bool text_is(const struct text *text, const char *bytes, size_t length)
{
    return !text->failed && text->length == length && memcmp(text->bytes, bytes, length) == 0;
}

static void test_growing(void)
{
    struct text text;
    text_start(&text);
    CHECK(text_is(&text, "", 0), "a new text is empty");
    for (int i = 0; i < 1000; i++) text_add_string(&text, "0123456789");
    CHECK(text.length == 10000 && !text.failed, "a text grows past its own buffer");
    bool whole = true;
    for (size_t i = 0; i < text.length; i++) whole = whole && text.bytes[i] == (char)('0' + i % 10);
    CHECK(whole, "nothing is lost when it grows");
    text_release(&text);
    CHECK(text.length == 0 && text.bytes == text.own, "a released text is empty again");
    text_add_string(&text, "again");
    CHECK(text_is(&text, "again", 5), "and can be used again");
    text_release(&text);
    text_release(&text);
    CHECK(true, "releasing twice is safe");
}

static void test_reserving(void)
{
    struct text text;
    text_start(&text);
    char *room = text_reserve(&text, 3);
    CHECK(room != NULL && text.length == 0, "reserved room does not count yet");
    if (room != NULL) memcpy(room, "abc", 3);
    text_commit(&text, 2);
    CHECK(text_is(&text, "ab", 2), "what was committed counts");
    CHECK(text_reserve(&text, (size_t)-1) == NULL && text.failed, "too much room fails");
    text_add_string(&text, "more");
    CHECK(text.length == 2, "after a failure nothing is added");
    CHECK(text_reserve(&text, 1) == NULL, "and nothing is reserved");
    text_release(&text);
}

static void test_json_strings(void)
{
    struct text text;
    text_start(&text);
    text_add_json_string(&text, "a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9", 14);
    CHECK(text_is(&text, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"", 33),
        "control characters, quote and backslash are escaped, the rest is not");
    text_release(&text);
    text_start(&text);
    text_add_json_string(&text, "a\0b", 3);
    CHECK(text_is(&text, "\"a\\u0000b\"", 10), "a NUL is escaped, it ends nothing");
    text_release(&text);
    text_start(&text);
    text_add_json_string(&text, "", 0);
    CHECK(text_is(&text, "\"\"", 2), "an empty string");
    text_release(&text);
}

static void test_numbers_and_base64url(void)
{
    struct text text;
    text_start(&text);
    text_add_integer(&text, -9223372036854775807LL - 1);
    text_add_string(&text, " ");
    text_add_base64url(&text, "\xff\xfe\xfd\xfc", 4);
    CHECK(text_is(&text, "-9223372036854775808 __79_A", 27), "integers and base64url");
    text_release(&text);
}

static void test_faults(void)
{
    struct fault fault = { 0 };
    CHECK(!fault_set(&fault, "key: %s %d", "bad", 7), "setting a fault is false");
    CHECK(fault.kind == FAULT_CALLER && strcmp(fault.text, "key: bad 7") == 0, "its text");
    fault_set(&fault, "another");
    fault_memory(&fault);
    CHECK(fault.kind == FAULT_CALLER && strcmp(fault.text, "key: bad 7") == 0, "the first is kept");

    struct fault memory = { 0 };
    CHECK(
        !fault_memory(&memory) && memory.kind == FAULT_MEMORY && memory.text[0] == '\0', "memory");

    /* 239 bytes fit: the multi-byte character across the end goes whole */
    static const char *const tails[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        for (size_t before = 235; before <= 239; before++) {
            char long_text[300];
            memset(long_text, 'x', before);
            strcpy(long_text + before, tails[i]);
            struct fault cut = { 0 };
            fault_set(&cut, "%s", long_text);
            size_t fits = before + strlen(tails[i]) <= 239 ? before + strlen(tails[i]) : before;
            CHECK(strlen(cut.text) == fits, "a cut never splits a character (%zu + %zu)", before,
                strlen(tails[i]));
        }
    }
}

static void test_secure(void)
{
    unsigned char left[32] = { 0 }, right[32] = { 0 };
    CHECK(secure_random(left, sizeof left) && secure_random(right, sizeof right), "random bytes");
    CHECK(!secure_equal(left, right, sizeof left), "two draws differ");
    memcpy(right, left, sizeof left);
    CHECK(secure_equal(left, right, sizeof left), "equal bytes are equal");
    right[31] ^= 1;
    CHECK(!secure_equal(left, right, sizeof left), "the last bit counts");
    CHECK(secure_equal(left, right, 0), "no bytes are equal");
    secure_wipe(left, sizeof left);
    unsigned char zero[32] = { 0 };
    CHECK(memcmp(left, zero, sizeof zero) == 0, "wiped");
    unsigned char *memory = memory_new_zero(16);
    CHECK(memory != NULL && memcmp(memory, zero, 16) == 0, "zeroed memory");
    memory_wipe_free(memory, 16);
    memory_free(NULL);
    memory_wipe_free(NULL, 0);
    memory_free(memory_new(0));
    CHECK(true, "freeing nothing is safe");
}

int main(void)
{
    test_growing();
    test_reserving();
    test_json_strings();
    test_numbers_and_base64url();
    test_faults();
    test_secure();
    return unit_end();
}
