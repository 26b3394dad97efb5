/*
** second.c - see second.h. It shares no line with src/: where both agree, it
** is not because one copied the other's mistake.
*/
#include "second.h"

#include <math.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

unsigned second_depth(const char *text, size_t length)
{
    unsigned depth = 0, most = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                quoted = false;
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '[' || text[i] == '{') {
            if (++depth > most) most = depth;
        } else if (text[i] == ']' || text[i] == '}') {
            depth--;
        }
    }
    return most;
}

/* ---- base64url by way of base64 */

long second_base64url_decode(unsigned char *out, const char *text, size_t length)
{
    char *padded = malloc(length + 4);
    unsigned char *bytes = malloc(length + 4);
    char *again = malloc(length + 8);
    long size = -1;
    MUST(padded != NULL && bytes != NULL && again != NULL, "memory");
    size_t filled = (length + 3) / 4 * 4;
    for (size_t i = 0; i < filled; i++) {
        padded[i] = i >= length ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        /* OpenSSL would skip white space and take the other alphabet. */
        if (i < length && strchr("+/= \t\r\n", text[i]) != NULL) goto done; /* NUL, too */
    }
    if (length % 4 == 1) goto done;
    int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)padded, (int)filled);
    if (decoded < 0) goto done;
    decoded -= (int)(filled - length); /* it counts the padding's zero bytes */
    if (second_base64url_encode(again, bytes, (size_t)decoded) == length &&
        memcmp(again, text, length) == 0) {
        memcpy(out, bytes, (size_t)decoded);
        size = decoded;
    }
done:
    free(padded);
    free(bytes);
    free(again);
    return size;
}

size_t second_base64url_encode(char *out, const unsigned char *bytes, size_t size)
{
    size_t length = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
    while (length > 0 && out[length - 1] == '=') length--;
    for (size_t i = 0; i < length; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    return length;
}

/* ---- signatures */

#define HALF 32 /* of an ES256 signature */

size_t second_sign(
    const struct second_key *key, const char *text, size_t length, unsigned char *out)
{
    const unsigned char *data = (const unsigned char *)text;
    if (key->secret != NULL) {
        unsigned size = 0;
        HMAC(EVP_get_digestbyname(key->digest), key->secret, (int)key->secret_size, data, length,
            out, &size);
        return size;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[256];
    size_t size = sizeof der;
    const EVP_MD *digest = key->digest == NULL ? NULL : EVP_get_digestbyname(key->digest);
    MUST(EVP_DigestSignInit(context, NULL, digest, NULL, key->pkey) == 1 &&
             EVP_DigestSign(context, der, &size, data, length) == 1,
        "OpenSSL does not sign");
    EVP_MD_CTX_free(context);
    if (key->digest == NULL) {
        memcpy(out, der, size);
        return size;
    }
    const unsigned char *at = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, HALF);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + HALF, HALF);
    ECDSA_SIG_free(pair);
    return 2 * HALF;
}

#ifdef HAVE_JANSSON
#include <jansson.h>

bool second_is_there(void)
{
    return true;
}

/* jansson takes a NUL byte after the text for its end; nowhere in JSON is one legal. */
static json_t *load(const char *text, size_t length, enum opinion *opinion)
{
    json_error_t error;
    *opinion = OPINION_NO;
    if (length > 0 && memchr(text, '\0', length) != NULL) return NULL;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    *opinion = root != NULL                                             ? OPINION_YES
               : json_error_code(&error) == json_error_numeric_overflow ? OPINION_NONE
                                                                        : OPINION_NO;
    return root;
}

static void flatten_string(FILE *out, const char *bytes, size_t length)
{
    fprintf(out, FLAT_STRING, length);
    fwrite(bytes, 1, length, out);
}

static void flatten(FILE *out, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: fputs(FLAT_NULL, out); break;
    case JSON_TRUE: fputs(FLAT_TRUE, out); break;
    case JSON_FALSE: fputs(FLAT_FALSE, out); break;
    case JSON_INTEGER: fprintf(out, FLAT_INTEGER, (long long)json_integer_value(value)); break;
    case JSON_REAL: fprintf(out, FLAT_REAL, json_real_value(value)); break;
    case JSON_STRING:
        flatten_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_ARRAY:
        fputc('[', out);
        for (size_t i = 0; i < json_array_size(value); i++) flatten(out, json_array_get(value, i));
        fputc(']', out);
        break;
    case JSON_OBJECT:
        fputc('{', out);
        for (void *at = json_object_iter(value); at != NULL;
             at = json_object_iter_next(value, at)) {
            flatten_string(out, json_object_iter_key(at), json_object_iter_key_len(at));
            flatten(out, json_object_iter_value(at));
        }
        fputc('}', out);
    }
}

enum opinion second_json(const char *text, size_t length, char **flat)
{
    enum opinion opinion;
    json_t *root = load(text, length, &opinion);
    size_t size = 0;
    *flat = NULL;
    if (opinion != OPINION_YES) return opinion;
    FILE *out = open_memstream(flat, &size);
    MUST(out != NULL, "memory");
    flatten(out, root);
    fclose(out);
    json_decref(root);
    return OPINION_YES;
}

/* ---- the verdict on a token */

#define DEPTH_MAX 64
#define EXACT_MAX 9007199254740992.0

static json_t *member(json_t *object, const char *name)
{
    return json_object_getn(object, name, strlen(name));
}

static bool is_string(json_t *value, const char *bytes)
{
    return json_is_string(value) && json_string_length(value) == strlen(bytes) &&
           memcmp(json_string_value(value), bytes, strlen(bytes)) == 0;
}

/* A segment as a JSON object, or why not. */
static json_t *read_segment(const char *text, size_t length, enum opinion *opinion)
{
    unsigned char *bytes = malloc(length + 1);
    MUST(bytes != NULL, "memory");
    long size = second_base64url_decode(bytes, text, length);
    json_t *object = NULL;
    *opinion = OPINION_NO;
    if (size >= 0) object = load((const char *)bytes, (size_t)size, opinion);
    if (object != NULL &&
        (!json_is_object(object) || second_depth((const char *)bytes, (size_t)size) > DEPTH_MAX)) {
        json_decref(object);
        object = NULL;
        *opinion = OPINION_NO;
    }
    free(bytes);
    return object;
}

static bool header_is_fine(json_t *header, const struct second_key *key)
{
    static const char *const strings[] = { "kid", "typ", "cty" };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        json_t *value = member(header, strings[i]);
        if (value != NULL && !json_is_string(value)) return false;
    }
    json_t *b64 = member(header, "b64");
    if (b64 != NULL && !json_is_true(b64)) return false;
    if (member(header, "crit") != NULL) return false; /* nothing is understood */
    json_t *alg = member(header, "alg");
    if (is_string(alg, "Ed25519") && strcmp(key->algorithm, "EdDSA") == 0) return true;
    return is_string(alg, key->algorithm);
}

static bool signature_is_good(const struct second_key *key, const char *data, size_t length,
    const unsigned char *signature, size_t size)
{
    unsigned char other[256];
    bool good;
    if (key->secret != NULL) {
        return second_sign(key, data, length, other) == size && memcmp(other, signature, size) == 0;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (key->digest != NULL) {
        if (size != 2 * HALF) {
            EVP_MD_CTX_free(context);
            return false;
        }
        ECDSA_SIG *pair = ECDSA_SIG_new();
        unsigned char *at = other;
        ECDSA_SIG_set0(
            pair, BN_bin2bn(signature, HALF, NULL), BN_bin2bn(signature + HALF, HALF, NULL));
        size = (size_t)i2d_ECDSA_SIG(pair, &at);
        ECDSA_SIG_free(pair);
        signature = other;
    }
    const EVP_MD *digest = key->digest == NULL ? NULL : EVP_get_digestbyname(key->digest);
    good = EVP_DigestVerifyInit(context, NULL, digest, NULL, key->pkey) == 1 &&
           EVP_DigestVerify(context, signature, size, (const unsigned char *)data, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

/* A date, or that there is none; false where it is there and no number that doubles tell exactly. */
static bool read_date(
    json_t *claims, const char *name, double *date, bool *is_there, enum opinion *opinion)
{
    json_t *value = member(claims, name);
    *is_there = value != NULL;
    if (value == NULL) return true;
    if (!json_is_number(value)) return false;
    *date = json_number_value(value);
    /* At the edge itself a fraction decides that a double does not keep. */
    if (json_is_real(value) && fabs(*date) == EXACT_MAX) *opinion = OPINION_NONE;
    if (json_is_integer(value)) {
        long long integer = json_integer_value(value);
        return integer <= 9007199254740992 && integer >= -9007199254740992;
    }
    return fabs(*date) <= EXACT_MAX;
}

static bool dates_are_fine(
    json_t *claims, const struct second_policy *policy, enum opinion *opinion)
{
    double exp = 0, nbf = 0, iat = 0;
    bool has_exp, has_nbf, has_iat;
    if (!read_date(claims, "exp", &exp, &has_exp, opinion)) return false;
    if (!read_date(claims, "nbf", &nbf, &has_nbf, opinion)) return false;
    if (!read_date(claims, "iat", &iat, &has_iat, opinion)) return false;
    if (has_exp && policy->now >= exp + policy->leeway) return false;
    if (has_nbf && policy->now < nbf - policy->leeway) return false;
    return !(has_iat && iat > policy->now + policy->leeway);
}

static bool names_are_fine(json_t *claims, const struct second_policy *policy)
{
    static const char *const strings[] = { "iss", "sub", "jti", "sid", "client_id" };
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        json_t *value = member(claims, strings[i]);
        if (value != NULL && !json_is_string(value)) return false;
    }
    json_t *aud = member(claims, "aud");
    bool is_meant = policy->aud == NULL || is_string(aud, policy->aud);
    if (json_is_array(aud)) {
        for (size_t i = 0; i < json_array_size(aud); i++) {
            json_t *one = json_array_get(aud, i);
            if (!json_is_string(one)) return false;
            if (policy->aud != NULL && is_string(one, policy->aud)) is_meant = true;
        }
    } else if (aud != NULL && !json_is_string(aud)) {
        return false;
    }
    if (policy->iss != NULL && !is_string(member(claims, "iss"), policy->iss)) return false;
    if (policy->sub != NULL && !is_string(member(claims, "sub"), policy->sub)) return false;
    return is_meant;
}

enum opinion second_verdict(const char *token, size_t length, const struct second_key *key,
    const struct second_policy *policy)
{
    const char *first = length == 0 ? NULL : memchr(token, '.', length);
    const char *second =
        first == NULL ? NULL : memchr(first + 1, '.', (size_t)(token + length - first - 1));
    enum opinion opinion = OPINION_NO;
    if (second == NULL) return OPINION_NO;
    json_t *header = read_segment(token, (size_t)(first - token), &opinion);
    bool fine = header != NULL && header_is_fine(header, key);
    json_decref(header);
    if (!fine) return opinion == OPINION_NONE ? OPINION_NONE : OPINION_NO;

    size_t signature_length = (size_t)(token + length - second - 1);
    unsigned char *signature = malloc(signature_length + 1);
    MUST(signature != NULL, "memory");
    long size = second_base64url_decode(signature, second + 1, signature_length);
    fine = size >= 0 &&
           signature_is_good(key, token, (size_t)(second - token), signature, (size_t)size);
    free(signature);
    if (!fine) return OPINION_NO;

    json_t *claims = read_segment(first + 1, (size_t)(second - first - 1), &opinion);
    if (claims == NULL) return opinion;
    opinion = OPINION_YES;
    fine = dates_are_fine(claims, policy, &opinion) && names_are_fine(claims, policy);
    json_decref(claims);
    if (opinion == OPINION_NONE) return OPINION_NONE;
    return fine ? OPINION_YES : OPINION_NO;
}

#else /* no jansson */

bool second_is_there(void)
{
    return false;
}

enum opinion second_json(const char *text, size_t length, char **flat)
{
    (void)text;
    (void)length;
    *flat = NULL;
    return OPINION_NONE;
}

enum opinion second_verdict(const char *token, size_t length, const struct second_key *key,
    const struct second_policy *policy)
{
    (void)token;
    (void)length;
    (void)key;
    (void)policy;
    return OPINION_NONE;
}

#endif
