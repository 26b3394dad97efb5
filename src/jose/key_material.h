/*
** key_material.h - one key: what it is, what it may do, and its material. The
** readers (key_jwk, key_pem) fill it; key.h makes sets of it.
*/
#ifndef JWT_KEY_MATERIAL_H
#define JWT_KEY_MATERIAL_H

#include "algorithm.h"

struct evp_pkey_st;
struct signature_contexts;

struct key {
    /* Never that of another key while a cache lives that asks for it: connection.c counts. 0: has none. */
    uint64_t identity;
    uint8_t type;  /* enum key_type */
    uint8_t curve; /* enum curve */
    bool is_private;
    bool may_sign; /* false where `use` or `key_ops` forbids it */
    bool may_verify;
    unsigned bits; /* RSA modulus, EC or Edwards field, secret or ML-DSA public key length * 8 */
    const struct algorithm *fixed; /* the JWK's `alg`; an AKP key's one algorithm; or NULL */
    algorithm_set own_algorithms;  /* served where the caller names none: see key_algorithms() */
    algorithm_set nameable_algorithms; /* served where the caller names them */
    char *kid;                         /* UTF-8 with its length and a NUL after it, or NULL */
    size_t kid_length;
    char *use;             /* the JWK's `use`, NUL-terminated, or NULL */
    unsigned char *secret; /* KEY_OCT only */
    size_t secret_length;
    struct evp_pkey_st *pkey; /* all but KEY_OCT; NULL where `problem` */
    const char *problem; /* why it can never be used ("RSA exponent is even"), static, or NULL */
    const char *
        weakness; /* usable with allow_weak_key only ("RSA modulus under 2048 bits"), static, or NULL */
    struct signature_contexts *contexts; /* signature.c's, or NULL */
};

/* Makes `key` empty: no material, allowed to sign and to verify. */
void key_start(struct key *key);

/* Wipes and frees what the key holds. It is empty afterwards. */
void key_clear(struct key *key);

/*
** Makes `key` a KEY_OCT of these bytes (copied), and names its weakness where
** they are too few. False where memory ran out.
*/
bool key_set_secret(struct key *key, const unsigned char *secret, size_t length);

/*
** Makes `key` own `pkey` (freed with the key, also on failure), and judges it:
** type, curve, bits; `problem` where it is of a kind, curve or strength that
** is never used, or where a private key does not match its public part;
** `weakness` where only allow_weak_key admits it. `is_private`: `pkey` has a
** private part. False where memory ran out.
*/
bool key_set_pkey(struct key *key, struct evp_pkey_st *pkey, bool is_private);

/* Works out own_algorithms and nameable_algorithms of a key that has been read. */
void key_bind_algorithms(struct key *key);

#endif
