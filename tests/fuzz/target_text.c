/*
** target_text.c - the two readers that see an attacker's bytes first, JSON and
** base64url, each beside others: SQLite's JSON, jansson, OpenSSL's base64.
**
** The first byte says which: 0 JSON, 1 base64url, 2 bytes to encode.
*/
#include "fuzz.h"
#include "second.h"

#include "jose/base64url.h"
#include "jose/json_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db;

static void start(void)
{
    db = fuzz_database();
}

/* ---- JSON */

/* As second.h has it, of what our own walk over the text finds. */
static void flatten(FILE *out, struct json_value value)
{
    struct json_cursor cursor;
    struct json_value element, name;
    int64_t integer;
    switch (value.type) {
    case JSON_NULL: fputs(FLAT_NULL, out); break;
    case JSON_TRUE: fputs(FLAT_TRUE, out); break;
    case JSON_FALSE: fputs(FLAT_FALSE, out); break;
    case JSON_INTEGER:
        MUST(json_integer(value, &integer), "an integer beyond 64 bits, and jansson read it");
        MUST(json_number(value) == (double)integer, "%lld is %a as a double", (long long)integer,
            json_number(value));
        fprintf(out, FLAT_INTEGER, (long long)integer);
        break;
    case JSON_REAL: fprintf(out, FLAT_REAL, json_number(value)); break;
    case JSON_STRING: {
        size_t plain_size = 0;
        const char *plain = json_string_plain(value, &plain_size);
        char *decoded = malloc(value.length);
        MUST(decoded != NULL, "memory");
        size_t size = json_string_decode(value, decoded);
        MUST(json_string_is(value, decoded, size), "a string is not what it is");
        MUST(plain == NULL || (plain_size == size && memcmp(plain, decoded, size) == 0),
            "plain, but another");
        fprintf(out, FLAT_STRING, size);
        fwrite(decoded, 1, size, out);
        free(decoded);
        break;
    }
    case JSON_ARRAY:
        fputc('[', out);
        for (cursor = json_cursor_start(value); json_array_next(&cursor, &element);)
            flatten(out, element);
        fputc(']', out);
        break;
    case JSON_OBJECT:
        fputc('{', out);
        for (cursor = json_cursor_start(value); json_object_next(&cursor, &name, &element);) {
            flatten(out, name);
            flatten(out, element);
        }
        fputc('}', out);
        break;
    }
}

/* The table of members and the walk agree; each member is found by its name. */
static void check_members(const struct json_object *object, const char *text, size_t size)
{
    struct json_cursor cursor = json_cursor_start(json_value_at(text, size));
    struct json_value name, value;
    size_t count = 0;
    while (json_object_next(&cursor, &name, &value)) {
        MUST(count < object->count, "more members than the table has");
        struct json_value listed = json_member_value(object, &object->members[count]);
        MUST(
            listed.text == value.text && listed.length == value.length && listed.type == value.type,
            "member %zu is another", count);
        char *decoded = malloc(name.length);
        MUST(decoded != NULL, "memory");
        size_t decoded_size = json_string_decode(name, decoded);
        MUST(json_object_find(object, decoded, decoded_size) == &object->members[count],
            "member %zu is not found by its name", count);
        free(decoded);
        count++;
    }
    MUST(count == object->count, "%zu members, %zu in the table", count, object->count);
}

/* SQLite 3.40 takes an array for the name of a second member: {"a":1,["b"]:2}. jansson is asked then, where it is here. */
static bool sqlite_errs(const char *text, size_t size)
{
    char *flat = NULL;
    enum opinion opinion = second_json(text, size, &flat);
    free(flat);
    return opinion != OPINION_YES && sqlite3_libversion_number() < 3042000;
}

/* What SQLite takes and we do not, and why; see tests/unit/json_against_sqlite.c for the list with its own checks. */
static void compare_sqlite(const char *text, size_t size, enum json_fault fault)
{
    struct answer valid = ASK(db, "SELECT json_valid(?1)", value_text(text, size));
    bool has_nul = size > 0 && memchr(text, '\0', size) != NULL; /* SQLite reads no further */
    if (fault == JSON_FINE) {
        MUST(valid.number == 1, "we take what SQLite refuses");
    } else if (valid.number == 1 && !has_nul) {
        MUST(fault == JSON_BAD_UTF8 || fault == JSON_BAD_ESCAPE || fault == JSON_DUPLICATE ||
                 fault == JSON_TOO_DEEP || sqlite_errs(text, size),
            "SQLite takes it, we say: %s", json_fault_text(fault));
    }
    answer_release(&valid);
}

/* jansson is as strict as we are, but for the depth, and numbers that it cannot hold. */
static void compare_jansson(const char *text, size_t size, enum json_fault fault)
{
    char *theirs = NULL;
    enum opinion opinion = second_json(text, size, &theirs);
    if (opinion == OPINION_NO) {
        MUST(fault != JSON_FINE, "we take what jansson refuses");
    } else if (opinion == OPINION_YES && fault != JSON_FINE) {
        MUST(fault == JSON_TOO_DEEP && second_depth(text, size) > JSON_DEPTH_MAX,
            "jansson takes it, we say: %s", json_fault_text(fault));
    } else if (opinion == OPINION_YES) {
        char *ours = NULL;
        size_t ours_size = 0;
        FILE *out = open_memstream(&ours, &ours_size);
        MUST(out != NULL, "memory");
        flatten(out, json_value_at(text, size));
        fclose(out);
        MUST(strcmp(ours, theirs) == 0, "values differ:\n%s\n%s", ours, theirs);
        free(ours);
    }
    free(theirs);
}

static void run_json(const char *text, size_t size)
{
    struct json_object object;
    size_t at = 0;
    enum json_fault fault = json_text_check(text, size, &at);
    MUST(at <= size, "stopped at %zu of %zu", at, size);
    compare_sqlite(text, size, fault);
    compare_jansson(text, size, fault);
    enum json_fault object_fault = json_object_read(&object, text, size, NULL);
    if (fault == JSON_FINE && json_value_at(text, size).type == JSON_OBJECT) {
        MUST(object_fault == JSON_FINE, "a fine object: %s", json_fault_text(object_fault));
        check_members(&object, text, size);
    } else {
        MUST(object_fault != JSON_FINE, "no object, and taken for one");
        MUST(object.count == 0, "members of a text that was refused");
    }
    json_object_release(&object);
}

/* ---- base64url */

static void run_decode(const char *text, size_t size)
{
    unsigned char *ours = malloc(BASE64URL_SIZE(size));
    unsigned char *theirs = malloc(size + 1);
    size_t ours_size = 77;
    MUST(ours != NULL && theirs != NULL, "memory");
    bool taken = base64url_decode(ours, &ours_size, text, size);
    long theirs_size = second_base64url_decode(theirs, text, size);
    MUST(taken == (theirs_size >= 0), "%d beside OpenSSL's %ld", taken, theirs_size);
    MUST(ours_size == (taken ? (size_t)theirs_size : 0), "%zu beside OpenSSL's %ld", ours_size,
        theirs_size);
    if (taken) {
        MUST(memcmp(ours, theirs, ours_size) == 0, "other bytes than OpenSSL's");
        MUST(BASE64URL_LENGTH(ours_size) == size, "a length that encoding does not give");
        char *again = malloc(size + 1);
        MUST(again != NULL && base64url_encode(again, ours, ours_size) == size &&
                 memcmp(again, text, size) == 0,
            "encoded again it is another text");
        free(again);
    }
    free(ours);
    free(theirs);
}

static void run_encode(const unsigned char *bytes, size_t size)
{
    char *ours = malloc(BASE64URL_LENGTH(size) + 1); /* malloc(0) may be NULL */
    char *theirs = malloc(4 * (size / 3 + 1) + 1);
    MUST(ours != NULL && theirs != NULL, "memory");
    size_t length = base64url_encode(ours, bytes, size);
    MUST(length == BASE64URL_LENGTH(size), "%zu characters for %zu bytes", length, size);
    MUST(
        second_base64url_encode(theirs, bytes, size) == length && memcmp(ours, theirs, length) == 0,
        "other text than OpenSSL's");
    run_decode(ours, length);
    free(ours);
    free(theirs);
}

static void run(const uint8_t *input, size_t size)
{
    if (size < 1) return;
    switch (input[0] % 3) {
    case 0: run_json((const char *)input + 1, size - 1); break;
    case 1: run_decode((const char *)input + 1, size - 1); break;
    default: run_encode(input + 1, size - 1);
    }
}

const struct fuzz_target text_target = { "text", start, run, NULL };
