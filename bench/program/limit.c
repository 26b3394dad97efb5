/*
** The limit: the bare OpenSSL operation over the signing input, the hash included, with every
** context made once. Nothing that verifies with this library can cost less.
**
** HMAC (RFC 2104) is two hashes whose first blocks depend on the key alone, so the least is a copy
** of a context that has taken the inner pad, the message, a copy of one that has taken the outer
** pad, and the inner digest.
*/
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rsa.h>

#define BLOCK_BYTES 64
#define HASH_BYTES 32

struct bench_limit {
    const bench_suite *suite;
    EVP_MD_CTX *inner, *outer, *work;   /* HMAC: ready, ready, scratch; RSA and ECDSA: work alone */
    EVP_PKEY_CTX *verify, *sign;        /* RSA and ECDSA */
    EVP_MD_CTX *ready[2], *one_shot[2]; /* Ed25519: [0] verifies, [1] signs */
    bool copy_each_time; /* Ed25519: a context serves once only (OpenSSL 3.4 and later) */
};

static void need(int ok, const char *what)
{
    if (ok <= 0) bench_fail("limit: %s failed", what);
}

static EVP_MD_CTX *pad_context(const unsigned char *secret, unsigned char pad)
{
    unsigned char block[BLOCK_BYTES];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    memset(block, pad, sizeof block);
    for (int i = 0; i < SECRET_BYTES; i++) block[i] ^= secret[i];
    need(context != NULL, "EVP_MD_CTX_new");
    need(EVP_DigestInit_ex(context, EVP_sha256(), NULL), "EVP_DigestInit_ex");
    need(EVP_DigestUpdate(context, block, sizeof block), "EVP_DigestUpdate");
    return context;
}

void limit_hmac(bench_limit *limit, const unsigned char *input, size_t length, unsigned char *mac)
{
    unsigned char inner[HASH_BYTES];
    int ok = EVP_MD_CTX_copy_ex(limit->work, limit->inner) &&
             EVP_DigestUpdate(limit->work, input, length) &&
             EVP_DigestFinal_ex(limit->work, inner, NULL) &&
             EVP_MD_CTX_copy_ex(limit->work, limit->outer) &&
             EVP_DigestUpdate(limit->work, inner, sizeof inner) &&
             EVP_DigestFinal_ex(limit->work, mac, NULL);
    need(ok, "HMAC");
}

static void limit_digest(bench_limit *limit, const signed_input *row, unsigned char *digest)
{
    int ok = EVP_DigestInit_ex(limit->work, NULL, NULL) &&
             EVP_DigestUpdate(limit->work, row->input, row->input_length) &&
             EVP_DigestFinal_ex(limit->work, digest, NULL);
    need(ok, "SHA-256");
}

static EVP_PKEY_CTX *digest_key_context(const bench_suite *suite, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(suite->key, NULL);
    need(context && init(context) > 0, "EVP_PKEY_CTX_new");
    if (EVP_PKEY_is_a(suite->key, "RSA")) {
        need(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), "set_rsa_padding");
    }
    need(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), "set_signature_md");
    return context;
}

/* Ed25519 hashes inside. Whether an initialized context may be used twice depends on the version
** of OpenSSL; where it may not, a copy of the ready one is the least. */
static void one_shot_contexts(bench_limit *limit)
{
    static const unsigned char probe[4] = "try";
    unsigned char signature[64];
    size_t length = sizeof signature;
    for (int i = 0; i < 2; i++) {
        limit->ready[i] = EVP_MD_CTX_new();
        limit->one_shot[i] = EVP_MD_CTX_new();
        need(limit->ready[i] && limit->one_shot[i], "EVP_MD_CTX_new");
    }
    need(EVP_DigestVerifyInit(limit->ready[0], NULL, NULL, NULL, limit->suite->key), "VerifyInit");
    need(EVP_DigestSignInit(limit->ready[1], NULL, NULL, NULL, limit->suite->key), "SignInit");
    for (int i = 0; i < 2; i++) {
        need(EVP_MD_CTX_copy_ex(limit->one_shot[i], limit->ready[i]), "EVP_MD_CTX_copy_ex");
    }
    for (int use = 0; use < 2 && !limit->copy_each_time; use++) {
        length = sizeof signature;
        limit->copy_each_time =
            EVP_DigestSign(limit->one_shot[1], signature, &length, probe, sizeof probe) != 1 ||
            EVP_DigestVerify(limit->one_shot[0], signature, length, probe, sizeof probe) != 1;
    }
}

bench_limit *limit_new(const bench_suite *suite)
{
    bench_limit *limit = calloc(1, sizeof *limit);
    if (!limit) bench_fail("out of memory");
    limit->suite = suite;
    if (!suite->key) {
        limit->inner = pad_context(suite->secret, 0x36);
        limit->outer = pad_context(suite->secret, 0x5c);
        limit->work = EVP_MD_CTX_new();
    } else if (EVP_PKEY_is_a(suite->key, "ED25519")) {
        one_shot_contexts(limit);
    } else {
        limit->work = EVP_MD_CTX_new();
        need(limit->work && EVP_DigestInit_ex(limit->work, EVP_sha256(), NULL), "EVP_DigestInit");
        limit->verify = digest_key_context(suite, EVP_PKEY_verify_init);
        limit->sign = digest_key_context(suite, EVP_PKEY_sign_init);
    }
    return limit;
}

static EVP_MD_CTX *one_shot_context(bench_limit *limit, int which)
{
    if (limit->copy_each_time) {
        need(EVP_MD_CTX_copy_ex(limit->one_shot[which], limit->ready[which]), "copy_ex");
    }
    return limit->one_shot[which];
}

bool limit_verify(bench_limit *limit, const signed_input *row)
{
    unsigned char digest[HASH_BYTES];
    if (limit->inner) {
        limit_hmac(limit, row->input, row->input_length, digest);
        return CRYPTO_memcmp(digest, row->signature, HASH_BYTES) == 0;
    }
    if (limit->verify) {
        limit_digest(limit, row, digest);
        return EVP_PKEY_verify(limit->verify, row->signature, row->signature_length, digest,
                   sizeof digest) == 1;
    }
    return EVP_DigestVerify(one_shot_context(limit, 0), row->signature, row->signature_length,
               row->input, row->input_length) == 1;
}

bool limit_sign(bench_limit *limit, const signed_input *row)
{
    unsigned char digest[HASH_BYTES], signature[512];
    size_t length = sizeof signature;
    if (limit->inner) {
        limit_hmac(limit, row->input, row->input_length, digest);
        return true;
    }
    if (limit->sign) {
        limit_digest(limit, row, digest);
        return EVP_PKEY_sign(limit->sign, signature, &length, digest, sizeof digest) == 1;
    }
    return EVP_DigestSign(
               one_shot_context(limit, 1), signature, &length, row->input, row->input_length) == 1;
}

void limit_free(bench_limit *limit)
{
    if (!limit) return;
    EVP_MD_CTX_free(limit->inner);
    EVP_MD_CTX_free(limit->outer);
    EVP_MD_CTX_free(limit->work);
    EVP_PKEY_CTX_free(limit->verify);
    EVP_PKEY_CTX_free(limit->sign);
    for (int i = 0; i < 2; i++) {
        EVP_MD_CTX_free(limit->ready[i]);
        EVP_MD_CTX_free(limit->one_shot[i]);
    }
    free(limit);
}
