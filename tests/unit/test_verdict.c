/*
** test_verdict.c - the pipeline from a token's text to one verdict: each status
** code, texts that are no tokens, and tokens of which one bit is changed.
*/
#include "verdict_judge.h"

/* ---- each status code */

struct code_case {
    enum status wanted;
    const char *header;
    const char *payload;
    const char *key;
    const char *options;
    const char *check; /* the one that fails */
};

static const struct code_case codes[] = {
    { STATUS_OK, HS, "{}", ONE_KEY, NULL, "" },
    { STATUS_OK, "{\"alg\":\"HS256\",\"kid\":\"a\"}", "{}", ONE_KEY, NULL, "" },
    { STATUS_OK, HS, "{}", SECRET, NULL, "" },
    { STATUS_TOO_LARGE, HS, "{}", ONE_KEY, "{\"max_length\":10}", "size" },
    { STATUS_BAD_HEADER, "[]", "{}", ONE_KEY, NULL, "header" },
    { STATUS_BAD_HEADER, "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "{}", ONE_KEY, NULL, "header" },
    { STATUS_BAD_HEADER, "{}", "{}", ONE_KEY, NULL, "header" },
    { STATUS_BAD_HEADER, "{\"alg\":\"HS256\",\"b64\":false}", "{}", ONE_KEY, NULL,
        "critical extensions" },
    { STATUS_CRIT_UNSUPPORTED, "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}", "{}", ONE_KEY, NULL,
        "critical extensions" },
    { STATUS_CRIT_UNSUPPORTED, "{\"alg\":\"HS256\",\"crit\":[\"x\",\"y\"],\"x\":1,\"y\":1}", "{}",
        ONE_KEY, "{\"crit\":[\"x\"]}", "critical extensions" },
    { STATUS_CRIT_UNSUPPORTED, "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", "{}",
        ONE_KEY, NULL, "critical extensions" },
    { STATUS_CRIT_UNSUPPORTED, "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "{}", ONE_KEY,
        NULL, "critical extensions" },
    { STATUS_OK, "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}", "{}", ONE_KEY,
        "{\"crit\":[\"x\"]}", "" },
    { STATUS_ALG_NOT_ALLOWED, "{\"alg\":\"none\"}", "{}", ONE_KEY, NULL, "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, "{\"alg\":\"hs256\"}", "{}", ONE_KEY, NULL, "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, "{\"alg\":\"HS384\"}", "{}", ONE_KEY, NULL, "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, "{\"alg\":\"RS256\"}", "{}", ONE_KEY, NULL, "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, HS, "{}", ONE_KEY, "RS256", "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, HS, "{}", SECRET, "HS512", "algorithm" },
    { STATUS_ALG_NOT_ALLOWED, "{\"alg\":\"HS384\",\"kid\":\"a\"}", "{}", "{\"keys\":[" ONE_KEY "]}",
        NULL, "key" },
    { STATUS_KEY_MISSING, HS, "{}", NULL, NULL, "key" },
    { STATUS_KEY_NOT_FOUND, "{\"alg\":\"HS256\",\"kid\":\"b\"}", "{}", ONE_KEY, NULL, "key" },
    { STATUS_KEY_NOT_FOUND, "{\"alg\":\"HS256\",\"kid\":\"c\"}", "{}",
        "{\"keys\":[" ONE_KEY "," OTHER_KEY "]}", NULL, "key" },
    { STATUS_KEY_NOT_FOUND, HS, "{}", "{\"keys\":[]}", NULL, "key" },
    { STATUS_KEY_AMBIGUOUS, HS, "{}", "{\"keys\":[" ONE_KEY "," OTHER_KEY "]}", NULL, "key" },
    { STATUS_KEY_AMBIGUOUS, "{\"alg\":\"HS256\",\"kid\":\"a\"}", "{}",
        "{\"keys\":[" ONE_KEY "," OTHER_KEY "," ONE_KEY "]}", NULL, "key" },
    { STATUS_OK, "{\"alg\":\"HS256\",\"kid\":\"\\u0061\"}", "{}",
        "{\"keys\":[" OTHER_KEY "," ONE_KEY "]}", NULL, "" },
    { STATUS_KEY_UNUSABLE, "{\"alg\":\"HS256\",\"kid\":\"w\"}", "{}",
        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"w\",\"k\":\"c2hvcnQ\"}]}", NULL, "key" },
    { STATUS_KEY_UNUSABLE, "{\"alg\":\"HS256\",\"kid\":\"w\"}", "{}",
        "{\"keys\":[{\"kty\":\"foo\",\"kid\":\"w\"}]}", NULL, "key" },
    { STATUS_BAD_SIGNATURE, "{\"alg\":\"HS256\",\"kid\":\"b\"}", "{}",
        "{\"keys\":[" ONE_KEY "," OTHER_KEY "]}", NULL, "signature" },
    { STATUS_BAD_PAYLOAD, HS, "[]", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "\"x\"", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "{}x", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "{\"a\":1,\"a\":1}", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "{\"a\":\"\xff\"}", ONE_KEY, NULL, "payload" },
    { STATUS_BAD_PAYLOAD, HS, "\xef\xbb\xbf{}", ONE_KEY, NULL, "payload" },
    { STATUS_MISSING_CLAIM, HS, "{}", ONE_KEY, "{\"require\":[\"exp\"]}", "required claims" },
    { STATUS_BAD_CLAIM, HS, "{\"exp\":\"1\"}", ONE_KEY, NULL, "claim types" },
    { STATUS_EXPIRED, HS, "{\"exp\":1000}", ONE_KEY, "{\"now\":1000}", "exp" },
    { STATUS_NOT_YET_VALID, HS, "{\"nbf\":1001}", ONE_KEY, "{\"now\":1000}", "nbf" },
    { STATUS_ISSUED_IN_FUTURE, HS, "{\"iat\":1001}", ONE_KEY, "{\"now\":1000}", "iat" },
    { STATUS_TOO_OLD, HS, "{\"iat\":1}", ONE_KEY, "{\"now\":1000,\"max_age\":5}", "max_age" },
    { STATUS_ISS_MISMATCH, HS, "{}", ONE_KEY, "{\"iss\":\"i\"}", "iss" },
    { STATUS_AUD_MISMATCH, HS, "{}", ONE_KEY, "{\"aud\":\"a\"}", "aud" },
    { STATUS_SUB_MISMATCH, HS, "{}", ONE_KEY, "{\"sub\":\"s\"}", "sub" },
    { STATUS_TYP_MISMATCH, HS, "{}", ONE_KEY, "{\"typ\":\"JWT\"}", "typ" },
    { STATUS_CLAIM_MISMATCH, HS, "{}", ONE_KEY, "{\"claims\":{\"a\":1}}", "claims" },
    { STATUS_SCOPE_MISSING, HS, "{}", ONE_KEY, "{\"scope\":\"a\"}", "scope" },
    { STATUS_CNF_MISMATCH, HS, "{}", ONE_KEY, "{\"jkt\":\"k\"}", "cnf" },
};

static void test_codes(void)
{
    bool reached[STATUS_COUNT] = { false };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        const struct code_case *one = &codes[i];
        enum status status = judge_signed(one->header, one->payload, one->key, one->options);
        CHECK(status == one->wanted && said.reached == REACHED, "%s %s under %s: %s (it was: %s)",
            one->header, one->payload, one->options != NULL ? one->options : "no options",
            status_name(one->wanted), status_name(status));
        CHECK(strcmp(said.check, one->check) == 0, "%s %s: check \"%s\" fails (it was: %s)",
            one->header, one->payload, one->check, said.check);
        reached[one->wanted] = true;
    }
    reached[STATUS_MALFORMED] = judge("x", ONE_KEY, NULL) == STATUS_MALFORMED;
    around.status = STATUS_REVOKED;
    reached[STATUS_REVOKED] =
        judge_signed(HS, "{}", ONE_KEY, "{\"revoked_by\":\"r\"}") == STATUS_REVOKED;
    around.status = STATUS_REVOCATION_UNKNOWN;
    reached[STATUS_REVOCATION_UNKNOWN] =
        judge_signed(HS, "{}", ONE_KEY, "{\"revoked_by\":\"r\"}") == STATUS_REVOCATION_UNKNOWN;
    for (int status = 0; status < STATUS_COUNT; status++) {
        CHECK(reached[status], "there is a way to %s", status_name((enum status)status));
        CHECK(strlen(status_remedy((enum status)status)) > 0, "%s has a remedy",
            status_name((enum status)status));
    }
}

/* ---- text that is no compact token (RFC 7515 section 7.1; attacks.md 29, 30) */

static void test_malformed(void)
{
    static const char *const texts[] = { "", ".", "..", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "...",
        " eyJhbGciOiJIUzI1NiJ9.e30.AA", "eyJhbGciOiJIUzI1NiJ9.e30.AA ",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA\n", "eyJhbGciOiJIUzI1NiJ9 .e30.AA",
        "eyJhbGciOiJIUzI1NiJ9.e30=.AA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AA==", "eyJhbGciOiJIUzI1NiJ9.e30.A", "eyJhbGciOiJIUzI1NiJ9.e3.AA",
        "eyJhbGciOiJIUzI1NiJ9.e31.AA", "eyJhbGciOiJIUzI1NiJ9.e30.AB", "eyJhbGciOiJIUzI1NiJ9.e30.+/",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AA", "eyJhbGciOiJIUzI1NiJ.e30.AA",
        "\"eyJhbGciOiJIUzI1NiJ9.e30.AA\"",
        "{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJIUzI1NiJ9\",\"signature\":\"AA\"}",
        "{\"a.b.c\":1}", "eyJhbGciOiJIUzI1NiJ9.e30.\xc3\xa9" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        enum status status = judge(texts[i], ONE_KEY, NULL);
        /* ".." has three empty segments: what is missing is the header. */
        enum status wanted = strcmp(texts[i], "..") == 0 ? STATUS_BAD_HEADER : STATUS_MALFORMED;
        CHECK(
            status == wanted, "%s is %s (%s)", texts[i], status_name(wanted), status_name(status));
    }
    CHECK(judge(NULL, ONE_KEY, NULL) == STATUS_MALFORMED, "NULL is no token");
    CHECK(judge(NULL, NULL, NULL) == STATUS_MALFORMED, "without a key, too");
    char *token = sign(HS, "{}");
    size_t length = strlen(token);
    CHECK(judge_bytes(token, length + 1, ONE_KEY, NULL, POLICY_VERIFY_JWT) == STATUS_MALFORMED,
        "a NUL after the token is a character of it");
    token[3] = '\0';
    CHECK(judge_bytes(token, length, ONE_KEY, NULL, POLICY_VERIFY_JWT) == STATUS_MALFORMED,
        "and so is one within");
    free(token);
}

/* A kid of any length finds its key, in any spelling, and no other one. */
static void test_long_kid(void)
{
    static const size_t lengths[] = { 1, 40, 41, 42, 43, 250, 256, 257, 300, 5000 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t length = lengths[i];
        char *key = malloc(length + 200);
        char *header = malloc(6 * length + 100);
        if (key == NULL || header == NULL) abort();
        sprintf(key,
            "{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\","
            "\"kid\":\"");
        size_t at = strlen(key);
        memset(key + at, 'k', length);
        strcpy(key + at + length, "\"}]}");
        size_t end = (size_t)sprintf(header, "{\"alg\":\"HS256\",\"kid\":\"");
        for (size_t j = 0; j < length; j++) end += (size_t)sprintf(header + end, "\\u006b");
        strcpy(header + end, "\"}");
        CHECK(judge_signed(header, "{}", key, NULL) == STATUS_OK,
            "a kid of %zu characters, escaped", length);
        header[end - 1] = 'c';
        CHECK(judge_signed(header, "{}", key, NULL) == STATUS_KEY_NOT_FOUND,
            "its last character is another");
        free(key);
        free(header);
    }
}

/* Every bit of a good token changed: nothing of it may still pass. */
static void test_every_bit(void)
{
    char *token = sign("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"sub\":\"joe\",\"n\":1}");
    size_t length = strlen(token);
    unsigned passed = 0;
    unsigned answers[STATUS_COUNT] = { 0 };
    CHECK(judge(token, ONE_KEY, NULL) == STATUS_OK, "unchanged it passes");
    for (size_t i = 0; i < length * 8; i++) {
        token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
        enum status status = judge_bytes(token, length, ONE_KEY, NULL, POLICY_VERIFY_JWT);
        passed += status == STATUS_OK;
        answers[status]++;
        token[i / 8] = (char)(token[i / 8] ^ 1 << i % 8);
    }
    CHECK(passed == 0, "with one bit changed it does not");
    CHECK(answers[STATUS_MALFORMED] > 0 && answers[STATUS_BAD_HEADER] > 0 &&
              answers[STATUS_BAD_SIGNATURE] > 0 &&
              answers[STATUS_MALFORMED] + answers[STATUS_BAD_HEADER] +
                      answers[STATUS_BAD_SIGNATURE] + answers[STATUS_ALG_NOT_ALLOWED] ==
                  length * 8,
        "it is malformed, has a bad header or alg, or a bad signature, and nothing else");
    for (size_t cut = 0; cut < length; cut++) {
        CHECK(judge_bytes(token, cut, ONE_KEY, NULL, POLICY_VERIFY_JWT) != STATUS_OK,
            "its first %zu characters do not pass", cut);
    }
    free(token);
}

int main(void)
{
    around.now = 1000;
    test_codes();
    test_malformed();
    test_long_kid();
    test_every_bit();
    return unit_end();
}
