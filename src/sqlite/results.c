/*
** results.c - see results.h.
*/
#include "results.h"

SQLITE_EXTENSION_INIT3

#include <string.h>

#define JSON_SUBTYPE 74 /* 'J': what SQLite's own JSON functions set and look for */

void result_fault(sqlite3_context *context, const char *function, const struct fault *fault)
{
    char *message;
    if (fault->kind == FAULT_MEMORY) {
        sqlite3_result_error_nomem(context);
        return;
    }
    message = sqlite3_mprintf("%s: %s", function, fault->text);
    if (message == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    sqlite3_result_error(context, message, -1);
    sqlite3_free(message);
}

const char *result_fault_reason(const struct fault *fault)
{
    static const char *const prefixes[] = { "key: ", "unusable JWK: " };
    const char *reason = fault->text;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(reason, prefixes[i], length) == 0) reason += length;
    }
    return reason;
}

void result_json(sqlite3_context *context, const char *text, size_t length)
{
    sqlite3_result_text64(context, text, length, SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_result_subtype(context, JSON_SUBTYPE);
}

void result_text(sqlite3_context *context, struct text *text)
{
    if (text->failed) {
        sqlite3_result_error_nomem(context);
    } else {
        sqlite3_result_text64(context, text->bytes, text->length, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    text_release(text);
}

void result_json_text(sqlite3_context *context, struct text *text)
{
    bool failed = text->failed;
    result_text(context, text);
    if (!failed) sqlite3_result_subtype(context, JSON_SUBTYPE);
}

static void result_string(sqlite3_context *context, struct json_value value)
{
    size_t length;
    const char *plain = json_string_plain(value, &length);
    char *decoded;
    if (plain != NULL) {
        sqlite3_result_text64(context, plain, length, SQLITE_TRANSIENT, SQLITE_UTF8);
        return;
    }
    decoded = sqlite3_malloc64(value.length);
    if (decoded == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    length = json_string_decode(value, decoded);
    sqlite3_result_text64(context, decoded, length, sqlite3_free, SQLITE_UTF8);
}

void result_json_value(sqlite3_context *context, struct json_value value)
{
    int64_t integer;
    if (value.text == NULL) {
        sqlite3_result_null(context);
        return;
    }
    switch (value.type) {
    case JSON_NULL: sqlite3_result_null(context); break;
    case JSON_TRUE: sqlite3_result_int(context, 1); break;
    case JSON_FALSE: sqlite3_result_int(context, 0); break;
    case JSON_STRING: result_string(context, value); break;
    case JSON_INTEGER:
    case JSON_REAL:
        if (json_integer(value, &integer)) {
            sqlite3_result_int64(context, integer);
        } else {
            sqlite3_result_double(context, json_number(value));
        }
        break;
    default: result_json(context, value.text, value.length);
    }
}

/* Finds by path; false, with the error set, where it is none. */
static bool find_by_path(sqlite3_context *context, const char *path, size_t length,
    const struct json_object *claims, struct json_value *value)
{
    static const struct json_value empty = { "{}", 2, JSON_OBJECT };
    *value = (struct json_value){ NULL, 0, JSON_NULL };
    switch (claims == NULL ? json_path_find(empty, path, length, value)
                           : json_object_path_find(claims, path, length, value)) {
    case JSON_PATH_FOUND:
        if (claims == NULL) value->text = NULL; /* "$" is found even where there is nothing */
        return true;
    case JSON_PATH_ABSENT: value->text = NULL; return true;
    default:
        sqlite3_result_error(context,
            "jwt_claim: path: not a JSON path: use $.name, $.\"name\", $[0], or a plain name", -1);
        return false;
    }
}

void result_claim(sqlite3_context *context, sqlite3_value *path, const struct json_object *claims)
{
    struct json_value value = { NULL, 0, JSON_NULL };
    size_t length;
    bool no_memory = false;
    const char *text = argument_text(path, &length, &no_memory);
    if (no_memory) {
        sqlite3_result_error_nomem(context);
    } else if (text == NULL) {
        if (sqlite3_value_type(path) != SQLITE_NULL) {
            sqlite3_result_error(context, "jwt_claim: path: must be TEXT", -1);
        }
    } else if (length > 0 && text[0] == '$') {
        if (find_by_path(context, text, length, claims, &value)) {
            result_json_value(context, value);
        }
    } else if (claims != NULL) {
        result_json_value(
            context, json_member_value(claims, json_object_find(claims, text, length)));
    }
}

const char *argument_text(sqlite3_value *value, size_t *length, bool *no_memory)
{
    const char *text;
    *length = 0;
    if (sqlite3_value_type(value) != SQLITE_TEXT) return NULL;
    text = (const char *)sqlite3_value_text(value);
    if (text == NULL) {
        *no_memory = true;
        return NULL;
    }
    *length = (size_t)sqlite3_value_bytes(value);
    return text;
}
