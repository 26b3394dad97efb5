/*
** test_text.c - the growing buffer, the JSON strings that it writes, and that
** its errors stick.
*/
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "jose/json_value.h"
#include "jose/text.h"
#include "unit.h"

static bool text_is(const struct text *text, const char *wanted)
{
    return text->length == strlen(wanted) && memcmp(text->bytes, wanted, text->length) == 0;
}

static void test_appending(void)
{
    struct text text;
    text_start(&text);
    CHECK(text.length == 0 && !text.failed, "a new text is empty");
    text_add(&text, NULL, 0);
    text_add_string(&text, "");
    CHECK(text.length == 0, "nothing appended is nothing");
    text_add(&text, "a\0b", 3);
    CHECK(text.length == 3 && memcmp(text.bytes, "a\0b", 3) == 0, "a NUL is a byte like others");
    text_release(&text);
    CHECK(text.length == 0, "a released text is empty");
    text_add_string(&text, "again");
    CHECK(text_is(&text, "again"), "and can be used again");
    text_release(&text);
    text_release(&text);
}

/* Across the border between the struct's own room and allocated memory, by every step. */
static void test_growing(void)
{
    for (size_t step = 1; step <= 64; step++) {
        struct text text;
        char chunk[64];
        bool right = true;
        text_start(&text);
        for (size_t total = 0; total + step <= 5000; total += step) {
            for (size_t i = 0; i < step; i++) chunk[i] = (char)('a' + (total + i) % 26);
            text_add(&text, chunk, step);
        }
        for (size_t i = 0; i < text.length; i++) {
            right = right && text.bytes[i] == (char)('a' + i % 26);
        }
        CHECK(right && text.length == 5000 / step * step, "%zu bytes at a time keep order", step);
        text_release(&text);
    }
}

static void test_reserving(void)
{
    struct text text;
    text_start(&text);
    text_add_string(&text, "head:");
    char *room = text_reserve(&text, 3000);
    CHECK(room != NULL, "there is room for 3000 bytes");
    if (room != NULL) {
        memset(room, 'x', 3000);
        CHECK(text.length == 5, "reserved bytes are not counted");
        text_commit(&text, 10);
    }
    CHECK(text_is(&text, "head:xxxxxxxxxx"), "committed ones are");
    text_release(&text);
}

static void test_failure_sticks(void)
{
    struct text text;
    text_start(&text);
    text_add_string(&text, "kept");
    CHECK(text_reserve(&text, SIZE_MAX / 2) == NULL, "half of all memory is not to be had");
    CHECK(text.failed, "and that is remembered");
    text_add_string(&text, "more");
    text_add_json_string(&text, "x", 1);
    text_add_base64url(&text, "x", 1);
    text_add_integer(&text, 1);
    text_commit(&text, 3);
    CHECK(text.failed && text_is(&text, "kept"), "after it nothing is appended");
    text_release(&text);
    CHECK(!text.failed, "until the text is released");
}

static void check_json_string(const char *bytes, size_t length, const char *wanted)
{
    struct text text;
    text_start(&text);
    text_add_json_string(&text, bytes, length);
    CHECK(text_is(&text, wanted), "%s is written as such: %.*s", wanted, (int)text.length,
        text.bytes);
    text_release(&text);
}

static void test_json_strings(void)
{
    check_json_string("", 0, "\"\"");
    check_json_string("plain", 5, "\"plain\"");
    check_json_string(" a b ~", 6, "\" a b ~\"");
    check_json_string("\"", 1, "\"\\\"\"");
    check_json_string("\\", 1, "\"\\\\\"");
    check_json_string("a/b", 3, "\"a/b\"");
    check_json_string("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    check_json_string("\x01\x1f\x7f", 3, "\"\\u0001\\u001f\x7f\"");
    check_json_string("a\0b", 3, "\"a\\u0000b\"");
    check_json_string("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    check_json_string("x\ny\"z", 5, "\"x\\ny\\\"z\"");
}

/* Every byte that is a character by itself, but NUL, comes back from our own reader. */
static void test_json_strings_read_back(void)
{
    for (int byte = 1; byte < 0x80; byte++) {
        struct text text;
        char in[3] = { 'a', (char)byte, 'z' };
        char out[64];
        text_start(&text);
        text_add_json_string(&text, in, sizeof in);
        CHECK(json_text_check(text.bytes, text.length, NULL) == JSON_FINE,
            "byte %02x is written as JSON", (unsigned)byte);
        struct json_value value = json_value_at(text.bytes, text.length);
        CHECK(json_string_decode(value, out) == 3 && memcmp(out, in, 3) == 0,
            "byte %02x comes back", (unsigned)byte);
        text_release(&text);
    }
}

static void test_numbers_and_base64url(void)
{
    struct text text;
    text_start(&text);
    text_add_integer(&text, LLONG_MIN);
    text_add(&text, " ", 1);
    text_add_integer(&text, 0);
    text_add(&text, " ", 1);
    text_add_integer(&text, LLONG_MAX);
    text_add(&text, " ", 1);
    text_add_base64url(&text, "\xfb\xff", 2);
    text_add_base64url(&text, "", 0);
    CHECK(text_is(&text, "-9223372036854775808 0 9223372036854775807 -_8"),
        "integers to both ends, and base64url");
    text_release(&text);
}

int main(void)
{
    test_appending();
    test_growing();
    test_reserving();
    test_failure_sticks();
    test_json_strings();
    test_json_strings_read_back();
    test_numbers_and_base64url();
    return unit_end();
}
