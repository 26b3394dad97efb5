/*
** target_keys.c - everything that a key argument can be: JWK, JWKS, PEM, DER,
** SSH, a secret; through every function that takes one.
**
** The first byte says how the rest comes: as TEXT or BLOB, and with which
** algorithm in mind.
*/
#include "fuzz.h"

#include <string.h>

static sqlite3 *db;
static struct answer foreign[3]; /* tokens of keys that no input can know */

static void start(void)
{
    static const char *const algorithms[] = { "HS256", "ES256", "Ed25519" };
    db = fuzz_database();
    for (size_t i = 0; i < 3; i++) {
        foreign[i] = ASK(db, "SELECT jwt_sign('{\"sub\":\"admin\"}', jwk_generate(?1))",
            value_string(algorithms[i]));
    }
}

/* A JSON document without private members, at whatever depth the keys are. */
static void must_be_public(const struct answer *jwk)
{
    struct answer private = ASK(db,
        "SELECT group_concat(fullkey) FROM json_tree(?1) WHERE key IN "
        "('d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv') AND "
        "(path = '$' OR (path GLOB '$.keys*]' AND path NOT GLOB '*]?*'))",
        value_answer(jwk));
    MUST(private.type == SQLITE_NULL, "private members %s in %s", private.bytes, jwk->bytes);
    answer_release(&private);
}

/* The public form is a fixed point, is the same key, and survives PEM. */
static void check_public(struct value key, const struct answer *public)
{
    must_be_public(public);
    struct answer again = ASK(db, "SELECT jwk_public(?1)", value_answer(public));
    MUST(answers_equal(public, &again), "jwk_public twice: %s, then %s %s", public->bytes,
        again.bytes, again.message);
    answer_release(&again);
    struct answer print = ASK(db, "SELECT jwk_thumbprint(?1)", key);
    struct answer public_print = ASK(db, "SELECT jwk_thumbprint(?1)", value_answer(public));
    MUST(print.code == public_print.code, "one thumbprint only: %s / %s", print.message,
        public_print.message);
    if (print.code == SQLITE_ROW) {
        MUST(answers_equal(&print, &public_print), "thumbprints %s and %s", print.bytes,
            public_print.bytes);
        struct answer pem = ASK(db, "SELECT jwk_to_pem(?1, 'public')", key);
        if (pem.code == SQLITE_ROW) {
            struct answer back =
                ASK(db, "SELECT jwk_thumbprint(jwk_from_pem(?1))", value_answer(&pem));
            MUST(answers_equal(&print, &back), "by way of PEM: %s, then %s %s", print.bytes,
                back.bytes, back.message);
            answer_release(&back);
        }
        answer_release(&pem);
    }
    answer_release(&print);
    answer_release(&public_print);
}

/* What a key signs is valid for it; only `key_ops` may let it sign and not verify. */
static void check_valid(const struct answer *token, struct value key, struct value options)
{
    const char *code = fuzz_verdict(db, value_answer(token), key, options);
    if (code == NULL) {
        struct answer limited =
            ASK(db, "SELECT json_valid(?1) AND ?1 ->> '$.key_ops' IS NOT NULL", key);
        MUST(limited.number == 1, "what it signs is refused");
        answer_release(&limited);
    } else {
        MUST(strcmp(code, "ok") == 0, "what it signs is %s", code);
    }
}

/* What a key signs, it verifies; so does its public form, where it has one. */
static void check_signing(struct value key, const struct answer *public, struct value options)
{
    struct answer token = ASK(db, "SELECT jwt_sign('{\"a\":1}', ?1, ?2)", key, options);
    if (token.code == SQLITE_ROW) {
        check_valid(&token, key, options);
        if (public->type == SQLITE_TEXT) check_valid(&token, value_answer(public), options);
        struct answer problem = ASK(db, "SELECT jwk_problem(?1)", key);
        /* Options can name another algorithm, or admit weakness; key_ops can keep it from verifying. */
        MUST(problem.type == SQLITE_NULL || options.size > 6 ||
                 strstr(problem.bytes, "\"key_ops\"") != NULL,
            "it signs, but has a problem: %s", problem.bytes);
        answer_release(&problem);
    }
    answer_release(&token);
}

static void run(const uint8_t *input, size_t size)
{
    static const char *const options[] = { "{}", "HS256", "ES256", "RS256", "PS256", "EdDSA",
        "{\"allow_weak_key\":true}", "{\"algs\":[\"HS256\",\"RS256\",\"ES384\",\"ES256K\"]}" };
    if (size < 1 || size > 16384) return;
    struct value key =
        (input[0] & 1) != 0 ? value_blob(input + 1, size - 1) : value_text(input + 1, size - 1);
    struct value option = value_string(options[input[0] >> 1 & 7]);

    struct answer problem = ASK(db, "SELECT jwk_problem(?1)", key);
    MUST(problem.code == SQLITE_ROW, "jwk_problem raised %s", problem.message);
    struct answer public = ASK(db, "SELECT jwk_public(?1)", key);
    if (public.code == SQLITE_ROW) check_public(key, &public);
    check_signing(key, &public, option);

    struct answer jwk = ASK(db, "SELECT jwk_from_pem(?1)", key);
    if (jwk.code == SQLITE_ROW) {
        struct answer print = ASK(db, "SELECT jwk_thumbprint(?1)", key);
        struct answer same = ASK(db, "SELECT jwk_thumbprint(?1)", value_answer(&jwk));
        MUST(answers_equal(&print, &same), "jwk_from_pem made another key");
        answer_release(&print);
        answer_release(&same);
    }
    struct answer private = ASK(db, "SELECT jwk_to_pem(?1)", key);
    if (private.code == SQLITE_ROW) {
        struct answer back = ASK(db, "SELECT jwk_thumbprint(jwk_from_pem(?1)) = jwk_thumbprint(?2)",
            value_answer(&private), key);
        MUST(back.number == 1, "jwk_to_pem wrote another key: %s", back.message);
        answer_release(&back);
    }
    struct answer each = ASK(db, "SELECT count(*), sum(problem IS NULL) FROM jwk_each(?1)", key);
    struct answer set = ASK(db, "SELECT jwks(?1)", key);
    if (set.code == SQLITE_ROW) must_be_public(&set);
    for (size_t i = 0; i < 3; i++) {
        struct answer verdict =
            ASK(db, "SELECT jwt_verify(?1, ?2, ?3)", value_answer(&foreign[i]), key, option);
        MUST(verdict.code != SQLITE_ROW || verdict.number == 0,
            "it verifies a token of another key");
        answer_release(&verdict);
    }
    answer_release(&problem);
    answer_release(&public);
    answer_release(&jwk);
    answer_release(&private);
    answer_release(&each);
    answer_release(&set);
}

const struct fuzz_target keys_target = { "keys", start, run, NULL };
