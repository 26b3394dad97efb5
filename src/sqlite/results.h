/*
** results.h - results and errors as SQLite wants them.
*/
#ifndef JWT_RESULTS_H
#define JWT_RESULTS_H

#include <sqlite3ext.h>

#include "../jose/fault.h"
#include "../jose/json_value.h"
#include "../jose/rarely.h"
#include "../jose/text.h"

/* Raises a fault as "function: text", or as out of memory. */
RARELY void result_fault(sqlite3_context *context, const char *function, const struct fault *fault);

/* A fault's words without the "key: unusable JWK: " that tells an argument apart. Points into `fault`. */
const char *result_fault_reason(const struct fault *fault);

/* JSON text with SQLite's JSON subtype, so that it nests in json_object() and friends. */
void result_json(sqlite3_context *context, const char *text, size_t length);

/* What was composed, as TEXT (or out of memory); releases `text`. */
void result_text(sqlite3_context *context, struct text *text);

/* As result_text(), with the JSON subtype. */
void result_json_text(sqlite3_context *context, struct text *text);

/*
** A JSON value as a native one: TEXT, INTEGER (where it fits 64 bits) or REAL,
** 1 and 0 for true and false, JSON text for arrays and objects, NULL for null
** and for an absent value.
*/
void result_json_value(sqlite3_context *context, struct json_value value);

/*
** One claim: the member of `claims` (NULL: there are none to show) that `path`
** names, taken literally, or found by SQLite's JSON syntax where it begins
** with '$'. A bad path raises in the name of jwt_claim, whatever the token.
*/
void result_claim(sqlite3_context *context, sqlite3_value *path, const struct json_object *claims);

/*
** The bytes of a TEXT argument. NULL with `*length` 0 where it is not TEXT;
** NULL with `*no_memory` true where a conversion failed.
*/
const char *argument_text(sqlite3_value *value, size_t *length, bool *no_memory);

#endif
