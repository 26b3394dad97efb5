/*
** key_functions.c - keys as values:
**
**   INSERT INTO jwt_key(jwk) VALUES (jwk_generate('ES256'));
**   SELECT jwks(jwk) FROM jwt_key;     -- what to serve at /.well-known/jwks.json
*/
#include "functions.h"

SQLITE_EXTENSION_INIT3

#include "../jose/jwk.h"
#include "results.h"

#include <string.h>

/* Raises `fault`, or gives `out` as JSON or plain text. Releases `out`. */
static void finish(sqlite3_context *context, const char *function, struct text *out,
    const struct fault *fault, bool json)
{
    if (fault->kind != FAULT_NONE) {
        result_fault(context, function, fault);
        text_release(out);
    } else if (json) {
        result_json_text(context, out);
    } else {
        result_text(context, out);
    }
}

/* The key set of an argument; NULL where it is SQL NULL (no fault) or wrong (fault). */
static struct key_set *read_key(sqlite3_context *context, sqlite3_value *value, struct fault *fault)
{
    if (sqlite3_value_type(value) == SQLITE_NULL) return NULL;
    return connection_key(sqlite3_user_data(context), value, fault);
}

/* The option's plain text, decoded to `out` and NUL-terminated; false where it does not fit. */
static bool option_text(struct json_value value, char *out, size_t room, size_t *length)
{
    if (value.length >= room) return false;
    *length = json_string_decode(value, out);
    out[*length] = '\0';
    return true;
}

#define KID_ROOM 1024

/* jwk_generate(alg [, options]) */
static void jwk_generate_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct text out;
    struct policy *policy = connection_policy(
        sqlite3_user_data(context), count > 1 ? arguments[1] : NULL, POLICY_GENERATE, &fault);
    const struct algorithm *algorithm = NULL;
    size_t length;
    bool no_memory = false;
    const char *name = argument_text(arguments[0], &length, &no_memory);
    char kid[KID_ROOM];
    size_t kid_length = 0;
    text_start(&out);
    if (no_memory) fault_memory(&fault);
    if (policy != NULL && name != NULL) algorithm = algorithm_find(name, length);
    if (fault.kind == FAULT_NONE && algorithm == NULL) {
        const char *nearest = name == NULL ? NULL : algorithm_nearest(name, length);
        fault_set(&fault, "alg: must be an algorithm's name%s%s%s",
            nearest == NULL ? " (see jwt_algorithms)" : " (did you mean \"",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?)");
    }
    if (policy != NULL && algorithm != NULL) {
        bool given = policy->kid.text != NULL;
        if (given && !option_text(policy->kid, kid, sizeof kid, &kid_length)) {
            fault_set(&fault, "options: kid: is longer than 1000 bytes");
        } else {
            jwk_generate(&out, algorithm, policy->bits, given ? kid : NULL, kid_length, &fault);
        }
    }
    finish(context, "jwk_generate", &out, &fault, true);
    policy_release(policy);
}

/* jwk_public(key): NULL for NULL. */
static void jwk_public(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *set = read_key(context, arguments[0], &fault);
    struct text out;
    (void)count;
    text_start(&out);
    if (set != NULL) {
        jwk_write_public(&out, set, sqlite3_value_blob(arguments[0]),
            (size_t)sqlite3_value_bytes(arguments[0]), &fault);
    }
    if (set != NULL || fault.kind != FAULT_NONE) {
        finish(context, "jwk_public", &out, &fault, true);
    }
    key_set_release(set);
}

/* The single key of a set, or a fault. */
static const struct key *single_key(const struct key_set *set, struct fault *fault)
{
    if (!set->is_set) return &set->keys[0];
    fault_set(fault, "key: is a JWKS: pass one key of it (see jwk_each)");
    return NULL;
}

/* jwk_thumbprint(key [, hash]) */
static void jwk_thumbprint_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    static const char *const hashes[] = { "sha256", "sha384", "sha512" };
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *set = read_key(context, arguments[0], &fault);
    const struct key *key = set == NULL ? NULL : single_key(set, &fault);
    const char *hash = count > 1 ? NULL : hashes[0];
    struct text out;
    text_start(&out);
    if (count > 1) {
        size_t length;
        bool no_memory = false;
        const char *name = argument_text(arguments[1], &length, &no_memory);
        for (size_t i = 0; name != NULL && i < sizeof hashes / sizeof *hashes; i++) {
            if (strlen(hashes[i]) == length && memcmp(hashes[i], name, length) == 0) {
                hash = hashes[i];
            }
        }
        if (no_memory) fault_memory(&fault);
    }
    if (hash == NULL) fault_set(&fault, "hash: must be 'sha256', 'sha384' or 'sha512'");
    if (key != NULL && fault.kind == FAULT_NONE) jwk_thumbprint(&out, key, hash, &fault);
    if (key != NULL || fault.kind != FAULT_NONE) {
        finish(context, "jwk_thumbprint", &out, &fault, false);
    }
    key_set_release(set);
}

/* jwk_from_pem(pem [, options]) */
static void jwk_from_pem(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct policy *policy = connection_policy(
        sqlite3_user_data(context), count > 1 ? arguments[1] : NULL, POLICY_FROM_PEM, &fault);
    struct key_set *set = policy == NULL ? NULL : read_key(context, arguments[0], &fault);
    struct text out;
    char kid[KID_ROOM];
    char use[32];
    size_t use_length;
    text_start(&out);
    if (set != NULL && (set->is_set || set->is_jwk || set->keys[0].type == KEY_OCT)) {
        fault_set(&fault, "pem: must be PEM");
    } else if (set != NULL) {
        const struct key *key = &set->keys[0];
        struct jwk_members members = { NULL, NULL, NULL, 0 };
        if (policy->algorithm != NULL) {
            members.alg = policy->algorithm->name;
            if ((key_algorithms(key, policy->algorithms) & algorithm_bit(policy->algorithm)) == 0) {
                fault_set(&fault, "options: alg: is not an algorithm of this key");
            }
        }
        if (policy->use_member.text != NULL) {
            members.use = use;
            if (!option_text(policy->use_member, use, sizeof use, &use_length)) {
                fault_set(&fault, "options: use: must be a short string, usually \"sig\"");
            }
        }
        if (policy->kid.text != NULL) {
            members.kid = kid;
            if (!option_text(policy->kid, kid, sizeof kid, &members.kid_length)) {
                fault_set(&fault, "options: kid: is longer than 1000 bytes");
            }
        }
        if (fault.kind == FAULT_NONE) {
            jwk_write(&out, key, key->is_private, &members, &fault);
        }
    }
    if (set != NULL || fault.kind != FAULT_NONE) {
        finish(context, "jwk_from_pem", &out, &fault, true);
    }
    key_set_release(set);
    policy_release(policy);
}

/* jwk_to_pem(key [, 'public']) */
static void jwk_to_pem(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *set = read_key(context, arguments[0], &fault);
    const struct key *key = set == NULL ? NULL : single_key(set, &fault);
    struct text out;
    bool public_only = false;
    text_start(&out);
    if (count > 1) {
        size_t length;
        bool no_memory = false;
        const char *word = argument_text(arguments[1], &length, &no_memory);
        public_only = word != NULL && length == 6 && memcmp(word, "public", 6) == 0;
        if (no_memory) fault_memory(&fault);
        if (!public_only) fault_set(&fault, "part: must be 'public' where it is given");
    }
    if (key != NULL && fault.kind == FAULT_NONE) {
        jwk_write_pem(&out, key, key->is_private && !public_only, &fault);
    }
    if (key != NULL || fault.kind != FAULT_NONE) {
        finish(context, "jwk_to_pem", &out, &fault, false);
    }
    key_set_release(set);
}

/* Why a key cannot be used at all (with `algorithm`, where given), or NULL. */
static const char *single_problem(const struct key *key, const struct algorithm *algorithm)
{
    enum key_operation operation = key->is_private && key->type != KEY_OCT && !key->may_verify
                                       ? OPERATION_SIGN
                                       : OPERATION_VERIFY;
    if (algorithm != NULL &&
        (key_algorithms(key, algorithm_bit(algorithm)) & algorithm_bit(algorithm)) == 0) {
        return "does not serve this algorithm";
    }
    if (algorithm == NULL) algorithm = key_default_algorithm(key);
    return key_refusal(key, algorithm, operation, false);
}

static const char *set_problem(const struct key_set *set, const struct algorithm *algorithm)
{
    const char *problem = "the set has no key";
    for (size_t i = 0; i < set->count; i++) {
        problem = single_problem(&set->keys[i], algorithm);
        if (problem == NULL) return NULL;
    }
    return set->count == 0 ? problem : "no key of the set is usable (see jwk_each)";
}

/* jwk_problem(key [, alg]): NULL where the key is usable. Does not raise for a bad key. */
static void jwk_problem(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    const struct algorithm *algorithm = NULL;
    const char *problem = "the key is NULL";
    struct key_set *set;
    if (count > 1 && sqlite3_value_type(arguments[1]) != SQLITE_NULL) {
        size_t length;
        bool no_memory = false;
        const char *name = argument_text(arguments[1], &length, &no_memory);
        if (name != NULL) algorithm = algorithm_find(name, length);
        if (algorithm == NULL) {
            fault_set(&fault, "alg: must be an algorithm's name (see jwt_algorithms)");
            if (no_memory) sqlite3_result_error_nomem(context);
            if (!no_memory) result_fault(context, "jwk_problem", &fault);
            return;
        }
    }
    set = read_key(context, arguments[0], &fault);
    if (fault.kind == FAULT_MEMORY) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (fault.kind == FAULT_CALLER) problem = result_fault_reason(&fault);
    if (set != NULL) {
        problem =
            set->is_set ? set_problem(set, algorithm) : single_problem(&set->keys[0], algorithm);
    }
    if (problem != NULL) sqlite3_result_text(context, problem, -1, SQLITE_TRANSIENT);
    key_set_release(set);
}

/* What jwks() gathers: the members' text, comma-separated. */
struct jwks_state {
    struct text *text; /* NULL until the first row */
    bool failed;
};

static void jwks_add(
    struct jwks_state *state, const struct key_set *set, sqlite3_value *value, struct fault *fault)
{
    struct text key;
    text_start(&key);
    if (set->is_set) {
        fault_set(fault, "key: is a JWKS: pass one key a row (see jwk_each)");
    } else if (jwk_write_public(&key, set, sqlite3_value_blob(value),
                   (size_t)sqlite3_value_bytes(value), fault)) {
        if (state->text->length > 0) text_add_string(state->text, ",");
        text_add(state->text, key.bytes, key.length);
        if (state->text->failed) fault_memory(fault);
    }
    text_release(&key);
}

/* jwks(key): passes over NULL and symmetric keys; an unusable key raises. */
static void jwks_step(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct fault fault = { FAULT_NONE, "" };
    struct jwks_state *state = sqlite3_aggregate_context(context, sizeof *state);
    struct key_set *set;
    (void)count;
    if (state == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (state->text == NULL) {
        state->text = sqlite3_malloc64(sizeof *state->text);
        if (state->text == NULL) {
            sqlite3_result_error_nomem(context);
            state->failed = true;
            return;
        }
        text_start(state->text);
    }
    set = read_key(context, arguments[0], &fault);
    if (set != NULL && (set->is_set || set->keys[0].type != KEY_OCT)) {
        jwks_add(state, set, arguments[0], &fault);
    }
    if (fault.kind != FAULT_NONE) {
        result_fault(context, "jwks", &fault);
        state->failed = true;
    }
    key_set_release(set);
}

static void jwks_final(sqlite3_context *context)
{
    struct jwks_state *state = sqlite3_aggregate_context(context, 0);
    struct text out;
    text_start(&out);
    text_add_string(&out, "{\"keys\":[");
    if (state != NULL && state->text != NULL) {
        text_add(&out, state->text->bytes, state->text->length);
        text_release(state->text);
        sqlite3_free(state->text);
        state->text = NULL;
    }
    text_add_string(&out, "]}");
    if (state != NULL && state->failed) {
        text_release(&out); /* the step has raised already */
    } else {
        result_json_text(context, &out);
    }
}

static const struct function_entry entries[] = {
    { "jwk_generate", 1, FLAGS_MINT | FLAGS_JSON, true, jwk_generate_function, NULL, NULL },
    { "jwk_generate", 2, FLAGS_MINT | FLAGS_JSON, true, jwk_generate_function, NULL, NULL },
    { "jwk_to_pem", 1, FLAGS_MINT, true, jwk_to_pem, NULL, NULL },
    { "jwk_to_pem", 2, FLAGS_MINT, true, jwk_to_pem, NULL, NULL },
    { "jwk_from_pem", 1, FLAGS_PLAIN | FLAGS_JSON, true, jwk_from_pem, NULL, NULL },
    { "jwk_from_pem", 2, FLAGS_PLAIN | FLAGS_JSON, true, jwk_from_pem, NULL, NULL },
    { "jwk_public", 1, FLAGS_PURE | FLAGS_JSON, false, jwk_public, NULL, NULL },
    { "jwk_thumbprint", 1, FLAGS_PURE, false, jwk_thumbprint_function, NULL, NULL },
    { "jwk_thumbprint", 2, FLAGS_PURE, false, jwk_thumbprint_function, NULL, NULL },
    { "jwk_problem", 1, FLAGS_PURE, false, jwk_problem, NULL, NULL },
    { "jwk_problem", 2, FLAGS_PURE, false, jwk_problem, NULL, NULL },
    { "jwks", 1, FLAGS_HARMLESS | FLAGS_JSON, false, NULL, jwks_step, jwks_final },
};

const struct function_table key_functions = { entries, sizeof entries / sizeof *entries };
