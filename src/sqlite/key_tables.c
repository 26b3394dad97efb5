/*
** key_tables.c - keys and algorithms as rows:
**
**   SELECT kid, alg, problem FROM jwk_each(:jwks);
**   SELECT alg FROM jwt_algorithms WHERE available;
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/jwk.h"
#include "../jose/signature.h"
#include "results.h"
#include "table.h"

#include <string.h>

/* ---- jwt_algorithms ---- */

struct algorithms_cursor {
    sqlite3_vtab_cursor base;
    size_t row;
};

enum {
    ALGORITHM_ALG,
    ALGORITHM_FAMILY,
    ALGORITHM_KTY,
    ALGORITHM_CRV,
    ALGORITHM_HASH,
    ALGORITHM_SIGNATURE_BYTES,
    ALGORITHM_DETERMINISTIC,
    ALGORITHM_AVAILABLE
};

static int algorithms_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    (void)count;
    (void)arguments;
    (void)message;
    return table_connect(db, context,
        "CREATE TABLE x(alg TEXT, family TEXT, kty TEXT, crv TEXT, hash TEXT, "
        "signature_bytes INTEGER, deterministic INTEGER, available INTEGER)",
        SQLITE_VTAB_INNOCUOUS, out);
}

static int algorithms_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = ALGORITHM_COUNT;
    info->estimatedRows = ALGORITHM_COUNT;
    return SQLITE_OK;
}

static int algorithms_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct algorithms_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    (void)table;
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int algorithms_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int algorithms_filter(sqlite3_vtab_cursor *cursor, int plan, const char *plan_text,
    int count, sqlite3_value **arguments)
{
    (void)plan;
    (void)plan_text;
    (void)count;
    (void)arguments;
    ((struct algorithms_cursor *)cursor)->row = 0;
    return SQLITE_OK;
}

static int algorithms_next(sqlite3_vtab_cursor *cursor)
{
    ((struct algorithms_cursor *)cursor)->row++;
    return SQLITE_OK;
}

static int algorithms_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct algorithms_cursor *)cursor)->row >= ALGORITHM_COUNT;
}

static void result_name(sqlite3_context *context, const char *name)
{
    if (name != NULL) sqlite3_result_text(context, name, -1, SQLITE_STATIC);
}

static int algorithms_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    const struct algorithm *algorithm = algorithm_at(((struct algorithms_cursor *)cursor)->row);
    switch (column) {
    case ALGORITHM_ALG: result_name(context, algorithm->name); break;
    case ALGORITHM_FAMILY:
        result_name(context, algorithm_family_name((enum algorithm_family)algorithm->family));
        break;
    case ALGORITHM_KTY:
        result_name(context, key_type_name((enum key_type)algorithm->key_type));
        break;
    case ALGORITHM_CRV: result_name(context, curve_name((enum curve)algorithm->curve)); break;
    case ALGORITHM_HASH: result_name(context, algorithm->hash); break;
    case ALGORITHM_SIGNATURE_BYTES:
        if (algorithm->signature_bytes > 0) {
            sqlite3_result_int(context, algorithm->signature_bytes);
        }
        break;
    case ALGORITHM_DETERMINISTIC: sqlite3_result_int(context, algorithm->deterministic); break;
    default: sqlite3_result_int(context, algorithm_available(algorithm));
    }
    return SQLITE_OK;
}

static int algorithms_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct algorithms_cursor *)cursor)->row + 1;
    return SQLITE_OK;
}

static const sqlite3_module algorithms_module = {
    .xConnect = algorithms_connect,
    .xBestIndex = algorithms_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = algorithms_open,
    .xClose = algorithms_close,
    .xFilter = algorithms_filter,
    .xNext = algorithms_next,
    .xEof = algorithms_eof,
    .xColumn = algorithms_column,
    .xRowid = algorithms_rowid,
};

/* ---- jwk_each ---- */

struct keys_cursor {
    sqlite3_vtab_cursor base;
    struct key_set *set; /* NULL where there is nothing to show, or one broken key: see `problem` */
    sqlite3_value *argument;
    size_t row;
    size_t rows;
    struct json_cursor members; /* the JWKS's array, in step with `row` */
    struct json_value jwk;      /* the member's text; absent for PEM and secrets */
    char *problem;              /* why the one key could not be read, or NULL */
};

enum {
    KEY_KID,
    KEY_KTY,
    KEY_ALG,
    KEY_CRV,
    KEY_USE,
    KEY_BITS,
    KEY_PRIVATE,
    KEY_THUMBPRINT,
    KEY_JWK,
    KEY_PROBLEM,
    KEY_ARGUMENT
};

static int keys_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    (void)count;
    (void)arguments;
    (void)message;
    return table_connect(db, context,
        "CREATE TABLE x(kid TEXT, kty TEXT, alg TEXT, crv TEXT, use TEXT, bits INTEGER, "
        "private INTEGER, thumbprint TEXT, jwk TEXT, problem TEXT, jwks HIDDEN)",
        SQLITE_VTAB_INNOCUOUS, out);
}

static int keys_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return table_best_index(info, KEY_ARGUMENT, 1, 1, 4);
}

static int keys_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct keys_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    (void)table;
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void keys_clear(struct keys_cursor *cursor)
{
    key_set_release(cursor->set);
    table_value_free(cursor->argument);
    sqlite3_free(cursor->problem);
    cursor->set = NULL;
    cursor->argument = NULL;
    cursor->problem = NULL;
    cursor->row = 0;
    cursor->rows = 0;
    cursor->jwk = (struct json_value){ NULL, 0, JSON_NULL };
}

static int keys_close(sqlite3_vtab_cursor *base)
{
    struct keys_cursor *cursor = (struct keys_cursor *)base;
    keys_clear(cursor);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* The argument's text where it is JSON, or absent. The bytes belong to cursor->argument. */
static struct json_value argument_json(struct keys_cursor *cursor)
{
    struct json_value absent = { NULL, 0, JSON_NULL };
    const char *text = sqlite3_value_blob(cursor->argument);
    size_t length = (size_t)sqlite3_value_bytes(cursor->argument);
    if (text == NULL || json_text_check(text, length, NULL) != JSON_FINE) return absent;
    return json_value_at(text, length);
}

/* Finds the array `keys` of a JWKS. */
static void start_members(struct keys_cursor *cursor, struct json_value document)
{
    struct json_cursor walk = json_cursor_start(document);
    struct json_value name;
    struct json_value value;
    while (json_object_next(&walk, &name, &value)) {
        if (json_string_is(name, "keys", 4)) cursor->members = json_cursor_start(value);
    }
    json_array_next(&cursor->members, &cursor->jwk);
}

/* A key that cannot be read is a row with its problem where it is meant as a JWK at all; else it raises. */
static int keys_fault(
    struct keys_cursor *cursor, struct json_value document, const struct fault *fault)
{
    struct json_cursor walk;
    struct json_value name;
    struct json_value value;
    if (fault->kind == FAULT_CALLER && document.text != NULL && document.type == JSON_OBJECT) {
        walk = json_cursor_start(document);
        while (json_object_next(&walk, &name, &value)) {
            if (!json_string_is(name, "kty", 3)) continue;
            cursor->rows = 1;
            cursor->jwk = document;
            cursor->problem = sqlite3_mprintf("%s", result_fault_reason(fault));
            return cursor->problem == NULL ? SQLITE_NOMEM : SQLITE_OK;
        }
    }
    return table_error(cursor->base.pVtab, "jwk_each", fault);
}

static int keys_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments)
{
    struct keys_cursor *cursor = (struct keys_cursor *)base;
    struct connection *connection = ((struct table *)base->pVtab)->connection;
    struct fault fault = { FAULT_NONE, "" };
    struct json_value document;
    (void)plan;
    (void)plan_text;
    keys_clear(cursor);
    if (count == 0 || sqlite3_value_type(arguments[0]) == SQLITE_NULL) return SQLITE_OK;
    cursor->argument = sqlite3_value_dup(arguments[0]);
    if (cursor->argument == NULL) return SQLITE_NOMEM;
    cursor->set = connection_key(connection, cursor->argument, &fault);
    document = argument_json(cursor);
    if (cursor->set == NULL) return keys_fault(cursor, document, &fault);
    cursor->rows = cursor->set->count;
    if (cursor->set->is_set) {
        start_members(cursor, document);
    } else if (cursor->set->is_jwk) {
        cursor->jwk = document;
    }
    return SQLITE_OK;
}

static int keys_next(sqlite3_vtab_cursor *base)
{
    struct keys_cursor *cursor = (struct keys_cursor *)base;
    cursor->row++;
    if (cursor->row < cursor->rows) json_array_next(&cursor->members, &cursor->jwk);
    return SQLITE_OK;
}

static int keys_eof(sqlite3_vtab_cursor *base)
{
    const struct keys_cursor *cursor = (const struct keys_cursor *)base;
    return cursor->row >= cursor->rows;
}

/* A form that the key does not have is NULL, as for an ML-DSA key without its seed; one that memory lacks for is not. */
static void result_unwritten(sqlite3_context *context, struct text *out, const struct fault *fault)
{
    text_release(out);
    if (fault->kind == FAULT_MEMORY) sqlite3_result_error_nomem(context);
}

/* The key's own text; for PEM, whose JWK is another document, that document. */
static void result_jwk(
    sqlite3_context *context, const struct keys_cursor *cursor, const struct key *key)
{
    struct fault fault = { FAULT_NONE, "" };
    struct text out;
    if (cursor->jwk.text != NULL) {
        result_json(context, cursor->jwk.text, cursor->jwk.length);
        return;
    }
    if (key->type == KEY_OCT) return;
    text_start(&out);
    if (jwk_write(&out, key, key->is_private, NULL, &fault)) {
        result_json_text(context, &out);
    } else {
        result_unwritten(context, &out, &fault);
    }
}

static void result_thumbprint(sqlite3_context *context, const struct key *key)
{
    struct fault fault = { FAULT_NONE, "" };
    struct text out;
    text_start(&out);
    if (jwk_thumbprint(&out, key, "sha256", &fault)) {
        result_text(context, &out);
    } else {
        result_unwritten(context, &out, &fault);
    }
}

static const char *row_problem(const struct key *key)
{
    return key_refusal(
        key, NULL, key->may_verify || !key->is_private ? OPERATION_VERIFY : OPERATION_SIGN, false);
}

/* A broken key's columns that its document says itself: a string member of this name, or NULL. */
static void result_member(sqlite3_context *context, struct json_value jwk, const char *member)
{
    struct json_cursor walk;
    struct json_value name;
    struct json_value value;
    if (jwk.type != JSON_OBJECT) return;
    walk = json_cursor_start(jwk);
    while (json_object_next(&walk, &name, &value)) {
        if (json_string_is(name, member, strlen(member)) && value.type == JSON_STRING) {
            result_json_value(context, value);
        }
    }
}

/* The columns of a key that cannot be read: its own words about itself, and the problem. */
static void broken_column(
    sqlite3_context *context, struct json_value jwk, const char *problem, int column)
{
    static const char *const members[] = {
        [KEY_KID] = "kid",
        [KEY_KTY] = "kty",
        [KEY_ALG] = "alg",
        [KEY_CRV] = "crv",
        [KEY_USE] = "use",
    };
    if (column <= KEY_USE) {
        result_member(context, jwk, members[column]);
    } else if (column == KEY_JWK) {
        result_json(context, jwk.text, jwk.length);
    } else if (column == KEY_PROBLEM) {
        sqlite3_result_text(context, problem, -1, SQLITE_TRANSIENT);
    }
}

static void key_column(
    sqlite3_context *context, const struct keys_cursor *cursor, const struct key *key, int column)
{
    if (key->problem != NULL) {
        broken_column(context, cursor->jwk, key->problem, column);
        return;
    }
    switch (column) {
    case KEY_KID:
        if (key->kid != NULL) {
            sqlite3_result_text64(
                context, key->kid, key->kid_length, SQLITE_TRANSIENT, SQLITE_UTF8);
        }
        break;
    case KEY_KTY: result_name(context, key_type_name((enum key_type)key->type)); break;
    case KEY_ALG:
        if (key->fixed != NULL) result_name(context, key->fixed->name);
        break;
    case KEY_CRV: result_name(context, curve_name((enum curve)key->curve)); break;
    case KEY_USE:
        if (key->use != NULL) sqlite3_result_text(context, key->use, -1, SQLITE_TRANSIENT);
        break;
    case KEY_BITS: sqlite3_result_int64(context, key->bits); break;
    case KEY_PRIVATE: sqlite3_result_int(context, key->is_private); break;
    case KEY_THUMBPRINT: result_thumbprint(context, key); break;
    case KEY_JWK: result_jwk(context, cursor, key); break;
    default: result_name(context, row_problem(key));
    }
}

static int keys_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct keys_cursor *cursor = (const struct keys_cursor *)base;
    if (column == KEY_ARGUMENT) {
        sqlite3_result_value(context, cursor->argument);
    } else if (cursor->set != NULL) {
        key_column(context, cursor, &cursor->set->keys[cursor->row], column);
    } else {
        broken_column(context, cursor->jwk, cursor->problem, column);
    }
    return SQLITE_OK;
}

static int keys_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct keys_cursor *)base)->row + 1;
    return SQLITE_OK;
}

static const sqlite3_module keys_module = {
    .xConnect = keys_connect,
    .xBestIndex = keys_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = keys_open,
    .xClose = keys_close,
    .xFilter = keys_filter,
    .xNext = keys_next,
    .xEof = keys_eof,
    .xColumn = keys_column,
    .xRowid = keys_rowid,
};

static const struct module_entry entries[] = {
    { "jwt_algorithms", &algorithms_module },
    { "jwk_each", &keys_module },
};

const struct module_table key_tables = { entries, sizeof entries / sizeof *entries };
