/*
** What a host does to a connection: interrupts it, sets its clock, forks, uses many threads, loads and unloads
** the extension again and again, has two copies of it.
*/
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/revocation/harness.h"
#include "vfs.h"

static const char *extension_path(void)
{
    const char *extension = getenv("JWT_EXT");
    return extension != NULL ? extension : "./jwt_ext";
}

/* ---- interrupts ---- */

static atomic_long beats;

/* beat(): counts the rows that a statement has reached. */
static void beat(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    (void)arguments;
    sqlite3_result_int64(context, atomic_fetch_add(&beats, 1));
}

static void *interrupt_at_beat(void *database)
{
    while (atomic_load(&beats) < 500) sched_yield();
    sqlite3_interrupt(database);
    return NULL;
}

static int stop_at_beat(void *context)
{
    (void)context;
    return atomic_load(&beats) >= 500;
}

#define ROWS(count) \
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < " count ")"
#define VERIFY_ROWS(count)                                        \
    ROWS(count)                                                   \
    "SELECT sum(jwt_verify(token, " SECRET                        \
    ", '{\"now\":10,\"revoked_by\":\"revoked\"}') + 0 * beat()) " \
    "FROM n, t"

/* A million verifications end where they are told to, and the connection is as good as before. */
static void interrupted(void)
{
    sqlite3 *database = open_database(":memory:");
    run(database, "CREATE VIRTUAL TABLE revoked USING jwt_revocation; CREATE TABLE t AS SELECT "
                  "jwt_sign('{\"jti\":\"j1\"}', " SECRET ") AS token");
    sqlite3_create_function(database, "beat", 0, SQLITE_UTF8, NULL, beat, NULL, NULL);
    check_text(ask(database, VERIFY_ROWS("10")), "10", "ten");
    sqlite3_int64 before = sqlite3_memory_used();
    for (int by_handler = 0; by_handler < 2; by_handler++) {
        pthread_t thread;
        atomic_store(&beats, 0);
        if (by_handler) {
            sqlite3_progress_handler(database, 100, stop_at_beat, NULL);
        } else {
            pthread_create(&thread, NULL, interrupt_at_beat, database);
        }
        check_text(ask(database, VERIFY_ROWS("1000000")), "error: interrupted", "a million");
        if (!by_handler) pthread_join(thread, NULL);
        sqlite3_progress_handler(database, 0, NULL, NULL);
        printf("    interrupted at row %ld\n", atomic_load(&beats));
        check(atomic_load(&beats) >= 500 && atomic_load(&beats) < 1000000, "in the middle");
        check_text(ask(database, VERIFY_ROWS("10")), "10", "afterwards");
    }
    check(sqlite3_memory_used() <= before + 100000, "%lld bytes more",
        (long long)(sqlite3_memory_used() - before));
    close_database(database);
}

/* ---- the clock ---- */

/* set_clock(seconds): the clock of the VFS, between two rows. NULL: it fails. */
static void set_clock(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    bool fails = sqlite3_value_type(arguments[0]) == SQLITE_NULL;
    (void)count;
    vfs_set_clock(fails ? NAN : sqlite3_value_double(arguments[0]));
    sqlite3_result_int(context, 1);
}

static void clock_is_set(void)
{
    sqlite3 *database =
        open_with(scratch("clock.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, FAULTY_VFS);
    sqlite3_create_function(database, "set_clock", 1, SQLITE_UTF8, NULL, set_clock, NULL, NULL);
    run(database,
        "CREATE TABLE t AS SELECT jwt_sign('{\"nbf\":1000,\"exp\":2000,\"iat\":1000}', " SECRET
        ") AS token");
    static const char *const scans[] = {
        "SELECT group_concat(set_clock(value) || jwt_status(token, " SECRET
        ")) FROM json_each('[999,1000,1999,2000,1500,999,4000000000,1500,null,1500]'), t",
        "SELECT group_concat(set_clock(value) || ifnull(jwt_claim(token, 'iat', " SECRET
        "), '-')) FROM json_each('[999,1500,2000,1500,null,1500]'), t",
    };
    check_text(ask(database, "%s", scans[0]),
        "1not_yet_valid,1ok,1ok,1expired,1ok,1not_yet_valid,1expired,1ok,1expired,1ok",
        "the clock at each row");
    check_text(ask(database, "%s", scans[1]), "1-,11000,1-,11000,1-,11000", "claims by the clock");
    vfs_set_clock(NAN);
    check_text(ask(database, "SELECT jwt_status(jwt_sign('{\"iat\":5}', " SECRET "), " SECRET ")"),
        "issued_in_future", "iat without a clock");
    check_text(
        ask(database, "SELECT jwt_status(token, " SECRET ", '{\"max_age\":100,\"leeway\":9}') "
                      "FROM t"),
        "expired", "exp without a clock");
    check(strstr(ask(database, "SELECT jwt_sign('{}', " SECRET ", '{\"expires_in\":5}')"),
              "there is no clock") != NULL,
        "signing without a clock: %s",
        ask(database, "SELECT jwt_sign('{}', " SECRET ", '{\"expires_in\":5}')"));
    check_text(ask(database, "SELECT jwt_status(token, " SECRET ", '{\"now\":1500}') FROM t"), "ok",
        "option now needs no clock");
    vfs_set_clock(-1);
    close_database(database);
}

/* The clock of an old VFS, and of one that has left out the newer form. */
static void clock_is_old(void)
{
    static const int versions[] = { 1, 2 };
    sqlite3 *database =
        open_with(scratch("old.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, FAULTY_VFS);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        vfs_set_version(versions[i], false);
        vfs_set_clock(1500);
        check_text(
            ask(database, "SELECT jwt_claim(jwt_sign('{}', " SECRET ", '{\"iat\":true}'), 'iat')"),
            "1500", "the clock's days as seconds");
        vfs_set_clock(NAN);
        check_text(
            ask(database, "SELECT jwt_status(jwt_sign('{\"iat\":5}', " SECRET "), " SECRET ")"),
            "issued_in_future", "iat without a clock");
    }
    vfs_set_version(2, true);
    vfs_set_clock(-1);
    close_database(database);
}

/* Rules are pruned by the clock, or never; a clock that is set back revives none that stands. */
static void clock_and_rules(void)
{
    sqlite3 *database =
        open_with(scratch("rules.db"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, FAULTY_VFS);
    vfs_set_clock(1000);
    run(database,
        "CREATE VIRTUAL TABLE by_clock USING jwt_revocation; CREATE VIRTUAL TABLE by_hand USING "
        "jwt_revocation(clock='explicit'); INSERT INTO by_clock(jti, expires_at) VALUES('j1', 2000); "
        "INSERT INTO by_hand(jti, expires_at, revoked_at) VALUES('j1', 2000, 1000); CREATE VIRTUAL TABLE "
        "by_none USING jwt_revocation(prune=0); INSERT INTO by_none(jti, expires_at) VALUES('j1', 2000)");
    vfs_set_clock(2600);
    run(database, "INSERT INTO by_clock(jti) VALUES('j2')");
    check(number(database, "SELECT count(*) FROM by_clock") == 2,
        "within the leeway nothing is pruned");
    vfs_set_clock(10);
    run(database, "INSERT INTO by_clock(jti) VALUES('j3')");
    check_text(status_of(database, token_of(database, "{\"jti\":\"j1\"}"), "by_clock"), "revoked",
        "after the clock was set back");
    vfs_set_clock(NAN);
    check(strstr(ask(database, "INSERT INTO by_clock(jti) VALUES('j4')"), "there is no clock") !=
              NULL,
        "revoking without a clock: %s", ask(database, "INSERT INTO by_clock(jti) VALUES('j4')"));
    run(database, "INSERT INTO by_clock(jti, revoked_at) VALUES('j4', 10)");
    check(number(database, "SELECT count(*) FROM by_clock") == 4,
        "without a clock nothing is pruned");
    vfs_set_clock(4e9);
    run(database, "INSERT INTO by_clock(jti) VALUES('j5'); INSERT INTO by_hand(jti, revoked_at) "
                  "VALUES('j5', 4e9); INSERT INTO by_none(jti) VALUES('j5')");
    check(number(database, "SELECT count(*) FROM by_clock") == 4,
        "far ahead, what is over is pruned");
    check(number(database, "SELECT count(*) FROM by_none") == 2, "prune=0 prunes nothing");
    check(number(database, "SELECT count(*) FROM by_hand") == 2, "clock='explicit' prunes nothing");
    vfs_set_clock(-1);
    close_database(database);
}

/* ---- fork ---- */

/* In a child: what `work` returns is its exit status. */
static int in_child(int (*work)(const char *path, int out), const char *path, int out)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int code = work(path, out);
        if (code == 100) exit(0); /* with all that is registered for the end of a process */
        _exit(code);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* The child's own connection: verifies, and revokes. */
static int child_revokes(const char *path, int out)
{
    sqlite3 *database = open_database(path);
    const char *token = token_of(database, "{\"jti\":\"j1\"}");
    (void)out;
    if (strcmp(status_of(database, token, "revoked"), "ok") != 0) return 1;
    run(database, "INSERT INTO revoked(jti) VALUES('j1')");
    if (strcmp(status_of(database, token, "revoked"), "revoked") != 0) return 2;
    return sqlite3_close(database) == SQLITE_OK ? 0 : 3;
}

/* The child's own connection: draws random numbers, and makes keys. */
static int child_draws(const char *path, int out)
{
    sqlite3 *database = open_database(":memory:");
    const char *drawn =
        ask(database, "SELECT jwt_random(16) || jwk_thumbprint(jwk_generate('EdDSA'))");
    (void)path;
    if (drawn == NULL || write(out, drawn, 65) != 65) return 1;
    close_database(database);
    return 0;
}

static int child_only_ends(const char *path, int out)
{
    (void)path;
    (void)out;
    return 100;
}

static void forked(void)
{
    const char *path = scratch("fork.db");
    sqlite3 *database = open_database(path);
    run(database, "PRAGMA journal_mode = WAL; CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    char token[500];
    snprintf(token, sizeof token, "%s", token_of(database, "{\"jti\":\"j1\"}"));
    check_text(status_of(database, token, "revoked"), "ok", "before");
    check(in_child(child_revokes, path, -1) == 0, "a child with its own connection");
    check_text(status_of(database, token, "revoked"), "revoked", "the parent sees what it did");
    char drawn[4][66] = { "", "", "", "" };
    int ends[2];
    check(pipe(ends) == 0, "a pipe");
    for (int i = 0; i < 3; i++) {
        check(in_child(child_draws, path, ends[1]) == 0, "a child that draws");
        check(read(ends[0], drawn[i], 65) == 65, "what it drew");
    }
    snprintf(drawn[3], sizeof drawn[3], "%s",
        ask(database, "SELECT jwt_random(16) || jwk_thumbprint(jwk_generate('EdDSA'))"));
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < i; j++) {
            check(memcmp(drawn[i], drawn[j], 22) != 0 &&
                      memcmp(drawn[i] + 22, drawn[j] + 22, 43) != 0,
                "after a fork %d and %d draw the same", i, j);
        }
    }
    check(in_child(child_only_ends, path, -1) == 0, "a child that only ends");
    check_text(status_of(database, token, "revoked"), "revoked", "the parent goes on");
    close(ends[0]);
    close(ends[1]);
    close_database(database);
}

/* ---- threads ---- */

enum { THREADS = 64 };

static const char *shared_path;
static atomic_long wrong_answers, right_answers;

static void expect(const char *got, const char *wanted)
{
    bool right = got != NULL && strcmp(got, wanted) == 0;
    atomic_fetch_add(right ? &right_answers : &wrong_answers, 1);
}

/* The verdict on a token by the keys and rules of the shared file. */
static const char *shared_status(sqlite3 *database, const char *token)
{
    return ask(database,
        "SELECT jwt_status(%Q, (SELECT jwks(jwk) FROM key), '{\"revoked_by\":\"revoked\"}')",
        token);
}

static void *use_connection(void *argument)
{
    int number_of_thread = (int)(intptr_t)argument;
    sqlite3 *database = open_database(shared_path);
    for (int i = 0; i < (is_long() ? 200 : 8); i++) {
        char token[600];
        const char *made = ask(database,
            "SELECT jwt_sign('{\"jti\":\"t%d-%d\"}', jwk) FROM key ORDER BY random() LIMIT 1",
            number_of_thread, i);
        snprintf(token, sizeof token, "%s", made != NULL ? made : "NULL");
        expect(shared_status(database, token), "ok");
        if (i % 4 == 0) {
            run(database, "INSERT INTO revoked(jti) VALUES('t%d-%d')", number_of_thread, i);
            expect(shared_status(database, token), "revoked");
        }
        char *tenth_last = token + strlen(token) - 10;
        *tenth_last = *tenth_last == 'A' ? 'B' : 'A';
        expect(shared_status(database, token), "bad_signature");
    }
    forget();
    close_database(database);
    return NULL;
}

static void threads(void)
{
    pthread_t all[THREADS];
    shared_path = scratch("threads.db");
    sqlite3 *database = open_database(shared_path);
    run(database,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE revoked "
        "USING jwt_revocation; CREATE TABLE key AS SELECT jwk_generate(value) AS jwk FROM "
        "json_each('[\"ES256\",\"EdDSA\",\"RS256\",\"ES384\"]')");
    if (sqlite3_threadsafe() == 0) return skip("threads: this SQLite has none");
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&all[i], NULL, use_connection, (void *)(intptr_t)i);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(all[i], NULL);
    printf("    %d threads: %ld answers\n", THREADS, atomic_load(&right_answers));
    check(atomic_load(&wrong_answers) == 0, "%ld answers were wrong", atomic_load(&wrong_answers));
    check_text(ask(database, "PRAGMA integrity_check"), "ok", "the file");
    close_database(database);
}

/* ---- loading and unloading ---- */

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2) resident = 0;
    fclose(file);
    return resident;
}

static bool is_loaded(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s.so", extension_path());
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (library != NULL) dlclose(library);
    return library != NULL;
}

static void loaded_and_unloaded(void)
{
    long times = is_long() ? 10000 : 1500, after_warming = 0;
    if (is_loaded()) give_up("the extension is loaded already");
    resident_pages(); /* the C library's own pages for this are touched now */
    for (long i = 0; i < times; i++) {
        sqlite3 *database = open_database(":memory:");
        check_text(ask(database, "SELECT jwt_verify(jwt_sign('{}', " SECRET "), " SECRET ")"), "1",
            "loaded again");
        if (i == 0) check(is_loaded(), "the extension is there while a connection has it");
        close_database(database);
        if (i % 100 == 0) check(!is_loaded(), "the extension is gone when the connection is");
        if (i == times / 2) after_warming = resident_pages();
    }
    long grown = resident_pages() - after_warming;
    printf("    loaded and unloaded %ld times: %ld pages more in the second half\n", times, grown);
#if !defined(__SANITIZE_ADDRESS__)
    check(grown < 20, "%ld pages more", grown);
#endif
}

/* ---- two copies ---- */

static void copy_extension(const char *to)
{
    char from[600], bytes[65536];
    ssize_t size;
    snprintf(from, sizeof from, "%s.so", extension_path());
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0777);
    while ((size = read(in, bytes, sizeof bytes)) > 0) {
        if (write(out, bytes, (size_t)size) != size) give_up("no room for %s", to);
    }
    close(in);
    close(out);
}

static void load_copy(sqlite3 *database, const char *path)
{
    char *message = NULL;
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(database, path, "sqlite3_jwtext_init", &message) != SQLITE_OK) {
        give_up("loading the copy: %s", message);
    }
}

static void two_copies(void)
{
    const char *copy = scratch("another_name.so");
    const char *path = scratch("copies.db");
    sqlite3 *both = NULL, *second = NULL;
    copy_extension(copy);
    sqlite3 *first = open_database(path);
    run(first, "CREATE VIRTUAL TABLE revoked USING jwt_revocation; INSERT INTO revoked(jti) "
               "VALUES('j1')");
    sqlite3_open(path, &second);
    load_copy(second, copy);
    char token[500];
    snprintf(token, sizeof token, "%s", token_of(second, "{\"jti\":\"j1\"}"));
    check_text(
        status_of(first, token, "revoked"), "revoked", "one copy asks what the other signed");
    check_text(status_of(second, token, "revoked"), "revoked", "and the other");
    sqlite3_open(path, &both);
    load_extension(both);
    check_text(status_of(both, token, "revoked"), "revoked", "the first of two in one connection");
    load_copy(both, copy);
    /* The table that was connected before belongs to the first: an error, and never "ok". */
    check_text(status_of(both, token, "revoked"),
        "error: jwt_status: options: revoked_by: main.revoked is no revocation table",
        "the second of two in one connection");
    check_text(answer_of(both, token, "revoked"), "revoked", "and the table itself");
    run(both, "PRAGMA writable_schema = RESET");
    check_text(status_of(both, token, "revoked"), "revoked", "when the schema is read again");
    close_database(first);
    check_text(status_of(second, token, "revoked"), "revoked", "when the first is gone");
    check_text(status_of(both, token, "revoked"), "revoked", "and in the one that has both");
    close_database(both);
    close_database(second);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "loaded and unloaded", loaded_and_unloaded },
        { "two copies", two_copies },
        { "interrupted in the middle of a million", interrupted },
        { "the clock is set", clock_is_set },
        { "the clock of an old VFS", clock_is_old },
        { "the clock and the rules", clock_and_rules },
        { "forked", forked },
        { "threads", threads },
    };
    vfs_install();
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
