/*
** key_samples.c - see key_samples.h. A failure here is the test's own: it ends the program.
*/
#include "key_samples.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/jose/base64url.h"
#include "src/jose/json_value.h"
#include "src/jose/jwk.h"

static void require(bool holds, const char *what)
{
    if (holds) return;
    printf("cannot make a test key: %s\n", what);
    ERR_print_errors_fp(stdout);
    exit(2);
}

void sample_free(sample text)
{
    free(text);
}

static sample copy_bytes(const char *bytes, size_t length)
{
    sample copy = malloc(length + 1);
    require(copy != NULL, "memory");
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

sample sample_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    sample text = malloc((size_t)length + 1);
    require(text != NULL, "memory");
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* ---- JWK */

static sample generated[ALGORITHM_COUNT];
static sample generated_public[ALGORITHM_COUNT];

static void release_generated(void)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        sample_free(generated[i]);
        sample_free(generated_public[i]);
    }
}

const char *sample_jwk(const char *name)
{
    static bool registered = false;
    if (!registered) atexit(release_generated);
    registered = true;
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));
    require(algorithm != NULL, name);
    sample *slot = &generated[algorithm_index(algorithm)];
    if (*slot != NULL) return *slot;
    struct text text;
    struct fault fault = { 0 };
    text_start(&text);
    if (jwk_generate(&text, algorithm, 0, NULL, 0, &fault)) {
        *slot = copy_bytes(text.bytes, text.length);
    }
    text_release(&text);
    return *slot;
}

const char *sample_public_jwk(const char *name)
{
    const char *jwk = sample_jwk(name);
    if (jwk == NULL || strncmp(name, "HS", 2) == 0) return jwk;
    sample *slot = &generated_public[algorithm_index(algorithm_find(name, strlen(name)))];
    if (*slot != NULL) return *slot;
    struct text text;
    struct fault fault = { 0 };
    struct key_set *set = sample_read(jwk, &fault);
    text_start(&text);
    require(set != NULL && jwk_write_public(&text, set, jwk, strlen(jwk), &fault), fault.text);
    *slot = copy_bytes(text.bytes, text.length);
    text_release(&text);
    key_set_release(set);
    return *slot;
}

sample sample_with(const char *jwk, const char *name, const char *value)
{
    struct json_cursor cursor = json_cursor_start(json_value_at(jwk, strlen(jwk)));
    struct json_value member, old;
    sample out = copy_bytes("{", 1);
    bool first = true, found = false;
    while (json_object_next(&cursor, &member, &old)) {
        bool is_it = json_string_is(member, name, strlen(name));
        found = found || is_it;
        if (is_it && value == NULL) continue;
        sample longer = sample_format("%s%s%.*s:%.*s", out, first ? "" : ",", (int)member.length,
            member.text, (int)(is_it ? strlen(value) : old.length), is_it ? value : old.text);
        sample_free(out);
        out = longer;
        first = false;
    }
    sample whole = !found && value != NULL
                       ? sample_format("%s%s\"%s\":%s}", out, first ? "" : ",", name, value)
                       : sample_format("%s}", out);
    sample_free(out);
    return whole;
}

static struct json_value member_value(const char *jwk, const char *name)
{
    struct json_cursor cursor = json_cursor_start(json_value_at(jwk, strlen(jwk)));
    struct json_value member, value;
    while (json_object_next(&cursor, &member, &value)) {
        if (json_string_is(member, name, strlen(name))) return value;
    }
    require(false, name);
    return value;
}

sample sample_member(const char *jwk, const char *name)
{
    struct json_value value = member_value(jwk, name);
    return copy_bytes(value.text, value.length);
}

static sample octets_json(const unsigned char *bytes, size_t size)
{
    sample text = malloc(BASE64URL_LENGTH(size) + 3);
    require(text != NULL, "memory");
    text[0] = '"';
    size_t length = base64url_encode(text + 1, bytes, size);
    memcpy(text + 1 + length, "\"", 2);
    return text;
}

sample sample_octets(
    const char *jwk, const char *name, size_t (*change)(unsigned char *bytes, size_t size))
{
    struct json_value value = member_value(jwk, name);
    unsigned char bytes[4096];
    size_t size = 0;
    require(value.length < 4000 && base64url_decode(bytes, &size, value.text + 1, value.length - 2),
        name);
    return octets_json(bytes, change(bytes, size));
}

sample sample_hex(const char *hex)
{
    unsigned char bytes[4096];
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        require(sscanf(hex + 2 * i, "%2x", &byte) == 1, "hexadecimal");
        bytes[i] = (unsigned char)byte;
    }
    return octets_json(bytes, size);
}

/* ---- OpenSSL keys and PEM */

static EVP_PKEY *generate(const char *type, const char *name, const char *value)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    require(context != NULL && EVP_PKEY_keygen_init(context) == 1, type);
    if (name != NULL) require(EVP_PKEY_CTX_ctrl_str(context, name, value) == 1, value);
    require(EVP_PKEY_generate(context, &pkey) == 1, type);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

/* DSA keys are made from parameters. */
static EVP_PKEY *generate_dsa(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
    EVP_PKEY *parameters = NULL, *pkey = NULL;
    require(context != NULL && EVP_PKEY_paramgen_init(context) == 1 &&
                EVP_PKEY_CTX_ctrl_str(context, "dsa_paramgen_bits", "1024") == 1 &&
                EVP_PKEY_generate(context, &parameters) == 1,
        "DSA parameters");
    EVP_PKEY_CTX_free(context);
    context = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
    require(context != NULL && EVP_PKEY_keygen_init(context) == 1 &&
                EVP_PKEY_generate(context, &pkey) == 1,
        "DSA");
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(parameters);
    return pkey;
}

EVP_PKEY *sample_pkey(const char *kind)
{
    static const char *const own_types[] = { "ED25519", "ED448", "X25519", "X448", "SM2" };
    for (size_t i = 0; i < sizeof own_types / sizeof *own_types; i++) {
        if (strcmp(kind, own_types[i]) == 0) return generate(kind, NULL, NULL);
    }
    if (strcmp(kind, "DSA") == 0) return generate_dsa();
    if (strncmp(kind, "RSA:", 4) == 0) return generate("RSA", "rsa_keygen_bits", kind + 4);
    if (strcmp(kind, "RSA-PSS") == 0) return generate("RSA-PSS", "rsa_keygen_bits", "2048");
    return generate("EC", "ec_paramgen_curve", kind);
}

static void write_certificate(BIO *sink, EVP_PKEY *pkey)
{
    X509 *certificate = X509_new();
    bool is_edwards = EVP_PKEY_is_a(pkey, "ED25519") || EVP_PKEY_is_a(pkey, "ED448");
    require(certificate != NULL, "memory");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
        (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, pkey);
    require(X509_sign(certificate, pkey, is_edwards ? NULL : EVP_sha256()) > 0 &&
                PEM_write_bio_X509(sink, certificate) == 1,
        "certificate");
    X509_free(certificate);
}

static int write_pem(BIO *sink, EVP_PKEY *pkey, enum sample_pem form)
{
    const EVP_CIPHER *cipher = EVP_aes_128_cbc();
    unsigned char passphrase[] = "secret";
    switch (form) {
    case PEM_SPKI: return PEM_write_bio_PUBKEY(sink, pkey);
    case PEM_PKCS8: return PEM_write_bio_PKCS8PrivateKey(sink, pkey, NULL, NULL, 0, NULL, NULL);
    case PEM_TRADITIONAL:
        return PEM_write_bio_PrivateKey_traditional(sink, pkey, NULL, NULL, 0, NULL, NULL);
    case PEM_ENCRYPTED_PKCS8:
        return PEM_write_bio_PKCS8PrivateKey(sink, pkey, cipher, "secret", 6, NULL, NULL);
    case PEM_ENCRYPTED_TRADITIONAL:
        return PEM_write_bio_PrivateKey_traditional(sink, pkey, cipher, passphrase, 6, NULL, NULL);
    case PEM_CERTIFICATE: write_certificate(sink, pkey); return 1;
    case PEM_PKCS1_PUBLIC: break;
    }
    unsigned char *der = NULL;
    int length = i2d_PublicKey(pkey, &der);
    int written = length > 0 ? PEM_write_bio(sink, "RSA PUBLIC KEY", "", der, length) : 0;
    OPENSSL_free(der);
    return written > 0;
}

sample sample_pem(EVP_PKEY *pkey, enum sample_pem form)
{
    BIO *sink = BIO_new(BIO_s_mem());
    require(sink != NULL && write_pem(sink, pkey, form) == 1, "PEM");
    char *bytes = NULL;
    long length = BIO_get_mem_data(sink, &bytes);
    sample text = copy_bytes(bytes, (size_t)length);
    BIO_free(sink);
    return text;
}

/* ---- reading */

struct key_set *sample_read(const char *text, struct fault *fault)
{
    return key_set_read(text, strlen(text), false, fault);
}

bool sample_refused(const char *text, const char *words)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(text, &fault);
    bool refused = set == NULL && fault.kind == FAULT_CALLER &&
                   strncmp(fault.text, "key: ", 5) == 0 && strstr(fault.text, words) != NULL &&
                   ERR_peek_error() == 0;
    if (!refused) {
        printf("  %.60s...\n  wanted: %s\n  got: %s\n", text, words,
            set != NULL ? "a key" : fault.text);
    }
    key_set_release(set);
    return refused;
}

bool sample_accepted(const char *text, enum key_type type)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(text, &fault);
    bool accepted = set != NULL && set->count == 1 && set->keys[0].problem == NULL &&
                    set->keys[0].type == type && ERR_peek_error() == 0;
    if (!accepted) printf("  %.60s...\n  got: %s\n", text, fault.text);
    key_set_release(set);
    return accepted;
}
