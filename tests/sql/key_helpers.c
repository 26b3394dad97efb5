/*
** Test functions that make keys and signatures; sql_helpers.h says what each does.
*/
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql_helpers.h"

static EVP_PKEY *key_of_pem(sqlite3_value *value)
{
    size_t length;
    const unsigned char *pem = argument_bytes(value, &length);
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (key == NULL) {
        bio = BIO_new_mem_buf(pem, (int)length);
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    ERR_clear_error();
    return key;
}

static void bio_result(sqlite3_context *context, BIO *bio, bool is_text)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    if (is_text) {
        sqlite3_result_text(context, bytes, (int)length, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_blob(context, bytes, (int)length, SQLITE_TRANSIENT);
    }
    BIO_free(bio);
}

/* Gives a new private key as PEM, and frees it. */
static void new_key_result(sqlite3_context *context, EVP_PKEY *key)
{
    if (key == NULL) {
        helper_fails(context, "make_key", "this OpenSSL cannot make such a key");
        return;
    }
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    bio_result(context, bio, true);
    EVP_PKEY_free(key);
}

/* A DSA key, which no JOSE algorithm can use: parameters first, then the key. */
static EVP_PKEY *make_dsa_key(void)
{
    EVP_PKEY *parameters = NULL, *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    EVP_PKEY_paramgen_init(context);
    EVP_PKEY_paramgen(context, &parameters);
    EVP_PKEY_CTX_free(context);
    context = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_keygen(context, &key);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(parameters);
    return key;
}

static EVP_PKEY *make_rsa(const char *type, unsigned bits, unsigned primes, uint64_t exponent)
{
    EVP_PKEY *key = NULL;
    BIGNUM *e = BN_new();
    unsigned char bytes[8]; /* a BN_ULONG has 32 bits on some machines */
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(exponent >> (56 - 8 * i));
    BN_bin2bn(bytes, sizeof bytes, e);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY_keygen_init(context);
    EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits);
    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e);
    if (primes != 2) EVP_PKEY_CTX_set_rsa_keygen_primes(context, (int)primes);
    EVP_PKEY_keygen(context, &key);
    EVP_PKEY_CTX_free(context);
    BN_free(e);
    return key;
}

static void make_key_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    const char *kind = (const char *)sqlite3_value_text(argv[0]);
    EVP_PKEY *key;
    if (kind == NULL) {
        helper_fails(context, "make_key", "kind is NULL");
        return;
    }
    if (strncmp(kind, "RSA:", 4) == 0) {
        key = make_rsa("RSA", (unsigned)atoi(kind + 4), 2, 65537);
    } else if (strncmp(kind, "RSA-3:", 6) == 0) {
        key = make_rsa("RSA", (unsigned)atoi(kind + 6), 3, 65537);
    } else if (strncmp(kind, "RSA-PSS:", 8) == 0) {
        key = make_rsa("RSA-PSS", (unsigned)atoi(kind + 8), 2, 65537);
    } else if (strcmp(kind, "DSA") == 0) {
        key = make_dsa_key();
    } else if (strncmp(kind, "Ed", 2) == 0 || kind[0] == 'X' || strncmp(kind, "ML-", 3) == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    }
    new_key_result(context, key);
    ERR_clear_error();
}

static void make_rsa_key_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    new_key_result(context, make_rsa("RSA", (unsigned)sqlite3_value_int(argv[0]), 2,
                                (uint64_t)sqlite3_value_int64(argv[1])));
    ERR_clear_error();
}

/* A self-signed certificate of the key, valid for a day. */
static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
        (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    bool is_edwards = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
    X509_sign(certificate, key, is_edwards ? NULL : EVP_sha256());
    return certificate;
}

/* Writes a certificate of the key; true where that worked. */
static bool write_certificate(BIO *bio, EVP_PKEY *key, bool is_text)
{
    X509 *certificate = make_certificate(key);
    bool good =
        (is_text ? PEM_write_bio_X509(bio, certificate) : i2d_X509_bio(bio, certificate)) == 1;
    X509_free(certificate);
    return good;
}

/* The forms that OpenSSL's encoder writes; a certificate is written apart. */
static const struct key_form {
    const char *name;
    int selection;
    const char *output;
    const char *structure;
} key_forms[] = {
    { "private", EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo" },
    { "encrypted", EVP_PKEY_KEYPAIR, "PEM", "EncryptedPrivateKeyInfo" },
    { "public", EVP_PKEY_PUBLIC_KEY, "PEM", "SubjectPublicKeyInfo" },
    { "pkcs1", EVP_PKEY_KEYPAIR, "PEM", "type-specific" },
    { "pkcs1-public", EVP_PKEY_PUBLIC_KEY, "PEM", "type-specific" },
    { "sec1", EVP_PKEY_KEYPAIR, "PEM", "type-specific" },
    { "parameters", EVP_PKEY_KEY_PARAMETERS, "PEM", "type-specific" },
    { "der-private", EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo" },
    { "der-public", EVP_PKEY_PUBLIC_KEY, "DER", "SubjectPublicKeyInfo" },
    { "der-pkcs1-public", EVP_PKEY_PUBLIC_KEY, "DER", "type-specific" },
};

static bool encode_key(BIO *bio, EVP_PKEY *key, const struct key_form *form)
{
    OSSL_ENCODER_CTX *encoder =
        OSSL_ENCODER_CTX_new_for_pkey(key, form->selection, form->output, form->structure, NULL);
    if (strcmp(form->name, "encrypted") == 0) {
        OSSL_ENCODER_CTX_set_cipher(encoder, "AES-128-CBC", NULL);
        OSSL_ENCODER_CTX_set_passphrase(encoder, (const unsigned char *)"secret", 6);
    }
    bool good = OSSL_ENCODER_to_bio(encoder, bio) == 1;
    OSSL_ENCODER_CTX_free(encoder);
    return good;
}

static bool write_key(BIO *bio, EVP_PKEY *key, const char *form)
{
    if (strcmp(form, "certificate") == 0) return write_certificate(bio, key, true);
    if (strcmp(form, "der-certificate") == 0) return write_certificate(bio, key, false);
    for (size_t i = 0; i < sizeof key_forms / sizeof key_forms[0]; i++) {
        if (strcmp(form, key_forms[i].name) == 0) return encode_key(bio, key, &key_forms[i]);
    }
    return false;
}

static void pem_as_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    const char *form = (const char *)sqlite3_value_text(argv[1]);
    EVP_PKEY *key = key_of_pem(argv[0]);
    BIO *bio = BIO_new(BIO_s_mem());
    if (key != NULL && form != NULL && write_key(bio, key, form)) {
        bio_result(context, bio, strncmp(form, "der-", 4) != 0);
    } else {
        helper_fails(context, "pem_as", "no such key or form");
        BIO_free(bio);
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
}

/* ---- signatures ------------------------------------------------------------------------- */

/* Sets the context up for the algorithm's hash and padding; EdDSA and ML-DSA have neither. */
static bool digest_start(
    EVP_MD_CTX *context, EVP_PKEY *key, const char *alg, int salt, bool is_signing)
{
    EVP_PKEY_CTX *parameters = NULL;
    bool is_plain = alg[0] == 'E' && alg[1] == 'd';
    is_plain = is_plain || strncmp(alg, "ML-", 3) == 0;
    const EVP_MD *digest = is_plain ? NULL : digest_of_bits(atoi(alg + 2));
    if (is_signing ? EVP_DigestSignInit(context, &parameters, digest, NULL, key) != 1
                   : EVP_DigestVerifyInit(context, &parameters, digest, NULL, key) != 1) {
        return false;
    }
    return alg[0] != 'P' || (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                                EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt) == 1);
}

/* DER to R||S, in place; RFC 7518 section 3.4. Returns the new length. */
static size_t ecdsa_to_raw(EVP_PKEY *key, unsigned char *signature, size_t length)
{
    const unsigned char *der = signature;
    int half = (EVP_PKEY_get_bits(key) + 7) / 8;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)length);
    BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + half, half);
    ECDSA_SIG_free(parts);
    return (size_t)half * 2;
}

/* R||S to DER; the result is to be freed with OPENSSL_free. */
static unsigned char *ecdsa_to_der(const unsigned char *raw, size_t length, size_t *der_length)
{
    unsigned char *der = NULL;
    ECDSA_SIG *parts = ECDSA_SIG_new();
    ECDSA_SIG_set0(parts, BN_bin2bn(raw, (int)(length / 2), NULL),
        BN_bin2bn(raw + length / 2, (int)(length / 2), NULL));
    *der_length = (size_t)i2d_ECDSA_SIG(parts, &der);
    ECDSA_SIG_free(parts);
    return der;
}

/* The JWS signature of the bytes, to free; NULL where OpenSSL refuses. */
static unsigned char *raw_signature(EVP_PKEY *key, const char *alg, int salt,
    const unsigned char *bytes, size_t count, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *signature = NULL;
    if (digest_start(context, key, alg, salt, true) &&
        EVP_DigestSign(context, NULL, length, bytes, count) == 1) {
        *length += 8;
        signature = malloc(*length);
        if (EVP_DigestSign(context, signature, length, bytes, count) != 1) {
            free(signature);
            signature = NULL;
        } else if (EVP_PKEY_is_a(key, "EC")) {
            *length = ecdsa_to_raw(key, signature, *length);
        }
    }
    EVP_MD_CTX_free(context);
    return signature;
}

static void raw_sign_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    size_t count, length = 0;
    const unsigned char *bytes = argument_bytes(argv[2], &count);
    const char *alg = (const char *)sqlite3_value_text(argv[1]);
    int salt = argc > 3 ? sqlite3_value_int(argv[3]) : RSA_PSS_SALTLEN_DIGEST;
    EVP_PKEY *key = key_of_pem(argv[0]);
    unsigned char *signature = raw_signature(key, alg, salt, bytes, count, &length);
    if (signature != NULL) {
        sqlite3_result_blob(context, signature, (int)length, free);
    } else {
        helper_fails(context, "raw_sign", "OpenSSL refuses");
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
}

static void raw_verify_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t count, length, der_length = 0;
    unsigned char *der = NULL;
    const char *alg = (const char *)sqlite3_value_text(argv[1]);
    const unsigned char *bytes = argument_bytes(argv[2], &count);
    const unsigned char *signature = argument_bytes(argv[3], &length);
    EVP_PKEY *key = key_of_pem(argv[0]);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    if (EVP_PKEY_is_a(key, "EC")) {
        signature = der = ecdsa_to_der(signature, length, &der_length);
        length = der_length;
    }
    sqlite3_result_int(context, digest_start(digest, key, alg, RSA_PSS_SALTLEN_DIGEST, false) &&
                                    EVP_DigestVerify(digest, signature, length, bytes, count) == 1);
    OPENSSL_free(der);
    EVP_MD_CTX_free(digest);
    EVP_PKEY_free(key);
    ERR_clear_error();
}

static void signed_token_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    size_t input_length, length = 0;
    const char *alg = (const char *)sqlite3_value_text(argv[1]);
    int salt = argc > 4 ? sqlite3_value_int(argv[4]) : RSA_PSS_SALTLEN_DIGEST;
    EVP_PKEY *key = key_of_pem(argv[0]);
    char *input = signing_input(argv[2], argv[3], 8192, &input_length);
    unsigned char *signature =
        raw_signature(key, alg, salt, (unsigned char *)input, input_length, &length);
    if (signature != NULL) {
        token_result(context, input, input_length, signature, length);
    } else {
        free(input);
        helper_fails(context, "signed_token", "OpenSSL refuses");
    }
    free(signature);
    EVP_PKEY_free(key);
    ERR_clear_error();
}

int key_helpers_register(sqlite3 *db)
{
    static const struct sql_function functions[] = {
        { "make_key", 1, make_key_function },
        { "make_rsa_key", 2, make_rsa_key_function },
        { "pem_as", 2, pem_as_function },
        { "raw_sign", 3, raw_sign_function },
        { "raw_sign", 4, raw_sign_function },
        { "raw_verify", 4, raw_verify_function },
        { "signed_token", 4, signed_token_function },
        { "signed_token", 5, signed_token_function },
    };
    return sql_functions_register(db, functions, sizeof functions / sizeof functions[0], NULL);
}
