/*
** test_pipeline.c - the pipeline's order, what it asks of its surroundings and
** when, its sizes, detached payloads, and keys that can serve no token.
*/
#include "verdict_judge.h"

/* ---- order: size, segments, header, crit, algorithm, key, signature length, signature, payload, claims */

/*
** Faults that a token can have side by side. Each changes one part of what is
** judged; of two, the one that stands first here must be said.
*/
enum part { OPTIONS, SIGNATURE_TEXT, HEADER, KEY, PAYLOAD, PART_COUNT };

static const struct {
    enum part part;
    const char *value;
    enum status wanted;
    const char *check;
} faults[] = {
    { OPTIONS, "{\"max_length\":10}", STATUS_TOO_LARGE, "size" },
    { SIGNATURE_TEXT, "*", STATUS_MALFORMED, "segments" },
    { HEADER, "{\"alg\":5}", STATUS_BAD_HEADER, "header" },
    { HEADER, "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}", STATUS_CRIT_UNSUPPORTED,
        "critical extensions" },
    { HEADER, "{\"alg\":\"none\"}", STATUS_ALG_NOT_ALLOWED, "algorithm" },
    { OPTIONS, "HS384", STATUS_ALG_NOT_ALLOWED, "algorithm" },
    { KEY, NULL, STATUS_KEY_MISSING, "key" },
    { HEADER, "{\"alg\":\"HS256\",\"kid\":\"z\"}", STATUS_KEY_NOT_FOUND, "key" },
    { SIGNATURE_TEXT, "AA", STATUS_BAD_SIGNATURE, "signature length" },
    { SIGNATURE_TEXT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", STATUS_BAD_SIGNATURE,
        "signature" },
    { KEY, OTHER_KEY, STATUS_BAD_SIGNATURE, "signature" },
    { PAYLOAD, "[]", STATUS_BAD_PAYLOAD, "payload" },
    { OPTIONS, "{\"require\":[\"x\"]}", STATUS_MISSING_CLAIM, "required claims" },
    { PAYLOAD, "{\"exp\":5}", STATUS_EXPIRED, "exp" },
    { OPTIONS, "{\"iss\":\"i\"}", STATUS_ISS_MISMATCH, "iss" },
};

#define FAULT_COUNT (sizeof faults / sizeof *faults)

static void judge_faults(size_t first, size_t second)
{
    const char *parts[PART_COUNT] = {
        [OPTIONS] = NULL, [SIGNATURE_TEXT] = NULL, [HEADER] = HS, [KEY] = ONE_KEY, [PAYLOAD] = "{}"
    };
    size_t chosen[2] = { second, first };
    for (int i = 0; i < 2; i++) {
        if (chosen[i] < FAULT_COUNT) parts[faults[chosen[i]].part] = faults[chosen[i]].value;
    }
    char *token = sign(parts[HEADER], parts[PAYLOAD]);
    if (parts[SIGNATURE_TEXT] != NULL) {
        char *signature = strrchr(token, '.') + 1;
        snprintf(signature, 50, "%s", parts[SIGNATURE_TEXT]);
    }
    judge(token, parts[KEY], parts[OPTIONS]);
    free(token);
}

static void test_order(void)
{
    judge_faults(FAULT_COUNT, FAULT_COUNT);
    CHECK(said.status == STATUS_OK && strcmp(said.payload, "{}") == 0, "without a fault it passes");
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        judge_faults(i, FAULT_COUNT);
        CHECK(said.status == faults[i].wanted && strcmp(said.check, faults[i].check) == 0,
            "fault %zu alone: %s by %s (%s by %s)", i, status_name(faults[i].wanted),
            faults[i].check, status_name(said.status), said.check);
        for (size_t j = i + 1; j < FAULT_COUNT; j++) {
            if (faults[i].part == faults[j].part) continue;
            judge_faults(i, j);
            CHECK(said.status == faults[i].wanted && strcmp(said.check, faults[i].check) == 0,
                "%s (%s) before %s (%s): %s by %s", status_name(faults[i].wanted), faults[i].check,
                status_name(faults[j].wanted), faults[j].check, status_name(said.status),
                said.check);
        }
    }
}

/* ---- clock and revocation */

static void forget(enum reached reached, enum status status)
{
    around = (struct surroundings){ .now = 1000, .reached = reached, .status = status };
}

static void test_clock(void)
{
    forget(REACHED, STATUS_OK);
    CHECK(judge_signed(HS, "{\"exp\":1001,\"nbf\":999,\"iat\":999}", ONE_KEY, NULL) == STATUS_OK &&
              around.clock_asked == 1,
        "the clock is asked once (%u)", around.clock_asked);
    forget(REACHED, STATUS_OK);
    CHECK(judge_signed(HS, "{\"exp\":1000}", ONE_KEY, NULL) == STATUS_EXPIRED, "and believed");
    forget(REACHED, STATUS_OK);
    CHECK(judge_signed(HS, "{\"exp\":1000}", ONE_KEY, "{\"now\":999}") == STATUS_OK &&
              around.clock_asked == 0,
        "with option now it is not asked");
    for (size_t i = 0; i < FAULT_COUNT && strcmp(faults[i].check, "required claims") != 0; i++) {
        forget(REACHED, STATUS_OK);
        judge_faults(i, FAULT_COUNT);
        CHECK(around.clock_asked == 0, "no time is looked at for a token that fails %s",
            faults[i].check);
    }
}

static void test_revocation(void)
{
    static const char option[] = "{\"revoked_by\":\"r\"}";
    forget(REACHED, STATUS_OK);
    CHECK(judge_signed(HS, "{}", ONE_KEY, NULL) == STATUS_OK && around.revocation_asked == 0 &&
              around.revocation_expected == 0,
        "revocation is asked only where an option says so");
    forget(REACHED, STATUS_OK);
    CHECK(judge_signed(HS, "{}", ONE_KEY, option) == STATUS_OK && around.revocation_asked == 1,
        "then once, and what is not revoked passes");
    forget(REACHED, STATUS_REVOKED);
    CHECK(judge_signed(HS, "{}", ONE_KEY, option) == STATUS_REVOKED &&
              strcmp(said.check, "revocation") == 0 &&
              strstr(said.note, "names this token") != NULL,
        "what is revoked does not");
    forget(REACHED, STATUS_REVOCATION_UNKNOWN);
    CHECK(judge_signed(HS, "{}", ONE_KEY, option) == STATUS_REVOCATION_UNKNOWN &&
              strstr(said.note, "cannot answer") != NULL,
        "nor what is not known");
    forget(REACHED_ERROR, STATUS_OK);
    CHECK(judge_signed(HS, "{}", ONE_KEY, option) != STATUS_OK && said.reached == REACHED_ERROR,
        "an error is no verdict, and least of all ok");
    forget(REACHED_NO_MEMORY, STATUS_OK);
    CHECK(judge_signed(HS, "{}", ONE_KEY, option) != STATUS_OK && said.reached == REACHED_NO_MEMORY,
        "nor is missing memory");
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (faults[i].part == OPTIONS) continue;
        char *token = sign(faults[i].part == HEADER ? faults[i].value : HS,
            faults[i].part == PAYLOAD ? faults[i].value : "{}");
        if (faults[i].part == SIGNATURE_TEXT) strcpy(strrchr(token, '.') + 1, faults[i].value);
        forget(REACHED, STATUS_REVOKED);
        judge(token, faults[i].part == KEY ? faults[i].value : ONE_KEY, option);
        CHECK(said.status == faults[i].wanted && around.revocation_asked == 0,
            "revocation is not asked of a token that fails %s", faults[i].check);
        bool is_read = said.status == STATUS_EXPIRED;
        CHECK(around.revocation_expected == is_read,
            "and expected only where signature and payload are good (%s)", faults[i].check);
        free(token);
    }
    forget(REACHED, STATUS_OK);
}

/* ---- sizes */

static char *big_payload(size_t length)
{
    char *payload = malloc(length + 1);
    if (payload == NULL) abort();
    memset(payload, 'x', length);
    memcpy(payload, "{\"a\":\"", 6);
    memcpy(payload + length - 2, "\"}", 3);
    return payload;
}

static void test_sizes(void)
{
    static const size_t lengths[] = { 8, 100, 2900, 2990, 3000, 3010, 3020, 3030, 3040, 4000, 4096,
        8192, 40000, 700000 };
    char options[64];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *payload = big_payload(lengths[i]);
        char *token = sign(HS, payload);
        size_t length = strlen(token);
        snprintf(options, sizeof options, "{\"max_length\":%zu}", length);
        CHECK(judge(token, ONE_KEY, options) == STATUS_OK, "a token of %zu characters at its limit",
            length);
        snprintf(options, sizeof options, "{\"max_length\":%zu}", length - 1);
        CHECK(judge(token, ONE_KEY, options) == STATUS_TOO_LARGE, "one more than the limit");
        token[length / 2] = token[length / 2] == 'A' ? 'B' : 'A';
        CHECK(judge(token, ONE_KEY, "{\"max_length\":1048576}") == STATUS_BAD_SIGNATURE,
            "%zu characters, one changed", length);
        free(payload);
        free(token);
    }
    char *payload = big_payload(49000);
    char *token = sign(HS, payload);
    CHECK(judge(token, ONE_KEY, NULL) == STATUS_OK, "less than 65536 characters pass unasked");
    free(payload);
    free(token);
    payload = big_payload(49200);
    token = sign(HS, payload);
    CHECK(judge(token, ONE_KEY, NULL) == STATUS_TOO_LARGE, "more do not");
    free(payload);
    free(token);
}

/* ---- JWS: any payload, detached, not encoded */

static enum status judge_jws(const char *token, const char *options)
{
    return judge_bytes(token, strlen(token), ONE_KEY, options, POLICY_VERIFY_JWS);
}

/* The token without its payload; to be freed. */
static char *detach(const char *token)
{
    char *detached = malloc(strlen(token) + 1);
    const char *first = strchr(token, '.');
    if (detached == NULL) abort();
    sprintf(detached, "%.*s.%s", (int)(first - token), token, strrchr(token, '.'));
    return detached;
}

static void test_jws(void)
{
    static const char *const payloads[] = { "", "x", "[]", "{\"exp\":5}", "\xff\xfe", "not JSON" };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        char *token = sign(HS, payloads[i]);
        char *detached = detach(token);
        forget(REACHED, STATUS_REVOKED);
        CHECK(judge_jws(token, NULL) == STATUS_OK && strcmp(said.payload, payloads[i]) == 0,
            "a JWS may carry %s", payloads[i]);
        CHECK(around.clock_asked == 0 && around.revocation_asked == 0, "and has no time");
        CHECK(judge_jws(detached, NULL) ==
                  (payloads[i][0] == '\0' ? STATUS_OK : STATUS_BAD_SIGNATURE),
            "without its payload it does not verify");
        free(token);
        free(detached);
    }
    char *token = sign(HS, "{}");
    CHECK(judge_jws(token, "{\"typ\":\"x\"}") == STATUS_TYP_MISMATCH, "its typ can be asked for");
    free(token);
    forget(REACHED, STATUS_OK);
}

static void test_detached(void)
{
    char *token = sign(HS, "p\xc3\xa9\n");
    char *detached = detach(token);
    CHECK(judge_jws(detached, "{\"payload\":\"p\xc3\xa9\\n\"}") == STATUS_OK &&
              strcmp(said.payload, "p\xc3\xa9\n") == 0,
        "a detached payload is supplied by the option, unescaped");
    CHECK(judge_jws(detached, "{\"payload\":\"p\\u00e9\\u000a\"}") == STATUS_OK,
        "however that is spelt");
    CHECK(judge_jws(detached, "{\"payload\":\"p\xc3\xa9\"}") == STATUS_BAD_SIGNATURE,
        "another payload is not the signed one");
    CHECK(judge_jws(detached, "{\"payload\":\"\"}") == STATUS_BAD_SIGNATURE, "nor is an empty one");
    CHECK(judge_jws(token, "{\"payload\":\"p\xc3\xa9\\n\"}") == STATUS_MALFORMED,
        "two payloads are one too many, also where they are the same");
    free(token);
    free(detached);
    token = sign(HS, "");
    CHECK(judge_jws(token, "{\"payload\":\"\"}") == STATUS_OK, "an empty payload may be detached");
    free(token);
}

/* RFC 7797: signed as it is. The token of `header`, over the very bytes; to be freed. */
static char *sign_unencoded(const char *header, const char *payload)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_length = 0;
    char *token = malloc(1024);
    if (token == NULL) abort();
    size_t head = encode(token, header, strlen(header));
    token[head++] = '.';
    strcpy(token + head, payload);
    if (HMAC(EVP_sha256(), SECRET, 32, (unsigned char *)token, strlen(token), mac, &mac_length) ==
        NULL) {
        abort();
    }
    token[head++] = '.';
    head += encode(token + head, mac, mac_length);
    token[head] = '\0';
    return token;
}

static void test_unencoded(void)
{
    static const char header[] = "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}";
    char *token = sign_unencoded(header, "a.b $\xe2\x82\xac");
    CHECK(judge_jws(token, "{\"payload\":\"a.b $\xe2\x82\xac\"}") == STATUS_OK &&
              strcmp(said.payload, "a.b $\xe2\x82\xac") == 0,
        "b64 false signs the bytes themselves");
    CHECK(judge_jws(token, "{\"payload\":\"a.b $\"}") == STATUS_BAD_SIGNATURE, "and no others");
    CHECK(judge(token, ONE_KEY, NULL) == STATUS_CRIT_UNSUPPORTED, "a JWT never has it");
    free(token);
    token = sign_unencoded("{\"alg\":\"HS256\",\"b64\":false}", "x");
    CHECK(judge_jws(token, "{\"payload\":\"x\"}") == STATUS_BAD_HEADER,
        "b64 false must be critical (RFC 7797 section 6)");
    free(token);
    token = sign_unencoded("{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"x\"],\"x\":1}", "x");
    CHECK(judge_jws(token, "{\"payload\":\"x\",\"crit\":[\"x\"]}") == STATUS_BAD_HEADER,
        "crit of something else is not enough");
    free(token);
    token = sign(header, "x");
    CHECK(
        judge_jws(token, NULL) == STATUS_BAD_HEADER, "b64 false goes with a detached payload only");
    free(token);
    token = sign("{\"alg\":\"HS256\",\"b64\":true,\"crit\":[\"b64\"]}", "x");
    CHECK(judge_jws(token, NULL) == STATUS_OK, "b64 true is what is usual, also critical");
    free(token);
}

/* ---- keys that can serve no token are the caller's mistake */

static void check_refusal(const char *key, const char *options, bool refused)
{
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *keys = read_key(key);
    struct policy *policy =
        policy_read(options, options == NULL ? 0 : strlen(options), POLICY_VERIFY_JWT, &fault);
    if (keys != NULL && policy != NULL) {
        const char *refusal = key_set_refusal(keys, policy);
        CHECK((refusal != NULL) == refused, "%s under %s is %s (%s)", key,
            options != NULL ? options : "no options", refused ? "refused" : "fine",
            refusal != NULL ? refusal : "");
    } else {
        CHECK(false, "%s and %s can be read", key, options);
    }
    key_set_release(keys);
    policy_release(policy);
}

static void test_refusals(void)
{
    check_refusal(ONE_KEY, NULL, false);
    check_refusal(ONE_KEY, "HS256", false);
    check_refusal(ONE_KEY, "HS512", true);
    check_refusal(ONE_KEY, "RS256", true);
    check_refusal(ONE_KEY, "{\"algs\":[\"RS256\",\"HS256\"]}", false);
    check_refusal(SECRET, NULL, false);
    check_refusal(SECRET, "HS512", true);
    check_refusal(SECRET, "{\"alg\":\"HS512\",\"allow_weak_key\":true}", false);
    check_refusal(SECRET, "{\"algs\":[\"HS512\",\"HS256\"]}", false);
    check_refusal("short", NULL, true);
    check_refusal("short", "{\"allow_weak_key\":true}", false);
    check_refusal("{\"keys\":[]}", NULL, false);
    check_refusal("{\"keys\":[" ONE_KEY "]}", "RS256", false);
}

static void test_check_names(void)
{
    size_t count = verdict_check_count();
    CHECK(count > POLICY_CHECK_COUNT + 5, "there are checks before the claims, and one after");
    CHECK(strcmp(verdict_check_name(0), "size") == 0, "size is the first");
    CHECK(strcmp(verdict_check_name(count - 1), "revocation") == 0, "revocation is the last");
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            CHECK(strcmp(verdict_check_name(i), verdict_check_name(j)) != 0, "%s occurs once",
                verdict_check_name(i));
        }
    }
}

int main(void)
{
    forget(REACHED, STATUS_OK);
    test_order();
    test_clock();
    test_revocation();
    test_sizes();
    test_jws();
    test_detached();
    test_unencoded();
    test_refusals();
    test_check_names();
    return unit_end();
}
