/*
** key_private.c - see key_private.h.
*/
#include "key_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "key_build.h"
#include "secure.h"

/* The numbers of a private key (RFC 8017 section 3.2), with room to compute. */
struct rsa_numbers {
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
    BIGNUM *scratch;
    BN_CTX *context;
};

static void get_number(const EVP_PKEY *pkey, const char *name, BIGNUM **number)
{
    if (EVP_PKEY_get_bn_param(pkey, name, number) != 1) return;
    BN_set_flags(*number, BN_FLG_CONSTTIME);
}

static void rsa_numbers_release(struct rsa_numbers *numbers)
{
    BIGNUM *all[] = { numbers->n, numbers->e, numbers->d, numbers->p, numbers->q, numbers->dp,
        numbers->dq, numbers->qi, numbers->scratch };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) BN_clear_free(all[i]);
    BN_CTX_free(numbers->context);
}

/* False where memory ran out. Factors that the key lacks stay NULL. */
static bool rsa_numbers_read(struct rsa_numbers *numbers, const EVP_PKEY *pkey)
{
    memset(numbers, 0, sizeof *numbers);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_N, &numbers->n);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_E, &numbers->e);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_D, &numbers->d);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, &numbers->p);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, &numbers->q);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, &numbers->dp);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, &numbers->dq);
    get_number(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &numbers->qi);
    numbers->scratch = BN_secure_new();
    numbers->context = BN_CTX_secure_new();
    return numbers->n != NULL && numbers->e != NULL && numbers->d != NULL &&
           numbers->scratch != NULL && numbers->context != NULL;
}

/* Modulo factor - 1, `exponent` is d and inverts e. 1, 0, or -1 where memory ran out. */
static int exponent_fits(struct rsa_numbers *numbers, const BIGNUM *factor, const BIGNUM *exponent)
{
    BIGNUM *order = BN_dup(factor);
    int fits = -1;
    if (order != NULL && BN_sub_word(order, 1) &&
        BN_nnmod(numbers->scratch, numbers->d, order, numbers->context)) {
        fits = BN_cmp(numbers->scratch, exponent) == 0;
        if (!BN_mod_mul(numbers->scratch, exponent, numbers->e, order, numbers->context)) fits = -1;
        if (fits == 1) fits = BN_is_one(numbers->scratch);
    }
    BN_clear_free(order);
    return fits;
}

/* p*q = n, and q*qi = 1 modulo p. 1, 0, or -1 where memory ran out. */
static int factors_fit(struct rsa_numbers *numbers)
{
    BIGNUM *scratch = numbers->scratch;
    if (BN_is_zero(numbers->p) || BN_is_one(numbers->p) || BN_is_zero(numbers->q) ||
        BN_is_one(numbers->q)) {
        return 0;
    }
    if (!BN_mul(scratch, numbers->p, numbers->q, numbers->context)) return -1;
    if (BN_cmp(scratch, numbers->n) != 0) return 0;
    if (!BN_mod_mul(scratch, numbers->q, numbers->qi, numbers->p, numbers->context)) return -1;
    return BN_is_one(scratch) && BN_cmp(numbers->qi, numbers->p) < 0;
}

/* All of RFC 8017 section 3.2 that can be had without proving primality. */
static int crt_fits(struct rsa_numbers *numbers)
{
    int fits = factors_fit(numbers);
    if (fits == 1) fits = exponent_fits(numbers, numbers->p, numbers->dp);
    if (fits == 1) fits = exponent_fits(numbers, numbers->q, numbers->dq);
    return fits;
}

/* Signs a fixed hash and verifies it: what is left to try where the key has no factors. */
static bool sign_probe(EVP_PKEY *pkey)
{
    static const unsigned char hash[32] = { 0x5A };
    unsigned char signature[RSA_BITS_MAX / 8];
    size_t length = sizeof signature;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool matches = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                   EVP_PKEY_sign(context, signature, &length, hash, sizeof hash) == 1 &&
                   EVP_PKEY_verify_init(context) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                   EVP_PKEY_verify(context, signature, length, hash, sizeof hash) == 1;
    EVP_PKEY_CTX_free(context);
    return matches;
}

static bool has_third_factor(const EVP_PKEY *pkey)
{
    BIGNUM *factor = NULL;
    bool has = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &factor) == 1;
    BN_clear_free(factor);
    return has;
}

static unsigned count_factors(const struct rsa_numbers *numbers)
{
    const BIGNUM *factors[] = { numbers->p, numbers->q, numbers->dp, numbers->dq, numbers->qi };
    unsigned count = 0;
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) count += factors[i] != NULL;
    return count;
}

/* 1 where the private numbers match the public ones, 0 where not, -1 where memory ran out. */
static int rsa_fits(EVP_PKEY *pkey)
{
    struct rsa_numbers numbers;
    int fits = rsa_numbers_read(&numbers, pkey) ? 1 : -1;
    unsigned factors = count_factors(&numbers);
    if (factors != 0 && factors != 5) fits = -1; /* the readers of JWK and PEM take all or none */
    if (fits == 1 && factors == 5) fits = crt_fits(&numbers);
    if (fits == 1 && !sign_probe(pkey)) fits = secure_content_refused(ERR_LIB_RSA) ? 0 : -1;
    rsa_numbers_release(&numbers);
    return fits;
}

bool key_private_rsa(struct key *key)
{
    if (has_third_factor(key->pkey)) {
        key->problem = "RSA keys of more than two primes are not supported";
        return true;
    }
    /* Where memory runs out within, OpenSSL may tell one number for another: a no is asked for twice. */
    int fits = rsa_fits(key->pkey);
    if (fits == 0) fits = rsa_fits(key->pkey);
    if (fits == 0) key->problem = "the RSA private members do not match the public ones";
    return fits != -1;
}

bool key_private_ec(struct key *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL) return false;
    bool matches = EVP_PKEY_pairwise_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    if (matches) return true;
    if (!secure_content_refused(ERR_LIB_EC)) return false;
    key->problem = "the EC private key does not match the public one";
    return true;
}
