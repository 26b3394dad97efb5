/*
** test_policy.c - the options argument: what each option takes and refuses,
** who reads it, what is said of a name that nobody knows.
*/
#include <stdlib.h>
#include <string.h>

#include "jose/policy.h"
#include "unit.h"

#define ALL_USES 63
#define SIGN (POLICY_SIGN_JWT | POLICY_SIGN_JWS)
#define VERIFY (POLICY_VERIFY_JWT | POLICY_VERIFY_JWS)
#define MOST_VALUES 24

/* An option by the contract (sql-surface 6). */
struct option_sample {
    const char *name;
    unsigned uses;
    const char *beside; /* further members that its values need, or NULL */
    const char *good[MOST_VALUES];
    const char *bad[MOST_VALUES];
};

/* Values of the wrong type for each kind of option; null is wrong for every one. */
#define NO_STRING "1", "1.5", "true", "false", "{}", "[]", "\"\""
#define NO_FLAG "0", "1", "\"true\"", "\"\"", "[]", "{}", "[true]"
#define NO_SECONDS                                                                              \
    "-1", "-0.001", "1e400", "-1e400", "9007199254740993", "1e16", "\"1\"", "true", "[]", "{}", \
        "[1]"
#define NO_LIST "[1]", "[null]", "[[]]", "[{}]", "[true]", "[\"\"]", "[\"a\",\"\"]", "[\"a\",1]"
#define SECONDS "0", "1", "3600", "0.5", "1e3", "1300819380.25", "9007199254740992", "0.0", "-0"

static const struct option_sample samples[] = {
    { "alg", SIGN | VERIFY | POLICY_FROM_PEM, NULL,
        { "\"HS256\"", "\"RS512\"", "\"ES256K\"", "\"EdDSA\"", "\"Ed25519\"", "\"ML-DSA-65\"",
            "\"H\\u0053256\"" },
        { NO_STRING, "\"none\"", "\"NONE\"", "\"hs256\"", "\"HS256 \"", "\"RSA1_5\"", "\"A128KW\"",
            "[\"HS256\"]" } },
    { "algs", VERIFY, NULL, { "[\"HS256\"]", "[\"RS256\",\"PS256\"]", "[\"EdDSA\",\"Ed25519\"]" },
        { "\"HS256\"", "1", "true", "{}", "[]", NO_LIST, "[\"none\"]", "[\"HS256\",\"none\"]",
            "[\"HS256\",\"hs256\"]" } },
    { "allow_weak_key", SIGN | VERIFY, NULL, { "true", "false" }, { NO_FLAG } },
    { "typ", SIGN | VERIFY, NULL, { "\"JWT\"", "\"application/at+jwt\"" },
        { NO_STRING, "[\"JWT\"]" } },
    { "kid", SIGN | POLICY_GENERATE | POLICY_FROM_PEM, NULL, { "\"k\"", "\"\xc3\xa9\"" },
        { NO_STRING, "[\"k\"]" } },
    { "header", SIGN, NULL, { "{}", "{\"x5t\":\"a\"}", "{\"a\":{\"alg\":1}}", "{\"ALG\":1}" },
        { "1", "true", "\"\"", "\"{}\"", "[]", "[{}]", "{\"alg\":\"HS256\"}", "{\"crit\":[\"x\"]}",
            "{\"b64\":false}", "{\"a\":1,\"\\u0061lg\":\"none\"}", "{\"kid\":\"k\"}",
            "{\"typ\":\"JWT\"}" } },
    { "aud", POLICY_SIGN_JWT | POLICY_VERIFY_JWT, NULL, { "\"a\"", "[\"a\"]", "[\"a\",\"b\"]" },
        { NO_STRING, NO_LIST } },
    { "sub", POLICY_SIGN_JWT | POLICY_VERIFY_JWT, NULL, { "\"s\"" }, { NO_STRING, "[\"s\"]" } },
    { "now", POLICY_SIGN_JWT | POLICY_VERIFY_JWT, NULL, { SECONDS }, { NO_SECONDS } },
    { "iat", POLICY_SIGN_JWT, NULL, { "true", "false" }, { NO_FLAG, "1300819380" } },
    { "jti", POLICY_SIGN_JWT, NULL, { "true", "false" }, { NO_FLAG, "\"id\"" } },
    { "expires_in", POLICY_SIGN_JWT, NULL, { SECONDS }, { NO_SECONDS } },
    { "not_before_in", POLICY_SIGN_JWT, NULL, { SECONDS }, { NO_SECONDS } },
    { "detached", POLICY_SIGN_JWS, NULL, { "true", "false" }, { NO_FLAG } },
    { "b64", POLICY_SIGN_JWS, "\"detached\":true", { "true", "false" }, { NO_FLAG } },
    { "require", POLICY_VERIFY_JWT, NULL, { "[\"exp\"]", "[\"exp\",\"https://x\"]" },
        { "\"exp\"", "1", "true", "{}", "[]", NO_LIST } },
    { "claims", POLICY_VERIFY_JWT, NULL, { "{\"a\":null}", "{\"a\":1,\"b\":[{}]}", "{\"\":0}" },
        { "{}", "1", "true", "\"\"", "[]", "[{\"a\":1}]" } },
    { "leeway", POLICY_VERIFY_JWT, NULL, { "0", "600", "0.5", "6e2", "599.999" },
        { "-1", "600.001", "601", "1e999", "-1e999", "1e12", "\"x\"", "\"60\"", "true", "[]",
            "{}" } },
    { "max_age", POLICY_VERIFY_JWT, NULL, { SECONDS }, { NO_SECONDS } },
    { "crit", VERIFY, NULL, { "[\"exp\"]", "[\"http://x/y\",\"z\"]", "[\"ALG\"]" },
        { "\"x\"", "1", "true", "{}", "[]", NO_LIST, "[\"alg\"]", "[\"x\",\"b64\"]",
            "[\"\\u0061lg\"]", "[\"x5t#S256\"]", "[\"crit\"]" } },
    { "scope", POLICY_VERIFY_JWT, NULL, { "\"a\"", "\"a b\"", "\" a  b \"", "\"a:b/c.d!\"" },
        { NO_STRING, "[\"a\"]", "\" \"", "\"   \"", "\"a\\tb\"", "\"\xc3\xa9\"", "\"a\\\"b\"",
            "\"\x7f\"" } },
    { "jkt", POLICY_VERIFY_JWT, NULL, { "\"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\"" },
        { NO_STRING, "[\"x\"]" } },
    { "revoked_by", POLICY_VERIFY_JWT, NULL, { "\"revoked\"", "\"main.revoked\"" },
        { NO_STRING, "[\"r\"]" } },
    { "max_length", VERIFY, NULL, { "1", "65536", "1048576" },
        { "0", "-1", "1048577", "1.5", "9223372036854775808", "1e400", "\"1\"", "true", "[]",
            "{}" } },
    { "profile", POLICY_VERIFY_JWT, "\"iss\":\"i\",\"aud\":\"a\"",
        { "\"at+jwt\"", "\"id_token\"", "\"logout+jwt\"", "\"at\\u002bjwt\"" },
        { NO_STRING, "\"AT+JWT\"", "\"application/at+jwt\"", "\"none\"", "[\"at+jwt\"]",
            "\"id_token \"" } },
    { "client_id", POLICY_VERIFY_JWT, NULL, { "\"c\"" }, { NO_STRING, "[\"c\"]" } },
    { "nonce", POLICY_VERIFY_JWT, NULL, { "\"n\"" }, { NO_STRING, "[\"n\"]" } },
    { "payload", POLICY_VERIFY_JWS, NULL, { "\"\"", "\"text\"", "\"\\n\"" },
        { "1", "true", "{}", "[]" } },
    { "bits", POLICY_GENERATE, NULL, { "2048", "3072", "16384" },
        { "2047", "16385", "0", "-2048", "2048.5", "\"2048\"", "true", "[]", "{}",
            "99999999999999999999" } },
    { "use", POLICY_FROM_PEM, NULL, { "\"sig\"" }, { NO_STRING, "[\"sig\"]" } },
    /* iss is one string where it is written, one or several where it is checked. */
    { "iss", POLICY_SIGN_JWT | POLICY_VERIFY_JWT, NULL, { "\"i\"" },
        { NO_STRING, "[1]", "[\"\"]" } },
};

#define SAMPLE_COUNT (sizeof samples / sizeof *samples)

static const char *use_name(unsigned use)
{
    switch (use) {
    case POLICY_SIGN_JWT: return "jwt_sign";
    case POLICY_SIGN_JWS: return "jws_sign";
    case POLICY_VERIFY_JWT: return "jwt_verify";
    case POLICY_VERIFY_JWS: return "jws_verify";
    case POLICY_GENERATE: return "jwk_generate";
    default: return "jwk_from_pem";
    }
}

/* Reads a C string from memory of its exact length; the message is kept for the last refusal. */
static struct fault last_fault;

static struct policy *read_policy(const char *text, unsigned use)
{
    size_t length = strlen(text);
    char *exact = malloc(length > 0 ? length : 1);
    memset(&last_fault, 0, sizeof last_fault);
    if (exact == NULL) return NULL;
    memcpy(exact, text, length);
    struct policy *policy = policy_read(exact, length, (enum policy_use)use, &last_fault);
    free(exact); /* a policy keeps a copy */
    return policy;
}

static bool is_accepted(const char *text, unsigned use)
{
    struct policy *policy = read_policy(text, use);
    bool fine = policy != NULL;
    CHECK(fine == (last_fault.kind == FAULT_NONE), "%s: a refusal has a fault", text);
    policy_release(policy);
    return fine;
}

static bool is_refused_with(const char *text, unsigned use, const char *message)
{
    bool accepted = is_accepted(text, use);
    return !accepted && last_fault.kind == FAULT_CALLER &&
           strncmp(last_fault.text, "options: ", 9) == 0 &&
           strstr(last_fault.text, message) != NULL;
}

static const char *member(const struct option_sample *sample, const char *value, bool beside)
{
    static char text[512];
    snprintf(text, sizeof text, "{\"%s\":%s%s%s}", sample->name, value,
        beside && sample->beside != NULL ? "," : "",
        beside && sample->beside != NULL ? sample->beside : "");
    return text;
}

static void check_values(const struct option_sample *sample, unsigned use)
{
    for (size_t i = 0; i < MOST_VALUES && sample->good[i] != NULL; i++) {
        const char *text = member(sample, sample->good[i], true);
        CHECK(is_accepted(text, use), "%s takes %s (%s)", use_name(use), text, last_fault.text);
    }
    for (size_t i = 0; i < MOST_VALUES && sample->bad[i] != NULL; i++) {
        const char *text = member(sample, sample->bad[i], true);
        CHECK(is_refused_with(text, use, sample->name), "%s refuses %s, and names the option (%s)",
            use_name(use), text, last_fault.text);
    }
    CHECK(is_refused_with(member(sample, "null", true), use, "null"), "%s refuses %s null (%s)",
        use_name(use), sample->name, last_fault.text);
}

static void test_every_option(void)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        for (unsigned use = 1; use < ALL_USES; use <<= 1) {
            if ((samples[i].uses & use) != 0) {
                check_values(&samples[i], use);
                continue;
            }
            const char *text = member(&samples[i], samples[i].good[0], false);
            CHECK(is_refused_with(text, use, "has no meaning for this function") &&
                      strstr(last_fault.text, samples[i].name) != NULL,
                "%s has no option %s, and says so (%s)", use_name(use), samples[i].name,
                last_fault.text);
        }
    }
    CHECK(is_accepted("{\"iss\":[\"a\",\"b\"]}", POLICY_VERIFY_JWT), "one of several issuers");
    CHECK(is_refused_with("{\"iss\":[\"a\",\"b\"]}", POLICY_SIGN_JWT, "iss"),
        "a token has one issuer");
}

/* ---- names that nobody knows */

static void test_unknown_names(void)
{
    static const struct {
        const char *name;
        unsigned use;
        const char *nearest; /* NULL: none is near */
    } names[] = {
        { "exp_in", POLICY_SIGN_JWT, "expires_in" },
        { "expire_in", POLICY_SIGN_JWT, "expires_in" },
        { "expires", POLICY_SIGN_JWT, "expires_in" },
        { "ALG", POLICY_SIGN_JWT, "alg" },
        { "Typ", POLICY_SIGN_JWT, "typ" },
        { "headers", POLICY_SIGN_JWT, "header" },
        { "not_before", POLICY_SIGN_JWT, "not_before_in" },
        { "leway", POLICY_VERIFY_JWT, "leeway" },
        { "Leeway", POLICY_VERIFY_JWT, "leeway" },
        { "maxage", POLICY_VERIFY_JWT, "max_age" },
        { "max-age", POLICY_VERIFY_JWT, "max_age" },
        { "required", POLICY_VERIFY_JWT, "require" },
        { "claim", POLICY_VERIFY_JWT, "claims" },
        { "scopes", POLICY_VERIFY_JWT, "scope" },
        { "clientid", POLICY_VERIFY_JWT, "client_id" },
        { "audi", POLICY_VERIFY_JWT, "aud" },
        { "revoked", POLICY_VERIFY_JWT, "revoked_by" },
        { "allow_weak_keys", POLICY_VERIFY_JWT, "allow_weak_key" },
        { "detach", POLICY_SIGN_JWS, "detached" },
        { "bit", POLICY_GENERATE, "bits" },
        { "max_len", POLICY_VERIFY_JWS, "max_length" },
        { "paylod", POLICY_VERIFY_JWS, "payload" },
        { "issuer", POLICY_VERIFY_JWT, "iss" },
        { "audience", POLICY_VERIFY_JWT, "aud" },
        { "subject", POLICY_SIGN_JWT, "sub" },
        { "ttl", POLICY_SIGN_JWT, "expires_in" },
        { "expiresIn", POLICY_SIGN_JWT, "expires_in" },
        { "nbf", POLICY_SIGN_JWT, "not_before_in" },
        { "maxAge", POLICY_VERIFY_JWT, "max_age" },
        { "clockTolerance", POLICY_VERIFY_JWT, "leeway" },
        { "algorithms", POLICY_VERIFY_JWS, "algs" },
        { "algorithm", POLICY_SIGN_JWS, "alg" },
        { "xyzzyplugh", POLICY_VERIFY_JWT, NULL },
        { "q", POLICY_SIGN_JWT, NULL },
        { "", POLICY_SIGN_JWT, NULL },
        { "\\u00e9\\u00e9\\u00e9\\u00e9", POLICY_SIGN_JWT, NULL },
    };
    char text[256];
    char wanted[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "{\"%s\":1}", names[i].name);
        snprintf(wanted, sizeof wanted, "unknown member \"%s\" (did you mean \"%s\"?)",
            names[i].name, names[i].nearest != NULL ? names[i].nearest : "");
        if (names[i].nearest != NULL) {
            CHECK(is_refused_with(text, names[i].use, wanted), "%s for %s: %s (%s)", names[i].name,
                use_name(names[i].use), wanted, last_fault.text);
        } else {
            CHECK(is_refused_with(text, names[i].use, "unknown member") &&
                      strstr(last_fault.text, "did you mean") == NULL,
                "%s: nothing is near (%s)", names[i].name, last_fault.text);
        }
    }
}

/* A name that is not a name: as long as a key, or with control characters, is not repeated. */
static void test_strange_names(void)
{
    CHECK(is_refused_with("{\"0123456789abcdef0123456789abcdef0123456789abcdef\":1}",
              POLICY_VERIFY_JWT, "unknown member") &&
              strstr(last_fault.text, "0123456789abcdef") == NULL,
        "a long name is not repeated (%s)", last_fault.text);
    CHECK(is_refused_with("{\"a\\nb\":1}", POLICY_VERIFY_JWT, "unknown member") &&
              strchr(last_fault.text, '\n') == NULL,
        "a line end is not repeated");
    CHECK(is_refused_with("{\"\\nab\":1}", POLICY_VERIFY_JWT, "unknown member") &&
              strchr(last_fault.text, '\n') == NULL,
        "nor is one at the start");
    CHECK(is_refused_with("{\"a\\u007f\\u0085b\":1}", POLICY_VERIFY_JWT, "unknown member"),
        "nor is it a reason to fail otherwise");
}

/* Nothing of a value is repeated: a caller who mixes up arguments must not find a key in a message. */
static void test_no_secrets_in_messages(void)
{
    static const char secret[] = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
    static const char *const texts[] = {
        "{\"alg\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"}",
        "{\"algs\":[\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"]}",
        "c2VjcmV0LXNlY3JldC1zZWNyZXQ",
        "\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"",
        "[\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"]",
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"}",
        "{\"leeway\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"}",
        "{\"profile\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"}",
        "{\"alg\":\"c2VjcmV0LXNlY3JldC1zZWNyZXQ",
        "c2VjcmV0LXNlY3JldC1zZWNyZXQ.e30.c2VjcmV0LXNlY3JldC1zZWNyZXQ",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(!is_accepted(texts[i], POLICY_VERIFY_JWT), "%s is refused", texts[i]);
        CHECK(strstr(last_fault.text, secret) == NULL, "%s: not repeated in: %s", texts[i],
            last_fault.text);
    }
}

/* ---- the argument as a whole */

static void test_just_an_algorithm(void)
{
    struct policy *policy = read_policy("RS512", POLICY_VERIFY_JWT);
    CHECK(policy != NULL && policy->algorithm != NULL &&
              strcmp(policy->algorithm->name, "RS512") == 0 &&
              policy->algorithms == algorithm_bit(policy->algorithm),
        "options may be just an algorithm's name");
    policy_release(policy);
    CHECK(is_accepted("HS256", POLICY_SIGN_JWS), "for signing, too");
    CHECK(is_refused_with("none", POLICY_VERIFY_JWT, "unknown algorithm"), "none is no algorithm");
    CHECK(is_refused_with("RS265", POLICY_VERIFY_JWT, "did you mean \"RS256\"?"),
        "RS256 is near (%s)", last_fault.text);
    CHECK(is_refused_with("hs256", POLICY_SIGN_JWT, "did you mean \"HS256\"?"), "case matters (%s)",
        last_fault.text);
    CHECK(is_refused_with("HS256", POLICY_GENERATE, "must be a JSON object"),
        "jwk_generate has its algorithm already");
    CHECK(is_refused_with("HS256 ", POLICY_VERIFY_JWT, "unknown algorithm"), "to the letter");
}

static void test_whole(void)
{
    static const char *const wrong[] = { "", " ", "[]", "[\"HS256\"]", "\"HS256\"", "{", "{}x",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}",
        "{'alg':1}", "{\"alg\":\"HS256\",}", "{\"typ\":\"\\u0000\"}", "{\"typ\":\"\xff\"}", "null",
        "true", "5", "{}{}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (unsigned use = 1; use < ALL_USES; use <<= 1) {
            CHECK(is_refused_with(wrong[i], use, ""), "%s refuses %s", use_name(use), wrong[i]);
        }
    }
    for (unsigned use = 1; use < ALL_USES; use <<= 1) {
        CHECK(is_accepted("{}", use) && is_accepted(" { } ", use), "%s takes no options",
            use_name(use));
    }
    CHECK(is_refused_with("{\"alg\":}", POLICY_VERIFY_JWT, "byte 8"),
        "where JSON breaks is said (%s)", last_fault.text);
    CHECK(is_refused_with("[\"HS256\"]", POLICY_VERIFY_JWT, "not a JSON object") &&
              is_refused_with("\"HS256\"", POLICY_VERIFY_JWT, "not a JSON object"),
        "JSON that is no object is not taken for an algorithm's name");
    CHECK(is_accepted("{\"crit\":[\"http://example.com/0123456789012345678901234567890123456789"
                      "0123456789012345678901234567890123456789012345678901234567890123456789\"]}",
              POLICY_VERIFY_JWS),
        "an extension's name may be long");
    struct fault fault = { FAULT_NONE, "" };
    struct policy *policy = policy_read("{}\0", 3, POLICY_VERIFY_JWT, &fault);
    CHECK(policy == NULL, "a NUL after the options is something after them");
    policy_release(policy);
}

static void test_together(void)
{
    CHECK(is_refused_with(
              "{\"alg\":\"HS256\",\"algs\":[\"HS256\"]}", POLICY_VERIFY_JWT, "alg and algs"),
        "alg or algs, not both");
    CHECK(
        is_refused_with("{\"profile\":\"at+jwt\"}", POLICY_VERIFY_JWT, "needs options iss and aud"),
        "a profile needs iss and aud");
    CHECK(is_refused_with(
              "{\"profile\":\"id_token\",\"aud\":\"a\"}", POLICY_VERIFY_JWT, "iss and aud"),
        "both of them");
    CHECK(is_refused_with(
              "{\"iss\":\"i\",\"profile\":\"logout+jwt\"}", POLICY_VERIFY_JWT, "iss and aud"),
        "in any order");
    CHECK(
        is_refused_with("{\"profile\":\"logout+jwt\",\"iss\":\"i\",\"aud\":\"a\",\"nonce\":\"n\"}",
            POLICY_VERIFY_JWT, "nonce"),
        "a logout token has no nonce to check");
    CHECK(is_refused_with("{\"b64\":false}", POLICY_SIGN_JWS, "detached"),
        "b64 false only detached (sql-surface 4)");
    CHECK(is_refused_with("{\"b64\":false,\"detached\":false}", POLICY_SIGN_JWS, "detached"),
        "also where detached is given as false");
    CHECK(is_accepted("{\"detached\":true,\"b64\":false}", POLICY_SIGN_JWS), "in any order");
}

/* ---- what stands in the struct afterwards */

static void test_defaults(void)
{
    static const struct policy untouched;
    struct fault fault = { FAULT_NONE, "" };
    struct policy *policy = policy_read(NULL, 0, POLICY_VERIFY_JWT, &fault);
    if (!CHECK(policy != NULL && fault.kind == FAULT_NONE, "no options are fine")) return;
    CHECK(policy->max_length == 65536, "max_length is 65536 unless given");
    CHECK(policy->algorithms == 0 && policy->algorithm == NULL, "no algorithm is named");
    CHECK(!policy->allow_weak_key && !policy->has_now && !policy->has_max_age &&
              policy->leeway == 0 && policy->profile == PROFILE_NONE,
        "nothing is allowed or asked for");
    CHECK(memcmp(&policy->iss, &untouched.iss, sizeof policy->iss) == 0 &&
              policy->aud.text == NULL && policy->revoked_by.text == NULL &&
              policy->payload.text == NULL,
        "what is not given is absent");
    struct policy *again = policy_retain(policy);
    policy_release(policy);
    CHECK(again->max_length == 65536, "a reference keeps it");
    policy_release(again);
    policy_release(NULL);
}

static void test_verifying_fields(void)
{
    struct policy *policy = read_policy(
        "{\"algs\":[\"RS256\",\"PS256\"],\"iss\":[\"a\",\"b\"],\"aud\":\"c\",\"sub\":\"d\",\"typ\":\"e\","
        "\"require\":[\"exp\"],\"claims\":{\"f\":1},\"leeway\":2.5,\"max_age\":60,\"now\":1300819380.5,"
        "\"crit\":[\"g\"],\"scope\":\"h i\",\"jkt\":\"j\",\"revoked_by\":\"k\",\"max_length\":100,"
        "\"allow_weak_key\":true,\"profile\":\"id_token\",\"client_id\":\"l\",\"nonce\":\"m\"}",
        POLICY_VERIFY_JWT);
    if (!CHECK(policy != NULL, "all options at once (%s)", last_fault.text)) return;
    CHECK(policy->algorithms == (algorithm_bit(algorithm_find("RS256", 5)) |
                                    algorithm_bit(algorithm_find("PS256", 5))) &&
              policy->algorithm == NULL,
        "two algorithms are named, so not one");
    CHECK(policy->iss.type == JSON_ARRAY && json_string_is(policy->aud, "c", 1) &&
              json_string_is(policy->sub, "d", 1) && json_string_is(policy->typ, "e", 1),
        "iss, aud, sub, typ");
    CHECK(policy->require.type == JSON_ARRAY && policy->claims.type == JSON_OBJECT &&
              policy->crit.type == JSON_ARRAY,
        "require, claims, crit");
    CHECK(policy->leeway == 2.5 && policy->has_max_age && policy->max_age == 60 &&
              policy->has_now && policy->now == 1300819380.5,
        "times, with their fractions");
    CHECK(json_string_is(policy->scope, "h i", 3) && json_string_is(policy->jkt, "j", 1) &&
              json_string_is(policy->revoked_by, "k", 1) &&
              json_string_is(policy->client_id, "l", 1) && json_string_is(policy->nonce, "m", 1),
        "scope, jkt, revoked_by, client_id, nonce");
    CHECK(
        policy->max_length == 100 && policy->allow_weak_key && policy->profile == PROFILE_ID_TOKEN,
        "max_length, allow_weak_key, profile");
    policy_release(policy);
    policy = read_policy("{\"algs\":[\"RS256\",\"RS256\"]}", POLICY_VERIFY_JWT);
    CHECK(policy != NULL && policy->algorithm == algorithm_find("RS256", 5),
        "one algorithm named twice is one");
    policy_release(policy);
}

static void test_signing_fields(void)
{
    struct policy *policy = read_policy(
        "{\"alg\":\"ES384\",\"kid\":\"a\",\"typ\":\"b\",\"header\":{\"c\":1},\"iat\":true,\"jti\":true,"
        "\"expires_in\":3600,\"not_before_in\":0.5,\"iss\":\"d\",\"sub\":\"e\",\"aud\":[\"f\"],\"now\":0,"
        "\"allow_weak_key\":false}",
        POLICY_SIGN_JWT);
    if (!CHECK(policy != NULL, "all options at once (%s)", last_fault.text)) return;
    CHECK(policy->algorithm == algorithm_find("ES384", 5), "the one algorithm");
    CHECK(json_string_is(policy->kid, "a", 1) && json_string_is(policy->typ, "b", 1) &&
              policy->header.type == JSON_OBJECT,
        "kid, typ, header");
    CHECK(policy->add_iat && policy->add_jti && policy->has_expires_in &&
              policy->expires_in == 3600 && policy->has_not_before_in &&
              policy->not_before_in == 0.5 && policy->has_now && policy->now == 0,
        "what is to be added, at a time that is 0");
    CHECK(!policy->allow_weak_key, "false is false");
    policy_release(policy);
    policy = read_policy("{\"detached\":true,\"b64\":false}", POLICY_SIGN_JWS);
    CHECK(policy != NULL && policy->detached && policy->unencoded, "detached and unencoded");
    policy_release(policy);
    policy = read_policy("{\"iat\":false,\"b64\":true}", POLICY_SIGN_JWS);
    CHECK(policy == NULL, "claim options raise for a JWS");
    policy = read_policy("{\"b64\":true}", POLICY_SIGN_JWS);
    CHECK(policy != NULL && !policy->unencoded, "b64 true is what is usual");
    policy_release(policy);
    policy = read_policy("{\"bits\":3072,\"kid\":\"x\"}", POLICY_GENERATE);
    CHECK(policy != NULL && policy->bits == 3072, "bits");
    policy_release(policy);
}

int main(void)
{
    test_every_option();
    test_unknown_names();
    test_strange_names();
    test_no_secrets_in_messages();
    test_just_an_algorithm();
    test_whole();
    test_together();
    test_defaults();
    test_verifying_fields();
    test_signing_fields();
    return unit_end();
}
