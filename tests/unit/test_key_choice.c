/*
** test_key_choice.c - which key of a set serves a token, and which algorithms a key serves.
*/
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "key_samples.h"
#include "unit.h"

static const struct algorithm *named(const char *name)
{
    return algorithm_find(name, strlen(name));
}

static algorithm_set set_of(const char *names)
{
    algorithm_set set = 0;
    while (*names) {
        size_t length = strcspn(names, " ");
        set |= algorithm_bit(algorithm_find(names, length));
        names += length;
        names += strspn(names, " ");
    }
    return set;
}

/* ---- algorithms of one key */

static const struct {
    const char *sample; /* the algorithm whose sample key is taken */
    const char *alg;    /* its `alg` (JSON), NULL: without */
    const char *named;  /* by the caller */
    const char *served;
} algorithms[] = {
    { "HS256", NULL, "", "HS256" },
    { "HS256", NULL, "HS512", "HS512" },
    { "HS256", NULL, "HS256 HS384", "HS256 HS384" },
    { "HS256", NULL, "RS256", "" },
    { "HS256", NULL, "HS256 RS256", "HS256" },
    { "HS256", "\"HS384\"", "", "HS384" },
    { "HS256", "\"HS384\"", "HS256", "" },
    { "HS256", "\"HS384\"", "HS256 HS384", "HS384" },
    { "RS256", NULL, "", "RS256" },
    { "RS256", NULL, "RS512", "RS512" },
    { "RS256", NULL, "PS256", "PS256" },
    { "RS256", NULL, "HS256", "" },
    { "RS256", NULL, "ES256 EdDSA HS512", "" },
    { "RS256", "\"PS384\"", "", "PS384" },
    { "RS256", "\"PS384\"", "RS256 PS256", "" },
    { "RS256", "\"PS384\"", "RS256 PS384", "PS384" },
    { "ES256", NULL, "", "ES256" },
    { "ES384", NULL, "", "ES384" },
    { "ES512", NULL, "", "ES512" },
    { "ES256K", NULL, "", "ES256K" },
    { "ES256", NULL, "ES384", "" },
    { "ES256", NULL, "ES256K", "" },
    { "ES384", NULL, "ES256 ES384 ES512", "ES384" },
    { "EdDSA", NULL, "", "EdDSA Ed25519" },
    { "Ed448", NULL, "", "EdDSA Ed448" },
    { "EdDSA", "\"Ed25519\"", "", "EdDSA Ed25519" },
    { "EdDSA", "\"EdDSA\"", "", "EdDSA Ed25519" },
    { "EdDSA", NULL, "EdDSA", "EdDSA" },
    { "EdDSA", NULL, "Ed25519", "Ed25519" },
    { "EdDSA", "\"EdDSA\"", "Ed25519", "Ed25519" },
    { "EdDSA", "\"Ed25519\"", "EdDSA", "EdDSA" },
    { "EdDSA", NULL, "Ed448", "" },
    { "Ed448", NULL, "EdDSA Ed25519", "EdDSA" },
    { "ML-DSA-65", "\"ML-DSA-65\"", "", "ML-DSA-65" },
    { "ML-DSA-65", "\"ML-DSA-65\"", "ML-DSA-44", "" },
    { "ML-DSA-65", "\"ML-DSA-65\"", "ML-DSA-44 ML-DSA-65", "ML-DSA-65" },
};

static void test_algorithms(void)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (sample_jwk(algorithms[i].sample) == NULL) {
            unit_skip(algorithms[i].sample);
            continue;
        }
        struct fault fault = { 0 };
        sample jwk = sample_with(sample_jwk(algorithms[i].sample), "alg", algorithms[i].alg);
        struct key_set *set = sample_read(jwk, &fault);
        CHECK(set != NULL && key_algorithms(&set->keys[0], set_of(algorithms[i].named)) ==
                                 set_of(algorithms[i].served),
            "%s key with alg %s, caller names \"%s\": serves \"%s\"", algorithms[i].sample,
            algorithms[i].alg ? algorithms[i].alg : "none", algorithms[i].named,
            algorithms[i].served);
        key_set_release(set);
        sample_free(jwk);
    }
}

static void test_defaults(void)
{
    static const char *const rows[][2] = { { "HS512", "HS256" }, { "PS512", "RS256" },
        { "ES256", "ES256" }, { "ES384", "ES384" }, { "ES512", "ES512" }, { "ES256K", "ES256K" },
        { "Ed25519", "EdDSA" }, { "Ed448", "EdDSA" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault fault = { 0 };
        struct key_set *set = sample_read(sample_jwk(rows[i][0]), &fault);
        CHECK(key_default_algorithm(&set->keys[0]) == named(rows[i][0]), "alg %s is the default",
            rows[i][0]);
        key_set_release(set);
        sample jwk = sample_with(sample_jwk(rows[i][0]), "alg", NULL);
        set = sample_read(jwk, &fault);
        CHECK(key_default_algorithm(&set->keys[0]) == named(rows[i][1]),
            "a %s key without alg signs with %s", rows[i][0], rows[i][1]);
        key_set_release(set);
        sample_free(jwk);
    }
}

/* ---- refusals */

static const char *refusal_of(
    const char *jwk, const char *algorithm, enum key_operation operation, bool allow_weak)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(jwk, &fault);
    if (set == NULL) return fault.text[0] ? "unreadable" : "no memory";
    const char *words =
        key_refusal(&set->keys[0], algorithm ? named(algorithm) : NULL, operation, allow_weak);
    key_set_release(set);
    return words; /* static, so it outlives the set */
}

static void check_refusal(const char *jwk, const char *algorithm, enum key_operation operation,
    bool allow_weak, const char *words)
{
    const char *found = refusal_of(jwk, algorithm, operation, allow_weak);
    bool same = words == NULL ? found == NULL : found != NULL && strstr(found, words) != NULL;
    CHECK(same, "%.50s: %s: wanted %s, got %s", jwk,
        operation == OPERATION_SIGN ? "sign" : "verify", words ? words : "none",
        found ? found : "none");
}

static void test_operations(void)
{
    static const struct {
        const char *member, *value;
        const char *sign, *verify;
    } rows[] = {
        { "use", "\"sig\"", NULL, NULL },
        { "use", "\"enc\"", "\"use\"", "\"use\"" },
        { "use", "\"SIG\"", "\"use\"", "\"use\"" },
        { "use", "\"\"", "\"use\"", "\"use\"" },
        { "key_ops", "[\"sign\"]", NULL, "\"verify\"" },
        { "key_ops", "[\"verify\"]", "\"sign\"", NULL },
        { "key_ops", "[\"verify\",\"sign\"]", NULL, NULL },
        { "key_ops", "[]", "\"sign\"", "\"verify\"" },
        { "key_ops", "[\"encrypt\",\"wrapKey\"]", "\"sign\"", "\"verify\"" },
        { "key_ops", "[\"Sign\",\"VERIFY\"]", "\"sign\"", "\"verify\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample jwk = sample_with(sample_jwk("ES256"), rows[i].member, rows[i].value);
        check_refusal(jwk, "ES256", OPERATION_SIGN, false, rows[i].sign);
        check_refusal(jwk, "ES256", OPERATION_VERIFY, false, rows[i].verify);
        check_refusal(jwk, NULL, OPERATION_VERIFY, true, rows[i].verify);
        sample_free(jwk);
    }
    check_refusal(
        sample_public_jwk("ES256"), "ES256", OPERATION_SIGN, false, "public key cannot sign");
    check_refusal(sample_public_jwk("ES256"), "ES256", OPERATION_VERIFY, false, NULL);
    sample contradiction = sample_with(sample_jwk("ES256"), "use", "\"enc\"");
    sample both = sample_with(contradiction, "key_ops", "[\"sign\",\"verify\"]");
    check_refusal(both, "ES256", OPERATION_VERIFY, false, "\"use\"");
    sample_free(both);
    sample_free(contradiction);
}

/* RFC 7518 section 3.2: 32, 48, 64 bytes. */
static void test_secret_lengths(void)
{
    static const struct {
        const char *algorithm;
        size_t least;
    } rows[] = { { "HS256", 32 }, { "HS384", 48 }, { "HS512", 64 } };
    for (size_t i = 0; i < 3; i++) {
        char secret[65] = "";
        memset(secret, 's', 64);
        secret[rows[i].least] = '\0';
        check_refusal(secret, rows[i].algorithm, OPERATION_VERIFY, false, NULL);
        check_refusal(secret, rows[i].algorithm, OPERATION_SIGN, false, NULL);
        secret[rows[i].least - 1] = '\0';
        check_refusal(secret, rows[i].algorithm, OPERATION_VERIFY, false, "shorter than");
        check_refusal(secret, rows[i].algorithm, OPERATION_SIGN, false, "shorter than");
        check_refusal(secret, rows[i].algorithm, OPERATION_VERIFY, true, NULL);
        check_refusal("s", rows[i].algorithm, OPERATION_SIGN, true, NULL);
    }
    EVP_PKEY *weak = sample_pkey("RSA:1024");
    sample pem = sample_pem(weak, PEM_PKCS8);
    check_refusal(pem, "RS256", OPERATION_VERIFY, false, "under 2048 bits");
    check_refusal(pem, "RS256", OPERATION_SIGN, false, "under 2048 bits");
    check_refusal(pem, "RS256", OPERATION_SIGN, true, NULL);
    sample_free(pem);
    EVP_PKEY_free(weak);
}

/* ---- single keys */

static enum key_choice choose(const struct key_set *set, const char *algorithm, const char *kid,
    algorithm_set names, const struct key **out)
{
    *out = NULL;
    return key_set_choose(
        set, named(algorithm), kid, kid != NULL ? strlen(kid) : 0, names, false, out);
}

static void test_single(void)
{
    struct fault fault = { 0 };
    const struct key *key;
    sample jwk = sample_with(sample_jwk("ES256"), "kid", "\"a\"");
    struct key_set *set = sample_read(jwk, &fault);
    CHECK(choose(set, "ES256", "a", 0, &key) == KEY_CHOSEN && key == &set->keys[0], "its own kid");
    CHECK(choose(set, "ES256", NULL, 0, &key) == KEY_CHOSEN, "a token without kid");
    CHECK(choose(set, "ES256", "b", 0, &key) == KEY_NOT_FOUND && key == NULL, "another kid");
    CHECK(choose(set, "ES256", "", 0, &key) == KEY_NOT_FOUND, "an empty kid is a kid");
    CHECK(choose(set, "ES256", "A", 0, &key) == KEY_NOT_FOUND, "kid is exact");
    key_set_release(set);
    sample_free(jwk);
    jwk = sample_with(sample_jwk("ES256"), "kid", NULL);
    set = sample_read(jwk, &fault);
    CHECK(choose(set, "ES256", "anything", 0, &key) == KEY_CHOSEN, "a key without kid takes any");
    key_set_release(set);
    sample_free(jwk);
}

/* ---- sets */

static sample with_kid(const char *algorithm, const char *kid)
{
    return sample_with(sample_public_jwk(algorithm), "kid", kid);
}

static void test_set(void)
{
    sample a = with_kid("ES256", "\"a\""), b = with_kid("RS256", "\"b\""),
           c = with_kid("EdDSA", NULL);
    sample enc = sample_with(b, "use", "\"enc\""), enc_named = sample_with(enc, "kid", "\"enc\"");
    sample a2 = with_kid("ES256K", "\"a2\""), empty = with_kid("ES384", "\"\"");
    sample broken = sample_with(a, "y", "\"AAAA\""),
           broken_named = sample_with(broken, "kid", "\"bad\"");
    sample json =
        sample_format("{\"issuer\":\"x\",\"keys\":[%s,%s,%s,%s,%s,%s,%s,{},5,null,\"x\",[],"
                      "{\"kty\":\"foo\",\"kid\":\"foo\"},{\"kty\":\"AKP\",\"kid\":\"akp\"},"
                      "{\"kid\":7}]}",
            a, b, c, enc_named, a2, empty, broken_named);
    struct fault fault = { 0 };
    struct key_set *set = sample_read(json, &fault);
    if (!CHECK(set != NULL && set->is_set && set->count == 15, "a set is read (%s)", fault.text))
        return;
    const struct key *key;
    CHECK(choose(set, "ES256", "a", 0, &key) == KEY_CHOSEN && key == &set->keys[0], "by kid a");
    CHECK(choose(set, "RS256", "b", 0, &key) == KEY_CHOSEN && key == &set->keys[1], "by kid b");
    CHECK(choose(set, "HS256", "b", 0, &key) == KEY_CHOSEN && key == &set->keys[1],
        "kid chooses whatever the token's alg says; that it does not fit is for the caller to see");
    CHECK(choose(set, "ES384", "", 0, &key) == KEY_CHOSEN && key == &set->keys[5], "the empty kid");
    CHECK(choose(set, "ES256", "zz", 0, &key) == KEY_NOT_FOUND, "an unknown kid");
    CHECK(choose(set, "ES256", "a\\", 0, &key) == KEY_NOT_FOUND, "nearly a kid");
    CHECK(key_set_choose(set, named("ES256"), "a\0", 2, 0, false, &key) == KEY_NOT_FOUND,
        "a kid with NUL");
    CHECK(choose(set, "RS256", "enc", 0, &key) == KEY_UNUSABLE, "use enc");
    CHECK(choose(set, "ES256", "bad", 0, &key) == KEY_UNUSABLE, "a malformed key");
    CHECK(choose(set, "ES256", "foo", 0, &key) == KEY_UNUSABLE, "an unknown kty");
    CHECK(choose(set, "ES256", "akp", 0, &key) == KEY_UNUSABLE, "an AKP key without alg");
    CHECK(
        choose(set, "ES256", NULL, 0, &key) == KEY_CHOSEN && key == &set->keys[0], "ES256 by alg");
    CHECK(
        choose(set, "RS256", NULL, 0, &key) == KEY_CHOSEN && key == &set->keys[1], "RS256 by alg");
    CHECK(choose(set, "Ed25519", NULL, 0, &key) == KEY_CHOSEN && key == &set->keys[2],
        "EdDSA's other name");
    CHECK(choose(set, "EdDSA", NULL, set_of("EdDSA"), &key) == KEY_CHOSEN, "EdDSA as named");
    CHECK(choose(set, "RS512", NULL, set_of("RS512"), &key) == KEY_NOT_FOUND,
        "RS512: the key has alg RS256");
    CHECK(choose(set, "HS256", NULL, 0, &key) == KEY_NOT_FOUND, "no HMAC key there");
    CHECK(choose(set, "ES512", NULL, 0, &key) == KEY_NOT_FOUND, "no P-521 key there");
    static const char *const problems[] = { [3] = NULL,
        [6] = "\"y\"",
        [7] = "\"kty\" is missing",
        [8] = "not an object",
        [9] = "not an object",
        [10] = "not an object",
        [11] = "not an object",
        [12] = "\"kty\" is none of",
        [13] = "\"alg\" is missing",
        [14] = "\"kid\" is not a string" };
    for (size_t i = 3; i < 15; i++) {
        const char *problem = set->keys[i].problem;
        bool same = problems[i] == NULL ? problem == NULL : problem && strstr(problem, problems[i]);
        CHECK(same, "member %zu: %s", i, problem ? problem : "fine");
    }
    key_set_release(set);
    sample all[] = { a, b, c, enc, enc_named, a2, empty, broken, broken_named, json };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) sample_free(all[i]);
}

static void test_ambiguity(void)
{
    sample a = with_kid("ES256", "\"a\""), b = with_kid("RS256", "\"a\"");
    sample enc = sample_with(b, "use", "\"enc\"");
    sample two = sample_format("{\"keys\":[%s,%s]}", a, b);
    sample one = sample_format("{\"keys\":[%s,%s]}", enc, a);
    sample none = sample_format("{\"keys\":[%s,%s]}", enc, enc);
    sample plain = sample_with(b, "alg", NULL),
           same = sample_format("{\"keys\":[%s,%s]}", plain, plain);
    struct fault fault = { 0 };
    const struct key *key;
    struct key_set *set = sample_read(two, &fault);
    CHECK(choose(set, "ES256", "a", 0, &key) == KEY_AMBIGUOUS, "two usable keys of one kid");
    key_set_release(set);
    set = sample_read(one, &fault);
    CHECK(choose(set, "ES256", "a", 0, &key) == KEY_CHOSEN && key == &set->keys[1],
        "of two keys of one kid the usable one");
    key_set_release(set);
    set = sample_read(none, &fault);
    CHECK(choose(set, "RS256", "a", 0, &key) == KEY_UNUSABLE, "two keys of one kid, none usable");
    CHECK(choose(set, "RS256", NULL, 0, &key) == KEY_NOT_FOUND, "no usable key for the alg");
    key_set_release(set);
    set = sample_read(same, &fault);
    CHECK(choose(set, "RS256", NULL, 0, &key) == KEY_AMBIGUOUS, "two keys fit a token without kid");
    CHECK(choose(set, "PS256", NULL, 0, &key) == KEY_NOT_FOUND, "PS256 is not their default");
    CHECK(
        choose(set, "PS256", NULL, set_of("PS256"), &key) == KEY_AMBIGUOUS, "both can, when named");
    key_set_release(set);
    sample all[] = { a, b, enc, two, one, none, plain, same };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) sample_free(all[i]);
}

/* Weak members are passed over unless weak keys are allowed. */
static void test_weak_members(void)
{
    struct fault fault = { 0 };
    const struct key *key = NULL;
    struct key_set *set =
        sample_read("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"w\",\"k\":\"c2hvcnQ\"}]}", &fault);
    CHECK(choose(set, "HS256", "w", 0, &key) == KEY_UNUSABLE, "a short secret by kid");
    CHECK(choose(set, "HS256", NULL, 0, &key) == KEY_NOT_FOUND, "a short secret by alg");
    CHECK(
        key_set_choose(set, named("HS256"), "w", 1, 0, true, &key) == KEY_CHOSEN, "allowed by kid");
    CHECK(key_set_choose(set, named("HS256"), NULL, 0, 0, true, &key) == KEY_CHOSEN,
        "allowed by alg");
    key_set_release(set);
    set = sample_read("{\"keys\":[]}", &fault);
    CHECK(set != NULL && set->is_set && set->count == 0, "an empty set is a set");
    CHECK(choose(set, "HS256", "w", 0, &key) == KEY_NOT_FOUND, "with nothing in it");
    CHECK(choose(set, "HS256", NULL, 0, &key) == KEY_NOT_FOUND, "for anyone");
    CHECK(key_set_retain(set) == set && set->references == 2, "one more reference");
    key_set_release(set);
    CHECK(set->references == 1, "one less");
    key_set_release(set);
    key_set_release(NULL);
}

/* ---- size */

static sample many(const char *jwk, size_t count)
{
    size_t size = strlen(jwk) + 32;
    sample json = malloc(count * size + 32);
    char *at = json + sprintf(json, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        at += sprintf(at, "%s%.*s,\"kid\":\"%zu\"}", i ? "," : "", (int)strlen(jwk) - 1, jwk,
            i * 7919 % count);
    }
    strcpy(at, "]}");
    return json;
}

static void test_many(void)
{
    sample ec = sample_with(sample_public_jwk("ES256"), "kid", NULL);
    sample json = many(ec, 10007);
    struct fault fault = { 0 };
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct key_set *set = sample_read(json, &fault);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    printf(
        "10007 EC keys in %.2f s, about %zu bytes each\n", seconds, set ? set->memory / 10007 : 0);
    CHECK(set != NULL && set->count == 10007, "10007 keys are read (%s)", fault.text);
    size_t found = 0;
    for (size_t i = 0; set != NULL && i < 10007; i++) {
        char kid[16];
        const struct key *key = NULL;
        snprintf(kid, sizeof kid, "%zu", i * 7919 % 10007);
        found += choose(set, "ES256", kid, 0, &key) == KEY_CHOSEN && key == &set->keys[i];
    }
    CHECK(found == 10007, "each is found by its kid");
    key_set_release(set);
    sample_free(json);
    sample_free(ec);

    json = many("{\"kty\":\"oct\",\"k\":\"AAAA\"}", KEY_SET_MAX_KEYS);
    set = sample_read(json, &fault);
    CHECK(set != NULL && set->count == KEY_SET_MAX_KEYS, "as many as are allowed");
    key_set_release(set);
    sample_free(json);
    json = many("{\"kty\":\"oct\",\"k\":\"AAAA\"}", KEY_SET_MAX_KEYS + 1);
    CHECK(sample_refused(json, "more than 16384 keys"), "one more");
    sample_free(json);
}

int main(void)
{
    test_algorithms();
    test_defaults();
    test_operations();
    test_secret_lengths();
    test_single();
    test_set();
    test_ambiguity();
    test_weak_members();
    test_many();
    CHECK(ERR_peek_error() == 0, "nothing is left in OpenSSL's queue");
    return unit_end();
}
