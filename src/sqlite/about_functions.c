/*
** about_functions.c - what this is and what it runs on:
**
**   SELECT jwt_version();
**   SELECT key, value FROM json_each(jwt_debug());
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include <openssl/crypto.h>

#include "../jose/json_doc.h"
#include "../jose/signature.h"
#include "results.h"

#include <string.h>

/* jwt_version() */
static void jwt_version(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    (void)arguments;
    sqlite3_result_text(context, JWT_EXT_VERSION, -1, SQLITE_STATIC);
}

static void add_string(struct text *out, const char *name, const char *value)
{
    text_add_string(out, out->length > 1 ? ",\"" : "\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
    text_add_json_string(out, value, strlen(value));
}

static void add_integer(struct text *out, const char *name, sqlite3_int64 value)
{
    text_add_string(out, ",\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
    text_add_integer(out, value);
}

/* cJSON writes its version into one place of its own at each call: one thread at a time. */
static void add_cjson(struct text *out)
{
    sqlite3_mutex *mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(mutex);
    add_string(out, "cjson", json_doc_library());
    sqlite3_mutex_leave(mutex);
}

static void add_missing_algorithms(struct text *out)
{
    bool first = true;
    text_add_string(out, ",\"algorithms_missing\":[");
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (algorithm_available(algorithm_at(i))) continue;
        text_add_string(out, first ? "\"" : ",\"");
        text_add_string(out, algorithm_at(i)->name);
        text_add_string(out, "\"");
        first = false;
    }
    text_add_string(out, "]");
}

/* jwt_debug(): nothing secret: versions, linkage, and how full and how useful the caches are. */
static void jwt_debug(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct connection_report report = connection_report(sqlite3_user_data(context));
    struct text out;
    (void)count;
    (void)arguments;
    text_start(&out);
    text_add_string(&out, "{");
    add_string(&out, "version", JWT_EXT_VERSION);
    add_string(&out, "linkage", JWT_EXT_LINKAGE);
    add_string(&out, "sqlite", sqlite3_libversion());
    add_string(&out, "sqlite_built_for", SQLITE_VERSION);
    add_string(&out, "openssl", OpenSSL_version(OPENSSL_VERSION));
    add_string(&out, "openssl_built_for", OPENSSL_VERSION_TEXT);
    add_cjson(&out);
    add_missing_algorithms(&out);
    add_integer(&out, "key_cache_entries", (sqlite3_int64)report.key_entries);
    add_integer(&out, "key_cache_bytes", (sqlite3_int64)report.key_bytes);
    add_integer(&out, "key_cache_hits", report.key_hits);
    add_integer(&out, "key_cache_misses", report.key_misses);
    add_integer(&out, "policy_cache_entries", (sqlite3_int64)report.policy_entries);
    add_integer(&out, "signature_cache_entries", (sqlite3_int64)report.signatures.entries);
    add_integer(&out, "signature_cache_bytes", (sqlite3_int64)report.signatures.bytes);
    add_integer(&out, "signature_cache_hits", report.signatures.hits);
    add_integer(&out, "signature_cache_misses", report.signatures.misses);
    text_add_string(&out, "}");
    result_json_text(context, &out);
}

static const struct function_entry entries[] = {
    { "jwt_version", 0, FLAGS_PURE, false, jwt_version, NULL, NULL },
    { "jwt_debug", 0, FLAGS_PLAIN | FLAGS_JSON, false, jwt_debug, NULL, NULL },
};

const struct function_table about_functions = { entries, sizeof entries / sizeof *entries };
