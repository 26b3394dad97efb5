#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method(): nothing newer makes the generator fail */
/*
** OpenSSL's random generator fails: nothing is issued, generated or answered that would need it, and each says why.
** What is only sped up by random numbers, the signature cache and the filter of rules, goes on without.
*/
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "tests/revocation/harness.h"

static int no_bytes(unsigned char *out, int size)
{
    (void)out;
    (void)size;
    return 0;
}

static int no_status(void)
{
    return 0;
}

static void fail_random(bool fails)
{
    static const RAND_METHOD broken = { NULL, no_bytes, NULL, NULL, no_bytes, no_status };
    RAND_set_rand_method(fails ? &broken : NULL);
}

/* What a statement answers with the generator failing, and with it back. */
static void ask_without(const char *sql, const char *wanted, bool is_same_after)
{
    sqlite3 *database = open_database(":memory:");
    char answer[ANSWER_BYTES];
    fail_random(true);
    operation_run(database, sql, material_at(0), NULL, answer, sizeof answer);
    check_text(answer, wanted, sql);
    check(ERR_peek_error() == 0, "%s: OpenSSL's queue is not empty", sql);
    ERR_clear_error();
    fail_random(false);
    operation_run(database, sql, material_at(0), NULL, answer, sizeof answer);
    check((strcmp(answer, wanted) == 0) == is_same_after, "%s, with it back: %s", sql, answer);
    close_database(database);
}

static void nothing_is_made(void)
{
    static const char *const rows[][2] = {
        { "SELECT jwt_random()", "error: jwt_random: OpenSSL's random generator failed" },
        { "SELECT jwt_sign('{}', " SECRET ", '{\"jti\":true}')",
            "error: jwt_sign: options: jti: OpenSSL's random generator failed" },
        { "SELECT jwt_sign('{}', :private)",
            "error: jwt_sign: key: OpenSSL cannot sign ES256 with it" },
        { "SELECT jwk_generate('HS256')",
            "error: jwk_generate: alg: OpenSSL's random generator failed" },
        { "SELECT jwk_generate('EdDSA')",
            "error: jwk_generate: alg: OpenSSL cannot generate a key for EdDSA" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ask_without(rows[i][0], rows[i][1], false);
}

/* A table whose rules are worth a filter once they have been asked often enough. */
#define MANY_QUESTIONS                                                                           \
    "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200) SELECT sum(jwt_verify(" \
    "jwt_sign(json_object('jti', 't' || n), " SECRET "), " SECRET                                \
    ", '{\"revoked_by\":\"revoked\"}')) "                                                        \
    "FROM n"

static void answers_stay_right(void)
{
    ask_without("SELECT (jwt_verify(:good, :public) + jwt_verify(:good, :public) + "
                "jwt_verify(:good, :public)) || jwt_verify(:bad, :public)",
        "30", true);
    sqlite3 *database = open_database(":memory:");
    run(database, "CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    run(database, "WITH n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50) "
                  "INSERT INTO revoked(jti) SELECT 't' || n FROM n");
    fail_random(true);
    check_text(ask(database, MANY_QUESTIONS), "150", "without a generator");
    fail_random(false);
    check_text(ask(database, MANY_QUESTIONS), "150", "with it back");
    close_database(database);
    forget();
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "nothing is made without random numbers", nothing_is_made },
        { "answers are right without random numbers", answers_stay_right },
    };
    sqlite3 *keeps_library = open_database(":memory:");
    materials_make();
    int status = harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
    materials_free();
    close_database(keeps_library);
    return status;
}
