/*
** target_options.c - the options argument, for all who read one.
**
** The first byte chooses a token, the rest is the options.
*/
#include "fuzz.h"

#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static sqlite3 *db;

/* What the tokens say; each is signed with SECRET. */
#define ACCESS                                                                                  \
    "{\"iss\":\"i\",\"aud\":[\"a\",\"b\"],\"sub\":\"u\",\"exp\":1700000600,\"nbf\":1600000000," \
    "\"iat\":1699999000,\"jti\":\"1\",\"scope\":\"x y\",\"client_id\":\"c\",\"nonce\":\"n\","   \
    "\"cnf\":{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"},"                        \
    "\"role\":[1,2.0,{\"a\":null}]}"
#define LOGOUT                                                                                \
    "{\"iss\":\"i\",\"aud\":\"a\",\"iat\":1699990000,\"exp\":9007199254740992,\"jti\":\"2\"," \
    "\"sid\":\"s\",\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}}"

static const char *const payloads[] = {
    ACCESS,
    "{}",
    "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"u\",\"exp\":1699999999,\"iat\":1e9,\"azp\":\"c\"}",
    LOGOUT,
};
#define TOKENS (sizeof payloads / sizeof *payloads)

static struct answer tokens[2 * TOKENS];

static void start(void)
{
    db = fuzz_database();
    for (size_t i = 0; i < TOKENS; i++) {
        tokens[i] = ASK(db, "SELECT jwt_sign(?1, '" SECRET "')", value_string(payloads[i]));
        tokens[TOKENS + i] = ASK(db, "SELECT jwt_sign(?1, '" SECRET "', '{\"typ\":\"at+jwt\"}')",
            value_string(payloads[i]));
    }
    fuzz_execute(db, "CREATE VIRTUAL TABLE revoked USING jwt_revocation;"
                     "INSERT INTO revoked(jti, reason) VALUES('2', 'test');"
                     "CREATE TABLE ordinary(x);");
}

/* A plain name of an algorithm is the other form that there is. */
static bool is_name(struct value options)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    const char *bytes = options.bytes;
    for (size_t i = 0; i < options.size; i++) {
        if (bytes[i] == '\0' || strchr(letters, bytes[i]) == NULL) return false;
    }
    return options.size > 0;
}

/* What is accepted is JSON, or a name. */
static void check_accepted(const struct answer *answer, struct value options)
{
    if (answer_failed(answer)) return;
    struct answer valid = ASK(db, "SELECT json_valid(?1) AND json_type(?1) = 'object'", options);
    MUST(valid.number == 1 || is_name(options), "accepted, and is no JSON");
    answer_release(&valid);
}

/* What was signed with options verifies, unless the token says itself that it is not for now. */
static void check_signing(struct value options)
{
    struct answer token = ASK(db, "SELECT jwt_sign('{\"x\":1}', '" SECRET "', ?1)", options);
    check_accepted(&token, options);
    if (token.code == SQLITE_ROW) {
        struct answer status = ASK(db,
            "SELECT jwt_status(?1, '" SECRET "', '{\"algs\":[\"HS256\",\"HS384\",\"HS512\"],"
            "\"max_length\":1048576}')",
            value_answer(&token));
        MUST(answer_is(&status, "ok") || answer_is(&status, "expired") ||
                 answer_is(&status, "not_yet_valid") || answer_is(&status, "issued_in_future"),
            "what was signed is %s %s", status.bytes, status.message);
        answer_release(&status);
    }
    answer_release(&token);

    struct answer jws = ASK(db, "SELECT jws_sign(x'00ff', '" SECRET "', ?1)", options);
    check_accepted(&jws, options);
    if (jws.code == SQLITE_ROW && strstr(jws.bytes, "..") == NULL) {
        struct answer back = ASK(db,
            "SELECT jws_verify(?1, '" SECRET "', '{\"algs\":[\"HS256\",\"HS384\",\"HS512\"],"
            "\"max_length\":1048576}') = x'00ff'",
            value_answer(&jws));
        MUST(back.number == 1, "the JWS does not verify: %s", back.message);
        answer_release(&back);
    }
    answer_release(&jws);
}

static void run(const uint8_t *input, size_t size)
{
    if (size < 1 || size > 8192) return;
    struct value options = value_text(input + 1, size - 1);
    struct value token = value_answer(&tokens[input[0] % (2 * TOKENS)]);
    const char *first = fuzz_verdict(db, token, value_string(SECRET), options);
    const char *second = fuzz_verdict(db, token, value_string(SECRET), options);
    MUST(first == second, "first %s, then %s", first, second); /* by way of the cache */
    struct answer verified =
        ASK(db, "SELECT jwt_status(?1, ?2, ?3)", token, value_string(SECRET), options);
    check_accepted(&verified, options);
    answer_release(&verified);

    check_signing(options);
    struct answer payload =
        ASK(db, "SELECT jws_verify(?1, ?2, ?3)", token, value_string(SECRET), options);
    struct answer status =
        ASK(db, "SELECT jws_status(?1, ?2, ?3)", token, value_string(SECRET), options);
    check_accepted(&payload, options);
    MUST(payload.code == status.code, "%s / %s", payload.message, status.message);
    MUST(answer_failed(&status) || (payload.type == SQLITE_BLOB) == answer_is(&status, "ok"),
        "jws_verify beside %s", status.bytes);
    answer_release(&payload);
    answer_release(&status);

    struct answer key = ASK(db, "SELECT jwk_problem(jwk_generate('HS256', ?1))", options);
    check_accepted(&key, options);
    MUST(key.type == SQLITE_NULL, "a generated key has a problem: %s", key.bytes);
    answer_release(&key);
}

const struct fuzz_target options_target = { "options", start, run, NULL };
