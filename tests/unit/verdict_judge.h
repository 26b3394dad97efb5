/*
** verdict_judge.h - the pipeline on texts: tokens that are signed with OpenSSL
** alone, so that no signer of ours can hide what the verifier does, and a clock
** and a revocation that count how often they are asked.
*/
#ifndef JWT_VERDICT_JUDGE_H
#define JWT_VERDICT_JUDGE_H

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "jose/verdict.h"
#include "unit.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define ONE_KEY \
    "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"a\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}"
#define OTHER_KEY \
    "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"b\",\"k\":\"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg\"}"
#define HS "{\"alg\":\"HS256\"}"

/* ---- tokens */

static size_t encode(char *out, const void *bytes, size_t size)
{
    int length = EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
    while (length > 0 && out[length - 1] == '=') length--;
    for (int i = 0; i < length; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    return (size_t)length;
}

/* The compact JWS of these bytes, by HMAC with SECRET. To be freed. */
static char *sign_bytes(const char *header, const void *payload, size_t payload_length)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_length = 0;
    char *token = malloc((strlen(header) + payload_length) * 2 + 200);
    if (token == NULL) abort();
    size_t length = encode(token, header, strlen(header));
    token[length++] = '.';
    length += encode(token + length, payload, payload_length);
    if (HMAC(EVP_sha256(), SECRET, 32, (unsigned char *)token, length, mac, &mac_length) == NULL) {
        abort();
    }
    token[length++] = '.';
    length += encode(token + length, mac, mac_length);
    token[length] = '\0';
    return token;
}

__attribute__((unused)) static char *sign(const char *header, const char *payload)
{
    return sign_bytes(header, payload, strlen(payload));
}

/* ---- what surrounds the pipeline */

static struct surroundings {
    unsigned clock_asked;
    unsigned revocation_expected;
    unsigned revocation_asked;
    double now;
    enum reached reached;
    enum status status;
} around;

static double read_clock(void *context)
{
    struct surroundings *surroundings = context;
    surroundings->clock_asked++;
    return surroundings->now;
}

static void expect_revocation(void *context, const struct verification *verification)
{
    struct surroundings *surroundings = context;
    surroundings->revocation_expected++;
    CHECK(strcmp(verdict_check_name(verification->failed), "payload") == 0 &&
              verification->claims.payload == &verification->payload,
        "revocation is expected when the payload was read, before its claims are judged");
}

static enum reached ask_revocation(
    void *context, const struct verification *verification, enum status *status)
{
    struct surroundings *surroundings = context;
    surroundings->revocation_asked++;
    CHECK(verification->status == STATUS_OK, "revocation is asked when all else is well");
    *status = surroundings->status;
    return surroundings->reached;
}

static struct verdict_services services = {
    .context = &around,
    .clock = read_clock,
    .expect_revocation = expect_revocation,
    .revocation = ask_revocation,
};

/* ---- verdicts */

static struct {
    enum reached reached;
    enum status status;
    char check[32];
    char subject[64];
    char found[128];
    char payload[64];
    const char *note;
} said;

static struct key_set *read_key(const char *text)
{
    struct fault fault = { FAULT_NONE, "" };
    if (text == NULL) return NULL;
    struct key_set *keys = key_set_read(text, strlen(text), false, &fault);
    CHECK(keys != NULL, "a key: %s", fault.text);
    return keys;
}

/*
** Nothing that is kept between tokens changes a verdict: asked again and again
** with a memory that outlives this test, the pipeline ends where it ended without.
*/
static void check_remembered(struct verification *verification, const char *token, size_t length,
    const struct key_set *keys, const struct policy *policy)
{
    static struct verdict_services remembering;
    struct surroundings before = around;
    size_t failed = verification->failed;
    struct detail detail = verification->detail;
    if (remembering.clock == NULL) {
        remembering = services;
        remembering.headers = header_memo_new();
        remembering.signatures = signature_cache_new();
    }
    for (int again = 1; again <= 4; again++) {
        verification_release(verification);
        memset(verification, 0x5a, sizeof *verification);
        enum reached reached =
            verdict_reach(verification, token, length, keys, policy, &remembering);
        CHECK(reached == said.reached && verification->status == said.status &&
                  verification->failed == failed && verification->detail.note == detail.note &&
                  verification->detail.subject_length == detail.subject_length &&
                  verification->detail.found.length == detail.found.length &&
                  verification->detail.expected.text == detail.expected.text,
            "time %d of %.60s ends as the first did", again, token == NULL ? "NULL" : token);
    }
    around = before;
}

/* The verdict on `length` bytes, read from memory of that very size. */
static enum status judge_bytes(
    const char *token, size_t length, const char *key, const char *options, unsigned use)
{
    static struct verification verification;
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *keys = read_key(key);
    struct policy *policy =
        policy_read(options, options == NULL ? 0 : strlen(options), (enum policy_use)use, &fault);
    char *exact = token == NULL ? NULL : malloc(length > 0 ? length : 1);
    memset(&said, 0, sizeof said);
    CHECK(policy != NULL, "%s are options (%s)", options, fault.text);
    if (policy == NULL) abort();
    if (exact != NULL) memcpy(exact, token, length);
    memset(&verification, 0xa5, sizeof verification); /* nothing may depend on what was there */
    said.reached = verdict_reach(&verification, exact, length, keys, policy, &services);
    said.status = verification.status;
    snprintf(said.check, sizeof said.check, "%s",
        verification.failed < verdict_check_count() ? verdict_check_name(verification.failed) : "");
    snprintf(said.subject, sizeof said.subject, "%.*s", (int)verification.detail.subject_length,
        verification.detail.subject != NULL ? verification.detail.subject : "");
    snprintf(said.found, sizeof said.found, "%.*s",
        verification.detail.found.text != NULL ? (int)verification.detail.found.length : 0,
        verification.detail.found.text != NULL ? verification.detail.found.text : "");
    said.note = verification.detail.note != NULL ? verification.detail.note : "";
    if (said.status == STATUS_OK) {
        snprintf(said.payload, sizeof said.payload, "%.*s", (int)verification.payload_length,
            (const char *)verification.payload_bytes);
    }
    check_remembered(&verification, exact, length, keys, policy);
    verification_release(&verification);
    verification_release(&verification);
    policy_release(policy);
    key_set_release(keys);
    free(exact);
    return said.status;
}

__attribute__((unused)) static enum status judge(
    const char *token, const char *key, const char *options)
{
    return judge_bytes(token, token == NULL ? 0 : strlen(token), key, options, POLICY_VERIFY_JWT);
}

/* judge() of a token that is signed here and now. */
__attribute__((unused)) static enum status judge_signed(
    const char *header, const char *payload, const char *key, const char *options)
{
    char *token = sign(header, payload);
    enum status status = judge(token, key, options);
    free(token);
    return status;
}

#endif
