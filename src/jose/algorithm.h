/*
** algorithm.h - the table of signature algorithms (RFC 7518 section 3.1,
** RFC 8037, RFC 8812, RFC 9864, RFC 9964). `none` is not in it, on purpose.
*/
#ifndef JWT_ALGORITHM_H
#define JWT_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum algorithm_family {
    FAMILY_HMAC,
    FAMILY_RSA_PKCS1,
    FAMILY_RSA_PSS,
    FAMILY_ECDSA,
    FAMILY_EDDSA,
    FAMILY_ML_DSA,
};

/* KEY_UNKNOWN: a member of a JWKS whose `kty` says nothing to us. It has a `problem`. */
enum key_type { KEY_OCT, KEY_RSA, KEY_EC, KEY_OKP, KEY_AKP, KEY_UNKNOWN };

enum curve {
    CURVE_NONE,
    CURVE_P256,
    CURVE_P384,
    CURVE_P521,
    CURVE_SECP256K1,
    CURVE_ED25519,
    CURVE_ED448,
};

struct algorithm {
    const char *name;         /* as in the header, "RS256" */
    const char *hash;         /* OpenSSL's digest name, or NULL */
    uint8_t family;           /* enum algorithm_family */
    uint8_t key_type;         /* enum key_type */
    uint8_t curve;            /* enum curve; CURVE_NONE where any (EdDSA) or none */
    uint8_t hash_bytes;       /* digest size; 0 where there is none */
    uint16_t signature_bytes; /* 0 where the key decides (RSA modulus, EdDSA curve) */
    bool deterministic;       /* the same bytes and key give the same signature */
};

#define ALGORITHM_COUNT 19

/* A set of algorithms: bit i stands for algorithm_at(i). */
typedef uint32_t algorithm_set;

/* Algorithm `index` of the table, 0 to ALGORITHM_COUNT - 1. Static. */
const struct algorithm *algorithm_at(size_t index);

/* The algorithm of exactly this name (case matters, RFC 7515 section 4.1.1), or NULL. */
const struct algorithm *algorithm_find(const char *name, size_t length);

/* Its place in the table. */
size_t algorithm_index(const struct algorithm *algorithm);

/* The set of just this algorithm. */
algorithm_set algorithm_bit(const struct algorithm *algorithm);

/* The known name nearest to `name` by edits, for "did you mean", or NULL where none is near. */
const char *algorithm_nearest(const char *name, size_t length);

/* "HMAC", "RSASSA-PKCS1-v1_5", "RSASSA-PSS", "ECDSA", "EdDSA", "ML-DSA". Static. */
const char *algorithm_family_name(enum algorithm_family family);

/* "oct", "RSA", "EC", "OKP", "AKP"; NULL for KEY_UNKNOWN. Static. */
const char *key_type_name(enum key_type type);

/* The key type of exactly this `kty`, or KEY_UNKNOWN. */
enum key_type key_type_find(const char *name, size_t length);

/* JWK `crv` of a curve ("P-256"), or NULL for CURVE_NONE. Static. */
const char *curve_name(enum curve curve);

/* The curve of exactly this `crv`, or CURVE_NONE. */
enum curve curve_find(const char *name, size_t length);

/* KEY_EC or KEY_OKP: the `kty` that a curve belongs to. KEY_UNKNOWN for CURVE_NONE. */
enum key_type curve_key_type(enum curve curve);

/* Bytes of a coordinate (EC) or of an encoded point (Edwards): the length of `x` and `d`. */
size_t curve_bytes(enum curve curve);

/* Bits of the field that the curve is over. */
unsigned curve_bits(enum curve curve);

#endif
