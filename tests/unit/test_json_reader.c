/*
** test_json_reader.c - what the reader takes for JSON and what not, to the
** letter of RFC 8259 and of sql-surface 9; and the table of members it leaves.
*/
#include <stdlib.h>
#include <string.h>

#include "jose/json_reader.h"
#include "jose/json_value.h"
#include "unit.h"

/* Reads from a buffer of the exact length, so that a sanitizer sees a read beyond it. */
static enum json_fault check_exact(const char *text, size_t length)
{
    char *exact = malloc(length > 0 ? length : 1);
    if (exact == NULL) return JSON_NO_MEMORY;
    memcpy(exact, text, length);
    enum json_fault fault = json_text_check(exact, length, NULL);
    free(exact);
    return fault;
}

struct sample {
    const char *text;
    size_t length;
    enum json_fault fault;
};

/* Text that may hold NULs. */
#define SAMPLE(text, fault)           \
    {                                 \
        text, sizeof(text) - 1, fault \
    }
#define FINE(text) SAMPLE(text, JSON_FINE)
#define SYNTAX(text) SAMPLE(text, JSON_BAD_SYNTAX)
#define ESCAPE(text) SAMPLE(text, JSON_BAD_ESCAPE)
#define UTF8(text) SAMPLE(text, JSON_BAD_UTF8)
#define TWICE(text) SAMPLE(text, JSON_DUPLICATE)
#define TRAILING(text) SAMPLE(text, JSON_TRAILING)

static const struct sample texts[] = {
    /* RFC 8259 section 3: any value. */
    FINE("{}"),
    FINE("[]"),
    FINE("null"),
    FINE("true"),
    FINE("false"),
    FINE("0"),
    FINE("\"\""),
    FINE(" \t\r\n{ \t\r\n} \t\r\n"),
    FINE("[ ]"),
    FINE("[[],{},[{}]]"),
    FINE("[1,2 , 3]"),
    FINE("{\"a\":1,\"b\":[true,false,null,\"x\",-1.5e+3],\"c\":{\"a\":1}}"),
    SYNTAX(""),
    SYNTAX(" "),
    SYNTAX("{"),
    SYNTAX("["),
    SYNTAX("}"),
    SYNTAX("]"),
    SYNTAX(","),
    SYNTAX(":"),
    SYNTAX("[1"),
    SYNTAX("[1,"),
    SYNTAX("[1,]"),
    SYNTAX("[,1]"),
    SYNTAX("[1,,2]"),
    SYNTAX("[1 2]"),
    SYNTAX("[1}"),
    SYNTAX("{]"),
    SYNTAX("[}"),
    SYNTAX("{\"a\":1]"),
    SYNTAX("{\"a\"}"),
    SYNTAX("{\"a\":}"),
    SYNTAX("{\"a\" 1}"),
    SYNTAX("{\"a\"::1}"),
    SYNTAX("{\"a\":1,}"),
    SYNTAX("{,\"a\":1}"),
    SYNTAX("{\"a\":1 \"b\":2}"),
    SYNTAX("{a:1}"),
    SYNTAX("{'a':1}"),
    SYNTAX("{1:1}"),
    SYNTAX("{null:1}"),
    SYNTAX("{\"a\":1"),
    SYNTAX("{\"a\":"),
    SYNTAX("{\"a\""),
    SYNTAX("{\"a"),
    SYNTAX("[\"a]"),
    SYNTAX("[1:2]"),
    SYNTAX("{\"a\",1}"),
    /* Words, exactly. */
    SYNTAX("nul"),
    SYNTAX("tru"),
    SYNTAX("fals"),
    SYNTAX("True"),
    SYNTAX("NULL"),
    SYNTAX("NaN"),
    SYNTAX("Infinity"),
    SYNTAX("-Infinity"),
    SYNTAX("undefined"),
    TRAILING("nulll"),
    TRAILING("truefalse"),
    TRAILING("null,"),
    /* RFC 8259 section 6: numbers. */
    FINE("-0"),
    FINE("-1"),
    FINE("10"),
    FINE("0.0"),
    FINE("1.5"),
    FINE("1e1"),
    FINE("1E1"),
    FINE("1e+1"),
    FINE("1e-1"),
    FINE("0e0"),
    FINE("-0.0e-0"),
    FINE("1e400"),
    FINE("-1e400"),
    FINE("1e99999999999999999999"),
    FINE("0.00000000000000000000000000000000000000000000001"),
    FINE("99999999999999999999999999999999999999999999999999999999999999999999999999999999"),
    TRAILING("1 2"),
    SYNTAX("01"),
    SYNTAX("-01"),
    SYNTAX("00"),
    SYNTAX("1."),
    SYNTAX("1.e1"),
    SYNTAX(".5"),
    SYNTAX("-.5"),
    SYNTAX("-"),
    SYNTAX("+1"),
    SYNTAX("--1"),
    SYNTAX("1e"),
    SYNTAX("1e+"),
    SYNTAX("1e-"),
    TRAILING("1e1.5"),
    TRAILING("0x10"),
    TRAILING("1_000"),
    TRAILING("1.2.3"),
    TRAILING("1a"),
    SYNTAX("- 1"),
    SYNTAX("\xef\xbc\x91"),
    TRAILING("1-2"),
    /* RFC 8259 section 7: strings. */
    FINE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    FINE("\"\\u0001\""),
    FINE("\"\\uFFFF\\uabcd\""),
    FINE("\"\x7f\""),
    FINE("\"\xc2\x80\""),
    FINE("\"/\""),
    FINE("\"'\""),
    SYNTAX("\""),
    SYNTAX("\"a"),
    SYNTAX("\"\\"),
    SYNTAX("\"\\\""),
    SYNTAX("'a'"),
    SYNTAX("\"\n\""),
    SYNTAX("\"\r\""),
    SYNTAX("\"\t\""),
    SYNTAX("\"\x01\""),
    SYNTAX("\"\x1f\""),
    SYNTAX("\"a\0b\""),
    ESCAPE("\"\\a\""),
    ESCAPE("\"\\v\""),
    ESCAPE("\"\\0\""),
    ESCAPE("\"\\x41\""),
    ESCAPE("\"\\'\""),
    ESCAPE("\"\\U0041\""),
    ESCAPE("\"\\\n\""),
    ESCAPE("\"\\\0\""),
    ESCAPE("\"\\u\""),
    ESCAPE("\"\\u1\""),
    ESCAPE("\"\\u12\""),
    ESCAPE("\"\\u123\""),
    ESCAPE("\"\\u123g\""),
    ESCAPE("\"\\u 123\""),
    ESCAPE("\"\\u+123\""),
    ESCAPE("\"\\u-123\""),
    ESCAPE("\"\\u00"),
    /* No NUL by any name (attacks.md 0.1). */
    ESCAPE("\"\\u0000\""),
    ESCAPE("{\"sub\":\"admin\\u0000evil\"}"),
    ESCAPE("{\"exp\\u0000x\":5}"),
    ESCAPE("[\"x\\u0000\"]"),
    TRAILING("{}\0"),
    TRAILING("{\"exp\":1}\0garbage"),
    SYNTAX("\0{}"),
    SYNTAX("[\0]"),
    SYNTAX("[1,\0"
           "2]"),
    /* Surrogates come in pairs. */
    FINE("\"\\ud800\\udc00\""),
    FINE("\"\\uDBFF\\uDFFF\""),
    FINE("\"a\\ud83d\\ude00b\""),
    ESCAPE("\"\\ud800\""),
    ESCAPE("\"\\udc00\""),
    ESCAPE("\"\\udfff\\ud800\""),
    ESCAPE("\"\\ud800\\ud800\""),
    ESCAPE("\"\\ud800\\u0041\""),
    ESCAPE("\"\\ud800\\n\""),
    ESCAPE("\"\\ud800x\""),
    ESCAPE("\"\\ud800\\\""),
    ESCAPE("\"\\ud800\\u\""),
    ESCAPE("\"\\ud800\\udc0\""),
    ESCAPE("\"\\ud800\\udc0g\""),
    ESCAPE("\"\\ud800\\u0000\""),
    ESCAPE("\"\\ud800\xed\xb0\x80\""),
    ESCAPE("{\"\\ud800\":1}"),
    /* RFC 3629: UTF-8, shortest form, no surrogates, up to U+10FFFF. */
    FINE("\"\xc3\xa9\""),
    FINE("\"\xdf\xbf\""),
    FINE("\"\xe0\xa0\x80\""),
    FINE("\"\xed\x9f\xbf\""),
    FINE("\"\xee\x80\x80\""),
    FINE("\"\xef\xbf\xbf\""),
    FINE("\"\xf0\x90\x80\x80\""),
    FINE("\"\xf4\x8f\xbf\xbf\""),
    FINE("{\"\xc3\xa9\":1}"),
    FINE("\"\xe2\x80\xa8\""),
    UTF8("\"\x80\""),
    UTF8("\"\xbf\""),
    UTF8("\"\xc0\x80\""),
    UTF8("\"\xc1\xbf\""),
    UTF8("\"\xc3\""),
    UTF8("\"\xc3(\""),
    UTF8("\"\xe0\x80\x80\""),
    UTF8("\"\xe0\x9f\xbf\""),
    UTF8("\"\xe2\x82\""),
    UTF8("\"\xe2(\xa1\""),
    UTF8("\"\xe2\x82(\""),
    UTF8("\"\xed\xa0\x80\""),
    UTF8("\"\xed\xbf\xbf\""),
    UTF8("\"\xf0\x80\x80\x80\""),
    UTF8("\"\xf0\x8f\xbf\xbf\""),
    UTF8("\"\xf4\x90\x80\x80\""),
    UTF8("\"\xf5\x80\x80\x80\""),
    UTF8("\"\xf8\x88\x80\x80\x80\""),
    UTF8("\"\xfe\""),
    UTF8("\"\xff\xfe\""),
    UTF8("\"\xf0\x9f\x98\""),
    UTF8("\"\xf0\x9f\x98"),
    UTF8("{\"\xff\":1}"),
    UTF8("[\"\xe2\x82"),
    SYNTAX("\"\xc3\xa9"),
    SYNTAX("\"\xe2\x82\xac"),
    SYNTAX("[\"\xf0\x9f\x98\x80"),
    SYNTAX("[\xc3\xa9]"),
    SYNTAX("{\xff\"a\":1}"),
    /* White space is four characters, and a byte-order mark is none of them (attacks.md 0.1). */
    SYNTAX("\xef\xbb\xbf{}"),
    SYNTAX("\x01{}"),
    SYNTAX("\x02{}"),
    SYNTAX("\x0b{}"),
    SYNTAX("\x0c{}"),
    SYNTAX("[\x0b]"),
    SYNTAX("[\x0c]"),
    SYNTAX("[1\x0c]"),
    SYNTAX("\xc2\xa0{}"),
    SYNTAX("\xe2\x80\x8b{}"),
    SYNTAX("\xe2\x81\xa0{}"),
    TRAILING("{}\x0b"),
    TRAILING("{}\xc2\xa0"),
    TRAILING("{}\xef\xbb\xbf"),
    /* UTF-16 and UTF-32 are something else. */
    SYNTAX("{\0}\0"),
    SYNTAX("\0{\0}"),
    SYNTAX("\xff\xfe{\0}\0"),
    SYNTAX("\xfe\xff\0{\0}"),
    /* Nothing after it, and no comments. */
    TRAILING("{}{}"),
    TRAILING("{} {}"),
    TRAILING("{\"exp\":1}garbage"),
    TRAILING("[]]"),
    TRAILING("{}}"),
    TRAILING("\"a\"b"),
    TRAILING("{},"),
    TRAILING("{}//"),
    TRAILING("{} #"),
    TRAILING("{}/**/"),
    SYNTAX("/**/{}"),
    SYNTAX("[1,/**/2]"),
    SYNTAX("{\"a\":1/**/}"),
    SYNTAX("//\n{}"),
    SYNTAX("#\n{}"),
    /* A name twice, at any depth, by any spelling (attacks.md 0.1). */
    TWICE("{\"exp\":1,\"exp\":99}"),
    TWICE("{\"exp\":1,\"exp\":1}"),
    TWICE("{\"\":1,\"\":2}"),
    TWICE("{\"exp\":1,\"e\\u0078p\":2}"),
    TWICE("{\"e\\u0078p\":1,\"exp\":2}"),
    TWICE("{\"e\\u0078p\":1,\"\\u0065xp\":2}"),
    TWICE("{\"\\/\":1,\"/\":2}"),
    TWICE("{\"\xc3\xa9\":1,\"\\u00e9\":2}"),
    TWICE("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"),
    TWICE("{\"\\\"\":1,\"\\u0022\":2}"),
    TWICE("{\"\\n\":1,\"\\u000a\":2}"),
    TWICE("{\"a\":{\"b\":1,\"b\":2}}"),
    TWICE("[{\"b\":1,\"b\":2}]"),
    TWICE("[[[{\"b\":1,\"b\":2}]]]"),
    TWICE("{\"a\":[{\"b\":{\"c\":1,\"d\":2,\"c\":3}}]}"),
    TWICE("{\"a\":{\"x\":1},\"a\":{\"y\":1}}"),
    TWICE("{\"a\":1,\"b\":{\"a\":1},\"a\":2}"),
    TWICE("{\"b\":{\"c\":{}},\"c\":1,\"b\":2}"),
    FINE("{\"a\":1,\"A\":2}"),
    FINE("{\"exp\":1,\"Exp\":2,\"EXP\":3}"),
    FINE("{\"a\":1,\"a \":2}"),
    FINE("{\"a\":{\"a\":{\"a\":1}}}"),
    FINE("[{\"a\":1},{\"a\":1}]"),
    FINE("{\"a\":\"a\",\"b\":\"a\"}"),
    FINE("{\"a\":{\"b\":1},\"c\":{\"b\":1},\"b\":1}"),
    FINE("{\"\":1,\" \":2}"),
    FINE("{\"e\xcc\x81\":1,\"\xc3\xa9\":2}"),
    FINE("{\"\\\\u0061\":1,\"a\":2}"),
};

static const char *printable(const struct sample *sample)
{
    static char shown[128];
    size_t length = 0;
    for (size_t i = 0; i < sample->length && length < sizeof shown - 5; i++) {
        unsigned char byte = (unsigned char)sample->text[i];
        bool plain = byte >= 0x20 && byte < 0x7f;
        length +=
            (size_t)snprintf(shown + length, sizeof shown - length, plain ? "%c" : "\\x%02x", byte);
    }
    shown[length] = '\0';
    return shown;
}

static void test_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum json_fault fault = check_exact(texts[i].text, texts[i].length);
        CHECK(fault == texts[i].fault, "%s: %s, not: %s", printable(&texts[i]),
            json_fault_text(texts[i].fault), json_fault_text(fault));
    }
}

/* What reading a string must say where one of its characters is replaced by `byte`. */
static enum json_fault replaced_byte_fault(unsigned byte, bool last)
{
    if (byte < 0x20) return JSON_BAD_SYNTAX;
    if (byte == '"') return JSON_TRAILING;
    if (byte == '\\') return last ? JSON_BAD_SYNTAX : JSON_BAD_ESCAPE;
    return byte < 0x80 ? JSON_FINE : JSON_BAD_UTF8;
}

/* Every byte in every place of strings of every length: a reader may take many bytes at a time. */
static void test_every_byte_of_a_string(void)
{
    char text[48];
    for (size_t length = 1; length <= 40; length++) {
        for (size_t place = 1; place <= length; place++) {
            int wrong = -1;
            for (unsigned byte = 0; byte < 256; byte++) {
                memset(text, 'A', sizeof text);
                text[0] = '"';
                text[length + 1] = '"';
                text[place] = (char)byte;
                enum json_fault wanted = replaced_byte_fault(byte, place == length);
                if (check_exact(text, length + 2) != wanted) wrong = (int)byte;
            }
            CHECK(wrong < 0, "a string of %zu characters, byte %02x at %zu", length,
                (unsigned)wrong, place);
        }
    }
}

/* The same texts inside an object, as a header or a payload has them. */
static void test_texts_as_member(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char wrapped[256];
        size_t length = 0;
        struct json_object object;
        memcpy(wrapped, "{\"x\":", 5);
        memcpy(wrapped + 5, texts[i].text, texts[i].length);
        length = 5 + texts[i].length;
        wrapped[length++] = '}';
        enum json_fault fault = json_object_read(&object, wrapped, length, NULL);
        CHECK((fault == JSON_FINE) == (texts[i].fault == JSON_FINE), "as a member: %s",
            printable(&texts[i]));
        CHECK((fault == JSON_FINE) == (object.count == 1), "refused objects are empty: %s",
            printable(&texts[i]));
        json_object_release(&object);
    }
}

/* Every text cut off anywhere is refused, but where what is left is a number or a whole text. */
static void test_cut_off(void)
{
    static const char text[] =
        "{\"iss\":\"joe\\u00e9\\\"\",\"aud\":[\"a\",{\"b\":[true,false,null]}],"
        "\"exp\":-1.5e+10,\"\xf0\x9f\x98\x80\":\"\\ud83d\\ude00\"}";
    CHECK(check_exact(text, sizeof text - 1) == JSON_FINE, "the whole is fine");
    for (size_t length = 0; length < sizeof text - 1; length++) {
        CHECK(check_exact(text, length) != JSON_FINE, "its first %zu bytes are not", length);
    }
}

/* json_object_read() wants an object; white space around it is fine. */
static void test_only_objects(void)
{
    static const char *const others[] = { "[1]", "5", "\"x\"", "null", "true", "", " ", "[{}]",
        "\"{}\"", "x", "\xef\xbb\xbf{}" };
    struct json_object object;
    size_t at = 99;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(json_object_read(&object, others[i], strlen(others[i]), NULL) == JSON_NOT_OBJECT,
            "no object: %s", others[i]);
        CHECK(object.count == 0, "and no members: %s", others[i]);
        json_object_release(&object);
    }
    CHECK(json_object_read(&object, " {} \n", 5, &at) == JSON_FINE && at == 5,
        "an object with white space around it is read to its end");
    json_object_release(&object);
    CHECK(json_object_read(&object, "{\"a\":x}", 7, &at) == JSON_BAD_SYNTAX && at == 5,
        "a fault is said where it stands");
    json_object_release(&object);
    memset(&object, 0, sizeof object);
    json_object_release(&object);
    json_object_release(&object);
    CHECK(object.count == 0, "release is safe on a zeroed struct, and twice");
}

/* `depth` containers around nothing: `{"a":` or `[`, alternating from the outermost where `mixed`. */
static char *nest(size_t depth, char kind, bool close, size_t *length)
{
    char *text = malloc(depth * 6 + 1);
    if (text == NULL) return NULL;
    *length = 0;
    for (size_t i = 0; i < depth; i++) {
        bool object = kind == 'm' ? i % 2 == 0 : kind == '{';
        const char *open = object ? (i + 1 < depth ? "{\"a\":" : "{") : "[";
        memcpy(text + *length, open, strlen(open));
        *length += strlen(open);
    }
    for (size_t i = depth; close && i > 0; i--) {
        bool object = kind == 'm' ? (i - 1) % 2 == 0 : kind == '{';
        text[(*length)++] = object ? '}' : ']';
    }
    return text;
}

static void check_depth(size_t depth, char kind, bool close, enum json_fault wanted)
{
    size_t length = 0;
    char *text = nest(depth, kind, close, &length);
    CHECK(text != NULL && check_exact(text, length) == wanted, "%zu levels of %c%s: %s", depth,
        kind, close ? "" : ", not closed", json_fault_text(wanted));
    free(text);
}

static void test_depth(void)
{
    static const char kinds[] = "[{m";
    for (const char *kind = kinds; *kind != '\0'; kind++) {
        check_depth(1, *kind, true, JSON_FINE);
        check_depth(63, *kind, true, JSON_FINE);
        check_depth(64, *kind, true, JSON_FINE);
        check_depth(65, *kind, true, JSON_TOO_DEEP);
        check_depth(500, *kind, true, JSON_TOO_DEEP);
        check_depth(64, *kind, false, JSON_BAD_SYNTAX);
        check_depth(100000, *kind, false, JSON_TOO_DEEP);
    }
}

/* Depth is of what is open, not of what was. */
static void test_breadth(void)
{
    size_t count = 40000;
    char *text = malloc(count * 5 + 2);
    if (text == NULL) return;
    text[0] = '[';
    for (size_t i = 0; i < count; i++) memcpy(text + 1 + i * 5, "[{}],", 5);
    text[count * 5] = ']';
    CHECK(check_exact(text, count * 5 + 1) == JSON_FINE, "many arrays in a row are not deep");
    text[count * 5] = ',';
    CHECK(check_exact(text, count * 5 + 1) == JSON_BAD_SYNTAX, "and not closed they are refused");
    free(text);
}

/* A length that no offset of ours could count is refused before anything is read. */
static void test_length(void)
{
    struct json_object object;
    CHECK(json_object_read(&object, "{}", ((size_t)1 << 30) + 1, NULL) == JSON_TOO_LONG &&
              object.count == 0,
        "over a GiB");
    json_object_release(&object);
}

int main(void)
{
    test_texts();
    test_every_byte_of_a_string();
    test_texts_as_member();
    test_cut_off();
    test_only_objects();
    test_depth();
    test_breadth();
    test_length();
    return unit_end();
}
