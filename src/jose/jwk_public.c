/*
** jwk_public.c - jwk_write_public(): a key document without its private parts.
**
** The key's own members are written anew from the key. What else the document
** has is copied as it stands, but for white space: x5c, ext, and whatever a
** later RFC adds.
*/
#include <string.h>

#include "json_value.h"
#include "jwk.h"

/* Appends a JSON text without the white space between its tokens. */
static void add_compact(struct text *out, struct json_value value)
{
    size_t run = 0; /* where the bytes began that were not copied yet */
    bool in_string = false;
    for (size_t i = 0; i < value.length; i++) {
        char byte = value.text[i];
        if (in_string && byte == '\\') {
            i++;
        } else if (byte == '"') {
            in_string = !in_string;
        } else if (!in_string && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
            text_add(out, value.text + run, i - run);
            run = i + 1;
        }
    }
    text_add(out, value.text + run, value.length - run);
}

static bool is_one_of(struct json_value string, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (json_string_is(string, names[i], strlen(names[i]))) return true;
    }
    return false;
}

/* Members that jwk_write() writes itself. */
static bool is_written(struct json_value name)
{
    static const char *const written[] = { "kty", "alg", "use", "kid", "crv", "n", "e", "x", "y",
        "pub" };
    return is_one_of(name, written, sizeof written / sizeof *written);
}

/* Private members of any key type (RFC 7518 section 6, RFC 8037 section 2, RFC 9964 section 3). */
static bool is_private(struct json_value name)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k",
        "priv" };
    return is_one_of(name, private_members, sizeof private_members / sizeof *private_members);
}

/* What a public key can do of `key_ops`: `sign` becomes `verify`, other private operations go. */
static void add_operations(struct text *out, struct json_value operations)
{
    static const char *const private_operations[] = { "sign", "decrypt", "unwrapKey", "deriveKey",
        "deriveBits" };
    size_t count = sizeof private_operations / sizeof *private_operations;
    struct json_cursor cursor = json_cursor_start(operations);
    struct json_value one;
    bool verifies = false;
    size_t written = 0;
    text_add_string(out, "[");
    while (json_array_next(&cursor, &one)) {
        bool is_sign = json_string_is(one, "sign", 4);
        bool is_verify = json_string_is(one, "verify", 6);
        if (is_sign || is_verify) {
            if (verifies) continue;
            verifies = true;
        } else if (is_one_of(one, private_operations, count)) {
            continue;
        }
        if (written++ > 0) text_add_string(out, ",");
        if (is_sign) {
            text_add_string(out, "\"verify\"");
        } else {
            add_compact(out, one);
        }
    }
    text_add_string(out, "]");
}

/* Appends the members of `document` that jwk_write() knows nothing of. */
static void add_further(struct text *out, struct json_value document)
{
    struct json_cursor cursor = json_cursor_start(document);
    struct json_value name, value;
    while (json_object_next(&cursor, &name, &value)) {
        if (is_written(name) || is_private(name)) continue;
        text_add_string(out, ",");
        text_add(out, name.text, name.length);
        text_add_string(out, ":");
        if (json_string_is(name, "key_ops", 7)) {
            add_operations(out, value);
        } else {
            add_compact(out, value);
        }
    }
}

/* The public JWK of `key`, which was read from `document`. */
static bool write_one(
    struct text *out, const struct key *key, struct json_value document, struct fault *fault)
{
    struct jwk_members members = {
        .alg = key->fixed != NULL ? key->fixed->name : NULL,
        .use = key->use,
        .kid = key->kid,
        .kid_length = key->kid_length,
    };
    if (!jwk_write(out, key, false, &members, fault)) return false;
    out->length--; /* the closing brace */
    add_further(out, document);
    text_add_string(out, "}");
    return !out->failed || fault_memory(fault);
}

/* The members of a JWKS that have a public form, in their order. */
static bool write_set(
    struct text *out, const struct key_set *set, struct json_value keys, struct fault *fault)
{
    struct json_cursor cursor = json_cursor_start(keys);
    struct json_value document;
    bool wrote = true;
    size_t written = 0;
    text_add_string(out, "{\"keys\":[");
    for (size_t i = 0; wrote && i < set->count && json_array_next(&cursor, &document); i++) {
        const struct key *key = &set->keys[i];
        if (key->problem != NULL || key->type == KEY_OCT) continue;
        if (written++ > 0) text_add_string(out, ",");
        wrote = write_one(out, key, document, fault);
    }
    text_add_string(out, "]}");
    if (wrote && out->failed) return fault_memory(fault);
    return wrote;
}

bool jwk_write_public(struct text *out, const struct key_set *set, const void *bytes, size_t length,
    struct fault *fault)
{
    if (!set->is_set && !set->is_jwk) return jwk_write(out, &set->keys[0], false, NULL, fault);
    struct json_value document = json_value_at(bytes, length);
    if (!set->is_set) return write_one(out, &set->keys[0], document, fault);
    struct json_object object;
    bool wrote = false;
    if (json_object_read(&object, bytes, length, NULL) == JSON_FINE) {
        wrote = write_set(out, set, json_object_get(&object, "keys"), fault);
    } else {
        fault_memory(fault); /* key_set_read() has accepted the text */
    }
    json_object_release(&object);
    return wrote;
}
