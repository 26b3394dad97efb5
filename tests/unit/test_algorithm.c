/*
** test_algorithm.c - the table of algorithms says what the RFCs say, and names are exact.
*/
#include <string.h>

#include "src/jose/algorithm.h"
#include "unit.h"

static const struct expected {
    const char *name;
    const char *family;
    const char *key_type;
    const char *curve;
    unsigned hash_bytes, signature_bytes;
    bool deterministic;
} expected[] = {
    { "HS256", "HMAC", "oct", NULL, 32, 32, true },
    { "HS384", "HMAC", "oct", NULL, 48, 48, true },
    { "HS512", "HMAC", "oct", NULL, 64, 64, true },
    { "RS256", "RSASSA-PKCS1-v1_5", "RSA", NULL, 32, 0, true },
    { "RS384", "RSASSA-PKCS1-v1_5", "RSA", NULL, 48, 0, true },
    { "RS512", "RSASSA-PKCS1-v1_5", "RSA", NULL, 64, 0, true },
    { "PS256", "RSASSA-PSS", "RSA", NULL, 32, 0, false },
    { "PS384", "RSASSA-PSS", "RSA", NULL, 48, 0, false },
    { "PS512", "RSASSA-PSS", "RSA", NULL, 64, 0, false },
    { "ES256", "ECDSA", "EC", "P-256", 32, 64, false },
    { "ES384", "ECDSA", "EC", "P-384", 48, 96, false },
    { "ES512", "ECDSA", "EC", "P-521", 64, 132, false },
    { "ES256K", "ECDSA", "EC", "secp256k1", 32, 64, false },
    { "EdDSA", "EdDSA", "OKP", NULL, 0, 0, true },
    { "Ed25519", "EdDSA", "OKP", "Ed25519", 0, 64, true },
    { "Ed448", "EdDSA", "OKP", "Ed448", 0, 114, true },
    { "ML-DSA-44", "ML-DSA", "AKP", NULL, 0, 2420, false },
    { "ML-DSA-65", "ML-DSA", "AKP", NULL, 0, 3309, false },
    { "ML-DSA-87", "ML-DSA", "AKP", NULL, 0, 4627, false },
};

static bool same(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static void test_table(void)
{
    CHECK(sizeof expected / sizeof *expected == ALGORITHM_COUNT, "the table is whole");
    algorithm_set all = 0;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct expected *row = &expected[i];
        const struct algorithm *found = algorithm_find(row->name, strlen(row->name));
        if (!CHECK(found == algorithm_at(i), "%s is found in its place", row->name)) continue;
        CHECK(algorithm_index(found) == i, "%s knows its index", row->name);
        CHECK(same(algorithm_family_name(found->family), row->family), "%s: family", row->name);
        CHECK(same(key_type_name(found->key_type), row->key_type), "%s: kty", row->name);
        CHECK(same(curve_name(found->curve), row->curve), "%s: crv", row->name);
        CHECK(found->hash_bytes == row->hash_bytes, "%s: hash bytes", row->name);
        CHECK((found->hash != NULL) == (row->hash_bytes != 0), "%s: hash name", row->name);
        CHECK(found->signature_bytes == row->signature_bytes, "%s: signature", row->name);
        CHECK(found->deterministic == row->deterministic, "%s: deterministic", row->name);
        CHECK((all & algorithm_bit(found)) == 0, "%s has a bit of its own", row->name);
        all |= algorithm_bit(found);
    }
}

static void test_names_are_exact(void)
{
    static const char *const wrong[] = { "none", "None", "NONE", "", "hs256", "HS256 ", " HS256",
        "HS2567", "HS25", "eddsa", "EDDSA", "ED25519", "ES521", "ES224", "RSA-OAEP", "RSA1_5",
        "dir", "A128GCM", "ML-DSA", "ml-dsa-44", "SM2", "RS1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(algorithm_find(wrong[i], strlen(wrong[i])) == NULL, "\"%s\" is unknown", wrong[i]);
    }
    CHECK(algorithm_find("HS256\0none", 10) == NULL, "a NUL does not end a name");
    CHECK(algorithm_find("HS256", 4) == NULL, "the length counts, not the NUL");
}

static void test_nearest(void)
{
    static const char *const pairs[][2] = { { "hs256", "HS256" }, { "HS265", "HS256" },
        { "RS-256", "RS256" }, { "EDDSA", "EdDSA" }, { "ES521", "ES512" }, { "ES256k", "ES256K" },
        { "MLDSA44", "ML-DSA-44" }, { "ed25519", "Ed25519" } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *found = algorithm_nearest(pairs[i][0], strlen(pairs[i][0]));
        CHECK(same(found, pairs[i][1]), "\"%s\" is near %s", pairs[i][0], pairs[i][1]);
    }
    CHECK(algorithm_nearest("none", 4) == NULL, "\"none\" is near nothing");
    CHECK(algorithm_nearest("", 0) == NULL, "nothing is near nothing");
    CHECK(algorithm_nearest("a name that is far too long to be one", 37) == NULL, "too long");
}

static void test_key_types_and_curves(void)
{
    CHECK(key_type_find("oct", 3) == KEY_OCT, "oct");
    CHECK(key_type_find("AKP", 3) == KEY_AKP, "AKP");
    CHECK(key_type_find("OCT", 3) == KEY_UNKNOWN, "kty is exact");
    CHECK(key_type_find("", 0) == KEY_UNKNOWN, "no kty");
    CHECK(key_type_name(KEY_UNKNOWN) == NULL, "the unknown has no name");
    CHECK(curve_find("P-256", 5) == CURVE_P256, "P-256");
    CHECK(curve_find("p-256", 5) == CURVE_NONE, "crv is exact");
    CHECK(curve_find("X25519", 6) == CURVE_NONE, "X25519 is none of ours");
    CHECK(curve_bytes(CURVE_P521) == 66 && curve_bits(CURVE_P521) == 521, "P-521 is 66 bytes");
    CHECK(curve_bytes(CURVE_ED448) == 57, "an Ed448 point is 57 bytes (RFC 8032 section 5.2.2)");
    CHECK(curve_key_type(CURVE_ED25519) == KEY_OKP, "Ed25519 is an OKP curve");
    CHECK(curve_key_type(CURVE_SECP256K1) == KEY_EC, "secp256k1 is an EC curve");
    CHECK(curve_key_type(CURVE_NONE) == KEY_UNKNOWN, "no curve, no type");
}

int main(void)
{
    test_table();
    test_names_are_exact();
    test_nearest();
    test_key_types_and_curves();
    return unit_end();
}
