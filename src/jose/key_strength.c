/*
** key_strength.c - key_set_pkey(): what kind of key OpenSSL made of it, and
** whether it is one that we trust. The same judgement for JWK and PEM.
*/
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "key_build.h"
#include "key_edwards.h"
#include "key_material.h"
#include "key_private.h"
#include "secure.h"

/* Fetches a number of the key; NULL where it has none or memory ran out. BN_clear_free() it. */
static BIGNUM *number_of(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1) {
        BN_clear_free(number);
        return NULL;
    }
    return number;
}

static const char *modulus_problem(const BIGNUM *modulus)
{
    int bits = BN_num_bits(modulus);
    if (bits < RSA_BITS_MIN) return "the RSA modulus is under 1024 bits";
    if (bits > RSA_BITS_MAX) return "the RSA modulus is over 16384 bits";
    if (!BN_is_odd(modulus)) return "the RSA modulus is even";
    return NULL;
}

/* e = 1 makes every signature its own message; even exponents have no inverse (NIST SP 800-89 5.3.3). */
static const char *exponent_problem(const BIGNUM *exponent)
{
    if (BN_num_bits(exponent) > 32) return "the RSA exponent is not below 2^32";
    if (!BN_is_odd(exponent)) return "the RSA exponent is even";
    if (BN_is_one(exponent)) return "the RSA exponent is 1";
    return NULL;
}

static bool judge_rsa(struct key *key)
{
    BIGNUM *modulus = number_of(key->pkey, OSSL_PKEY_PARAM_RSA_N);
    BIGNUM *exponent = number_of(key->pkey, OSSL_PKEY_PARAM_RSA_E);
    bool read = modulus != NULL && exponent != NULL;
    if (read) {
        key->bits = (unsigned)BN_num_bits(modulus);
        key->problem = modulus_problem(modulus);
        if (key->problem == NULL) key->problem = exponent_problem(exponent);
        if (key->problem == NULL && key->bits < RSA_BITS_GOOD) {
            key->weakness = "the RSA modulus is under 2048 bits";
        }
    }
    BN_free(modulus);
    BN_free(exponent);
    return read && (key->problem != NULL || !key->is_private || key_private_rsa(key));
}

/* OpenSSL's names of the groups that JOSE has. */
static enum curve group_curve(const char *group)
{
    static const struct {
        const char *group;
        uint8_t curve;
    } groups[] = {
        { "prime256v1", CURVE_P256 },
        { "secp384r1", CURVE_P384 },
        { "secp521r1", CURVE_P521 },
        { "secp256k1", CURVE_SECP256K1 },
        { "P-256", CURVE_P256 },
        { "P-384", CURVE_P384 },
        { "P-521", CURVE_P521 },
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (strcmp(groups[i].group, group) == 0) return (enum curve)groups[i].curve;
    }
    return CURVE_NONE;
}

#define EC_POINT_BYTES_MAX (1 + 2 * 66) /* uncompressed, P-521 */

/*
** Points off the curve never get here: OpenSSL refuses them when it decodes
** them, and the cofactor of all four curves is 1. The point at infinity does;
** it is encoded as one byte (SEC 1 section 2.3.3).
*/
static bool judge_ec(struct key *key)
{
    char group[64] = "";
    int is_explicit = 0;
    unsigned char point[EC_POINT_BYTES_MAX];
    OSSL_PARAM facts[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group),
        OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    /* Fails also for a point that does not fit: then the curve is none of ours. */
    bool told = EVP_PKEY_get_params(key->pkey, facts) == 1;
    if (!told && secure_memory_failed()) return false;
    key->curve = (uint8_t)group_curve(group);
    key->bits = curve_bits((enum curve)key->curve);
    if (is_explicit) {
        key->problem = "the EC key has explicit parameters instead of a named curve";
    } else if (key->curve == CURVE_NONE) {
        key->problem = "the EC curve is none of P-256, P-384, P-521, secp256k1";
    } else if (!told || facts[2].return_size == 1) {
        key->problem = "the EC point is at infinity";
    }
    return key->problem != NULL || !key->is_private || key_private_ec(key);
}

static bool judge_okp(struct key *key, enum curve curve)
{
    unsigned char point[64];
    size_t length = sizeof point;
    key->curve = (uint8_t)curve;
    key->bits = curve_bits(curve);
    if (EVP_PKEY_get_raw_public_key(key->pkey, point, &length) != 1 ||
        length != curve_bytes(curve)) {
        return false;
    }
    switch (key_edwards_check(curve, point)) {
    case EDWARDS_FINE: return true;
    case EDWARDS_NOT_CANONICAL: key->problem = "the public key is not canonical"; return true;
    case EDWARDS_NOT_ON_CURVE: key->problem = "the public key is not on the curve"; return true;
    case EDWARDS_SMALL_ORDER: key->problem = "the public key is of small order"; return true;
    case EDWARDS_NO_MEMORY: break;
    }
    return false;
}

static bool judge_akp(struct key *key, const struct algorithm *algorithm)
{
    key->fixed =
        algorithm; /* an AKP key has one algorithm, by its very type (RFC 9964 section 3) */
    key->bits = (unsigned)ml_dsa_public_bytes(algorithm) * 8;
    return true;
}

/* What is never used, in words that say what it is. */
static const char *foreign_problem(const char *type)
{
    static const struct {
        const char *type;
        const char *problem;
    } foreign[] = {
        { "RSA-PSS", "RSA-PSS restricted keys are not supported: use a plain RSA key" },
        { "X25519", "X25519 keys are for key agreement and cannot sign" },
        { "X448", "X448 keys are for key agreement and cannot sign" },
        { "DSA", "DSA keys have no JOSE algorithm" },
        { "DH", "Diffie-Hellman keys are for key agreement and cannot sign" },
        { "DHX", "Diffie-Hellman keys are for key agreement and cannot sign" },
        { "SM2", "SM2 keys have no JOSE algorithm" },
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (strcmp(foreign[i].type, type) == 0) return foreign[i].problem;
    }
    return "this type of key has no JOSE algorithm";
}

static bool judge(struct key *key)
{
    static const struct {
        const char *openssl_type;
        uint8_t type;
        uint8_t curve;
    } types[] = {
        { "RSA", KEY_RSA, CURVE_NONE },
        { "EC", KEY_EC, CURVE_NONE },
        { "ED25519", KEY_OKP, CURVE_ED25519 },
        { "ED448", KEY_OKP, CURVE_ED448 },
        { "ML-DSA-44", KEY_AKP, CURVE_NONE },
        { "ML-DSA-65", KEY_AKP, CURVE_NONE },
        { "ML-DSA-87", KEY_AKP, CURVE_NONE },
    };
    /* Not EVP_PKEY_is_a(): that allocates, and where memory runs out says no to every type. */
    const char *name = EVP_PKEY_get0_type_name(key->pkey);
    if (name == NULL) return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].openssl_type, name) != 0) continue;
        key->type = types[i].type;
        if (key->type == KEY_RSA) return judge_rsa(key);
        if (key->type == KEY_EC) return judge_ec(key);
        if (key->type == KEY_OKP) return judge_okp(key, (enum curve)types[i].curve);
        return judge_akp(key, algorithm_find(name, strlen(name)));
    }
    key->problem = foreign_problem(name);
    return true;
}

bool key_set_pkey(struct key *key, EVP_PKEY *pkey, bool is_private)
{
    key->pkey = pkey;
    key->is_private = is_private;
    bool judged = judge(key);
    ERR_clear_error();
    if (key->problem != NULL) {
        EVP_PKEY_free(key->pkey);
        key->pkey = NULL;
    }
    return judged;
}
