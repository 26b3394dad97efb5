/*
** key.c - see key.h. Reading a key argument into a set, and the set's life.
*/
#include "key.h"

#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "key_form.h"
#include "key_jwk.h"
#include "key_material.h"
#include "key_pem.h"
#include "secure.h"

/* ---- life */

static struct key_set *new_set(size_t count, struct fault *fault)
{
    struct key_set *set = memory_new_zero(sizeof *set);
    struct key *keys = memory_new_zero(count * sizeof *keys);
    if (set == NULL || keys == NULL) {
        memory_free(set);
        memory_free(keys);
        fault_memory(fault);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) key_start(&keys[i]);
    set->references = 1;
    set->keys = keys;
    set->count = count;
    return set;
}

struct key_set *key_set_retain(struct key_set *set)
{
    set->references++;
    return set;
}

void key_set_release(struct key_set *set)
{
    if (set == NULL || --set->references > 0) return;
    for (size_t i = 0; i < set->count; i++) key_clear(&set->keys[i]);
    memory_free(set->by_kid);
    memory_free(set->keys);
    memory_free(set);
}

/* About what OpenSSL holds for a key beside its numbers: the EVP_PKEY, its group or Montgomery forms. */
#define PKEY_OVERHEAD 2048

static size_t memory_of(const struct key_set *set)
{
    size_t memory = sizeof *set + set->count * sizeof *set->keys;
    memory += set->by_kid_count * sizeof *set->by_kid;
    for (size_t i = 0; i < set->count; i++) {
        const struct key *key = &set->keys[i];
        memory += key->kid_length + key->secret_length;
        if (key->pkey != NULL) memory += PKEY_OVERHEAD + key->bits;
    }
    return memory;
}

/* ---- the forms of one key */

static bool read_secret(
    struct key *key, const unsigned char *bytes, size_t length, struct fault *fault)
{
    return key_set_secret(key, bytes, length) || fault_memory(fault);
}

#define LONG_NUMBER "a number in the JSON has more than 63 characters"

static bool json_unreadable(enum json_fault reason, size_t at, struct fault *fault)
{
    if (reason == JSON_NO_MEMORY) return fault_memory(fault);
    if (reason == JSON_TOO_LONG) return fault_set(fault, "key: " LONG_NUMBER);
    return fault_set(fault,
        "key: looks like JSON but is none (%s, at byte %zu); a secret that begins with a bracket "
        "must be a BLOB or an oct JWK",
        json_fault_text(reason), at + 1);
}

static bool read_jwk(struct key *key, const char *text, size_t length, struct fault *fault)
{
    enum json_fault reason;
    struct json_doc *jwk = json_doc_read(text, length, &reason);
    if (jwk == NULL) return json_unreadable(reason, 0, fault);
    bool read = key_read_jwk(key, jwk) || fault_memory(fault);
    json_doc_free(jwk);
    if (read && key->problem != NULL)
        return fault_set(fault, "key: unusable JWK: %s", key->problem);
    return read;
}

/* ---- sets (RFC 7517 section 5) */

static bool count_members(struct json_value keys, size_t *count, struct fault *fault)
{
    if (keys.type != JSON_ARRAY)
        return fault_set(fault, "key: \"keys\" of a JWKS must be an array");
    struct json_cursor cursor = json_cursor_start(keys);
    struct json_value member;
    *count = 0;
    while (json_array_next(&cursor, &member)) {
        if (++*count > KEY_SET_MAX_KEYS) {
            return fault_set(fault, "key: the JWKS has more than %d keys", KEY_SET_MAX_KEYS);
        }
    }
    return true;
}

/* One member of a JWKS; what makes it unusable stays with it (RFC 7517 section 5). */
static bool read_member(struct key *key, struct json_value member)
{
    if (member.type != JSON_OBJECT) {
        key->problem = "this member of \"keys\" is not an object";
        return true;
    }
    enum json_fault reason;
    struct json_doc *jwk = json_doc_read(member.text, member.length, &reason);
    if (jwk == NULL) {
        if (reason == JSON_NO_MEMORY) return false;
        key->problem = LONG_NUMBER; /* the whole has been found to be JSON */
        return true;
    }
    bool read = key_read_jwk(key, jwk);
    json_doc_free(jwk);
    return read;
}

static int compare_kid(const char *left, size_t left_length, const char *right, size_t right_length)
{
    size_t shorter = left_length < right_length ? left_length : right_length;
    int order = memcmp(left, right, shorter);
    if (order != 0) return order;
    return left_length < right_length ? -1 : left_length > right_length;
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *const *a = left;
    const struct key *const *b = right;
    return compare_kid((*a)->kid, (*a)->kid_length, (*b)->kid, (*b)->kid_length);
}

static bool index_by_kid(struct key_set *set)
{
    set->by_kid = memory_new(set->count * sizeof(struct key *));
    if (set->by_kid == NULL) return false;
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].kid != NULL) set->by_kid[set->by_kid_count++] = &set->keys[i];
    }
    qsort(set->by_kid, set->by_kid_count, sizeof(struct key *), compare_keys);
    return true;
}

static struct key_set *read_jwks(struct json_value keys, struct fault *fault)
{
    size_t count;
    if (!count_members(keys, &count, fault)) return NULL;
    struct key_set *set = new_set(count, fault);
    if (set == NULL) return NULL;
    set->is_set = true;
    struct json_cursor cursor = json_cursor_start(keys);
    struct json_value member;
    bool read = true;
    for (size_t i = 0; read && json_array_next(&cursor, &member); i++) {
        read = read_member(&set->keys[i], member);
    }
    if (read && index_by_kid(set)) return set;
    key_set_release(set);
    fault_memory(fault);
    return NULL;
}

/* ---- the argument */

static struct key_set *read_json_object(const struct json_object *object, struct fault *fault)
{
    struct json_value keys = json_object_get(object, "keys");
    bool has_type = json_object_get(object, "kty").text != NULL;
    if (keys.text != NULL && has_type) {
        fault_set(fault, "key: a JSON object with both \"kty\" and \"keys\" is ambiguous: "
                         "give a JWK or a JWKS");
        return NULL;
    }
    if (keys.text != NULL) return read_jwks(keys, fault);
    if (!has_type) {
        fault_set(fault, "key: a JSON object with neither \"kty\" (a JWK) nor \"keys\" (a JWKS)");
        return NULL;
    }
    struct key_set *set = new_set(1, fault);
    if (set == NULL) return NULL;
    set->is_jwk = true;
    if (read_jwk(&set->keys[0], object->text, object->length, fault)) return set;
    key_set_release(set);
    return NULL;
}

static struct key_set *read_json(const char *text, size_t length, struct fault *fault)
{
    struct json_object object;
    size_t at = 0;
    enum json_fault reason = json_object_read(&object, text, length, &at);
    struct key_set *set = NULL;
    if (reason == JSON_FINE) {
        set = read_json_object(&object, fault);
    } else if (reason == JSON_NOT_OBJECT && json_text_check(text, length, &at) == JSON_FINE) {
        fault_set(
            fault, "key: a bare array of JWKs is not a JWK Set; wrap it in {\"keys\": [...]}");
    } else {
        json_unreadable(reason, at, fault);
    }
    json_object_release(&object);
    return set;
}

static struct key_set *read_single(
    const unsigned char *bytes, size_t length, enum key_form form, struct fault *fault)
{
    struct key_set *set = new_set(1, fault);
    if (set == NULL) return NULL;
    bool read = form == KEY_FORM_PEM
                    ? key_read_pem(&set->keys[0], (const char *)bytes, length, fault)
                    : read_secret(&set->keys[0], bytes, length, fault);
    if (read) return set;
    key_set_release(set);
    return NULL;
}

static struct key_set *read_form(
    const unsigned char *bytes, size_t length, bool is_blob, struct fault *fault)
{
    enum key_form form = key_form_of(bytes, length, is_blob);
    switch (form) {
    case KEY_FORM_JSON: return read_json((const char *)bytes, length, fault);
    case KEY_FORM_PEM:
    case KEY_FORM_SECRET: return read_single(bytes, length, form, fault);
    case KEY_FORM_SSH:
        fault_set(
            fault, "key: an SSH key is not read; convert it: ssh-keygen -e -m PKCS8 -f key.pub");
        return NULL;
    case KEY_FORM_DER:
        fault_set(fault, "key: DER is not read; convert it to PEM: openssl pkey -inform DER "
                         "-in key.der (add -pubin for a public key)");
        return NULL;
    case KEY_FORM_WIDE:
        fault_set(fault, "key: a key in UTF-16 is not read; pass it as TEXT, or in UTF-8");
        return NULL;
    }
    return NULL;
}

struct key_set *key_set_read(const void *bytes, size_t length, bool is_blob, struct fault *fault)
{
    if (length == 0) {
        fault_set(fault, "key: is empty");
        return NULL;
    }
    struct key_set *set = read_form(bytes, length, is_blob, fault);
    if (set == NULL) return NULL;
    for (size_t i = 0; i < set->count; i++) key_bind_algorithms(&set->keys[i]);
    set->memory = memory_of(set);
    return set;
}
