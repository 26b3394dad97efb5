/*
** many.c - threads: many with connections of their own on one file, all
** functions and tables at once; and many on one connection that SQLite
** serializes. Meant for ThreadSanitizer (make SANITIZE=thread SUITE=threads
** test), and to be right without it.
**
** usage: many THREADS ROUNDS FILE
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 64
#define SECRET "'0123456789abcdef0123456789abcdef'"

static atomic_int passed, failed;
static int rounds;
static const char *file;
static sqlite3 *shared; /* of the second half */
static pthread_barrier_t barrier;

__attribute__((format(printf, 2, 3))) static void check(bool holds, const char *format, ...)
{
    va_list arguments;
    atomic_fetch_add(holds ? &passed : &failed, 1);
    if (holds || atomic_load(&failed) > 20) return;
    va_start(arguments, format);
    printf("failed: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

static sqlite3 *open_database(const char *path)
{
    const char *extension = getenv("JWT_EXT");
    char *message = NULL;
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, NULL);
    sqlite3_busy_timeout(db, 60000);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (rc == SQLITE_OK) {
        rc =
            sqlite3_load_extension(db, extension == NULL ? "./jwt_ext" : extension, NULL, &message);
    }
    if (rc != SQLITE_OK) {
        printf("failed: %s\n0 passed, 1 failed\n", message == NULL ? sqlite3_errmsg(db) : message);
        exit(1);
    }
    return db;
}

/* Runs `sql`, whose first column must be `wanted`; the message is that of the moment, so only for a connection of one's own. */
static void expect(sqlite3 *db, const char *wanted, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    const char *got = "no row";
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) got = (const char *)sqlite3_column_text(statement, 0);
    check((rc == SQLITE_ROW || rc == SQLITE_DONE) &&
              (wanted == NULL || (got != NULL && strcmp(got, wanted) == 0)),
        "%s: %d %s, not %s", sql, rc, got == NULL ? "NULL" : got, wanted == NULL ? "done" : wanted);
    sqlite3_finalize(statement);
}

/* Every function and table, with what it must say. */
static const struct {
    const char *wanted;
    const char *sql;
} questions[] = {
    { "ok",
        "WITH k(j) AS MATERIALIZED (SELECT jwk_generate('ES256')) SELECT jwt_status(jwt_sign('{\"a\":1}', j), jwk_public(j)) FROM k" },
    { "ok",
        "WITH k(j) AS MATERIALIZED (SELECT jwk_generate('Ed25519')) SELECT jwt_status(jwt_sign('{\"a\":1}', j), jwks(j)) FROM k" },
    { "1", "SELECT jwt_verify(jwt_sign('{\"aud\":\"a\"}', " SECRET
           ", '{\"expires_in\":60,\"jti\":true}'), " SECRET
           ", '{\"aud\":\"a\",\"require\":[\"jti\"]}')" },
    { "0", "SELECT jwt_verify(jwt_sign('{}', " SECRET "), 'fedcba9876543210fedcba9876543210')" },
    { "{\"a\":1}", "SELECT jwt_claims(jwt_sign('{\"a\":1}', " SECRET "), " SECRET ")" },
    { "b", "SELECT jwt_claim(jwt_sign('{\"a\":[\"b\"]}', " SECRET "), '$.a[0]', " SECRET ")" },
    { "u", "SELECT jwt_claim(jwt_sign('{\"sub\":\"u\"}', " SECRET "), 'sub')" },
    { "hello", "SELECT CAST(jws_verify(jws_sign('hello', " SECRET "), " SECRET ") AS TEXT)" },
    { "1", "SELECT json_extract(jwt_explain('a.b.c', " SECRET
           "), '$.status') = jws_status('a.b.c', " SECRET ")" },
    { "HS256", "SELECT alg FROM jwt_decode(jwt_sign('{}', " SECRET "))" },
    { "2", "SELECT count(*) FROM jwt_each(jwt_sign('{\"a\":1,\"b\":2}', " SECRET "), " SECRET ")" },
    { "exp-missing", "SELECT rule FROM jwt_lint('{\"sub\":\"u1\"}') WHERE rule = 'exp-missing'" },
    { "1",
        "WITH k(j) AS MATERIALIZED (SELECT jwk_generate('ES384')) SELECT jwk_thumbprint(jwk_from_pem(jwk_to_pem(j))) = jwk_thumbprint(j) FROM k" },
    { "1", "SELECT problem IS NOT NULL FROM jwk_each('{\"keys\":[{\"kty\":\"RSA\"}]}')" },
    { "a.b.c",
        "SELECT jwt_bearer('Bearer a.b.c') WHERE jwt_scope('x y', 'y') AND jwk_problem(" SECRET
        ") IS NULL" },
    { "22",
        "SELECT length(jwt_random()) WHERE jwt_debug() IS NOT NULL AND jwt_version() IS NOT NULL" },
    { "1", "SELECT count(*) > 10 FROM jwt_algorithms" },
};
#define QUESTIONS (sizeof questions / sizeof *questions)

/* A session of this thread's own: revoked by it alone, so that it knows the answer. */
static void revoke_own(sqlite3 *db, int thread, int round)
{
    char sql[512];
    static const char ask[] = "SELECT jwt_status(jwt_sign('{\"jti\":\"%d-%d\"}', " SECRET
                              "), " SECRET ", '{\"revoked_by\":\"revoked\"}')";
    snprintf(sql, sizeof sql, ask, thread, round);
    expect(db, "ok", sql);
    snprintf(sql, sizeof sql, "INSERT INTO revoked(jti) VALUES('%d-%d')", thread, round);
    expect(db, NULL, sql);
    snprintf(sql, sizeof sql, ask, thread, round);
    expect(db, "revoked", sql);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM revoked WHERE jti = '%d-%d'", thread, round);
    expect(db, "1", sql);
}

static void *run_own(void *argument)
{
    int thread = (int)(size_t)argument;
    sqlite3 *db;
    pthread_barrier_wait(&barrier); /* the entry point runs in many at once */
    db = open_database(file);
    for (int i = 0; i < rounds; i++) {
        for (size_t j = 0; j < QUESTIONS; j++) {
            size_t which = (j + (size_t)thread) % QUESTIONS;
            expect(db, questions[which].wanted, questions[which].sql);
        }
        revoke_own(db, thread, i);
    }
    check(sqlite3_close(db) == SQLITE_OK, "thread %d: something is still open", thread);
    return NULL;
}

/* Statements of one's own on the connection of all. */
static void *run_shared(void *argument)
{
    int thread = (int)(size_t)argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < rounds; i++) {
        for (size_t j = 0; j < QUESTIONS; j++) {
            size_t which = (j + (size_t)thread) % QUESTIONS;
            expect(shared, questions[which].wanted, questions[which].sql);
        }
        revoke_own(shared, 1000 + thread, i);
    }
    return NULL;
}

static void run_threads(int count, void *(*run)(void *))
{
    pthread_t threads[THREADS_MAX];
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, run, (void *)(size_t)i);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
}

int main(int count, char **arguments)
{
    int threads = count > 3 ? atoi(arguments[1]) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        fprintf(stderr, "usage: many THREADS ROUNDS FILE\n");
        return 2;
    }
    rounds = atoi(arguments[2]);
    file = arguments[3];
    sqlite3 *db = open_database(file);
    expect(db, "wal", "PRAGMA journal_mode = WAL");
    expect(db, NULL, "CREATE VIRTUAL TABLE revoked USING jwt_revocation");
    run_threads(threads, run_own);
    if (sqlite3_threadsafe() == 1) {
        shared = open_database(file);
        run_threads(threads, run_shared);
        check(sqlite3_close(shared) == SQLITE_OK, "something is still open");
    } else {
        printf("skipped: a shared connection: this SQLite serializes nothing\n");
    }
    sqlite3_close(db); /* until here it kept the library loaded */
    printf("%d passed, %d failed\n", atomic_load(&passed), atomic_load(&failed));
    return atomic_load(&failed) != 0;
}
