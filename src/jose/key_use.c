/*
** key_use.c - which key serves which token: key_set_choose(), key_algorithms()
** and key_refusal() of key.h.
*/
#include <string.h>

#include "key.h"

/* ---- algorithms of a key */

/* True where the key's material can do it at all. */
static bool can_do(const struct key *key, const struct algorithm *algorithm)
{
    if (algorithm->key_type != key->type) return false;
    if (algorithm->curve != CURVE_NONE && algorithm->curve != key->curve) return false;
    return key->type != KEY_AKP || algorithm == key->fixed;
}

const struct algorithm *key_default_algorithm(const struct key *key)
{
    if (key->fixed != NULL) return key->fixed;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (can_do(key, algorithm_at(i)))
            return algorithm_at(i); /* the table has the default first */
    }
    return NULL;
}

/* `EdDSA` and the curve's own name (RFC 9864 section 2.2) are the same algorithm. */
static bool same_algorithm(const struct algorithm *left, const struct algorithm *right)
{
    return left == right || (left->family == FAMILY_EDDSA && right->family == FAMILY_EDDSA);
}

/* Those that the key can do and that are `bound`, or any of them where that is NULL. */
static algorithm_set algorithms_within(const struct key *key, const struct algorithm *bound)
{
    algorithm_set served = 0;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        if (!can_do(key, algorithm)) continue;
        if (bound != NULL && !same_algorithm(bound, algorithm)) continue;
        served |= algorithm_bit(algorithm);
    }
    return served;
}

void key_bind_algorithms(struct key *key)
{
    key->own_algorithms = algorithms_within(key, key_default_algorithm(key));
    key->nameable_algorithms = algorithms_within(key, key->fixed);
}

algorithm_set key_algorithms(const struct key *key, algorithm_set named)
{
    return named != 0 ? key->nameable_algorithms & named : key->own_algorithms;
}

/* ---- refusals */

static const char *public_cannot_sign(const struct key *key)
{
    return key->is_private ? NULL : "a public key cannot sign";
}

static const char *operation_refusal(const struct key *key, enum key_operation operation)
{
    bool allowed = operation == OPERATION_SIGN ? key->may_sign : key->may_verify;
    if (allowed) return NULL;
    if (key->use != NULL && strcmp(key->use, "sig") != 0) {
        return "the JWK's \"use\" is not \"sig\"";
    }
    return operation == OPERATION_SIGN ? "the JWK's \"key_ops\" does not have \"sign\""
                                       : "the JWK's \"key_ops\" does not have \"verify\"";
}

/* RFC 7518 section 3.2. */
static const char *length_refusal(const struct key *key, const struct algorithm *algorithm)
{
    if (key->type != KEY_OCT || algorithm == NULL) return NULL;
    if (key->secret_length >= algorithm->hash_bytes) return NULL;
    switch (algorithm->hash_bytes) {
    case 32: return "the HMAC secret is shorter than the 32 bytes of HS256";
    case 48: return "the HMAC secret is shorter than the 48 bytes of HS384";
    default: return "the HMAC secret is shorter than the 64 bytes of HS512";
    }
}

const char *key_refusal(const struct key *key, const struct algorithm *algorithm,
    enum key_operation operation, bool allow_weak)
{
    const char *refusal = key->problem;
    if (refusal == NULL && operation == OPERATION_SIGN) refusal = public_cannot_sign(key);
    if (refusal == NULL) refusal = operation_refusal(key, operation);
    if (refusal == NULL && !allow_weak) refusal = length_refusal(key, algorithm);
    if (refusal == NULL && !allow_weak) refusal = key->weakness;
    return refusal;
}

/* ---- choosing */

/* `algorithm` NULL: with any. */
static bool is_usable(const struct key *key, const struct algorithm *algorithm, bool allow_weak)
{
    return key_refusal(key, algorithm, OPERATION_VERIFY, allow_weak) == NULL;
}

static bool same_kid(const struct key *key, const char *kid, size_t kid_length)
{
    return key->kid_length == kid_length && memcmp(key->kid, kid, kid_length) == 0;
}

static bool kid_is_before(const struct key *key, const char *kid, size_t kid_length)
{
    size_t shorter = key->kid_length < kid_length ? key->kid_length : kid_length;
    int order = memcmp(key->kid, kid, shorter);
    return order < 0 || (order == 0 && key->kid_length < kid_length);
}

/* Index of the first key of `by_kid` that is not before `kid`. */
static size_t find_kid(const struct key_set *set, const char *kid, size_t kid_length)
{
    size_t low = 0, high = set->by_kid_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (kid_is_before(set->by_kid[middle], kid, kid_length)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum key_choice choose_by_kid(const struct key_set *set, const char *kid, size_t kid_length,
    bool allow_weak, const struct key **out)
{
    const struct key *chosen = NULL;
    bool found = false;
    for (size_t i = find_kid(set, kid, kid_length); i < set->by_kid_count; i++) {
        const struct key *key = set->by_kid[i];
        if (!same_kid(key, kid, kid_length)) break;
        found = true;
        if (!is_usable(key, NULL, allow_weak)) continue;
        if (chosen != NULL) return KEY_AMBIGUOUS;
        chosen = key;
    }
    if (!found) return KEY_NOT_FOUND;
    if (chosen == NULL) return KEY_UNUSABLE;
    *out = chosen;
    return KEY_CHOSEN;
}

static enum key_choice choose_by_algorithm(const struct key_set *set,
    const struct algorithm *algorithm, algorithm_set named, bool allow_weak, const struct key **out)
{
    const struct key *chosen = NULL;
    algorithm_set wanted = algorithm_bit(algorithm);
    for (size_t i = 0; i < set->count; i++) {
        const struct key *key = &set->keys[i];
        if (algorithm->key_type != key->type || !is_usable(key, algorithm, allow_weak)) continue;
        if ((key_algorithms(key, named) & wanted) == 0) continue;
        if (chosen != NULL) return KEY_AMBIGUOUS;
        chosen = key;
    }
    if (chosen == NULL) return KEY_NOT_FOUND;
    *out = chosen;
    return KEY_CHOSEN;
}

enum key_choice key_set_choose(const struct key_set *set, const struct algorithm *algorithm,
    const char *kid, size_t kid_length, algorithm_set named, bool allow_weak,
    const struct key **out)
{
    if (set->is_set) {
        return kid != NULL ? choose_by_kid(set, kid, kid_length, allow_weak, out)
                           : choose_by_algorithm(set, algorithm, named, allow_weak, out);
    }
    const struct key *only = &set->keys[0];
    if (kid != NULL && only->kid != NULL && !same_kid(only, kid, kid_length)) return KEY_NOT_FOUND;
    *out = only;
    return KEY_CHOSEN;
}
