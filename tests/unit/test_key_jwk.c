/*
** test_key_jwk.c - a JWK is a key only where every member is right: type, length, range, and one
** with the other. Each row changes one member of a good key.
*/
#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/base64url.h"
#include "src/jose/signature.h"
#include "unit.h"

/* ---- members whose bad values do not depend on the key */

static const struct {
    const char *algorithm; /* whose private JWK is changed */
    const char *member;
    const char *value; /* JSON; NULL: without the member */
    const char *words; /* in the fault */
} refused[] = {
    /* labels (RFC 7517 section 4) */
    { "RS256", "kty", NULL, "neither \"kty\"" },
    { "RS256", "kty", "5", "\"kty\" is not a string" },
    { "RS256", "kty", "null", "\"kty\" is not a string" },
    { "RS256", "kty", "true", "\"kty\" is not a string" },
    { "RS256", "kty", "[\"RSA\"]", "\"kty\" is not a string" },
    { "RS256", "kty", "\"rsa\"", "\"kty\" is none of" },
    { "RS256", "kty", "\"\"", "\"kty\" is none of" },
    { "RS256", "kty", "\"EC\"", "\"crv\" is missing" },
    { "RS256", "kid", "5", "\"kid\" is not a string" },
    { "RS256", "kid", "null", "\"kid\" is not a string" },
    { "RS256", "kid", "{}", "\"kid\" is not a string" },
    { "RS256", "use", "5", "\"use\" is not a string" },
    { "RS256", "use", "null", "\"use\" is not a string" },
    { "RS256", "key_ops", "\"sign\"", "\"key_ops\" is not an array" },
    { "RS256", "key_ops", "{\"sign\":1}", "\"key_ops\" is not an array" },
    { "RS256", "key_ops", "null", "\"key_ops\" is not an array" },
    { "RS256", "key_ops", "[\"sign\",5]", "\"key_ops\" holds something" },
    { "RS256", "key_ops", "[null]", "\"key_ops\" holds something" },
    { "RS256", "key_ops", "[[\"sign\"]]", "\"key_ops\" holds something" },
    { "RS256", "key_ops", "[\"sign\",\"verify\",\"sign\"]", "twice" },
    { "RS256", "key_ops", "[\"x\",\"x\"]", "twice" },
    /* alg (RFC 8725 section 3.1) */
    { "RS256", "alg", "5", "\"alg\" is not a string" },
    { "RS256", "alg", "null", "\"alg\" is not a string" },
    { "RS256", "alg", "[\"RS256\"]", "\"alg\" is not a string" },
    { "RS256", "alg", "\"\"", "not a known" },
    { "RS256", "alg", "\"none\"", "not a known" },
    { "RS256", "alg", "\"rs256\"", "not a known" },
    { "RS256", "alg", "\"RSA-OAEP\"", "not a known" },
    { "RS256", "alg", "\"RS1\"", "not a known" },
    { "RS256", "alg", "\"HS256\"", "not one that a key of this" },
    { "RS256", "alg", "\"ES256\"", "not one that a key of this" },
    { "RS256", "alg", "\"EdDSA\"", "not one that a key of this" },
    { "ES256", "alg", "\"ES224\"", "not a known" },
    { "ES256", "alg", "\"ES384\"", "not one that a key of this" },
    { "ES256", "alg", "\"ES256K\"", "not one that a key of this" },
    { "ES256", "alg", "\"ECDH-ES\"", "not a known" },
    { "ES256K", "alg", "\"ES256\"", "not one that a key of this" },
    { "ES512", "alg", "\"ES521\"", "not a known" },
    { "EdDSA", "alg", "\"Ed448\"", "not one that a key of this" },
    { "Ed448", "alg", "\"Ed25519\"", "not one that a key of this" },
    { "HS256", "alg", "\"RS256\"", "not one that a key of this" },
    { "HS256", "alg", "\"dir\"", "not a known" },
    { "HS256", "alg", "\"A128GCM\"", "not a known" },
    { "HS256", "alg", "\"A128KW\"", "not a known" },
    /* oct */
    { "HS256", "k", NULL, "\"k\" is missing" },
    { "HS256", "k", "5", "\"k\" is not a string" },
    { "HS256", "k", "null", "\"k\" is not a string" },
    { "HS256", "k", "\"\"", "\"k\" is empty" },
    { "HS256", "k", "\"AAAAA\"", "not base64url" },
    { "HS256", "k", "\"AAAA AAAA\"", "not base64url" },
    { "HS256", "k", "\"AAAA====\"", "not base64url" },
    { "HS256", "k", "\"AB\"", "not base64url" },
    { "HS256", "k", "\"a+b/\"", "not base64url" },
    /* RSA */
    { "RS256", "n", NULL, "\"n\" is missing" },
    { "RS256", "n", "17", "\"n\" is not a string" },
    { "RS256", "n", "\"\"", "\"n\" is empty" },
    { "RS256", "n", "\"AA\"", "leading zero" },
    { "RS256", "n", "\"A+/A\"", "not base64url" },
    { "RS256", "e", NULL, "\"e\" is missing" },
    { "RS256", "e", "65537", "\"e\" is not a string" },
    { "RS256", "e", "\"\"", "\"e\" is empty" },
    { "RS256", "e", "\"AAEAAQ\"", "\"e\" has a leading zero" },
    { "RS256", "e", "\"AQ\"", "exponent is 1" },
    { "RS256", "e", "\"Ag\"", "exponent is even" },
    { "RS256", "e", "\"AQAA\"", "exponent is even" },
    { "RS256", "e", "\"AA\"", "leading zero" },
    { "RS256", "e", "\"AQAAAAE\"", "not below 2^32" },
    { "RS256", "e", "\"AQAAAAAAAAAB\"", "not below 2^32" },
    { "RS256", "e", "\"Aw\"", "do not match" },
    { "RS256", "d", NULL, "without \"d\"" },
    { "RS256", "d", "5", "\"d\" is not a string" },
    { "RS256", "d", "\"AQAB\"", "do not match" },
    { "RS256", "p", NULL, "are missing" },
    { "RS256", "q", NULL, "are missing" },
    { "RS256", "dp", NULL, "are missing" },
    { "RS256", "dq", NULL, "are missing" },
    { "RS256", "qi", NULL, "are missing" },
    { "RS256", "p", "\"AQAB\"", "do not match" },
    { "RS256", "q", "\"Aw\"", "do not match" },
    { "RS256", "dp", "\"AQAB\"", "do not match" },
    { "RS256", "dq", "\"AQAB\"", "do not match" },
    { "RS256", "qi", "\"AQAB\"", "do not match" },
    { "RS256", "p", "\"\"", "\"p\" is empty" },
    { "RS256", "oth", "[]", "two primes" },
    { "RS256", "oth", "[{\"r\":\"Aw\",\"d\":\"Aw\",\"t\":\"Aw\"}]", "two primes" },
    /* EC */
    { "ES256", "crv", NULL, "\"crv\" is missing" },
    { "ES256", "crv", "5", "\"crv\" is not a string" },
    { "ES256", "crv", "\"p-256\"", "\"crv\" is none of" },
    { "ES256", "crv", "\"P-192\"", "\"crv\" is none of" },
    { "ES256", "crv", "\"Ed25519\"", "\"crv\" is none of" },
    { "ES256", "crv", "\"prime256v1\"", "\"crv\" is none of" },
    { "ES256", "crv", "\"P-384\"", "\"alg\" is not one" },
    { "ES256", "x", NULL, "\"x\" is missing" },
    { "ES256", "y", NULL, "\"y\" is missing" },
    { "ES256", "x", "5", "\"x\" is not a string" },
    { "ES256", "y", "false", "\"y\" is not a string" },
    { "ES256", "x", "\"\"", "wrong length" },
    { "ES256", "x", "\"AA\"", "wrong length" },
    { "ES256", "d", "5", "\"d\" is not a string" },
    { "ES256", "d", "\"AQAB\"", "\"d\" has the wrong length" },
    { "ES512", "d", "\"\"", "\"d\" has the wrong length" },
    /* OKP */
    { "EdDSA", "crv", NULL, "\"crv\" is missing" },
    { "EdDSA", "crv", "\"X25519\"", "\"crv\" is none of Ed25519" },
    { "Ed448", "crv", "\"X448\"", "\"crv\" is none of Ed25519" },
    { "EdDSA", "crv", "\"ed25519\"", "\"crv\" is none of" },
    { "EdDSA", "crv", "\"P-256\"", "\"crv\" is none of" },
    { "EdDSA", "crv", "\"Ed448\"", "wrong length" },
    { "EdDSA", "x", NULL, "\"x\" is missing" },
    { "EdDSA", "x", "\"\"", "wrong length" },
    { "EdDSA", "x", "{}", "\"x\" is not a string" },
    { "EdDSA", "d", "\"AQAB\"", "\"d\" has the wrong length" },
    { "EdDSA", "d", "null", "\"d\" is not a string" },
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        sample jwk =
            sample_with(sample_jwk(refused[i].algorithm), refused[i].member, refused[i].value);
        CHECK(sample_refused(jwk, refused[i].words), "%s with %s %s: %s", refused[i].algorithm,
            refused[i].member, refused[i].value ? refused[i].value : "missing", refused[i].words);
        sample_free(jwk);
    }
}

/* ---- members whose bad values are made from good ones */

static size_t leading_zero(unsigned char *bytes, size_t size)
{
    memmove(bytes + 1, bytes, size);
    bytes[0] = 0;
    return size + 1;
}

static size_t without_first(unsigned char *bytes, size_t size)
{
    memmove(bytes, bytes + 1, size - 1);
    return size - 1;
}

static size_t without_last(unsigned char *bytes, size_t size)
{
    (void)bytes;
    return size - 1;
}

static size_t last_bit(unsigned char *bytes, size_t size)
{
    bytes[size - 1] ^= 1;
    return size;
}

static size_t middle_bit(unsigned char *bytes, size_t size)
{
    bytes[size / 2] ^= 0x10;
    return size;
}

static size_t all_zero(unsigned char *bytes, size_t size)
{
    memset(bytes, 0, size);
    return size;
}

static size_t all_ones(unsigned char *bytes, size_t size)
{
    memset(bytes, 0xFF, size);
    return size;
}

static size_t one_at_the_end(unsigned char *bytes, size_t size)
{
    memset(bytes, 0, size);
    bytes[size - 1] = 1;
    return size;
}

static size_t half_the_size(unsigned char *bytes, size_t size)
{
    bytes[size / 2 - 1] |= 1;
    return size / 2;
}

static size_t below_1024_bits(unsigned char *bytes, size_t size)
{
    (void)size;
    bytes[0] = 0x7F;
    bytes[127] |= 1;
    return 128;
}

static size_t over_16384_bits(unsigned char *bytes, size_t size)
{
    (void)size;
    memset(bytes, 0xC3, 2049);
    return 2049;
}

static const struct {
    const char *algorithm;
    const char *member;
    size_t (*change)(unsigned char *bytes, size_t size);
    bool public_only;
    const char *words; /* NULL: accepted */
} changed[] = {
    { "RS256", "n", leading_zero, true, "\"n\" has a leading zero" },
    { "RS256", "n", last_bit, true, "modulus is even" },
    { "RS256", "n", middle_bit, false, "do not match" },
    { "RS256", "n", below_1024_bits, true, "under 1024 bits" },
    { "RS256", "n", over_16384_bits, true, "over 16384 bits" },
    { "RS256", "d", last_bit, false, "do not match" },
    { "RS256", "d", middle_bit, false, "do not match" },
    { "RS256", "dp", middle_bit, false, "do not match" },
    { "RS256", "dq", last_bit, false, "do not match" },
    { "RS256", "qi", middle_bit, false, "do not match" },
    { "RS256", "p", middle_bit, false, "do not match" },
    { "RS256", "q", all_zero, false, "do not match" },
    { "ES256", "x", without_first, true, "\"x\" has the wrong length" },
    { "ES256", "x", without_last, true, "\"x\" has the wrong length" },
    { "ES256", "y", leading_zero, true, "\"y\" has the wrong length" },
    { "ES256", "x", last_bit, true, "not on the curve" },
    { "ES256", "y", middle_bit, true, "not on the curve" },
    { "ES256", "y", all_zero, true, "not on the curve" },
    { "ES256", "x", all_ones, true, "not on the curve" },
    { "ES384", "y", last_bit, true, "not on the curve" },
    { "ES512", "x", without_first, true, "\"x\" has the wrong length" },
    { "ES512", "y", middle_bit, true, "not on the curve" },
    { "ES256K", "x", middle_bit, true, "not on the curve" },
    { "ES256", "d", last_bit, false, "does not match" },
    { "ES384", "d", middle_bit, false, "does not match" },
    { "ES512", "d", last_bit, false, "does not match" },
    { "ES256K", "d", one_at_the_end, false, "does not match" },
    { "ES256", "d", all_zero, false, "" },
    { "ES256", "d", all_ones, false, "" },
    { "ES512", "d", without_first, false, "\"d\" has the wrong length" },
    { "EdDSA", "x", without_last, true, "\"x\" has the wrong length" },
    { "EdDSA", "x", leading_zero, true, "\"x\" has the wrong length" },
    { "EdDSA", "x", all_zero, true, "small order" },
    { "EdDSA", "x", all_ones, true, "not canonical" },
    { "EdDSA", "x", middle_bit, false, "" },
    { "EdDSA", "d", last_bit, false, "\"d\" does not match \"x\"" },
    { "Ed448", "d", middle_bit, false, "\"d\" does not match \"x\"" },
    { "Ed448", "x", all_zero, true, "small order" },
    { "Ed448", "x", without_last, true, "\"x\" has the wrong length" },
    { "Ed448", "x", one_at_the_end, true, "not canonical" },
};

static void test_changed(void)
{
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        const char *base = changed[i].public_only ? sample_public_jwk(changed[i].algorithm)
                                                  : sample_jwk(changed[i].algorithm);
        sample value = sample_octets(base, changed[i].member, changed[i].change);
        sample jwk = sample_with(base, changed[i].member, value);
        CHECK(sample_refused(jwk, changed[i].words), "%s with %s changed (row %zu): %s",
            changed[i].algorithm, changed[i].member, i, changed[i].words);
        sample_free(jwk);
        sample_free(value);
    }
}

/* ---- Edwards points: all encodings of the points of small order, and of y that is not below p */

static const struct {
    const char *algorithm;
    const char *hex;
    const char *words;
} points[] = {
    { "EdDSA", "0100000000000000000000000000000000000000000000000000000000000000", "small order" },
    { "EdDSA", "0100000000000000000000000000000000000000000000000000000000000080", "small order" },
    { "EdDSA", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "small order" },
    { "EdDSA", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "small order" },
    { "EdDSA", "0000000000000000000000000000000000000000000000000000000000000000", "small order" },
    { "EdDSA", "0000000000000000000000000000000000000000000000000000000000000080", "small order" },
    { "EdDSA", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "small order" },
    { "EdDSA", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", "small order" },
    { "EdDSA", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "small order" },
    { "EdDSA", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "small order" },
    { "EdDSA", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "not canonical" },
    { "EdDSA", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "not canonical" },
    { "EdDSA", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "not canonical" },
    { "EdDSA", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "not canonical" },
    { "EdDSA", "0200000000000000000000000000000000000000000000000000000000000000",
        "not on the curve" },
    { "Ed448",
        "0100000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000",
        "small order" },
    { "Ed448",
        "0100000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000080",
        "small order" },
    { "Ed448",
        "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffff00",
        "small order" },
    { "Ed448",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffff00",
        "not canonical" },
    { "Ed448",
        "00000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffff00",
        "not canonical" },
    { "Ed448",
        "0200000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000001",
        "not canonical" },
};

static void test_points(void)
{
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        sample x = sample_hex(points[i].hex);
        sample jwk = sample_with(sample_public_jwk(points[i].algorithm), "x", x);
        CHECK(sample_refused(jwk, points[i].words), "%s point %.16s... is refused: %s",
            points[i].algorithm, points[i].hex, points[i].words);
        sample_free(jwk);
        sample_free(x);
    }
    size_t accepted = 0;
    for (unsigned y = 3; y < 103; y++) {
        char hex[65];
        snprintf(hex, sizeof hex, "%02x%062d", y, 0);
        sample x = sample_hex(hex);
        sample jwk = sample_with(sample_public_jwk("EdDSA"), "x", x);
        struct fault fault = { 0 };
        struct key_set *set = sample_read(jwk, &fault);
        accepted += set != NULL;
        key_set_release(set);
        sample_free(jwk);
        sample_free(x);
    }
    CHECK(accepted > 30 && accepted < 70, "of 100 values of y about half are on the curve (%zu)",
        accepted);
}

/* ---- what is accepted */

static void test_accepted(void)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        if (sample_jwk(algorithm->name) == NULL) continue;
        enum key_type type = (enum key_type)algorithm->key_type;
        CHECK(sample_accepted(sample_jwk(algorithm->name), type), "%s private", algorithm->name);
        CHECK(sample_accepted(sample_public_jwk(algorithm->name), type), "%s public",
            algorithm->name);
    }
    static const char *const rows[][3] = {
        { "RS256", "kid", "\"\"" },
        { "RS256", "kid", "\"\\u00e9 \\\"x\\\"\"" },
        { "RS256", "use", "\"enc\"" },
        { "RS256", "key_ops", "[]" },
        { "RS256", "key_ops", "[\"sign\",\"verify\"]" },
        { "RS256", "alg", NULL },
        { "RS256", "alg", "\"PS512\"" },
        { "RS256", "x5c", "[\"AAAA\"]" },
        { "RS256", "unknown", "{\"a\":[1,2.5e3,null]}" },
        { "EdDSA", "alg", "\"Ed25519\"" },
        { "EdDSA", "alg", NULL },
        { "Ed448", "alg", "\"EdDSA\"" },
        { "ES256", "n", "5" },
        { "HS256", "alg", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample jwk = sample_with(sample_jwk(rows[i][0]), rows[i][1], rows[i][2]);
        const struct algorithm *algorithm = algorithm_find(rows[i][0], strlen(rows[i][0]));
        CHECK(sample_accepted(jwk, (enum key_type)algorithm->key_type), "%s with %s %s", rows[i][0],
            rows[i][1], rows[i][2] ? rows[i][2] : "missing");
        sample_free(jwk);
    }
}

/* The coefficient is a number below p (RFC 8017 section 3.2): what is equal to it modulo p is not it. */
static void test_rsa_coefficient_above_p(void)
{
    unsigned char bytes[300];
    size_t size = 0;
    BIGNUM *sum = BN_new(), *number = BN_new();
    static const char *const members[] = { "p", "qi" };
    BN_zero(sum);
    for (size_t i = 0; i < 2; i++) {
        sample text = sample_member(sample_jwk("RS256"), members[i]); /* with its quotes */
        CHECK(base64url_decode(bytes, &size, text + 1, strlen(text) - 2), "%s", members[i]);
        BN_bin2bn(bytes, (int)size, number);
        BN_add(sum, sum, number);
        sample_free(text);
    }
    size = (size_t)BN_bn2bin(sum, bytes);
    char encoded[410] = "\"";
    size_t length = base64url_encode(encoded + 1, bytes, size);
    memcpy(encoded + 1 + length, "\"", 2);
    sample jwk = sample_with(sample_jwk("RS256"), "qi", encoded);
    CHECK(sample_refused(jwk, "do not match"), "RSA with p + qi for qi");
    sample_free(jwk);
    BN_free(sum);
    BN_free(number);
}

/* An RSA key may come without its factors; it signs all the same. */
static void test_rsa_without_factors(void)
{
    static const char *const factors[] = { "p", "q", "dp", "dq", "qi" };
    sample jwk = sample_format("%s", sample_jwk("RS256"));
    for (size_t i = 0; i < 5; i++) {
        sample shorter = sample_with(jwk, factors[i], NULL);
        sample_free(jwk);
        jwk = shorter;
    }
    struct fault fault = { 0 };
    struct key_set *set = sample_read(jwk, &fault);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t length = 0;
    const struct algorithm *rs256 = algorithm_find("RS256", 5);
    CHECK(set != NULL && signature_sign(&set->keys[0], rs256, "a", 1, signature, &length, &fault) &&
              signature_verify(&set->keys[0], rs256, "a", 1, signature, length) == SIGNATURE_GOOD,
        "RSA with n, e, d alone signs (%s)", fault.text);
    key_set_release(set);
    sample other = sample_octets(jwk, "d", middle_bit);
    sample broken = sample_with(jwk, "d", other);
    CHECK(sample_refused(broken, "do not match"), "RSA with a wrong d and no factors");
    sample_free(broken);
    sample_free(other);
    sample_free(jwk);
}

static const struct key *only_key(struct key_set *set)
{
    return set != NULL && set->count == 1 ? &set->keys[0] : NULL;
}

static void test_facts(void)
{
    struct fault fault = { 0 };
    sample jwk = sample_with(sample_jwk("ES384"), "kid", "\"caf\\u00e9\"");
    struct key_set *set = sample_read(jwk, &fault);
    const struct key *key = only_key(set);
    CHECK(key != NULL && key->kid_length == 5 && memcmp(key->kid, "caf\xc3\xa9", 5) == 0,
        "kid is unescaped UTF-8");
    CHECK(key != NULL && strcmp(key->use, "sig") == 0, "use");
    CHECK(key != NULL && key->fixed == algorithm_find("ES384", 5), "alg");
    CHECK(key != NULL && key->type == KEY_EC && key->curve == CURVE_P384 && key->bits == 384,
        "type, curve, bits");
    CHECK(
        key != NULL && key->is_private && key->may_sign && key->may_verify, "private, may do both");
    CHECK(set != NULL && set->is_jwk && !set->is_set && set->memory > 0, "the set's facts");
    key_set_release(set);
    sample_free(jwk);

    set = sample_read(sample_public_jwk("RS256"), &fault);
    key = only_key(set);
    CHECK(key != NULL && !key->is_private && key->bits == 2048 && key->weakness == NULL,
        "RSA public");
    key_set_release(set);
}

/* RSA from 1024 bits, and short secrets, are weak, not broken. */
static void test_weaknesses(void)
{
    sample n = sample_octets(sample_public_jwk("RS256"), "n", half_the_size);
    sample weak = sample_with(sample_public_jwk("RS256"), "n", n);
    struct fault fault = { 0 };
    struct key_set *set = sample_read(weak, &fault);
    const struct key *key = only_key(set);
    CHECK(key != NULL && key->weakness != NULL && strstr(key->weakness, "2048") != NULL,
        "1024 bits are weak (%s)", fault.text);
    key_set_release(set);
    sample_free(weak);
    sample_free(n);

    static const struct {
        const char *jwk;
        const char *weakness;
    } rows[] = {
        { "{\"kty\":\"oct\",\"k\":\"AA\"}", "32 bytes" },
        { "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", "32 bytes" },
        { "{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", NULL },
        { "{\"kty\":\"oct\",\"alg\":\"HS384\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
            "48 bytes" },
        { "{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
            "64 bytes" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set = sample_read(rows[i].jwk, &fault);
        key = only_key(set);
        CHECK(key != NULL && (key->weakness == NULL) == (rows[i].weakness == NULL) &&
                  (rows[i].weakness == NULL || strstr(key->weakness, rows[i].weakness) != NULL),
            "weakness of secret %zu", i);
        key_set_release(set);
    }
}

int main(void)
{
    test_refused();
    test_changed();
    test_points();
    test_accepted();
    test_rsa_coefficient_above_p();
    test_rsa_without_factors();
    test_facts();
    test_weaknesses();
    CHECK(ERR_peek_error() == 0, "nothing is left in OpenSSL's queue");
    return unit_end();
}
