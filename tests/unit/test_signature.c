/*
** test_signature.c - signatures are made and checked as RFC 7518 has them, with OpenSSL and the RFCs
** themselves as the judges; whatever is not exactly right is bad, and nothing is left in OpenSSL's queue.
*/
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/base64url.h"
#include "src/jose/signature.h"
#include "unit.h"

static const char message[] = "eyJhbGciOiJ0ZXN0In0.eyJzdWIiOiJhIn0";

static struct key_set *read_sample(const char *jwk)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(jwk, &fault);
    CHECK(set != NULL, "a key is read (%s)", fault.text);
    return set;
}

static enum signature_result verify(const struct key *key, const struct algorithm *algorithm,
    const char *text, const unsigned char *signature, size_t length)
{
    return signature_verify(key, algorithm, text, strlen(text), signature, length);
}

/* ---- each algorithm, there and back */

static void flip_each_byte(const struct key *key, const struct algorithm *algorithm,
    unsigned char *signature, size_t length)
{
    size_t step = length > 300 ? 97 : 1, accepted = 0;
    for (size_t i = 0; i < length; i += step) {
        signature[i] ^= 0x01;
        accepted += verify(key, algorithm, message, signature, length) != SIGNATURE_BAD;
        signature[i] ^= 0x01;
    }
    CHECK(accepted == 0, "%s: a signature with one bit changed is bad", algorithm->name);
}

static void try_lengths(const struct key *key, const struct algorithm *algorithm,
    const unsigned char *signature, size_t length)
{
    unsigned char longer[SIGNATURE_BYTES_MAX + 2] = { 0 };
    memcpy(longer, signature, length);
    size_t lengths[] = { 0, 1, 63, 65, 66, 70, 71, 72, 113, 115, 128, 130, length - 1, length + 1 };
    size_t accepted = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        if (lengths[i] == length) continue;
        accepted += verify(key, algorithm, message, longer, lengths[i]) != SIGNATURE_BAD;
    }
    memmove(longer + 1, signature, length);
    longer[0] = 0;
    accepted += verify(key, algorithm, message, longer, length + 1) != SIGNATURE_BAD;
    CHECK(accepted == 0, "%s: only the exact length is good", algorithm->name);
}

static void test_there_and_back(const struct algorithm *algorithm)
{
    const char *jwk = sample_jwk(algorithm->name);
    if (jwk == NULL) {
        unit_skip(algorithm->name);
        CHECK(!algorithm_available(algorithm), "%s is said not to be there", algorithm->name);
        return;
    }
    CHECK(algorithm_available(algorithm), "%s is said to be there", algorithm->name);
    struct key_set *set = read_sample(jwk);
    struct key_set *public_set = read_sample(sample_public_jwk(algorithm->name));
    struct key *key = &public_set->keys[0];
    unsigned char signature[SIGNATURE_BYTES_MAX], second[SIGNATURE_BYTES_MAX];
    struct fault fault = { 0 };
    size_t length = 0, second_length = 0;
    CHECK(signature_sign(
              &set->keys[0], algorithm, message, strlen(message), signature, &length, &fault),
        "%s signs (%s)", algorithm->name, fault.text);
    CHECK(length == signature_length(key, algorithm), "%s: the length is told", algorithm->name);
    CHECK(verify(key, algorithm, message, signature, length) == SIGNATURE_GOOD, "%s verifies",
        algorithm->name);
    CHECK(verify(&set->keys[0], algorithm, message, signature, length) == SIGNATURE_GOOD,
        "%s verifies with the private key too", algorithm->name);
    CHECK(verify(key, algorithm, "another", signature, length) == SIGNATURE_BAD,
        "%s: another message is bad", algorithm->name);
    CHECK(verify(key, algorithm, "", signature, length) == SIGNATURE_BAD, "%s: no message is bad",
        algorithm->name);
    signature_sign(
        &set->keys[0], algorithm, message, strlen(message), second, &second_length, &fault);
    CHECK((memcmp(signature, second, length) == 0) == algorithm->deterministic,
        "%s is deterministic or not, as the table says", algorithm->name);
    unsigned char zero[SIGNATURE_BYTES_MAX] = { 0 };
    CHECK(verify(key, algorithm, message, zero, length) == SIGNATURE_BAD, "%s: zeros are bad",
        algorithm->name);
    memset(zero, 0xFF, sizeof zero);
    CHECK(verify(key, algorithm, message, zero, length) == SIGNATURE_BAD, "%s: ones are bad",
        algorithm->name);
    flip_each_byte(key, algorithm, signature, length);
    try_lengths(key, algorithm, signature, length);
    CHECK(ERR_peek_error() == 0, "%s leaves nothing in OpenSSL's queue", algorithm->name);
    key_set_release(set);
    key_set_release(public_set);
}

/* Every other algorithm of the key's type says no to the signature. */
static void test_algorithms_are_apart(const char *family)
{
    const struct algorithm *own = algorithm_find(family, strlen(family));
    struct key_set *set = read_sample(sample_jwk(family));
    unsigned char signature[SIGNATURE_BYTES_MAX];
    struct fault fault = { 0 };
    size_t length = 0;
    signature_sign(&set->keys[0], own, message, strlen(message), signature, &length, &fault);
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *other = algorithm_at(i);
        if (other == own || other->key_type != own->key_type || own->key_type == KEY_EC) continue;
        CHECK(verify(&set->keys[0], other, message, signature, length) == SIGNATURE_BAD,
            "a signature of %s is none of %s", own->name, other->name);
    }
    key_set_release(set);
}

/* ---- published examples */

static void test_example(const char *name, const char *jwk, const char *algorithm, const char *data,
    const char *signature_text)
{
    struct key_set *set = read_sample(jwk);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t length = 0;
    if (set == NULL ||
        !CHECK(base64url_decode(signature, &length, signature_text, strlen(signature_text)),
            "%s: base64url", name)) {
        return;
    }
    const struct algorithm *found = algorithm_find(algorithm, strlen(algorithm));
    CHECK(verify(&set->keys[0], found, data, signature, length) == SIGNATURE_GOOD, "%s verifies",
        name);
    signature[length / 2] ^= 0x80;
    CHECK(verify(&set->keys[0], found, data, signature, length) == SIGNATURE_BAD,
        "%s with a bit changed does not", name);
    key_set_release(set);
}

#define RFC7515_PAYLOAD \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static void test_examples(void)
{
    test_example("RFC 7515 A.1",
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
        "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
        "HS256", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC7515_PAYLOAD,
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    test_example("RFC 7515 A.3",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
        "ES256", "eyJhbGciOiJFUzI1NiJ9." RFC7515_PAYLOAD,
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    test_example("RFC 8037 A.4",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
        "EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

/* RFC 4231: an HMAC key longer than the hash's block (test case 6), and one of 20 bytes (case 1). */
static void test_hmac_keys(void)
{
    unsigned char long_key[131], mac[SIGNATURE_BYTES_MAX];
    memset(long_key, 0xAA, sizeof long_key);
    static const char data[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    static const struct {
        const char *algorithm;
        unsigned char first[8];
    } rows[] = {
        { "HS256", { 0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f } },
        { "HS384", { 0x4e, 0xce, 0x08, 0x44, 0x85, 0x81, 0x3e, 0x90 } },
        { "HS512", { 0x80, 0xb2, 0x42, 0x63, 0xc7, 0xc1, 0xa3, 0xeb } },
    };
    struct fault fault = { 0 };
    struct key_set *set = key_set_read(long_key, sizeof long_key, true, &fault);
    for (size_t i = 0; i < 3; i++) {
        size_t length = 0;
        const struct algorithm *algorithm = algorithm_find(rows[i].algorithm, 5);
        CHECK(signature_sign(&set->keys[0], algorithm, data, strlen(data), mac, &length, &fault) &&
                  memcmp(mac, rows[i].first, 8) == 0,
            "RFC 4231 case 6 with %s", rows[i].algorithm);
    }
    key_set_release(set);
    /* every length around the blocks of 64 and 128 bytes, against OpenSSL's own HMAC */
    size_t wrong = 0;
    for (size_t length = 1; length <= sizeof long_key; length++) {
        set = key_set_read(long_key, length, true, &fault);
        for (size_t i = 0; i < 3; i++) {
            unsigned char expected[EVP_MAX_MD_SIZE];
            static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };
            size_t size = 0, expected_size = 0;
            EVP_Q_mac(NULL, "HMAC", NULL, digests[i], NULL, long_key, length,
                (const unsigned char *)data, strlen(data), expected, sizeof expected,
                &expected_size);
            signature_sign(&set->keys[0], algorithm_at(i), data, strlen(data), mac, &size, &fault);
            wrong += size != expected_size || memcmp(mac, expected, size) != 0;
        }
        key_set_release(set);
    }
    CHECK(wrong == 0, "HMAC equals OpenSSL's for every key length up to 131 bytes");
}

/* ---- RSA */

/* A signature made by OpenSSL alone, with this PSS salt length and MGF1 hash. */
static size_t sign_pss(
    EVP_PKEY *pkey, const EVP_MD *digest, const EVP_MD *mgf1, int salt, unsigned char *out)
{
    size_t length = SIGNATURE_BYTES_MAX;
    EVP_PKEY_CTX *pkey_context = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool signed_well =
        EVP_DigestSignInit(context, &pkey_context, digest, NULL, pkey) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(pkey_context, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_context, salt) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md(pkey_context, mgf1) == 1 &&
        EVP_DigestSign(context, out, &length, (const unsigned char *)message, strlen(message)) == 1;
    EVP_MD_CTX_free(context);
    return signed_well ? length : 0;
}

static void test_pss_salt(void)
{
    EVP_PKEY *pkey = sample_pkey("RSA:2048");
    sample pem = sample_pem(pkey, PEM_SPKI);
    struct key_set *set = read_sample(pem);
    static const struct {
        int salt;
        bool good;
    } rows[] = { { 32, true }, { 0, false }, { 20, false }, { 31, false }, { 33, false },
        { RSA_PSS_SALTLEN_MAX, false } };
    const struct algorithm *ps256 = algorithm_find("PS256", 5);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = sign_pss(pkey, EVP_sha256(), EVP_sha256(), rows[i].salt, signature);
        CHECK(length == 256, "OpenSSL signs with salt %d", rows[i].salt);
        enum signature_result result = verify(&set->keys[0], ps256, message, signature, length);
        CHECK(result == (rows[i].good ? SIGNATURE_GOOD : SIGNATURE_BAD),
            "PS256 with a salt of %d bytes (RFC 7518 section 3.5)", rows[i].salt);
    }
    size_t length = sign_pss(pkey, EVP_sha256(), EVP_sha1(), 32, signature);
    CHECK(verify(&set->keys[0], ps256, message, signature, length) == SIGNATURE_BAD,
        "PS256 with MGF1 over SHA-1 is bad");
    key_set_release(set);
    sample_free(pem);
    EVP_PKEY_free(pkey);
}

/* The context that a key keeps must not remember a bad signature, nor a good one. */
static void test_alternation(const char *name, int rounds)
{
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));
    struct key_set *set = read_sample(sample_jwk(name));
    unsigned char good[SIGNATURE_BYTES_MAX], bad[SIGNATURE_BYTES_MAX];
    struct fault fault = { 0 };
    size_t length = 0;
    signature_sign(&set->keys[0], algorithm, message, strlen(message), good, &length, &fault);
    int wrong = 0, entries = 0;
    for (int i = 0; i < rounds; i++) {
        memcpy(bad, good, length);
        if (i % 3 == 0) {
            memset(bad, i % 2 ? 0xFF : 0x00, length); /* out of range */
        } else {
            bad[(size_t)i % length] ^= (unsigned char)(1 << i % 8);
        }
        wrong += verify(&set->keys[0], algorithm, message, bad, length) != SIGNATURE_BAD;
        wrong += verify(&set->keys[0], algorithm, "another message", good, length) != SIGNATURE_BAD;
        wrong += verify(&set->keys[0], algorithm, message, good, length) != SIGNATURE_GOOD;
        entries += ERR_peek_error() != 0;
    }
    CHECK(wrong == 0, "%s: %d rounds of bad, other and good give the right verdicts", name, rounds);
    CHECK(entries == 0, "%s: no round leaves an error entry", name);
    key_set_release(set);
}

/* ---- ECDSA */

/* OpenSSL's DER signature of a message as r and s. */
static ECDSA_SIG *openssl_ecdsa(EVP_PKEY *pkey)
{
    unsigned char der[256];
    size_t length = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey);
    EVP_DigestSign(context, der, &length, (const unsigned char *)message, strlen(message));
    EVP_MD_CTX_free(context);
    const unsigned char *at = der;
    return d2i_ECDSA_SIG(NULL, &at, (long)length);
}

static void raw_of(const BIGNUM *r, const BIGNUM *s, unsigned char raw[64])
{
    BN_bn2binpad(r, raw, 32);
    BN_bn2binpad(s, raw + 32, 32);
}

static void test_ecdsa_numbers(void)
{
    EVP_PKEY *pkey = sample_pkey("P-256");
    sample pem = sample_pem(pkey, PEM_SPKI);
    struct key_set *set = read_sample(pem);
    const struct key *key = &set->keys[0];
    const struct algorithm *es256 = algorithm_find("ES256", 5);
    ECDSA_SIG *made = openssl_ecdsa(pkey);
    const BIGNUM *r = ECDSA_SIG_get0_r(made), *s = ECDSA_SIG_get0_s(made);
    BIGNUM *order = NULL, *other = BN_new(), *zero = BN_new();
    EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_ORDER, &order);
    unsigned char raw[64];

    raw_of(r, s, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_GOOD, "OpenSSL's r and s are good");
    BN_sub(other, order, s);
    raw_of(r, other, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_GOOD,
        "n - s is good too: ECDSA is malleable, which is why no signature is ever an identity");
    raw_of(zero, s, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "r = 0 is bad");
    raw_of(r, zero, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "s = 0 is bad");
    raw_of(zero, zero, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "r = s = 0 is bad");
    raw_of(order, order, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "r = s = n is bad");
    raw_of(order, s, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "r = n is bad");
    BN_one(other);
    raw_of(other, other, raw);
    CHECK(verify(key, es256, message, raw, 64) == SIGNATURE_BAD, "r = s = 1 is bad");

    unsigned char *der = NULL;
    int der_length = i2d_ECDSA_SIG(made, &der);
    CHECK(verify(key, es256, message, der, (size_t)der_length) == SIGNATURE_BAD, "DER is bad");
    OPENSSL_free(der);
    BN_free(order);
    BN_free(other);
    BN_free(zero);
    ECDSA_SIG_free(made);
    key_set_release(set);
    sample_free(pem);
    EVP_PKEY_free(pkey);
}

/* r or s begin with zero bytes once in 256 signatures, for P-521 nearly always: the length never gives way. */
static void test_fixed_length(const char *name, size_t expected, int rounds)
{
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));
    struct key_set *set = read_sample(sample_jwk(name));
    unsigned char signature[SIGNATURE_BYTES_MAX];
    struct fault fault = { 0 };
    int wrong = 0, leading_zero = 0;
    for (int i = 0; i < rounds; i++) {
        size_t length = 0;
        signature_sign(&set->keys[0], algorithm, &i, sizeof i, signature, &length, &fault);
        wrong += length != expected;
        wrong += signature_verify(&set->keys[0], algorithm, &i, sizeof i, signature, length) !=
                 SIGNATURE_GOOD;
        leading_zero += signature[0] == 0 || signature[expected / 2] == 0;
    }
    CHECK(wrong == 0, "%s: %d signatures of exactly %zu bytes verify", name, rounds, expected);
    CHECK(leading_zero > 0, "%s: some of them began with a zero byte", name);
    key_set_release(set);
}

/* ---- what does not fit is BAD without a crash */

static void test_wrong_key(void)
{
    unsigned char signature[SIGNATURE_BYTES_MAX];
    struct fault fault = { 0 };
    size_t length = 0;
    struct key_set *left = read_sample(sample_jwk("EdDSA"));
    struct key_set *right = read_sample(sample_jwk("Ed25519"));
    const struct algorithm *eddsa = algorithm_find("EdDSA", 5);
    signature_sign(&left->keys[0], eddsa, message, strlen(message), signature, &length, &fault);
    CHECK(verify(&right->keys[0], eddsa, message, signature, length) == SIGNATURE_BAD,
        "another key says no");
    CHECK(verify(&left->keys[0], algorithm_find("Ed25519", 7), message, signature, length) ==
              SIGNATURE_GOOD,
        "EdDSA and Ed25519 are the same signature (RFC 9864)");
    key_set_release(left);
    key_set_release(right);
}

static void test_host_entries(void)
{
    struct key_set *set = read_sample(sample_jwk("ES256"));
    unsigned char signature[64] = { 1 };
    ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE); /* the host's own trouble, of long ago */
    CHECK(
        verify(&set->keys[0], algorithm_find("ES256", 5), message, signature, 64) == SIGNATURE_BAD,
        "an old entry in OpenSSL's queue is no verdict of ours");
    ERR_clear_error();
    key_set_release(set);
}

int main(void)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) test_there_and_back(algorithm_at(i));
    test_algorithms_are_apart("HS256");
    test_algorithms_are_apart("RS256");
    test_algorithms_are_apart("PS256");
    test_algorithms_are_apart("RS512");
    test_examples();
    test_hmac_keys();
    test_pss_salt();
    test_alternation("RS256", 1000);
    test_alternation("PS256", 1000);
    test_alternation("ES256", 1000);
    test_alternation("ES256K", 200);
    test_alternation("EdDSA", 1000);
    test_alternation("Ed448", 200);
    test_alternation("HS256", 1000);
    test_ecdsa_numbers();
    test_fixed_length("ES256", 64, 1000);
    test_fixed_length("ES384", 96, 600);
    test_fixed_length("ES512", 132, 300);
    test_wrong_key();
    test_host_entries();
    return unit_end();
}
