/*
** key_build.h - OpenSSL keys from the numbers that a JWK holds.
**
** Only sizes are looked at here; whether the numbers make a good key is for
** key_set_pkey() to say.
*/
#ifndef JWT_KEY_BUILD_H
#define JWT_KEY_BUILD_H

#include "algorithm.h"

struct evp_pkey_st;

/* A big-endian unsigned number or a byte string; `bytes` NULL stands for "absent". */
struct octets {
    unsigned char *bytes;
    size_t length;
};

enum rsa_number { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_NUMBERS };

#define RSA_BITS_MIN 1024  /* below: never */
#define RSA_BITS_GOOD 2048 /* below: with allow_weak_key (RFC 7518 section 3.3) */
#define RSA_BITS_MAX 16384 /* OpenSSL's own bound for verification */

#define ML_DSA_SEED_BYTES 32

/*
** Each returns a new key (the caller frees it with EVP_PKEY_free()), or NULL
** where OpenSSL refuses the numbers or memory ran out. The numbers of RSA are
** turned to the machine's byte order in place. OpenSSL's error queue is left
** as OpenSSL left it.
*/
struct evp_pkey_st *key_build_rsa(struct octets numbers[RSA_NUMBERS]);

/* `x` and `y`, and `d` where private, are curve_bytes(curve) long. `d` may be turned in place. */
struct evp_pkey_st *key_build_ec(
    enum curve curve, const unsigned char *x, const unsigned char *y, unsigned char *d);

/* `key` is the private key where `is_private`, else the public one, curve_bytes(curve) long. */
struct evp_pkey_st *key_build_okp(enum curve curve, const unsigned char *key, bool is_private);

/* From the seed (ML_DSA_SEED_BYTES) where `is_seed`, else the public key. */
struct evp_pkey_st *key_build_ml_dsa(
    const struct algorithm *algorithm, const unsigned char *bytes, size_t length, bool is_seed);

/* Bytes of the public key of an ML-DSA algorithm (FIPS 204 table 2). */
size_t ml_dsa_public_bytes(const struct algorithm *algorithm);

/* NULL where the OpenSSL at run time has this ML-DSA algorithm, else the words for it. Static. */
const char *ml_dsa_missing(const struct algorithm *algorithm);

#endif
