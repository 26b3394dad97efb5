/*
** key_jwk.c - see key_jwk.h.
*/
#include "key_jwk.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "base64url.h"
#include "key_build.h"
#include "secure.h"

/* A member that holds base64url, with the words for what can be wrong with it. */
struct octets_member {
    const char *name;
    const char *missing;
    const char *not_string;
    const char *not_base64url;
    const char *wrong_length;
};

#define OCTETS_MEMBER(name)                                              \
    {                                                                    \
        name, "\"" name "\" is missing", "\"" name "\" is not a string", \
            "\"" name "\" is empty or not base64url without padding",    \
            "\"" name "\" has the wrong length"                          \
    }

static const struct octets_member member_x = OCTETS_MEMBER("x");
static const struct octets_member member_y = OCTETS_MEMBER("y");
static const struct octets_member member_d = OCTETS_MEMBER("d");
static const struct octets_member member_k = OCTETS_MEMBER("k");
static const struct octets_member member_pub = OCTETS_MEMBER("pub");
static const struct octets_member member_priv = OCTETS_MEMBER("priv");
static const struct octets_member rsa_members[RSA_NUMBERS] = {
    [RSA_N] = OCTETS_MEMBER("n"),
    [RSA_E] = OCTETS_MEMBER("e"),
    [RSA_D] = OCTETS_MEMBER("d"),
    [RSA_P] = OCTETS_MEMBER("p"),
    [RSA_Q] = OCTETS_MEMBER("q"),
    [RSA_DP] = OCTETS_MEMBER("dp"),
    [RSA_DQ] = OCTETS_MEMBER("dq"),
    [RSA_QI] = OCTETS_MEMBER("qi"),
};

/* False, with the key's problem named. For `return refuse(...)`. */
static bool refuse(struct key *key, const char *problem)
{
    key->problem = problem;
    return false;
}

/* The copy of a string of the document, or NULL where memory ran out. */
static char *copy_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = memory_new(size);
    if (copy != NULL) memcpy(copy, string, size);
    return copy;
}

/* ---- what every JWK has (RFC 7517 section 4) */

/* Copies an optional string member to `*copy`. False where it is no string, or memory ran out. */
static bool read_label(struct key *key, const struct json_doc *jwk, const char *name,
    const char *problem, char **copy, bool *memory)
{
    const struct json_doc *value = json_doc_member(jwk, name);
    if (value == NULL) return true;
    const char *string = json_doc_string(value);
    if (string == NULL) return refuse(key, problem);
    *copy = copy_string(string);
    *memory = *copy != NULL;
    return *memory;
}

static bool read_key_type(struct key *key, const struct json_doc *jwk)
{
    const struct json_doc *value = json_doc_member(jwk, "kty");
    if (value == NULL) return refuse(key, "\"kty\" is missing");
    const char *name = json_doc_string(value);
    if (name == NULL) return refuse(key, "\"kty\" is not a string");
    key->type = (uint8_t)key_type_find(name, strlen(name));
    return key->type != KEY_UNKNOWN || refuse(key, "\"kty\" is none of oct, RSA, EC, OKP, AKP");
}

#define KEY_OPERATIONS_MAX 32 /* RFC 7517 section 8.3 registers eight */

/* RFC 7517 section 4.3: an array of distinct strings; it must name the operation at hand. */
static bool read_key_operations(struct key *key, const struct json_doc *jwk)
{
    const struct json_doc *operations = json_doc_member(jwk, "key_ops");
    if (operations == NULL) return true;
    if (!json_doc_is_array(operations)) return refuse(key, "\"key_ops\" is not an array");
    bool signs = false, verifies = false;
    size_t count = 0;
    const struct json_doc *first = json_doc_first(operations);
    for (const struct json_doc *one = first; one != NULL; one = json_doc_next(one)) {
        if (++count > KEY_OPERATIONS_MAX)
            return refuse(key, "\"key_ops\" names too many operations");
        const char *name = json_doc_string(one);
        if (name == NULL) return refuse(key, "\"key_ops\" holds something that is not a string");
        for (const struct json_doc *other = first; other != one; other = json_doc_next(other)) {
            if (strcmp(json_doc_string(other), name) == 0) {
                return refuse(key, "\"key_ops\" names an operation twice");
            }
        }
        if (strcmp(name, "sign") == 0) signs = true;
        if (strcmp(name, "verify") == 0) verifies = true;
    }
    key->may_sign = key->may_sign && signs;
    key->may_verify = key->may_verify && verifies;
    return true;
}

static void read_use(struct key *key)
{
    if (key->use == NULL || strcmp(key->use, "sig") == 0) return;
    key->may_sign = false;
    key->may_verify = false;
}

/* `crv`, where the key type has one. */
static bool read_curve(struct key *key, const struct json_doc *jwk)
{
    if (key->type != KEY_EC && key->type != KEY_OKP) return true;
    const struct json_doc *value = json_doc_member(jwk, "crv");
    if (value == NULL) return refuse(key, "\"crv\" is missing");
    const char *name = json_doc_string(value);
    if (name == NULL) return refuse(key, "\"crv\" is not a string");
    enum curve curve = curve_find(name, strlen(name));
    if (curve_key_type(curve) == (enum key_type)key->type) {
        key->curve = (uint8_t)curve;
        key->bits = curve_bits(curve);
        return true;
    }
    if (key->type == KEY_EC) {
        return refuse(key, "\"crv\" is none of P-256, P-384, P-521, secp256k1");
    }
    return refuse(key, "\"crv\" is none of Ed25519, Ed448");
}

/* RFC 8725 section 3.1: `alg` must be one that a key of this type and curve can do. */
static bool read_algorithm(struct key *key, const struct json_doc *jwk)
{
    const struct json_doc *value = json_doc_member(jwk, "alg");
    if (value == NULL) {
        return key->type != KEY_AKP || refuse(key, "\"alg\" is missing: an AKP key must have it");
    }
    const char *name = json_doc_string(value);
    if (name == NULL) return refuse(key, "\"alg\" is not a string");
    const struct algorithm *algorithm = algorithm_find(name, strlen(name));
    if (algorithm == NULL) return refuse(key, "\"alg\" is not a known signature algorithm");
    bool curve_fits = algorithm->curve == CURVE_NONE || algorithm->curve == key->curve;
    if (algorithm->key_type != key->type || !curve_fits) {
        return refuse(key, "\"alg\" is not one that a key of this \"kty\" and \"crv\" can do");
    }
    key->fixed = algorithm;
    return true;
}

/*
** ---- the material (RFC 7518 section 6)
**
** Once the sizes are right, OpenSSL takes any numbers as RSA, Edwards and
** ML-DSA keys (key_set_pkey() judges them): where it does not, memory ran out.
*/

/*
** Decodes a member to `out`, which has room for `capacity` bytes. `exact`: it
** must be `capacity` bytes, no more, no less. False with the problem named.
*/
static bool read_octets(struct key *key, const struct json_doc *jwk,
    const struct octets_member *member, bool exact, unsigned char *out, size_t capacity,
    size_t *size)
{
    const struct json_doc *value = json_doc_member(jwk, member->name);
    if (value == NULL) return refuse(key, member->missing);
    const char *text = json_doc_string(value);
    if (text == NULL) return refuse(key, member->not_string);
    size_t length = strlen(text);
    size_t longest = BASE64URL_LENGTH(capacity);
    if (length > longest || (exact && length != longest)) return refuse(key, member->wrong_length);
    if (!base64url_decode(out, size, text, length) || *size == 0) {
        return refuse(key, member->not_base64url);
    }
    return true;
}

static bool has(const struct json_doc *jwk, const struct octets_member *member)
{
    return json_doc_member(jwk, member->name) != NULL;
}

static bool read_oct(struct key *key, const struct json_doc *jwk)
{
    const char *text = json_doc_string(json_doc_member(jwk, member_k.name));
    size_t size = 0, room = BASE64URL_SIZE(text != NULL ? strlen(text) : 0);
    unsigned char *secret = memory_new(room);
    if (secret == NULL) return false;
    bool held = true;
    /* The room is a bound that is no multiple of what the text holds: only its length is asked of it. */
    if (read_octets(key, jwk, &member_k, false, secret, room, &size)) {
        held = key_set_secret(key, secret, size);
    }
    memory_wipe_free(secret, room);
    return held;
}

/* RFC 7518 section 6.3.2: all of p, q, dp, dq, qi or none, none without d, and no further primes. */
static const char *rsa_private_shape(const struct json_doc *jwk)
{
    size_t crt = 0;
    for (size_t i = RSA_P; i <= RSA_QI; i++) crt += has(jwk, &rsa_members[i]);
    if (json_doc_member(jwk, "oth") != NULL) {
        return "\"oth\": RSA keys of more than two primes are not supported";
    }
    if (crt != 0 && !has(jwk, &rsa_members[RSA_D])) return "an RSA private member without \"d\"";
    if (crt != 0 && crt != 5) return "some of \"p\", \"q\", \"dp\", \"dq\", \"qi\" are missing";
    return NULL;
}

/* RFC 7518 section 2, Base64urlUInt: the fewest octets. A leading zero would give a key two thumbprints. */
static bool read_rsa_number(struct key *key, const struct json_doc *jwk, enum rsa_number which,
    struct octets *number, unsigned char *room, size_t capacity)
{
    number->bytes = NULL;
    if (which >= RSA_D && !has(jwk, &rsa_members[which])) return true;
    if (!read_octets(key, jwk, &rsa_members[which], false, room, capacity, &number->length)) {
        /* The bound on the size comes before any arithmetic with it. */
        if (key->problem != rsa_members[which].wrong_length) return false;
        if (which == RSA_N) return refuse(key, "the RSA modulus is over 16384 bits");
        if (which == RSA_E) return refuse(key, "the RSA exponent is not below 2^32");
        return false;
    }
    if (which <= RSA_E && room[0] == 0) {
        return refuse(key,
            which == RSA_N ? "\"n\" has a leading zero octet" : "\"e\" has a leading zero octet");
    }
    number->bytes = room;
    return true;
}

#define RSA_EXPONENT_BYTES 4 /* below 2^32 */

static bool read_rsa(struct key *key, const struct json_doc *jwk)
{
    key->problem = rsa_private_shape(jwk);
    if (key->problem != NULL) return true;
    size_t each = RSA_BITS_MAX / 8 + 8; /* decoding may write past the end by the bound's slack */
    size_t size = each * RSA_NUMBERS;
    unsigned char *room = memory_new(size);
    if (room == NULL) return false;
    struct octets numbers[RSA_NUMBERS];
    bool held = true;
    enum rsa_number which = RSA_N;
    while (which < RSA_NUMBERS &&
           read_rsa_number(key, jwk, which, &numbers[which], room + each * which,
               which == RSA_E ? RSA_EXPONENT_BYTES : RSA_BITS_MAX / 8)) {
        which++;
    }
    if (which == RSA_NUMBERS) {
        bool is_private = numbers[RSA_D].bytes != NULL;
        EVP_PKEY *pkey = key_build_rsa(numbers);
        if (pkey != NULL) {
            held = key_set_pkey(key, pkey, is_private);
        } else if (secure_content_refused(ERR_LIB_RSA)) {
            /* OpenSSL 3.5 and later: numbers longer than n. */
            key->problem = "the RSA private members do not match the public ones";
        } else {
            held = false;
        }
    }
    memory_wipe_free(room, size);
    return held;
}

static bool read_ec(struct key *key, const struct json_doc *jwk)
{
    unsigned char x[72], y[72], d[72];
    enum curve curve = (enum curve)key->curve;
    size_t bytes = curve_bytes(curve), size = 0;
    bool is_private = has(jwk, &member_d);
    bool held = true;
    /* RFC 7518 sections 6.2.1.2, 6.2.1.3, 6.2.2.1: the full size of a coordinate, leading zeros kept */
    if (read_octets(key, jwk, &member_x, true, x, bytes, &size) &&
        read_octets(key, jwk, &member_y, true, y, bytes, &size) &&
        (!is_private || read_octets(key, jwk, &member_d, true, d, bytes, &size))) {
        EVP_PKEY *pkey = key_build_ec(curve, x, y, is_private ? d : NULL);
        if (pkey != NULL) {
            held = key_set_pkey(key, pkey, is_private);
        } else if (secure_content_refused(ERR_LIB_EC)) {
            key->problem = "the EC point is not on the curve";
        } else {
            held = false;
        }
    }
    secure_wipe(d, sizeof d);
    return held;
}

static bool read_okp(struct key *key, const struct json_doc *jwk)
{
    unsigned char x[64], d[64], derived[64];
    enum curve curve = (enum curve)key->curve;
    size_t bytes = curve_bytes(curve), size = 0, derived_size = sizeof derived;
    bool is_private = has(jwk, &member_d);
    bool held = true;
    if (read_octets(key, jwk, &member_x, true, x, bytes, &size) &&
        (!is_private || read_octets(key, jwk, &member_d, true, d, bytes, &size))) {
        EVP_PKEY *pkey = key_build_okp(curve, is_private ? d : x, is_private);
        held = pkey != NULL && key_set_pkey(key, pkey, is_private);
    }
    secure_wipe(d, sizeof d);
    if (!held || key->problem != NULL || !is_private) return held;
    if (EVP_PKEY_get_raw_public_key(key->pkey, derived, &derived_size) != 1) return false;
    if (derived_size != bytes || memcmp(derived, x, bytes) != 0) {
        key->problem = "\"d\" does not match \"x\"";
    }
    return true;
}

/* Whether the public key that the seed gave is the one that the JWK says. */
static bool compare_ml_dsa(struct key *key, const unsigned char *expected, size_t size)
{
    unsigned char *derived = memory_new(size);
    size_t derived_size = 0;
    if (derived == NULL) return false;
    bool read =
        EVP_PKEY_get_octet_string_param(key->pkey, "pub", derived, size, &derived_size) == 1;
    if (!read || derived_size != size || memcmp(derived, expected, size) != 0) {
        key->problem = "\"priv\" does not match \"pub\"";
    }
    memory_free(derived);
    return true;
}

/* RFC 9964 section 3: `priv` is the seed of 32 bytes, from which all else follows. */
static bool read_akp_material(
    struct key *key, const struct json_doc *jwk, unsigned char *public_key, size_t public_size)
{
    unsigned char seed[ML_DSA_SEED_BYTES + 8];
    const struct algorithm *algorithm = key->fixed;
    size_t size = 0;
    bool is_private = has(jwk, &member_priv);
    bool has_public = has(jwk, &member_pub) || !is_private;
    bool held = true;
    if ((!has_public || read_octets(key, jwk, &member_pub, true, public_key, public_size, &size)) &&
        (!is_private ||
            read_octets(key, jwk, &member_priv, true, seed, ML_DSA_SEED_BYTES, &size))) {
        key->problem = ml_dsa_missing(algorithm);
        if (key->problem == NULL) {
            EVP_PKEY *pkey = is_private
                                 ? key_build_ml_dsa(algorithm, seed, ML_DSA_SEED_BYTES, true)
                                 : key_build_ml_dsa(algorithm, public_key, public_size, false);
            held = pkey != NULL && key_set_pkey(key, pkey, is_private);
        }
        if (held && key->problem == NULL && is_private && has_public) {
            held = compare_ml_dsa(key, public_key, public_size);
        }
    }
    secure_wipe(seed, sizeof seed);
    return held;
}

static bool read_akp(struct key *key, const struct json_doc *jwk)
{
    size_t public_size = ml_dsa_public_bytes(key->fixed);
    unsigned char *public_key = memory_new(public_size + 8);
    if (public_key == NULL) return false;
    bool held = read_akp_material(key, jwk, public_key, public_size);
    memory_free(public_key);
    return held;
}

static bool read_material(struct key *key, const struct json_doc *jwk)
{
    switch ((enum key_type)key->type) {
    case KEY_OCT: return read_oct(key, jwk);
    case KEY_RSA: return read_rsa(key, jwk);
    case KEY_EC: return read_ec(key, jwk);
    case KEY_OKP: return read_okp(key, jwk);
    case KEY_AKP: return read_akp(key, jwk);
    case KEY_UNKNOWN: break;
    }
    return true;
}

bool key_read_jwk(struct key *key, const struct json_doc *jwk)
{
    bool memory = true;
    ERR_clear_error(); /* what it holds afterwards is ours */
    if (read_label(key, jwk, "kid", "\"kid\" is not a string", &key->kid, &memory) &&
        read_label(key, jwk, "use", "\"use\" is not a string", &key->use, &memory)) {
        read_use(key);
        if (read_key_type(key, jwk) && read_curve(key, jwk) && read_key_operations(key, jwk) &&
            read_algorithm(key, jwk)) {
            memory = read_material(key, jwk);
        }
    }
    if (key->kid != NULL) key->kid_length = strlen(key->kid);
    if (key->problem != NULL) key->weakness = NULL;
    if (key->problem != NULL && key->pkey != NULL) {
        EVP_PKEY_free(key->pkey);
        key->pkey = NULL;
    }
    ERR_clear_error();
    return memory;
}
