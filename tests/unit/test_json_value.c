/*
** test_json_value.c - values read out of JSON that the reader accepted: walks,
** strings, numbers to the last bit, equality, paths.
*/
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jose/json_value.h"
#include "unit.h"

/* The value of a whole text, which must be JSON. */
static struct json_value value_of(const char *text)
{
    CHECK(json_text_check(text, strlen(text), NULL) == JSON_FINE, "%s is JSON", text);
    return json_value_at(text, strlen(text));
}

static bool is_text(struct json_value value, const char *wanted)
{
    return value.text != NULL && value.length == strlen(wanted) &&
           memcmp(value.text, wanted, value.length) == 0;
}

/* ---- where a value ends, and walks */

static void test_value_at(void)
{
    static const struct {
        const char *text;
        const char *value;
        enum json_type type;
    } values[] = {
        { " null ", "null", JSON_NULL },
        { "\ttrue,", "true", JSON_TRUE },
        { "false}", "false", JSON_FALSE },
        { "12]", "12", JSON_INTEGER },
        { "-0", "-0", JSON_INTEGER },
        { "1.0 ", "1.0", JSON_REAL },
        { "1e5\n", "1e5", JSON_REAL },
        { "1E5", "1E5", JSON_REAL },
        { "\"a,]}\":1", "\"a,]}\"", JSON_STRING },
        { "\"\\\"\" ", "\"\\\"\"", JSON_STRING },
        { "\"\\\\\",", "\"\\\\\"", JSON_STRING },
        { "\"\\\\\\\"\",", "\"\\\\\\\"\"", JSON_STRING },
        { "[1,[2],\"]\"],", "[1,[2],\"]\"]", JSON_ARRAY },
        { "{\"a\":{\"}\":1}}}", "{\"a\":{\"}\":1}}", JSON_OBJECT },
        { "{\"a\\\"\":[\"{\"]} ", "{\"a\\\"\":[\"{\"]}", JSON_OBJECT },
        { "{}", "{}", JSON_OBJECT },
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct json_value value = json_value_at(values[i].text, strlen(values[i].text));
        CHECK(is_text(value, values[i].value) && value.type == values[i].type,
            "the value at %s is %s", values[i].text, values[i].value);
    }
    CHECK(json_value_at(" \n", 2).text == NULL, "in white space there is no value");
    CHECK(json_value_at("", 0).text == NULL, "in nothing there is no value");
}

/* A text that was cut off has no value, or one that ends with it: nothing behind it is read. */
static void test_value_cut_off(void)
{
    static const char *const texts[] = { "", " ", "\"", "\"ab", "\"ab\\", "[", "[1", "[[1]", "[\"a",
        "{", "{\"a\"", "{\"a\":", "{\"a\" 1", "{\"a\":[" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]);
        char *alone = malloc(length + 1); /* so that a sanitizer sees a step too far */
        if (alone == NULL) return;
        memcpy(alone, texts[i], length);
        struct json_value value = json_value_at(alone, length);
        CHECK(value.text == NULL || value.text + value.length == alone + length, "%s", texts[i]);
        struct json_value name;
        struct json_cursor cursor = { alone + (length > 0),
            alone + length }; /* behind the bracket */
        size_t members = 0;
        while (members < 9 && json_object_next(&cursor, &name, &value)) members++;
        CHECK(members < 9, "%s: the walk ends", texts[i]);
        free(alone);
    }
}

static void test_array_walk(void)
{
    static const char *const wanted[] = { "1", "\"a,b\"", "[2,3]", "{\"c\":[4]}", "null" };
    struct json_value element;
    struct json_cursor cursor =
        json_cursor_start(value_of(" [ 1 , \"a,b\",[2,3]\n,{\"c\":[4]} , null ] "));
    size_t count = 0;
    while (json_array_next(&cursor, &element) && count < 5) {
        CHECK(is_text(element, wanted[count]), "element %zu is %s", count, wanted[count]);
        count++;
    }
    CHECK(count == 5, "there are five elements");
    CHECK(!json_array_next(&cursor, &element), "and no sixth");
    cursor = json_cursor_start(value_of("[ ]"));
    CHECK(!json_array_next(&cursor, &element), "an empty array has none");
}

static void test_object_walk(void)
{
    static const char *const wanted[][2] = { { "\"a\"", "1" }, { "\"b:\\\"\"", "\"x\"" },
        { "\"\"", "{\"d\":1}" }, { "\"e\"", "[ ]" } };
    struct json_value name;
    struct json_value value;
    struct json_cursor cursor =
        json_cursor_start(value_of("{ \"a\" : 1 ,\"b:\\\"\":\"x\",\"\" :{\"d\":1}, \"e\": [ ] }"));
    size_t count = 0;
    while (json_object_next(&cursor, &name, &value) && count < 4) {
        CHECK(is_text(name, wanted[count][0]) && is_text(value, wanted[count][1]),
            "member %zu is %s", count, wanted[count][0]);
        count++;
    }
    CHECK(count == 4, "there are four members");
    CHECK(!json_object_next(&cursor, &name, &value), "and no fifth");
    cursor = json_cursor_start(value_of("{ }"));
    CHECK(!json_object_next(&cursor, &name, &value), "an empty object has none");
}

/* ---- strings */

static void test_strings(void)
{
    static const struct {
        const char *json;
        const char *content;
    } strings[] = {
        { "\"\"", "" },
        { "\"abc\"", "abc" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u007f\\u0080\\u07ff\"", "A\x7f\xc2\x80\xdf\xbf" },
        { "\"\\u0800\\uFFFF\\ud7ff\\uE000\"", "\xe0\xa0\x80\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80" },
        { "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
        { "\"\\ud83d\\ude00x\"", "\xf0\x9f\x98\x80x" },
        { "\"\\u0001\"", "\x01" },
        { "\"\xc3\xa9\\n\xf0\x9f\x98\x80\"", "\xc3\xa9\n\xf0\x9f\x98\x80" },
        { "\"a\\\\u0041\"", "a\\u0041" },
    };
    size_t count = sizeof strings / sizeof *strings;
    for (size_t i = 0; i < count; i++) {
        struct json_value value = value_of(strings[i].json);
        size_t length = strlen(strings[i].content);
        size_t plain_length = 0;
        const char *plain = json_string_plain(value, &plain_length);
        char *out = malloc(value.length);
        if (out == NULL) return;
        CHECK(json_string_decode(value, out) == length &&
                  memcmp(out, strings[i].content, length) == 0,
            "%s decodes", strings[i].json);
        free(out);
        CHECK((plain != NULL) == (strchr(strings[i].json, '\\') == NULL),
            "%s is plain where it has no escape", strings[i].json);
        CHECK(plain == NULL ||
                  (plain_length == length && memcmp(plain, strings[i].content, length) == 0),
            "%s in place", strings[i].json);
        CHECK(json_string_is(value, strings[i].content, length), "%s is its content",
            strings[i].json);
        CHECK(length == 0 || !json_string_is(value, strings[i].content, length - 1),
            "%s is no less", strings[i].json);
        CHECK(!json_string_is(value, "something else entirely", 23), "%s is not another",
            strings[i].json);
        for (size_t j = 0; j < count; j++) {
            CHECK(json_strings_equal(value, value_of(strings[j].json)) == (i == j), "%s and %s",
                strings[i].json, strings[j].json);
        }
    }
    CHECK(json_strings_equal(value_of("\"a\\u0062c\""), value_of("\"\\u0061bc\"")),
        "strings are equal by content, however they are spelt");
    CHECK(!json_strings_equal(value_of("\"ab\""), value_of("\"abc\"")), "a prefix is not equal");
    CHECK(!json_string_is(value_of("\"abc\""), "abc\0", 4), "nor is one with a NUL more");
}

/* Every character of the basic plane as an escape, against an encoder of its own here. */
static void test_every_escape(void)
{
    bool right = true;
    for (unsigned code = 1; code <= 0xffff; code++) {
        char json[16];
        char out[16];
        unsigned char wanted[3];
        size_t length = 0;
        if (code >= 0xd800 && code <= 0xdfff) continue;
        if (code >= 0x800) {
            wanted[length++] = (unsigned char)(0xe0 + code / 4096);
            wanted[length++] = (unsigned char)(0x80 + code / 64 % 64);
            wanted[length++] = (unsigned char)(0x80 + code % 64);
        } else if (code >= 0x80) {
            wanted[length++] = (unsigned char)(0xc0 + code / 64);
            wanted[length++] = (unsigned char)(0x80 + code % 64);
        } else {
            wanted[length++] = (unsigned char)code;
        }
        snprintf(json, sizeof json, code % 2 == 0 ? "\"\\u%04x\"" : "\"\\u%04X\"", code);
        struct json_value value = { json, 8, JSON_STRING };
        right = right && json_text_check(json, 8, NULL) == JSON_FINE &&
                json_string_decode(value, out) == length && memcmp(out, wanted, length) == 0;
    }
    CHECK(right, "each \\u escape of the basic plane decodes to its UTF-8");
}

/* ---- numbers */

static void test_integers(void)
{
    static const struct {
        const char *json;
        bool fits;
        int64_t value;
    } integers[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "1", true, 1 },
        { "-1", true, -1 },
        { "2147483648", true, 2147483648 },
        { "9007199254740993", true, 9007199254740993 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775806", true, INT64_MAX - 1 },
        { "-9223372036854775807", true, INT64_MIN + 1 },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "18446744073709551615", false, 0 },
        { "18446744073709551616", false, 0 },
        { "18446744073709551617", false, 0 },
        { "-18446744073709551616", false, 0 },
        { "184467440737095516160", false, 0 },
        { "99999999999999999999", false, 0 },
        { "100000000000000000000000000000000000000001", false, 0 },
        { "1.0", false, 0 },
        { "1e0", false, 0 },
        { "\"1\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
    };
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int64_t value = 77;
        bool fits = json_integer(value_of(integers[i].json), &value);
        CHECK(fits == integers[i].fits, "%s %s 64 bits", integers[i].json,
            integers[i].fits ? "is an integer of" : "is none of");
        CHECK(value == (fits ? integers[i].value : 77), "%s has its value, or none is written",
            integers[i].json);
    }
}

/* A text of `head`, `count` times `digit`, and `tail`. To be freed. */
static char *long_text(const char *head, char digit, size_t count, const char *tail)
{
    char *text = malloc(strlen(head) + count + strlen(tail) + 1);
    if (text == NULL) abort();
    strcpy(text, head);
    memset(text + strlen(head), digit, count);
    strcpy(text + strlen(head) + count, tail);
    return text;
}

static void check_number(const char *json, double wanted)
{
    double value = json_number(value_of(json));
    CHECK(value == wanted && !signbit(value) == !signbit(wanted),
        "%.60s%s (%zu characters) is %.17g, not %.17g", json, strlen(json) > 60 ? "..." : "",
        strlen(json), wanted, value);
}

static void check_long_number(
    const char *head, char digit, size_t count, const char *tail, double wanted)
{
    char *text = long_text(head, digit, count, tail);
    check_number(text, wanted);
    free(text);
}

static void test_numbers(void)
{
    check_number("0", 0);
    check_number("-1.5", -1.5);
    check_number("1.30081938e+09", 1300819380);
    check_number("9007199254740993", 9007199254740992.0);
    check_number("9223372036854775808", 9223372036854775808.0);
    check_number("1e400", INFINITY);
    check_number("-1e400", -INFINITY);
    check_number("1e-400", 0);
    check_number("1.7976931348623157e308", DBL_MAX);
    check_number("2.2250738585072014e-308", DBL_MIN);
    check_number("5e-324", 4.9406564584124654e-324);
    check_number("2e-324", 0);
    check_number("1e99999999999999999999999", INFINITY);
    check_number("1e-99999999999999999999999", 0);
    check_number("0e99999999999999999999999", 0);
    check_number("0.1", 0.1);
    check_number("100000000000000016777215", 1.0000000000000001e23);
    /* Longer than any buffer that is meant for usual numbers. */
    check_long_number("1", '0', 100, "", 1e100);
    check_long_number("1", '0', 308, "", 1e308);
    check_long_number("1", '0', 309, "", INFINITY);
    check_long_number("-1", '0', 400, "e-400", -1);
    check_long_number("0.", '0', 400, "1e400", 0.1);
    check_long_number("0.", '0', 1000, "1e1000", 0.1);
    check_long_number("1", '0', 1000, "e-1000", 1);
    check_long_number("1", '0', 5000, "e-5000", 1);
    check_long_number("0.", '3', 2000, "", 1.0 / 3);
    check_long_number("1.", '0', 2000, "", 1);
    check_long_number("0.", '0', 100000, "", 0);
    check_long_number("0.", '0', 5000, "e9999", 0);
    check_long_number("-0.", '0', 700, "1e701", -1);
    check_long_number("1e", '0', 300, "5", 1e5);
    check_long_number("1e-", '0', 300, "5", 1e-5);
    check_long_number("", '9', 400, "e-400", 1);
    check_long_number("1300819380.", '0', 300, "", 1300819380);
}

/* Half-way between two doubles: one digit, however far out, decides (IEEE 754 section 4.3.1). */
static void test_rounding(void)
{
    static const size_t lengths[] = { 1, 20, 50, 700, 740, 750, 751, 752, 760, 767, 768, 800,
        5000 };
    check_number("9007199254740993.0", 9007199254740992.0);
    check_number(
        "9007199254740993.00000000000000000000000000000000000000000000", 9007199254740992.0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_long_number("9007199254740993.", '0', lengths[i], "", 9007199254740992.0);
        check_long_number("9007199254740993.", '0', lengths[i], "1", 9007199254740994.0);
        check_long_number("-9007199254740993.", '0', lengths[i], "1", -9007199254740994.0);
        check_long_number("9007199254740992.", '9', lengths[i], "", 9007199254740992.0);
        check_long_number("0.9007199254740993", '0', lengths[i], "1e16", 9007199254740994.0);
        check_long_number("9007199254740995.", '0', lengths[i], "", 9007199254740996.0);
    }
}

/* 2^53 and no more, in any spelling. */
static void test_safe_numbers(void)
{
    static const char *const safe[] = { "0", "-0", "1.5", "1300819380", "9007199254740991",
        "9007199254740992", "-9007199254740992", "9007199254740992.0", "9.007199254740992e15",
        "4503599627370495.5", "1e-400", "90071992547409920e-1" };
    static const char *const unsafe[] = { "9007199254740993", "-9007199254740993",
        "9007199254740993.0", "9007199254740992.5", "9007199254740994", "9.007199254740993e15",
        "1e16", "-1e16", "9223372036854775807", "18446744073709551616", "1e400", "-1e400",
        "9007199254740992.00000000000000000000000000000000000000000000000000000000000000000001" };
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
        CHECK(json_number_is_safe(value_of(safe[i])), "%s is within 2^53", safe[i]);
    }
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) {
        CHECK(!json_number_is_safe(value_of(unsafe[i])), "%s is not", unsafe[i]);
    }
}

/* However long it is: -0.0 is a double of its own. */
static void test_negative_zero(void)
{
    check_number("-0.0", -0.0);
    check_long_number("-0.", '0', 70, "", -0.0);
}

static void check_numbers_in_this_locale(const char *name)
{
    double value = json_number(value_of("1.5"));
    CHECK(value == 1.5, "1.5 is 1.5 in %s", name);
    check_number("-0.25e2", -25);
    check_long_number("1.", '5', 100, "", 1.5555555555555556);
    CHECK(json_equal(value_of("2.5"), value_of("25e-1")), "2.5 equals 25e-1 in %s", name);
}

/* A host may have set any locale; in many the decimal point is a comma. */
static void test_locale(void)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8",
        "de_DE", "fr_FR", "ru_RU.UTF-8", "es_ES.UTF-8", "it_IT.UTF-8", "pt_BR.UTF-8" };
    size_t i = 0;
    while (i < sizeof names / sizeof *names && setlocale(LC_ALL, names[i]) == NULL) i++;
    if (i == sizeof names / sizeof *names) {
        unit_skip("numbers in a locale with a decimal comma: this machine has none");
        return;
    }
    char shown[16];
    snprintf(shown, sizeof shown, "%.1f", 1.5);
    CHECK(strcmp(shown, "1,5") == 0, "%s has a decimal comma", names[i]);
    check_numbers_in_this_locale(names[i]);
    setlocale(LC_ALL, "C");
}

/* ---- equality */

static void test_equality(void)
{
    static const struct {
        const char *left;
        const char *right;
        bool equal;
    } pairs[] = {
        { "1", "1", true },
        { "1", "1.0", true },
        { "1", "1e0", true },
        { "10", "1e1", true },
        { "0", "-0", true },
        { "0", "0.0e5", true },
        { "0.1", "1e-1", true },
        { "1", "2", false },
        { "1", "-1", false },
        { "1", "\"1\"", false },
        { "1", "true", false },
        { "0", "false", false },
        { "0", "null", false },
        { "null", "null", true },
        { "true", "true", true },
        { "true", "false", false },
        { "null", "false", false },
        { "\"\"", "null", false },
        /* Integers exactly: doubles cannot tell these apart. */
        { "9007199254740993", "9007199254740992", false },
        { "9007199254740993", "9007199254740993", true },
        { "9223372036854775807", "9223372036854775806", false },
        { "18446744073709551616", "18446744073709551617", false },
        { "18446744073709551616", "18446744073709551616", true },
        { "-18446744073709551616", "18446744073709551616", false },
        { "9007199254740993", "9007199254740992.0", false },
        { "9007199254740993", "9007199254740993.0", true },
        { "9007199254740993", "9007199254740993e0", true },
        { "1e400", "1e401", false },
        { "1e400", "10e399", true },
        { "1e400", "-1e400", false },
        { "1e-400", "0", false },
        { "1", "1.00000000000000000001", false },
        { "1e9999999999999", "1e9999999999998", false },
        { "12.5", "13.5", false },
        { "0.5", "-0.5", false },
        { "1020", "102", false },
        { "1002", "1.002e3", true },
        { "1002", "10.02e2", true },
        { "1002", "102", false },
        { "1.5", "1.50", true },
        { "1.5", "15e-1", true },
        { "100", "1e2", true },
        { "1e2", "1.00e+02", true },
        { "123.456", "123456e-3", true },
        { "0.1", "0.10000000000000000001", true },
        /* Strings by content, in any spelling. */
        { "\"a\"", "\"\\u0061\"", true },
        { "\"a\"", "\"A\"", false },
        { "\"a\"", "\"a \"", false },
        { "\"\xc3\xa9\"", "\"\\u00e9\"", true },
        { "\"e\xcc\x81\"", "\"\xc3\xa9\"", false },
        /* Arrays in order. */
        { "[]", "[ ]", true },
        { "[1,2]", "[1, 2.0]", true },
        { "[1,2]", "[2,1]", false },
        { "[1]", "[1,1]", false },
        { "[1,1]", "[1]", false },
        { "[[]]", "[]", false },
        { "[]", "{}", false },
        { "[[1],[2]]", "[[1],[2]]", true },
        { "[null]", "[]", false },
        /* Objects in any order. */
        { "{}", "{ }", true },
        { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true },
        { "{\"a\":1}", "{\"a\":2}", false },
        { "{\"a\":1}", "{\"b\":1}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
        { "{\"a\":1,\"b\":1}", "{\"a\":1}", false },
        { "{\"\\u0061\":1}", "{\"a\":1}", true },
        { "{\"a\":null}", "{}", false },
        { "{\"a\":{\"b\":[1,{\"c\":2}]}}", "{\"a\":{\"b\":[1.0,{\"c\":2e0}]}}", true },
        { "{\"a\":{\"b\":[1,{\"c\":2}]}}", "{\"a\":{\"b\":[1,{\"c\":3}]}}", false },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct json_value left = value_of(pairs[i].left);
        struct json_value right = value_of(pairs[i].right);
        CHECK(json_equal(left, right) == pairs[i].equal, "%s %s %s", pairs[i].left,
            pairs[i].equal ? "equals" : "does not equal", pairs[i].right);
        CHECK(json_equal(right, left) == pairs[i].equal, "%s %s %s", pairs[i].right,
            pairs[i].equal ? "equals" : "does not equal", pairs[i].left);
        CHECK(json_equal(left, left), "%s equals itself", pairs[i].left);
    }
}

/* ---- paths, in SQLite's syntax */

static void test_paths(void)
{
    static const char document[] =
        "{\"a\":{\"b\":[1,[2,3],{\"c\":4}]},\"a.b\":5,\"x y\":6,\"\":7,\"[0]\":8,\"e\\u0073c\":9,"
        "\"$\":10,\"n\":null,\"q\":[],\"a\\\"b\":11}";
    static const struct {
        const char *path;
        const char *value; /* NULL: absent */
    } found[] = {
        { "$", document },
        { "$.a", "{\"b\":[1,[2,3],{\"c\":4}]}" },
        { "$.a.b", "[1,[2,3],{\"c\":4}]" },
        { "$.a.b[0]", "1" },
        { "$.a.b[1][1]", "3" },
        { "$.a.b[2].c", "4" },
        { "$.a.b[#-1].c", "4" },
        { "$.a.b[#-3]", "1" },
        { "$.a.b[#-4]", NULL },
        { "$.a.b[#-0]", NULL },
        { "$.a.b[#]", NULL },
        { "$.a.b[3]", NULL },
        { "$.a.b[99999999999999999999999]", NULL },
        { "$.a.b[18446744073709551616]", NULL },
        { "$.a.b[#-99999999999999999999999]", NULL },
        { "$.a.b[00]", "1" },
        { "$.\"a.b\"", "5" },
        { "$.\"a\".\"b\"[0]", "1" },
        { "$.x y", "6" },
        { "$.\"x y\"", "6" },
        { "$.\"\"", "7" },
        { "$.\"[0]\"", "8" },
        { "$.esc", "9" },
        { "$.\"esc\"", "9" },
        { "$.$", "10" },
        { "$.n", "null" },
        { "$.n.x", NULL },
        { "$.q[0]", NULL },
        { "$.q[#-1]", NULL },
        { "$.q.a", NULL },
        { "$.a[0]", NULL },
        { "$.none", NULL },
        { "$.none.x[3].y", NULL },
        { "$.A", NULL },
        { "$[0]", NULL },
        { "$.a.b.c", NULL },
        { "$.a ", NULL },
    };
    static const char *const wrong[] = {
        "",
        "a",
        ".a",
        " $",
        "$a",
        "$.",
        "$..a",
        "$.a.",
        "$.a..b",
        "$[",
        "$[]",
        "$[a]",
        "$[-1]",
        "$[1",
        "$[1a]",
        "$[ 1]",
        "$[#-]",
        "$[#-a]",
        "$[#+1]",
        "$[##]",
        "$.a[",
        "$.\"a",
        "$.\"",
        "$.\"a\"b",
        "$.\"a\"\"b\"",
        "$ ",
        "$.none[",
        "$.none.",
        "$.none.\"x",
        "$[0]a",
        "$$",
        "$]",
        "$[0]]",
        "$[#-1",
        "$[#]x",
        "$[#",
    };
    struct json_value root = value_of(document);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct json_value value = { NULL, 0, JSON_NULL };
        enum json_path_result result =
            json_path_find(root, found[i].path, strlen(found[i].path), &value);
        CHECK(result == (found[i].value != NULL ? JSON_PATH_FOUND : JSON_PATH_ABSENT), "%s %s",
            found[i].path, found[i].value != NULL ? "is found" : "is absent");
        CHECK(result != JSON_PATH_FOUND || found[i].value == NULL || is_text(value, found[i].value),
            "%s is %s", found[i].path, found[i].value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct json_value value = { NULL, 0, JSON_NULL };
        CHECK(json_path_find(root, wrong[i], strlen(wrong[i]), &value) == JSON_PATH_INVALID,
            "%s is no path", wrong[i]);
    }
    /* The same asked of an object that the reader has taken apart. */
    struct json_object object;
    if (!CHECK(json_object_read(&object, document, strlen(document), NULL) == JSON_FINE, "read"))
        return;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct json_value value = { NULL, 0, JSON_NULL };
        CHECK(
            json_object_path_find(&object, wrong[i], strlen(wrong[i]), &value) == JSON_PATH_INVALID,
            "%s is no path of an object", wrong[i]);
    }
    json_object_release(&object);
}

int main(void)
{
    test_value_at();
    test_value_cut_off();
    test_array_walk();
    test_object_walk();
    test_strings();
    test_every_escape();
    test_integers();
    test_numbers();
    test_rounding();
    test_safe_numbers();
    test_negative_zero();
    test_locale();
    test_equality();
    test_paths();
    return unit_end();
}
