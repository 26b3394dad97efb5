/*
** token_tables.c - tokens as rows:
**
**   SELECT status, detail, sub, exp FROM jwt_decode(:token, :key);
**   SELECT t.id, d.alg, d.kid FROM tokens AS t, jwt_decode(t.token) AS d;  -- UNVERIFIED
**   SELECT key, value, type FROM jwt_each(:token, :key);
**
** A key argument that is there decides: with it, claims are shown only where
** the verdict is "ok", and a NULL key is `key_missing`, never the unverified
** form.
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/explain.h"
#include "../jose/unverified.h"
#include "question.h"
#include "results.h"
#include "table.h"

#include <string.h>

/* The hidden arguments, in their order; bits of idxNum. */
enum { ARGUMENT_TOKEN, ARGUMENT_KEY, ARGUMENT_OPTIONS, ARGUMENT_COUNT };

/* What one xFilter learnt about one token, with or without a key. */
struct reading {
    sqlite3_value *arguments[ARGUMENT_COUNT]; /* copies, or NULL */
    bool open;
    bool asked;       /* with a key: `question` holds the verdict */
    bool well_formed; /* the header can be shown */
    bool trusted;     /* the claims can be shown: verified, or nobody asked for that */
    struct revocation_mark
        mark; /* kept from one token to the next, and no longer than the cursor */
    struct question question;
    struct unverified unverified;
};

static void reading_close(struct reading *reading)
{
    if (reading->asked) question_release(&reading->question);
    if (reading->open) unverified_release(&reading->unverified);
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        table_value_free(reading->arguments[i]);
        reading->arguments[i] = NULL;
    }
    reading->open = false;
    reading->asked = false;
    reading->well_formed = false;
    reading->trusted = false;
}

/* Copies the arguments that the plan gives; false when memory runs out. */
static bool copy_arguments(struct reading *reading, int plan, sqlite3_value **arguments)
{
    int next = 0;
    for (int i = 0; i < ARGUMENT_COUNT; i++) {
        if ((plan & 1 << i) == 0) continue;
        reading->arguments[i] = sqlite3_value_dup(arguments[next++]);
        if (reading->arguments[i] == NULL) return false;
    }
    return true;
}

/* Reads the segments, which a verdict does not keep in a form to show. */
static int read_segments(struct reading *reading)
{
    size_t length;
    bool no_memory = false;
    const char *text = argument_text(reading->arguments[ARGUMENT_TOKEN], &length, &no_memory);
    enum unverified_result result = UNVERIFIED_MALFORMED;
    if (no_memory) return SQLITE_NOMEM;
    unverified_start(&reading->unverified);
    reading->open = true;
    if (text != NULL) {
        result = unverified_read(
            &reading->unverified, text, length, UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD);
    }
    if (result == UNVERIFIED_NO_MEMORY) return SQLITE_NOMEM;
    reading->well_formed = result == UNVERIFIED_FINE && reading->unverified.header_fine;
    return SQLITE_OK;
}

/* One token, one verdict. Errors are set on `table` in the name of `function`. */
static int reading_open(struct reading *reading, sqlite3_vtab *table, const char *function,
    int plan, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct connection *connection = ((struct table *)table)->connection;
    int rc;
    reading_close(reading);
    if (!copy_arguments(reading, plan, arguments)) return SQLITE_NOMEM;
    if (reading->arguments[ARGUMENT_TOKEN] == NULL) {
        fault_set(&fault, "token: is missing: call %s(token [, key [, options]])", function);
        return table_error(table, function, &fault);
    }
    if (reading->arguments[ARGUMENT_KEY] == NULL && reading->arguments[ARGUMENT_OPTIONS] != NULL) {
        fault_set(&fault, "options: need a key beside them");
        return table_error(table, function, &fault);
    }
    rc = read_segments(reading);
    if (rc != SQLITE_OK) return rc;
    if (reading->arguments[ARGUMENT_KEY] == NULL) {
        reading->trusted = reading->well_formed && reading->unverified.payload_fine;
        return SQLITE_OK;
    }
    reading->asked = true;
    rc = question_ask(&reading->question, connection, &reading->mark, POLICY_VERIFY_JWT,
        reading->arguments[ARGUMENT_TOKEN], reading->arguments[ARGUMENT_KEY],
        reading->arguments[ARGUMENT_OPTIONS], &fault);
    if (fault.kind == FAULT_CALLER) return table_error(table, function, &fault);
    if (rc == SQLITE_OK) {
        reading->trusted = reading->question.verification.status == STATUS_OK;
    }
    return rc;
}

/* The claims to show, or NULL. */
static const struct json_object *reading_claims(const struct reading *reading)
{
    return reading->trusted ? &reading->unverified.payload : NULL;
}

/* ---- jwt_decode ---- */

enum {
    DECODE_VALID,
    DECODE_STATUS,
    DECODE_DETAIL,
    DECODE_ALG,
    DECODE_KID,
    DECODE_TYP,
    DECODE_ISS,
    DECODE_SUB,
    DECODE_AUD,
    DECODE_EXP,
    DECODE_NBF,
    DECODE_IAT,
    DECODE_JTI,
    DECODE_HEADER,
    DECODE_PAYLOAD,
    DECODE_SIGNATURE,
    DECODE_ARGUMENTS
};

struct decode_cursor {
    sqlite3_vtab_cursor base;
    bool done;
    struct reading reading;
};

static int decode_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    (void)count;
    (void)arguments;
    (void)message;
    return table_connect(db, context,
        "CREATE TABLE x(valid INTEGER, status TEXT, detail TEXT, alg TEXT, kid TEXT, typ TEXT, "
        "iss, sub, aud, exp, nbf, iat, jti, header TEXT, payload TEXT, signature TEXT, "
        "token HIDDEN, verify_key HIDDEN, options HIDDEN)",
        0, out);
}

static int decode_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return table_best_index(info, DECODE_ARGUMENTS, ARGUMENT_COUNT, 1, 1);
}

static int decode_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct decode_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    (void)table;
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int decode_close(sqlite3_vtab_cursor *base)
{
    struct decode_cursor *cursor = (struct decode_cursor *)base;
    reading_close(&cursor->reading);
    revocation_mark_clear(&cursor->reading.mark);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int decode_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments)
{
    struct decode_cursor *cursor = (struct decode_cursor *)base;
    (void)plan_text;
    (void)count;
    cursor->done = false;
    return reading_open(&cursor->reading, base->pVtab, "jwt_decode", plan, arguments);
}

static int decode_next(sqlite3_vtab_cursor *base)
{
    ((struct decode_cursor *)base)->done = true;
    return SQLITE_OK;
}

static int decode_eof(sqlite3_vtab_cursor *base)
{
    return ((struct decode_cursor *)base)->done;
}

/* valid, status, detail: NULL without a key, but for a token that is malformed whatever the key. */
static void verdict_column(sqlite3_context *context, const struct reading *reading, int column)
{
    const struct verification *verification = &reading->question.verification;
    struct text out;
    if (!reading->asked) {
        if (column == DECODE_STATUS && !reading->trusted) {
            sqlite3_result_text(context, status_name(STATUS_MALFORMED), -1, SQLITE_STATIC);
        }
        return;
    }
    if (column == DECODE_VALID) {
        sqlite3_result_int(context, verification->status == STATUS_OK);
    } else if (column == DECODE_STATUS) {
        sqlite3_result_text(context, status_name(verification->status), -1, SQLITE_STATIC);
    } else if (verification->status != STATUS_OK) {
        text_start(&out);
        explain_detail(&out, verification);
        result_text(context, &out);
    }
}

static void header_column(sqlite3_context *context, const struct reading *reading, int column)
{
    static const char *const names[] = { "alg", "kid", "typ" };
    const struct unverified *unverified = &reading->unverified;
    if (!reading->well_formed) return;
    if (column == DECODE_HEADER) {
        result_json(context, unverified->header.text, unverified->header.length);
    } else if (column == DECODE_SIGNATURE) {
        sqlite3_result_text64(context, unverified->parts.text + unverified->parts.signature_at,
            unverified->parts.signature_length, SQLITE_TRANSIENT, SQLITE_UTF8);
    } else {
        result_json_value(
            context, json_object_get(&unverified->header, names[column - DECODE_ALG]));
    }
}

static void claim_column(sqlite3_context *context, const struct reading *reading, int column)
{
    static const enum claim claims[] = { CLAIM_ISS, CLAIM_SUB, CLAIM_AUD, CLAIM_EXP, CLAIM_NBF,
        CLAIM_IAT, CLAIM_JTI };
    const struct json_object *payload = reading_claims(reading);
    if (payload == NULL) return;
    if (column == DECODE_PAYLOAD) {
        result_json(context, payload->text, payload->length);
    } else {
        result_json_value(
            context, claims_get(&reading->unverified.claims, claims[column - DECODE_ISS]));
    }
}

/* The hidden arguments as they were given: a constraint on them may be checked again. */
static void argument_column(sqlite3_context *context, const struct reading *reading, int argument)
{
    if (reading->arguments[argument] != NULL) {
        sqlite3_result_value(context, reading->arguments[argument]);
    }
}

static int decode_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct reading *reading = &((struct decode_cursor *)base)->reading;
    if (column <= DECODE_DETAIL) {
        verdict_column(context, reading, column);
    } else if (column <= DECODE_TYP || column == DECODE_HEADER || column == DECODE_SIGNATURE) {
        header_column(context, reading, column);
    } else if (column < DECODE_ARGUMENTS) {
        claim_column(context, reading, column);
    } else {
        argument_column(context, reading, column - DECODE_ARGUMENTS);
    }
    return SQLITE_OK;
}

static int decode_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    (void)base;
    *rowid = 1;
    return SQLITE_OK;
}

static const sqlite3_module decode_module = {
    .xConnect = decode_connect,
    .xBestIndex = decode_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = decode_open,
    .xClose = decode_close,
    .xFilter = decode_filter,
    .xNext = decode_next,
    .xEof = decode_eof,
    .xColumn = decode_column,
    .xRowid = decode_rowid,
};

/* ---- jwt_each ---- */

enum { EACH_KEY, EACH_VALUE, EACH_TYPE, EACH_ATOM, EACH_ARGUMENTS };

struct each_cursor {
    sqlite3_vtab_cursor base;
    size_t row;
    struct reading reading;
};

static int each_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
    sqlite3_vtab **out, char **message)
{
    (void)count;
    (void)arguments;
    (void)message;
    return table_connect(db, context,
        "CREATE TABLE x(key TEXT, value, type TEXT, atom, "
        "token HIDDEN, verify_key HIDDEN, options HIDDEN)",
        0, out);
}

static int each_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    return table_best_index(info, EACH_ARGUMENTS, ARGUMENT_COUNT, 1, 10);
}

static int each_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct each_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    (void)table;
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int each_close(sqlite3_vtab_cursor *base)
{
    struct each_cursor *cursor = (struct each_cursor *)base;
    reading_close(&cursor->reading);
    revocation_mark_clear(&cursor->reading.mark);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int each_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments)
{
    struct each_cursor *cursor = (struct each_cursor *)base;
    (void)plan_text;
    (void)count;
    cursor->row = 0;
    return reading_open(&cursor->reading, base->pVtab, "jwt_each", plan, arguments);
}

static int each_next(sqlite3_vtab_cursor *base)
{
    ((struct each_cursor *)base)->row++;
    return SQLITE_OK;
}

static int each_eof(sqlite3_vtab_cursor *base)
{
    const struct each_cursor *cursor = (const struct each_cursor *)base;
    const struct json_object *payload = reading_claims(&cursor->reading);
    return payload == NULL || cursor->row >= payload->count;
}

/* json_each's names of types. */
static const char *type_name(enum json_type type)
{
    static const char *const names[] = { "null", "false", "true", "integer", "real", "text",
        "array", "object" };
    return names[type];
}

static int each_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct each_cursor *cursor = (const struct each_cursor *)base;
    const struct json_object *payload = reading_claims(&cursor->reading);
    const struct json_member *member;
    struct json_value name;
    struct json_value value;
    if (column >= EACH_ARGUMENTS) {
        argument_column(context, &cursor->reading, column - EACH_ARGUMENTS);
        return SQLITE_OK;
    }
    if (payload == NULL) return SQLITE_OK; /* at the end, where SQLite asks for nothing */
    member = &payload->members[cursor->row];
    name = (struct json_value){ payload->text + member->name_at - 1, member->name_length + 2,
        JSON_STRING };
    value = json_member_value(payload, member);
    switch (column) {
    case EACH_KEY: result_json_value(context, name); break;
    case EACH_VALUE: result_json_value(context, value); break;
    case EACH_TYPE: sqlite3_result_text(context, type_name(value.type), -1, SQLITE_STATIC); break;
    default:
        if (value.type != JSON_ARRAY && value.type != JSON_OBJECT) {
            result_json_value(context, value);
        }
    }
    return SQLITE_OK;
}

static int each_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct each_cursor *)base)->row + 1;
    return SQLITE_OK;
}

static const sqlite3_module each_module = {
    .xConnect = each_connect,
    .xBestIndex = each_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = each_open,
    .xClose = each_close,
    .xFilter = each_filter,
    .xNext = each_next,
    .xEof = each_eof,
    .xColumn = each_column,
    .xRowid = each_rowid,
};

static const struct module_entry entries[] = {
    { "jwt_decode", &decode_module },
    { "jwt_each", &each_module },
};

const struct module_table token_tables = { entries, sizeof entries / sizeof *entries };
