/*
** algorithm.c - see algorithm.h.
*/
#include "algorithm.h"

#include <string.h>

#include "nearest.h"

#define SHA256 "SHA-256", .hash_bytes = 32
#define SHA384 "SHA-384", .hash_bytes = 48
#define SHA512 "SHA-512", .hash_bytes = 64

static const struct algorithm algorithms[ALGORITHM_COUNT] = {
    /* clang-format off */
    { .name = "HS256", .family = FAMILY_HMAC, .key_type = KEY_OCT, .hash = SHA256, .signature_bytes = 32, .deterministic = true },
    { .name = "HS384", .family = FAMILY_HMAC, .key_type = KEY_OCT, .hash = SHA384, .signature_bytes = 48, .deterministic = true },
    { .name = "HS512", .family = FAMILY_HMAC, .key_type = KEY_OCT, .hash = SHA512, .signature_bytes = 64, .deterministic = true },
    { .name = "RS256", .family = FAMILY_RSA_PKCS1, .key_type = KEY_RSA, .hash = SHA256, .deterministic = true },
    { .name = "RS384", .family = FAMILY_RSA_PKCS1, .key_type = KEY_RSA, .hash = SHA384, .deterministic = true },
    { .name = "RS512", .family = FAMILY_RSA_PKCS1, .key_type = KEY_RSA, .hash = SHA512, .deterministic = true },
    { .name = "PS256", .family = FAMILY_RSA_PSS, .key_type = KEY_RSA, .hash = SHA256 },
    { .name = "PS384", .family = FAMILY_RSA_PSS, .key_type = KEY_RSA, .hash = SHA384 },
    { .name = "PS512", .family = FAMILY_RSA_PSS, .key_type = KEY_RSA, .hash = SHA512 },
    { .name = "ES256", .family = FAMILY_ECDSA, .key_type = KEY_EC, .curve = CURVE_P256, .hash = SHA256, .signature_bytes = 64 },
    { .name = "ES384", .family = FAMILY_ECDSA, .key_type = KEY_EC, .curve = CURVE_P384, .hash = SHA384, .signature_bytes = 96 },
    { .name = "ES512", .family = FAMILY_ECDSA, .key_type = KEY_EC, .curve = CURVE_P521, .hash = SHA512, .signature_bytes = 132 },
    { .name = "ES256K", .family = FAMILY_ECDSA, .key_type = KEY_EC, .curve = CURVE_SECP256K1, .hash = SHA256, .signature_bytes = 64 },
    { .name = "EdDSA", .family = FAMILY_EDDSA, .key_type = KEY_OKP, .deterministic = true },
    { .name = "Ed25519", .family = FAMILY_EDDSA, .key_type = KEY_OKP, .curve = CURVE_ED25519, .signature_bytes = 64, .deterministic = true },
    { .name = "Ed448", .family = FAMILY_EDDSA, .key_type = KEY_OKP, .curve = CURVE_ED448, .signature_bytes = 114, .deterministic = true },
    /* Not deterministic: OpenSSL signs hedged (FIPS 204 section 3.4) unless told otherwise. */
    { .name = "ML-DSA-44", .family = FAMILY_ML_DSA, .key_type = KEY_AKP, .signature_bytes = 2420 },
    { .name = "ML-DSA-65", .family = FAMILY_ML_DSA, .key_type = KEY_AKP, .signature_bytes = 3309 },
    { .name = "ML-DSA-87", .family = FAMILY_ML_DSA, .key_type = KEY_AKP, .signature_bytes = 4627 },
    /* clang-format on */
};

static const char *const family_names[] = {
    [FAMILY_HMAC] = "HMAC",
    [FAMILY_RSA_PKCS1] = "RSASSA-PKCS1-v1_5",
    [FAMILY_RSA_PSS] = "RSASSA-PSS",
    [FAMILY_ECDSA] = "ECDSA",
    [FAMILY_EDDSA] = "EdDSA",
    [FAMILY_ML_DSA] = "ML-DSA",
};

static const char *const key_type_names[] = {
    [KEY_OCT] = "oct",
    [KEY_RSA] = "RSA",
    [KEY_EC] = "EC",
    [KEY_OKP] = "OKP",
    [KEY_AKP] = "AKP",
    [KEY_UNKNOWN] = NULL,
};

static const struct {
    const char *name;
    uint8_t key_type;
    uint8_t bytes;
    uint16_t bits;
} curves[] = {
    [CURVE_NONE] = { NULL, KEY_UNKNOWN, 0, 0 },
    [CURVE_P256] = { "P-256", KEY_EC, 32, 256 },
    [CURVE_P384] = { "P-384", KEY_EC, 48, 384 },
    [CURVE_P521] = { "P-521", KEY_EC, 66, 521 },
    [CURVE_SECP256K1] = { "secp256k1", KEY_EC, 32, 256 },
    [CURVE_ED25519] = { "Ed25519", KEY_OKP, 32, 255 },
    [CURVE_ED448] = { "Ed448", KEY_OKP, 57, 448 },
};

static bool is_name(const char *name, const char *bytes, size_t length)
{
    return strlen(name) == length && memcmp(name, bytes, length) == 0;
}

const struct algorithm *algorithm_at(size_t index)
{
    return &algorithms[index];
}

const struct algorithm *algorithm_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (is_name(algorithms[i].name, name, length)) return &algorithms[i];
    }
    return NULL;
}

size_t algorithm_index(const struct algorithm *algorithm)
{
    return (size_t)(algorithm - algorithms);
}

algorithm_set algorithm_bit(const struct algorithm *algorithm)
{
    return (algorithm_set)1 << algorithm_index(algorithm);
}

#define NAME_MAX_LENGTH 16 /* longer than any name in the table, with edits to spare */

const char *algorithm_nearest(const char *name, size_t length)
{
    if (length == 0 || length > NAME_MAX_LENGTH) return NULL;
    const char *nearest = NULL;
    size_t distance = 3; /* three edits make a name of five letters a different one */
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        size_t edits = nearest_distance(name, length, algorithms[i].name);
        if (edits < distance) {
            distance = edits;
            nearest = algorithms[i].name;
        }
    }
    return nearest;
}

const char *algorithm_family_name(enum algorithm_family family)
{
    return family_names[family];
}

const char *key_type_name(enum key_type type)
{
    return key_type_names[type];
}

enum key_type key_type_find(const char *name, size_t length)
{
    for (int type = KEY_OCT; type < KEY_UNKNOWN; type++) {
        if (is_name(key_type_names[type], name, length)) return (enum key_type)type;
    }
    return KEY_UNKNOWN;
}

const char *curve_name(enum curve curve)
{
    return curves[curve].name;
}

enum curve curve_find(const char *name, size_t length)
{
    for (int curve = CURVE_P256; curve <= CURVE_ED448; curve++) {
        if (is_name(curves[curve].name, name, length)) return (enum curve)curve;
    }
    return CURVE_NONE;
}

enum key_type curve_key_type(enum curve curve)
{
    return (enum key_type)curves[curve].key_type;
}

size_t curve_bytes(enum curve curve)
{
    return curves[curve].bytes;
}

unsigned curve_bits(enum curve curve)
{
    return curves[curve].bits;
}
