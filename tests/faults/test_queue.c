/*
** OpenSSL's error queue belongs to the thread, and so to the host too: after every operation it holds
** nothing of ours, and what the host left in it before changes no answer.
*/
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "tests/revocation/harness.h"

/* Runs an operation on a connection of its own; its answer in `answer`. */
static void run_operation(
    const struct operation *operation, const struct material *material, char *answer)
{
    sqlite3 *database = open_database(":memory:");
    if (operation->before != NULL) run(database, "%s", operation->before);
    operation_run(database, operation->sql, material, NULL, answer, ANSWER_BYTES);
    if (operation->judge != NULL) {
        char result[ANSWER_BYTES];
        memcpy(result, answer, sizeof result);
        operation_run(database, operation->judge, material, result, answer, ANSWER_BYTES);
    }
    close_database(database);
}

static void each_operation(void (*look)(const struct operation *, const struct material *))
{
    long count = 0;
    for (size_t i = 0; i < operation_count; i++) {
        if (operations[i].kind == COSTLY && !is_long()) continue;
        for (size_t j = 0; j < operation_materials(&operations[i]); j++, count++) {
            look(&operations[i], material_at(j));
        }
    }
    printf("    %ld operations\n", count);
}

static void look_at_queue(const struct operation *operation, const struct material *material)
{
    char answer[ANSWER_BYTES];
    ERR_clear_error();
    run_operation(operation, material, answer);
    check(ERR_peek_error() == 0, "%s, %s: OpenSSL's queue begins with %s", material->name,
        operation->sql, ERR_reason_error_string(ERR_peek_error()));
}

static void nothing_is_left(void)
{
    each_operation(look_at_queue);
}

/* The host's errors, the most misleading that it could have. */
static void leave_errors_of_host(void)
{
    ERR_clear_error();
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_RSA, 104);
    ERR_raise(ERR_LIB_EC, 107);
    ERR_raise(ERR_LIB_PEM, 108);
}

static void look_at_host(const struct operation *operation, const struct material *material)
{
    char calm[ANSWER_BYTES], answer[ANSWER_BYTES];
    int left = 0;
    run_operation(operation, material, calm);
    leave_errors_of_host();
    unsigned long first = ERR_peek_error();
    run_operation(operation, material, answer);
    if (strcmp(operation->name, "jwk_generate") != 0) {
        check(strcmp(answer, calm) == 0, "%s, %s: %.200s instead of %.200s", material->name,
            operation->sql, answer, calm);
    }
    /* All of the host's or nothing: none of ours between them. */
    unsigned long error = ERR_get_error();
    check(error == 0 || error == first, "%s, %s: the queue begins with %s", material->name,
        operation->sql, ERR_reason_error_string(error));
    for (left = error != 0; ERR_get_error() != 0; left++) continue;
    check(
        left == 0 || left == 4, "%s, %s: %d errors are left", material->name, operation->sql, left);
}

static void errors_of_host(void)
{
    each_operation(look_at_host);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "nothing is left in the queue", nothing_is_left },
        { "errors that the host left change nothing", errors_of_host },
    };
    materials_make();
    int status = harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
    materials_free();
    return status;
}
