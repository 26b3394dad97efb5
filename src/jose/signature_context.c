/*
** signature_context.c - see signature_context.h.
*/
#include "signature_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "secure.h"

struct signature_contexts {
    struct signature_context *by_algorithm[ALGORITHM_COUNT];
};

#define HASH_BLOCK_MAX 128 /* SHA-384 and SHA-512 (FIPS 180-4 figure 1) */

/* A digest context that has absorbed `key` xored with `pad`, one block long. */
static EVP_MD_CTX *absorb_pad(
    const EVP_MD *digest, const unsigned char *key, size_t block, unsigned char pad)
{
    unsigned char bytes[HASH_BLOCK_MAX];
    for (size_t i = 0; i < block; i++) bytes[i] = key[i] ^ pad;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context != NULL && (EVP_DigestInit_ex2(context, digest, NULL) != 1 ||
                               EVP_DigestUpdate(context, bytes, block) != 1)) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    secure_wipe(bytes, sizeof bytes);
    return context;
}

/* HMAC's two keyed states (RFC 2104 section 2): copied for each message, the key is never hashed again. */
static bool prepare_hmac(
    struct signature_context *context, const struct signature_material *material)
{
    unsigned char key[HASH_BLOCK_MAX] = { 0 };
    size_t block = (size_t)EVP_MD_get_block_size(context->digest);
    bool ready = block <= sizeof key;
    if (ready && material->secret_length > block) {
        ready = EVP_Digest(material->secret, material->secret_length, key, NULL, context->digest,
                    NULL) == 1;
    } else if (ready) {
        memcpy(key, material->secret, material->secret_length);
    }
    if (ready) {
        if (context->inner == NULL) context->inner = absorb_pad(context->digest, key, block, 0x36);
        if (context->outer == NULL) context->outer = absorb_pad(context->digest, key, block, 0x5C);
        ready = context->inner != NULL && context->outer != NULL;
    }
    secure_wipe(key, sizeof key);
    return ready;
}

/* Salt as long as the hash, MGF1 with the same hash (RFC 7518 section 3.5). */
static bool set_pss(EVP_PKEY_CTX *context, const EVP_MD *digest)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool set_padding(
    EVP_PKEY_CTX *context, const struct algorithm *algorithm, const EVP_MD *digest)
{
    if (EVP_PKEY_CTX_set_signature_md(context, digest) != 1) return false;
    if (algorithm->family == FAMILY_RSA_PSS) return set_pss(context, digest);
    if (algorithm->family == FAMILY_RSA_PKCS1) {
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    }
    return true;
}

/* A context that signs or verifies hashes with RSA or ECDSA. */
static EVP_PKEY_CTX *prepare_pkey(const struct signature_context *context,
    const struct algorithm *algorithm, EVP_PKEY *pkey, bool signing)
{
    EVP_PKEY_CTX *prepared = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (prepared == NULL) return NULL;
    int started = signing ? EVP_PKEY_sign_init(prepared) : EVP_PKEY_verify_init(prepared);
    if (started == 1 && set_padding(prepared, algorithm, context->digest)) return prepared;
    EVP_PKEY_CTX_free(prepared);
    return NULL;
}

/* A context that signs or verifies whole messages with EdDSA or ML-DSA (empty context string). */
static EVP_MD_CTX *prepare_message(EVP_PKEY *pkey, bool signing)
{
    EVP_MD_CTX *prepared = EVP_MD_CTX_new();
    if (prepared == NULL) return NULL;
    int started = signing ? EVP_DigestSignInit_ex(prepared, NULL, NULL, NULL, NULL, pkey, NULL)
                          : EVP_DigestVerifyInit_ex(prepared, NULL, NULL, NULL, NULL, pkey, NULL);
    if (started == 1) return prepared;
    EVP_MD_CTX_free(prepared);
    return NULL;
}

/* Whether all is there that the operation needs. */
static bool is_ready(
    const struct signature_context *context, const struct algorithm *algorithm, bool signing)
{
    switch ((enum algorithm_family)algorithm->family) {
    case FAMILY_HMAC: return context->inner != NULL && context->outer != NULL;
    case FAMILY_RSA_PKCS1:
    case FAMILY_RSA_PSS:
    case FAMILY_ECDSA: return (signing ? context->signer : context->verifier) != NULL;
    case FAMILY_EDDSA:
    case FAMILY_ML_DSA: return (signing ? context->ready_sign : context->ready_verify) != NULL;
    }
    return false;
}

/* Makes what is missing. */
static bool prepare(struct signature_context *context, const struct algorithm *algorithm,
    const struct signature_material *material, bool signing)
{
    if (context->work == NULL) context->work = EVP_MD_CTX_new();
    if (context->work == NULL) return false;
    if (algorithm->hash != NULL && context->digest == NULL) {
        context->digest = EVP_MD_fetch(NULL, algorithm->hash, NULL);
        if (context->digest == NULL) return false;
    }
    switch ((enum algorithm_family)algorithm->family) {
    case FAMILY_HMAC: return prepare_hmac(context, material);
    case FAMILY_RSA_PKCS1:
    case FAMILY_RSA_PSS:
    case FAMILY_ECDSA:
        *(signing ? &context->signer : &context->verifier) =
            prepare_pkey(context, algorithm, material->pkey, signing);
        break;
    case FAMILY_EDDSA:
    case FAMILY_ML_DSA:
        *(signing ? &context->ready_sign : &context->ready_verify) =
            prepare_message(material->pkey, signing);
        break;
    }
    return is_ready(context, algorithm, signing);
}

void signature_context_drop(struct signature_context *context)
{
    EVP_PKEY_CTX_free(context->verifier);
    EVP_PKEY_CTX_free(context->signer);
    EVP_MD_CTX_free(context->ready_verify);
    EVP_MD_CTX_free(context->ready_sign);
    context->verifier = NULL;
    context->signer = NULL;
    context->ready_verify = NULL;
    context->ready_sign = NULL;
}

static void context_free(struct signature_context *context)
{
    if (context == NULL) return;
    signature_context_drop(context);
    EVP_MD_CTX_free(context->inner); /* digest states are wiped by OpenSSL when freed */
    EVP_MD_CTX_free(context->outer);
    EVP_MD_CTX_free(context->work);
    EVP_MD_free(context->digest);
    memory_free(context);
}

struct signature_context *signature_context_get(struct signature_contexts **contexts,
    const struct algorithm *algorithm, const struct signature_material *material, bool signing)
{
    struct signature_context **slot = NULL;
    if (*contexts != NULL) {
        slot = &(*contexts)->by_algorithm[algorithm_index(algorithm)];
        if (*slot != NULL && is_ready(*slot, algorithm, signing)) return *slot;
    }
    ERR_clear_error(); /* the queue may hold the host's entries; what is in it afterwards is ours */
    if (*contexts == NULL) *contexts = memory_new_zero(sizeof **contexts);
    if (*contexts == NULL) return NULL;
    slot = &(*contexts)->by_algorithm[algorithm_index(algorithm)];
    if (*slot == NULL) *slot = memory_new_zero(sizeof **slot);
    if (*slot == NULL || !prepare(*slot, algorithm, material, signing)) return NULL;
    ERR_clear_error(); /* OpenSSL may have failed on a way that it did not need */
    return *slot;
}

void signature_contexts_free(struct signature_contexts *contexts)
{
    if (contexts == NULL) return;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) context_free(contexts->by_algorithm[i]);
    memory_free(contexts);
}
