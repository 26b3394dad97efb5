#define _GNU_SOURCE /* dladdr() */
/*
** The first use of OpenSSL in a process makes much that it keeps for ever. Each allocation on that way fails in
** a process of its own, alone or with all that follow: no verdict is wrong then or afterwards, and no crash.
**
** What OpenSSL could not make may stay missing as long as the process lives: then it goes on with errors, which are
** counted here; not with verdicts. OpenSSL itself may end the process, in its own code, where its first lock
** finds no memory: that is counted, too, and a crash anywhere else is a failure.
*/
#include <dlfcn.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators.h"
#include "tests/revocation/harness.h"

/* To tell in whose code a process crashes takes the C library's help; a sanitizer has crashes reported. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define TELLS_WHERE 1
#include <execinfo.h>
#endif

enum { TEXT_BYTES = 4000 };

static struct sample {
    char name[20];
    char key[TEXT_BYTES], good[TEXT_BYTES], bad[TEXT_BYTES];
} samples[] = { { .name = "HS256" }, { .name = "ES256" }, { .name = "RS256" },
    { .name = "EdDSA" } };

enum { SAMPLES = sizeof samples / sizeof *samples };

/* Fills `samples` in a child, so that this process has not used OpenSSL yet. */
static void make_samples(void)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0) give_up("no pipe");
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *database = open_database(":memory:");
        for (size_t i = 0; i < SAMPLES; i++) {
            struct sample *sample = &samples[i];
            char private_key[TEXT_BYTES];
            snprintf(private_key, sizeof private_key, "%s",
                ask(database, "SELECT jwk_generate(%Q)", sample->name));
            snprintf(sample->good, TEXT_BYTES, "%s",
                ask(database, "SELECT jwt_sign('{\"sub\":\"u1\"}', %Q)", private_key));
            bool is_public = strcmp(sample->name, "HS256") != 0;
            snprintf(sample->key, TEXT_BYTES, "%s",
                is_public ? ask(database, "SELECT jwk_public(%Q)", private_key) : private_key);
            memcpy(sample->bad, sample->good, TEXT_BYTES);
            char *first = strrchr(sample->bad, '.') + 1;
            *first = *first == 'A' ? 'B' : 'A';
            if (write(ends[1], sample, sizeof *sample) != sizeof *sample) _exit(1);
        }
        _exit(0);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        if (read(ends[0], &samples[i], sizeof samples[i]) != sizeof samples[i]) give_up("no keys");
    }
    waitpid(child, &status, 0);
    close(ends[0]);
    close(ends[1]);
}

/* What a child says by its exit status. */
enum { RIGHT, RECOVERED, ERRORS_AFTERWARDS, NEVER_REACHED, OPENSSL_CRASHED, WRONG, QUEUE };

/* In whose code the process crashes: the first on the stack that is not the C library's. */
static void look_at_crash(int signal_number)
{
#if defined(TELLS_WHERE)
    void *frames[16];
    int count = backtrace(frames, 16);
    for (int i = 2; i < count; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) == 0 || strstr(info.dli_fname, "/libc.so") != NULL) continue;
        _exit(strstr(info.dli_fname, "libcrypto") != NULL ? OPENSSL_CRASHED : 100 + signal_number);
    }
#endif
    _exit(100 + signal_number);
}

/* 1, 0, or -1 for an error. */
static int verdict(sqlite3 *database, const struct sample *sample, const char *token)
{
    sqlite3_stmt *statement = NULL;
    int answer = -1;
    sqlite3_prepare_v2(database, "SELECT jwt_verify(?1, ?2)", -1, &statement, NULL);
    sqlite3_bind_text(statement, 1, token, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, sample->key, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) answer = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

static int first_use(
    const struct sample *sample, bool good, long at, bool lasting, long *allocations)
{
    sqlite3 *database = open_database(":memory:");
    const char *token = good ? sample->good : sample->bad;
    signal(SIGSEGV, look_at_crash);
    signal(SIGABRT, look_at_crash); /* OpenSSL 3.5 ends the process by an assertion of its own */
    long before = allocators_count();
    allocators_fail(at, lasting);
    int answer = verdict(database, sample, token);
    bool reached = allocators_heal();
    *allocations = allocators_count() - before;
    if (answer >= 0 && answer != good) return WRONG;
    if (ERR_peek_error() != 0) return QUEUE;
    int right = verdict(database, sample, sample->good),
        left = verdict(database, sample, sample->bad);
    if (right == 0 || left == 1) return WRONG;
    close_database(database);
    if (!reached) return NEVER_REACHED;
    if (right != 1 || left != 0) return ERRORS_AFTERWARDS;
    return answer < 0 ? RECOVERED : RIGHT;
}

static int in_a_new_process(
    const struct sample *sample, bool good, long at, bool lasting, long *allocations)
{
    int ends[2], status = 0;
    long count = 0;
    if (pipe(ends) != 0) give_up("no pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int outcome = first_use(sample, good, at, lasting, &count);
        if (write(ends[1], &count, sizeof count) != sizeof count) _exit(WRONG);
        _exit(outcome);
    }
    close(ends[1]);
    if (read(ends[0], &count, sizeof count) == sizeof count && allocations != NULL) {
        *allocations = count;
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void first_uses(bool lasting)
{
#if !defined(TELLS_WHERE)
    return skip("the first use of OpenSSL: nothing tells OpenSSL's own crashes from ours here");
#endif
    for (size_t i = 0; i < SAMPLES; i++) {
        long counts[OPENSSL_CRASHED + 1] = { 0 }, allocations = 0, tried = 0;
        in_a_new_process(&samples[i], true, 0, false, &allocations);
        long stride = is_long() ? 1 : allocations / 40 + 1;
        for (long at = 1 + (long)i % stride; at <= allocations; at += stride, tried++) {
            bool good = tried % 2 == 0;
            int outcome = in_a_new_process(&samples[i], good, at, lasting, NULL);
            check(outcome <= OPENSSL_CRASHED, "%s, allocation %ld of the first use: outcome %d",
                samples[i].name, at, outcome);
            if (outcome <= OPENSSL_CRASHED) counts[outcome]++;
        }
        printf(
            "    %s: %ld of %ld allocations: %ld right, %ld out of memory and then right, %ld errors from "
            "then on, %ld crashes within OpenSSL\n",
            samples[i].name, tried, allocations, counts[RIGHT], counts[RECOVERED],
            counts[ERRORS_AFTERWARDS], counts[OPENSSL_CRASHED]);
    }
}

static void one_fails(void)
{
    first_uses(false);
}

static void all_fail(void)
{
    first_uses(true);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "one allocation of the first use fails", one_fails },
        { "all of the first use fail from one on", all_fail },
    };
    allocators_install();
    make_samples();
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
