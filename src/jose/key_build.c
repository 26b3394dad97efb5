/*
** key_build.c - see key_build.h.
*/
#include "key_build.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#define EC_BYTES_MAX 66 /* P-521 */

/* OSSL_PARAM integers are in the machine's byte order, JWK numbers big-endian. */
static void to_native_order(unsigned char *bytes, size_t length)
{
    const union {
        unsigned short number;
        unsigned char first;
    } order = { .number = 1 };
    if (order.first == 0) return;
    for (size_t i = 0; i < length / 2; i++) {
        unsigned char byte = bytes[i];
        bytes[i] = bytes[length - 1 - i];
        bytes[length - 1 - i] = byte;
    }
}

static EVP_PKEY *from_parameters(const char *type, bool is_private, OSSL_PARAM *parameters)
{
    EVP_PKEY *pkey = NULL;
    int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, selection, parameters) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return pkey;
}

EVP_PKEY *key_build_rsa(struct octets numbers[RSA_NUMBERS])
{
    static const char *const names[RSA_NUMBERS] = {
        [RSA_N] = OSSL_PKEY_PARAM_RSA_N,
        [RSA_E] = OSSL_PKEY_PARAM_RSA_E,
        [RSA_D] = OSSL_PKEY_PARAM_RSA_D,
        [RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
        [RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
        [RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
        [RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
        [RSA_QI] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    OSSL_PARAM parameters[RSA_NUMBERS + 1];
    size_t count = 0;
    for (size_t i = 0; i < RSA_NUMBERS; i++) {
        if (numbers[i].bytes == NULL) continue;
        to_native_order(numbers[i].bytes, numbers[i].length);
        parameters[count++] =
            OSSL_PARAM_construct_BN(names[i], numbers[i].bytes, numbers[i].length);
    }
    parameters[count] = OSSL_PARAM_construct_end();
    return from_parameters("RSA", numbers[RSA_D].bytes != NULL, parameters);
}

EVP_PKEY *key_build_ec(
    enum curve curve, const unsigned char *x, const unsigned char *y, unsigned char *d)
{
    size_t size = curve_bytes(curve);
    unsigned char point[1 + 2 * EC_BYTES_MAX];
    point[0] = 0x04; /* uncompressed (SEC 1 section 2.3.3) */
    memcpy(point + 1, x, size);
    memcpy(point + 1 + size, y, size);

    OSSL_PARAM parameters[4];
    size_t count = 0;
    /* OpenSSL reads the name only; the parameter's type lacks a const. */
    parameters[count++] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve_name(curve), 0);
    parameters[count++] =
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size);
    if (d != NULL) {
        to_native_order(d, size);
        parameters[count++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, d, size);
    }
    parameters[count] = OSSL_PARAM_construct_end();
    return from_parameters("EC", d != NULL, parameters);
}

EVP_PKEY *key_build_okp(enum curve curve, const unsigned char *key, bool is_private)
{
    const char *type = curve == CURVE_ED25519 ? "ED25519" : "ED448";
    size_t size = curve_bytes(curve);
    return is_private ? EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, key, size)
                      : EVP_PKEY_new_raw_public_key_ex(NULL, type, NULL, key, size);
}

/* The ML-DSA parameters have no names in the headers of OpenSSL 3.0: they are found at run time. */
EVP_PKEY *key_build_ml_dsa(
    const struct algorithm *algorithm, const unsigned char *bytes, size_t length, bool is_seed)
{
    OSSL_PARAM parameters[2];
    parameters[0] =
        OSSL_PARAM_construct_octet_string(is_seed ? "seed" : "pub", (void *)bytes, length);
    parameters[1] = OSSL_PARAM_construct_end();
    return from_parameters(algorithm->name, is_seed, parameters);
}

static const struct {
    const char *name;
    size_t public_bytes;
    const char *missing;
} ml_dsa_table[] = {
    { "ML-DSA-44", 1312, "ML-DSA-44 is not in this OpenSSL (3.5 or later has it)" },
    { "ML-DSA-65", 1952, "ML-DSA-65 is not in this OpenSSL (3.5 or later has it)" },
    { "ML-DSA-87", 2592, "ML-DSA-87 is not in this OpenSSL (3.5 or later has it)" },
};

static size_t ml_dsa_row(const struct algorithm *algorithm)
{
    size_t row = 0;
    while (row < 2 && strcmp(ml_dsa_table[row].name, algorithm->name) != 0) row++;
    return row;
}

size_t ml_dsa_public_bytes(const struct algorithm *algorithm)
{
    return ml_dsa_table[ml_dsa_row(algorithm)].public_bytes;
}

const char *ml_dsa_missing(const struct algorithm *algorithm)
{
    EVP_KEYMGMT *manager = EVP_KEYMGMT_fetch(NULL, algorithm->name, NULL);
    EVP_KEYMGMT_free(manager);
    if (manager != NULL) return NULL;
    ERR_clear_error();
    return ml_dsa_table[ml_dsa_row(algorithm)].missing;
}
