/*
** test_keys.c - what a key argument is: secret, PEM, JSON, or something that only looks like a key
** and is therefore refused (sql-surface.md section 2).
*/
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/json_value.h"
#include "unit.h"

#define LONG_TAIL " and then more than thirty-two bytes of other text"

/* ---- text and blobs */

enum outcome { SECRET, REFUSED };

static enum outcome outcome_of(const void *bytes, size_t length, bool is_blob)
{
    struct fault fault = { 0 };
    struct key_set *set = key_set_read(bytes, length, is_blob, &fault);
    bool secret = set != NULL && set->count == 1 && set->keys[0].type == KEY_OCT && !set->is_jwk &&
                  set->keys[0].secret_length == length &&
                  memcmp(set->keys[0].secret, bytes, length) == 0;
    key_set_release(set);
    return secret ? SECRET : REFUSED;
}

#define BYTES(literal) literal, sizeof literal - 1

static const struct {
    const char *bytes;
    size_t length;
    enum outcome text, blob;
} forms[] = {
    { BYTES("a secret of some length, forty bytes long"), SECRET, SECRET },
    { BYTES("x"), SECRET, SECRET },
    { BYTES("\0"), SECRET, SECRET },
    { BYTES("secret\0with a NUL in it, all of it counts"), SECRET, SECRET },
    { BYTES(" "), SECRET, SECRET },
    { BYTES("\"a JSON string is a secret like any other\""), SECRET, SECRET },
    { BYTES("12345678901234567890123456789012"), SECRET, SECRET },
    { BYTES("c2VjcmV0IHRoYXQgbG9va3MgbGlrZSBiYXNlNjQ="), SECRET, SECRET },
    { BYTES("my ssh-rsa key" LONG_TAIL), SECRET, SECRET },
    { BYTES("text { with a brace inside" LONG_TAIL), SECRET, SECRET },
    { BYTES("----BEGIN" LONG_TAIL), SECRET, SECRET },
    { BYTES("-----begin" LONG_TAIL), SECRET, SECRET },
    { BYTES("\xff\xfe\x80 bytes that are not UTF-8" LONG_TAIL), SECRET, SECRET },
    /* contains -----BEGIN */
    { BYTES("-----BEGIN"), REFUSED, REFUSED },
    { BYTES("secret-----BEGIN" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("\0\0-----BEGIN" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("\xff-----BEGIN" LONG_TAIL), REFUSED, SECRET }, /* not UTF-8: a BLOB of bytes */
    { BYTES(LONG_TAIL "-----BEGIN"), REFUSED, REFUSED },
    { BYTES("-----BEGIN PUBLIC KEY-----" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("-----BEGIN PGP PUBLIC KEY BLOCK-----" LONG_TAIL), REFUSED, REFUSED },
    /* SSH */
    { BYTES("ssh-rsa AAAAB3NzaC1yc2E" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("ssh-"), REFUSED, REFUSED },
    { BYTES("ecdsa-sha2-nistp256 AAAA" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("sk-ssh-ed25519@openssh.com AAAA" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("sk-ecdsa-sha2-nistp256@openssh.com AAAA" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("---- BEGIN SSH2 PUBLIC KEY ----" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("\n\t ssh-rsa AAAA" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("\xef\xbb\xbfssh-rsa AAAA" LONG_TAIL), REFUSED, REFUSED },
    { BYTES("\x01\x1f\x7fssh-rsa AAAA" LONG_TAIL), REFUSED, REFUSED },
    /* JSON that does not parse: a random secret may begin with a bracket, a text may not */
    { BYTES("{secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("[secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("  {secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("\xef\xbb\xbf{secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("\xe2\x80\x8b{secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("\xc2\xa0[secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("\0{secret" LONG_TAIL), REFUSED, SECRET },
    { BYTES("\xc2\x85\xc2\xad\xe2\x81\xa0\xe3\x80\x80{" LONG_TAIL), REFUSED, SECRET },
    { BYTES("{}{}" LONG_TAIL), REFUSED, SECRET },
    /* JSON that parses and is no key */
    { BYTES("{}"), REFUSED, REFUSED },
    { BYTES("[]"), REFUSED, REFUSED },
    { BYTES("[1,2,3]"), REFUSED, REFUSED },
    { BYTES(" {\"a\":1} "), REFUSED, REFUSED },
    { BYTES("\xef\xbb\xbf{\"kty\":\"oct\",\"k\":\"AAAA\"}"), REFUSED, REFUSED },
    { BYTES("\xe2\x80\x8b[{\"kty\":\"oct\",\"k\":\"AAAA\"}]"), REFUSED, REFUSED },
    /* DER */
    { BYTES("\x30\x00"), REFUSED, REFUSED },
    { BYTES("\x30\x03\x02\x01\x05"), REFUSED, REFUSED },
    { BYTES("\x30\x05\x30\x03\x02\x01\x05"), REFUSED, REFUSED },
    { BYTES("\x30\x03\x02\x01\x05\x00"), SECRET, SECRET },
    { BYTES("\x30\x04\x02\x01\x05"), SECRET, SECRET },
    { BYTES("\x30\x81\x03\x02\x01\x05"), SECRET, SECRET }, /* BER, not DER */
    { BYTES("\x30\x80\x02\x01\x05\x00\x00"), SECRET, SECRET },
    { BYTES("\x31\x03\x02\x01\x05"), SECRET, SECRET },
    /* a text of 86 letters whose second is 0x54: its length looks like a SEQUENCE's */
    { BYTES(
          "0Taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        SECRET, SECRET },
};

static void test_forms(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        CHECK(outcome_of(forms[i].bytes, forms[i].length, false) == forms[i].text,
            "text %zu (%.20s) is %s", i, forms[i].bytes,
            forms[i].text == SECRET ? "a secret" : "refused");
        CHECK(outcome_of(forms[i].bytes, forms[i].length, true) == forms[i].blob,
            "blob %zu (%.20s) is %s", i, forms[i].bytes,
            forms[i].blob == SECRET ? "a secret" : "refused");
    }
    struct fault fault = { 0 };
    CHECK(key_set_read("", 0, false, &fault) == NULL && fault.kind == FAULT_CALLER, "no text");
    fault = (struct fault){ 0 };
    CHECK(key_set_read(NULL, 0, true, &fault) == NULL && fault.kind == FAULT_CALLER, "no blob");
}

static void test_words(void)
{
    CHECK(sample_refused("ssh-rsa AAAA", "ssh-keygen -e -m PKCS8"), "SSH has its remedy");
    CHECK(sample_refused("[{\"kty\":\"oct\"}]", "wrap it in {\"keys\": [...]}"),
        "so has a bare array");
    CHECK(sample_refused("{\"kty\":\"oct\",\"k\":\"AAAA\",\"keys\":[]}", "ambiguous"),
        "kty and keys");
    CHECK(sample_refused("{\"a\":1}", "neither"), "neither kty nor keys");
    CHECK(sample_refused("{\"keys\":5}", "must be an array"), "keys of a wrong type");
    CHECK(sample_refused("{\"keys\":null}", "must be an array"), "keys: null");
    CHECK(sample_refused("{\"kty\":\"oct\",\"k\":\"AAAA\",\"kty\":\"RSA\"}", "twice"),
        "a member twice");
    CHECK(sample_refused("{\"kty\":\"oct\",\"k\":\"AA\\u0000AA\"}", "escape"), "NUL in a member");
    CHECK(
        sample_refused("{\"kty\":\"oct\",\"k\":\"AAAA\"}x", "follows"), "something after the JWK");
    CHECK(
        sample_refused("{\"kty\":\"oct\",\"k\":\"AAAA\",\"K\":01}", "at byte"), "not JSON: where");
    CHECK(sample_refused("{\"KTY\":\"oct\",\"k\":\"AAAA\"}", "neither"), "names are exact");
    CHECK(sample_refused("{\"kty\":\"oct\",\"K\":\"AAAA\"}", "\"k\" is missing"), "K is not k");
    CHECK(sample_accepted(" \n{\"kty\":\"oct\",\"k\":\"AAAA\"}\n ", KEY_OCT), "white space around");
    CHECK(sample_accepted("{\"\\u006bty\":\"oct\",\"k\":\"AA\\u0041A\"}", KEY_OCT),
        "escapes are read");
    struct fault fault = { 0 };
    CHECK(key_set_read(BYTES("\x30\x03\x02\x01\x05"), true, &fault) == NULL &&
              strstr(fault.text, "openssl pkey") != NULL,
        "DER has its remedy");
}

static void test_long_numbers(void)
{
    sample number = sample_format("{\"kty\":\"oct\",\"k\":\"AAAA\",\"x\":%063d1}", 0);
    number[strcspn(number, "0")] = '9';
    CHECK(sample_refused(number, "key: "), "a number that cJSON cannot hold is no out-of-memory");
    sample_free(number);
    CHECK(sample_accepted(
              "{\"kty\":\"oct\",\"k\":\"AAAA\",\"x\":123456789012345678901234567890}", KEY_OCT),
        "a long number is");
}

/* ---- PEM */

static const struct {
    const char *kind;
    enum sample_pem form;
    enum key_type type;
    bool is_private;
} pems[] = {
    { "RSA:2048", PEM_SPKI, KEY_RSA, false },
    { "RSA:2048", PEM_PKCS1_PUBLIC, KEY_RSA, false },
    { "RSA:2048", PEM_PKCS8, KEY_RSA, true },
    { "RSA:2048", PEM_TRADITIONAL, KEY_RSA, true },
    { "RSA:2048", PEM_CERTIFICATE, KEY_RSA, false },
    { "P-256", PEM_SPKI, KEY_EC, false },
    { "P-256", PEM_PKCS8, KEY_EC, true },
    { "P-256", PEM_TRADITIONAL, KEY_EC, true },
    { "P-256", PEM_CERTIFICATE, KEY_EC, false },
    { "P-384", PEM_SPKI, KEY_EC, false },
    { "P-521", PEM_PKCS8, KEY_EC, true },
    { "secp256k1", PEM_TRADITIONAL, KEY_EC, true },
    { "ED25519", PEM_SPKI, KEY_OKP, false },
    { "ED25519", PEM_PKCS8, KEY_OKP, true },
    { "ED25519", PEM_CERTIFICATE, KEY_OKP, false },
    { "ED448", PEM_SPKI, KEY_OKP, false },
    { "ED448", PEM_PKCS8, KEY_OKP, true },
};

static void try_pem(const char *name, const char *pem, enum key_type type, bool is_private)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(pem, &fault);
    CHECK(set != NULL && set->count == 1 && set->keys[0].type == type &&
              set->keys[0].is_private == is_private && set->keys[0].problem == NULL && !set->is_jwk,
        "%s is read (%s)", name, fault.text);
    key_set_release(set);
    set = key_set_read(pem, strlen(pem), true, &fault);
    CHECK(set != NULL && set->keys[0].type == type, "%s is read as a BLOB too", name);
    key_set_release(set);
}

/* With text around it, other line ends, no last line end. */
static void try_surroundings(const char *pem, enum key_type type)
{
    sample around = sample_format("Bag Attributes\n    name: {x}\n%sand after\n", pem);
    CHECK(sample_accepted(around, type), "text around a block");
    sample_free(around);
    around = sample_format("{a comment}\n%s", pem);
    CHECK(sample_accepted(around, type), "a comment that begins with a brace");
    sample_free(around);
    around = sample_format("%s", pem);
    around[strlen(around) - 1] = '\0';
    CHECK(sample_accepted(around, type), "no last line end");
    sample_free(around);
    around = malloc(2 * strlen(pem) + 1);
    char *at = around;
    for (const char *from = pem; *from; from++) {
        if (*from == '\n') *at++ = '\r';
        *at++ = *from;
    }
    *at = '\0';
    CHECK(sample_accepted(around, type), "CRLF line ends");
    sample_free(around);
}

static void test_pem(void)
{
    for (size_t i = 0; i < sizeof pems / sizeof *pems; i++) {
        EVP_PKEY *pkey = sample_pkey(pems[i].kind);
        sample pem = sample_pem(pkey, pems[i].form);
        sample name = sample_format("%s form %d", pems[i].kind, pems[i].form);
        try_pem(name, pem, pems[i].type, pems[i].is_private);
        if (i % 4 == 0) try_surroundings(pem, pems[i].type);
        sample_free(name);
        sample_free(pem);
        EVP_PKEY_free(pkey);
    }
}

/* `openssl ecparam -genkey` writes the parameters before the key. */
static void test_ec_parameters(void)
{
    static const char parameters[] =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    EVP_PKEY *pkey = sample_pkey("P-256");
    sample pem = sample_pem(pkey, PEM_TRADITIONAL);
    sample both = sample_format("%s%s", parameters, pem);
    CHECK(sample_accepted(both, KEY_EC), "EC PARAMETERS before an EC key");
    CHECK(sample_refused(parameters, "no whole PEM block"), "EC PARAMETERS alone");
    sample_free(both);
    sample_free(pem);
    EVP_PKEY_free(pkey);
}

static void test_pem_refused(void)
{
    static const struct {
        const char *kind;
        enum sample_pem form;
        const char *words;
    } rows[] = {
        { "RSA:2048", PEM_ENCRYPTED_PKCS8, "encrypted; decrypt it first" },
        { "RSA:2048", PEM_ENCRYPTED_TRADITIONAL, "encrypted; decrypt it first" },
        { "P-256", PEM_ENCRYPTED_TRADITIONAL, "encrypted; decrypt it first" },
        { "ED25519", PEM_ENCRYPTED_PKCS8, "encrypted; decrypt it first" },
        { "RSA-PSS", PEM_SPKI, "RSA-PSS restricted" },
        { "RSA-PSS", PEM_PKCS8, "RSA-PSS restricted" },
        { "X25519", PEM_SPKI, "X25519 keys are for key agreement" },
        { "X448", PEM_PKCS8, "X448 keys are for key agreement" },
        { "DSA", PEM_SPKI, "DSA keys have no" },
        { "DSA", PEM_PKCS8, "DSA keys have no" },
        { "DSA", PEM_TRADITIONAL, "DSA keys have no" },
        { "SM2", PEM_SPKI, "SM2 keys have no" },
        { "P-224", PEM_SPKI, "EC curve is none of" },
        { "brainpoolP256r1", PEM_PKCS8, "EC curve is none of" },
        { "RSA:512", PEM_SPKI, "under 1024 bits" },
        { "RSA:512", PEM_PKCS8, "under 1024 bits" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EVP_PKEY *pkey = sample_pkey(rows[i].kind);
        sample pem = sample_pem(pkey, rows[i].form);
        CHECK(sample_refused(pem, rows[i].words), "%s form %d: %s", rows[i].kind, rows[i].form,
            rows[i].words);
        sample_free(pem);
        EVP_PKEY_free(pkey);
    }
}

static void test_several(void)
{
    EVP_PKEY *pkey = sample_pkey("P-256");
    sample public_pem = sample_pem(pkey, PEM_SPKI), certificate = sample_pem(pkey, PEM_CERTIFICATE);
    sample private_pem = sample_pem(pkey, PEM_PKCS8);
    sample rows[] = {
        sample_format("%s%s", public_pem, public_pem),
        sample_format("%s%s", private_pem, certificate),
        sample_format("%s%s", certificate, certificate),
        sample_format("%s-----BEGIN X-----\nAAAA\n-----END X-----\n", public_pem),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(sample_refused(rows[i], "several"), "several keys, %zu", i);
        sample_free(rows[i]);
    }
    sample_free(public_pem);
    sample_free(private_pem);
    sample_free(certificate);
    EVP_PKEY_free(pkey);
}

static void test_damaged(void)
{
    EVP_PKEY *pkey = sample_pkey("P-256");
    sample pem = sample_pem(pkey, PEM_SPKI);
    size_t length = strlen(pem);
    size_t read = 0;
    for (size_t cut = 1; cut < length - 1; cut++) {
        struct fault fault = { 0 };
        struct key_set *set = key_set_read(pem, length - 1 - cut, false, &fault);
        read += set != NULL && set->keys[0].type != KEY_OCT;
        read += set != NULL && length - 1 - cut > 10;
        key_set_release(set);
    }
    CHECK(read == 0, "a PEM that is cut is neither a key nor a secret, wherever it is cut");
    sample other = sample_format("%s", pem);
    memcpy(strstr(other, "\n") + 20, "!!!!", 4);
    CHECK(sample_refused(other, "key: "), "not base64");
    sample_free(other);
    sample renamed = sample_format("-----BEGIN PRIVATE KEY-----%.*s-----END PRIVATE KEY-----\n",
        (int)(strstr(pem, "-----END") - pem - 26), pem + 26);
    CHECK(sample_refused(renamed, "holds no key that OpenSSL can read"), "a block of a wrong name");
    sample_free(renamed);
    CHECK(sample_refused("-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n", "NONSENSE"),
        "an unknown block is named");
    CHECK(sample_refused(
              "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
              "ssh-keygen -p -m PKCS8"),
        "an OpenSSH private key has its remedy");
    CHECK(sample_refused("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "damaged"),
        "a block without content");
    CHECK(sample_refused(
              "-----BEGIN PUBLIC KEY-----\nMI:B\nAAAA\n-----END PUBLIC KEY-----\n", "damaged"),
        "a colon makes headers of what is before it");
    struct fault fault = { 0 };
    CHECK(key_set_read(pem, length + 1, false, &fault) == NULL && strstr(fault.text, "NUL") != NULL,
        "a NUL after the block");
    sample_free(pem);
    EVP_PKEY_free(pkey);
}

/* A PEM of a DER public key that somebody made by hand. */
static sample pem_of_der(const unsigned char *der, size_t length)
{
    BIO *sink = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    PEM_write_bio(sink, "PUBLIC KEY", "", der, (long)length);
    long size = BIO_get_mem_data(sink, &bytes);
    sample pem = sample_format("%.*s", (int)size, bytes);
    BIO_free(sink);
    return pem;
}

/* SPKI of P-256 with the point at infinity (one zero byte), and of Ed25519 with the identity. */
static void test_bad_points_in_pem(void)
{
    static const unsigned char infinity[] = { 0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
        0x02, 0x00, 0x00 };
    unsigned char identity[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
        0x00, 0x01 };
    sample pem = pem_of_der(infinity, sizeof infinity);
    CHECK(sample_refused(pem, "key: "), "the point at infinity in PEM");
    sample_free(pem);
    pem = pem_of_der(identity, sizeof identity);
    CHECK(sample_refused(pem, "small order"), "the Ed25519 identity in PEM");
    sample_free(pem);
}

/* A public key whose modulus is 2^(bits - 1) + 1: nobody asks here whether it is a product of two primes. */
static EVP_PKEY *public_rsa(int bits)
{
    BIGNUM *modulus = BN_new(), *exponent = BN_new();
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BN_set_bit(modulus, bits - 1);
    BN_set_bit(modulus, 0);
    BN_set_word(exponent, 65537);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_fromdata_init(context);
    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

static void test_large_modulus_in_pem(void)
{
    EVP_PKEY *most = public_rsa(16384), *more = public_rsa(16385);
    sample pem = sample_pem(most, PEM_SPKI);
    CHECK(sample_accepted(pem, KEY_RSA), "RSA of 16384 bits in PEM");
    sample_free(pem);
    pem = sample_pem(more, PEM_SPKI);
    CHECK(sample_refused(pem, "over 16384 bits"), "RSA of 16385 bits in PEM");
    sample_free(pem);
    EVP_PKEY_free(most);
    EVP_PKEY_free(more);
}

static void test_explicit_parameters(void)
{
    EVP_PKEY *pkey = sample_pkey("P-256");
    EVP_PKEY_set_utf8_string_param(
        pkey, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
    sample public_pem = sample_pem(pkey, PEM_SPKI), private_pem = sample_pem(pkey, PEM_PKCS8);
    CHECK(strlen(public_pem) > 300, "the sample does have explicit parameters");
    CHECK(sample_refused(public_pem, "explicit parameters"), "EC with explicit parameters, public");
    CHECK(
        sample_refused(private_pem, "explicit parameters"), "EC with explicit parameters, private");
    sample_free(public_pem);
    sample_free(private_pem);
    EVP_PKEY_free(pkey);
}

int main(void)
{
    test_forms();
    test_words();
    test_long_numbers();
    test_pem();
    test_ec_parameters();
    test_pem_refused();
    test_several();
    test_damaged();
    test_bad_points_in_pem();
    test_large_modulus_in_pem();
    test_explicit_parameters();
    CHECK(ERR_peek_error() == 0, "nothing is left in OpenSSL's queue");
    return unit_end();
}
