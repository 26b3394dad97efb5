/*
** jwk_generate.c - jwk_generate(): new keys.
*/
#include <openssl/err.h>
#include <openssl/evp.h>

#include "jwk.h"
#include "key_build.h"
#include "secure.h"

/* Makes a key pair of one of OpenSSL's types, or NULL with its error queue set. */
static EVP_PKEY *generate_pair(const struct algorithm *algorithm, unsigned bits)
{
    enum curve curve = (enum curve)algorithm->curve;
    switch ((enum key_type)algorithm->key_type) {
    case KEY_RSA: return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    case KEY_EC: return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_name(curve));
    case KEY_OKP: return EVP_PKEY_Q_keygen(NULL, NULL, curve == CURVE_ED448 ? "ED448" : "ED25519");
    case KEY_AKP: {
        unsigned char seed[ML_DSA_SEED_BYTES]; /* FIPS 204 section 5.1: a key is its random seed */
        EVP_PKEY *pkey = secure_random(seed, sizeof seed)
                             ? key_build_ml_dsa(algorithm, seed, sizeof seed, true)
                             : NULL;
        secure_wipe(seed, sizeof seed);
        return pkey;
    }
    case KEY_OCT:
    case KEY_UNKNOWN: break;
    }
    return NULL;
}

/* A secret as long as the hash (RFC 7518 section 3.2). */
static bool generate_secret(struct key *key, const struct algorithm *algorithm, struct fault *fault)
{
    unsigned char secret[64];
    bool filled = secure_random(secret, algorithm->hash_bytes);
    bool held = filled && key_set_secret(key, secret, algorithm->hash_bytes);
    secure_wipe(secret, sizeof secret);
    if (!filled) return fault_set(fault, "alg: OpenSSL's random generator failed");
    return held || fault_memory(fault);
}

static bool generate_material(
    struct key *key, const struct algorithm *algorithm, unsigned bits, struct fault *fault)
{
    if (algorithm->key_type == KEY_OCT) return generate_secret(key, algorithm, fault);
    if (algorithm->key_type == KEY_AKP && ml_dsa_missing(algorithm) != NULL) {
        return fault_set(fault, "alg: %s", ml_dsa_missing(algorithm));
    }
    ERR_clear_error();
    /* Twice, before the algorithm is blamed: OpenSSL does not always say that memory ran out. */
    EVP_PKEY *pkey = generate_pair(algorithm, bits);
    if (pkey == NULL) pkey = generate_pair(algorithm, bits);
    if (pkey == NULL) {
        if (secure_memory_failed()) return fault_memory(fault);
        return fault_set(fault, "alg: OpenSSL cannot generate a key for %s", algorithm->name);
    }
    if (!key_set_pkey(key, pkey, true)) return fault_memory(fault);
    return key->problem == NULL || fault_set(fault, "alg: %s", key->problem);
}

static bool check_bits(const struct algorithm *algorithm, unsigned bits, struct fault *fault)
{
    if (bits == 0) return true;
    if (algorithm->key_type != KEY_RSA) {
        return fault_set(
            fault, "bits: only RSA keys have a choice of size, not %s", algorithm->name);
    }
    if (bits >= RSA_BITS_GOOD && bits <= RSA_BITS_MAX) return true;
    return fault_set(fault, "bits: an RSA modulus has %d to %d bits", RSA_BITS_GOOD, RSA_BITS_MAX);
}

static bool write_generated(struct text *out, const struct key *key,
    const struct algorithm *algorithm, const char *kid, size_t kid_length, struct fault *fault)
{
    struct text thumbprint;
    text_start(&thumbprint);
    bool written = kid != NULL || jwk_thumbprint(&thumbprint, key, "sha256", fault);
    if (written) {
        struct jwk_members members = {
            .alg = algorithm->name,
            .use = "sig",
            .kid = kid != NULL ? kid : thumbprint.bytes,
            .kid_length = kid != NULL ? kid_length : thumbprint.length,
        };
        written = jwk_write(out, key, true, &members, fault);
    }
    text_release(&thumbprint);
    return written;
}

bool jwk_generate(struct text *out, const struct algorithm *algorithm, unsigned bits,
    const char *kid, size_t kid_length, struct fault *fault)
{
    if (!check_bits(algorithm, bits, fault)) return false;
    struct key key;
    key_start(&key);
    bool written = generate_material(&key, algorithm, bits != 0 ? bits : RSA_BITS_GOOD, fault) &&
                   write_generated(out, &key, algorithm, kid, kid_length, fault);
    key_clear(&key);
    return written;
}
