/*
** Processes and threads that revoke, lift, roll back, write the shadow table directly, VACUUM and
** change the schema, while others verify. Each token has one owner, who alone changes its rule and
** publishes in shared memory when a COMMIT has returned. What must hold: a verification that starts
** after the revoking COMMIT has returned, anywhere, and ends before the owner does the next thing,
** does not say "ok"; and one of a token that is not revoked does not say "revoked".
**
**     REVOCATION_SECONDS=10     for each journal mode and kind of worker
*/
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 8, TOKENS = 96, MOST_FAULTS = 5 };

/* What the owner of a token has published. Even: nothing is under way. */
struct token_state {
    _Atomic uint64_t epoch; /* odd while the owner changes the rule */
    _Atomic int revoked;
};

struct shared {
    struct token_state tokens[TOKENS];
    _Atomic int stop;
    _Atomic long verified, mattered, changed, scanned, faults;
    char path[512];
    char fault[MOST_FAULTS][300];
};

static struct shared *shared;

static void report_fault(const char *how, int token, const char *got, bool revoked)
{
    long index = atomic_fetch_add(&shared->faults, 1);
    if (index < MOST_FAULTS) {
        snprintf(shared->fault[index], sizeof shared->fault[index],
            "%s: token %d is %s and the verdict is %s", how, token,
            revoked ? "revoked" : "not revoked", got);
    }
}

/* ---- one worker ---- */

struct worker {
    int index;
    unsigned random;
    sqlite3 *first, *second; /* both change and verify */
    char *tokens[TOKENS];
};

static int pick(struct worker *worker, int count)
{
    worker->random = worker->random * 1664525u + 1013904223u;
    return (int)((worker->random >> 8) % (unsigned)count);
}

static bool may_be_repeated(int rc)
{
    rc &= 0xff;
    return rc == SQLITE_BUSY || rc == SQLITE_LOCKED || rc == SQLITE_SCHEMA;
}

/* Runs SQL; repeats what others were in the way of. */
static void change(sqlite3 *database, const char *format, ...)
{
    va_list arguments;
    char *sql, *message = NULL;
    int rc;
    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    while ((rc = try_run(database, sql, &message)) != SQLITE_OK) {
        if (!may_be_repeated(rc)) give_up("%s (%d)\n  in: %s", message, rc, sql);
        sqlite3_free(message);
        message = NULL;
        if (sqlite3_get_autocommit(database) == 0) try_run(database, "ROLLBACK", NULL);
        usleep(1000);
    }
    sqlite3_free(sql);
}

static void begin_change(int token)
{
    atomic_fetch_add(&shared->tokens[token].epoch, 1);
}

static void end_change(int token, bool revoked)
{
    atomic_store(&shared->tokens[token].revoked, revoked);
    atomic_fetch_add(&shared->tokens[token].epoch, 1);
    atomic_fetch_add(&shared->changed, 1);
}

/* The rule of a token, in one of three kinds. */
static void revoke_token(struct worker *worker, sqlite3 *database, int token)
{
    switch (pick(worker, 5)) {
    case 0: change(database, "INSERT INTO revoked(jti) VALUES('j%d')", token); break;
    case 1: change(database, "INSERT INTO revoked(sub) VALUES('u%d')", token); break;
    case 2:
        change(database, "INSERT INTO revoked(sub, issued_before) VALUES('u%d', 1e9)", token);
        break;
    case 3:
        change(database,
            "INSERT INTO revoked_rules(kind, jti, revoked_at) VALUES(1, 'j%d', 0) "
            "ON CONFLICT DO NOTHING",
            token);
        break;
    default:
        change(database,
            "BEGIN IMMEDIATE; INSERT INTO revoked(jti) VALUES('other'); SAVEPOINT s; DELETE FROM "
            "revoked; ROLLBACK TO s; INSERT INTO revoked(jti) VALUES('j%d'); COMMIT",
            token);
    }
}

static void lift(struct worker *worker, sqlite3 *database, int token)
{
    switch (pick(worker, 2)) {
    case 0:
        change(database, "DELETE FROM revoked WHERE jti = 'j%d' OR sub = 'u%d'", token, token);
        break;
    default:
        change(
            database, "DELETE FROM revoked_rules WHERE jti = 'j%d' OR sub = 'u%d'", token, token);
    }
}

static const char *verdict_of(sqlite3 *database, const char *token, bool by_table)
{
    for (;;) {
        const char *got = by_table ? answer_of(database, token, "revoked")
                                   : status_of(database, token, "revoked");
        if (got == NULL || (strstr(got, "locked") == NULL && strstr(got, "busy") == NULL &&
                               strstr(got, "schema") == NULL)) {
            return got;
        }
    }
}

static bool agrees(const char *got, bool revoked)
{
    return got != NULL && strcmp(got, revoked ? "revoked" : "ok") == 0;
}

/* One verification by itself. */
static void verify(struct worker *worker, sqlite3 *database, int token)
{
    struct token_state *state = &shared->tokens[token];
    bool by_table = pick(worker, 2);
    uint64_t epoch = atomic_load(&state->epoch);
    bool revoked = atomic_load(&state->revoked);
    const char *got = verdict_of(database, worker->tokens[token], by_table);
    atomic_fetch_add(&shared->verified, 1);
    if (epoch % 2 != 0 || atomic_load(&state->epoch) != epoch) return;
    atomic_fetch_add(&shared->mattered, 1);
    if (!agrees(got, revoked)) {
        report_fault(by_table ? "token =" : "revoked_by", token, got, revoked);
    }
}

/* All tokens in one statement, more than once, so that the filter comes to work. */
static void scan(struct worker *worker, sqlite3 *database)
{
    uint64_t epochs[TOKENS];
    bool revoked[TOKENS];
    sqlite3_stmt *statement = NULL;
    for (int token = 0; token < TOKENS; token++) {
        epochs[token] = atomic_load(&shared->tokens[token].epoch);
        revoked[token] = atomic_load(&shared->tokens[token].revoked);
    }
    int rc = sqlite3_prepare_v2(database,
        "SELECT id, jwt_status(token, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}') "
        "FROM (VALUES (1), (2), (3)) CROSS JOIN tokens",
        -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        int token = sqlite3_column_int(statement, 0);
        const char *got = (const char *)sqlite3_column_text(statement, 1);
        rc = SQLITE_OK;
        atomic_fetch_add(&shared->verified, 1);
        /* Compared at once: `got` is of a snapshot that began after the epochs were read. */
        if (epochs[token] % 2 != 0 || atomic_load(&shared->tokens[token].epoch) != epochs[token]) {
            continue;
        }
        atomic_fetch_add(&shared->mattered, 1);
        if (!agrees(got, revoked[token])) report_fault("scan", token, got, revoked[token]);
    }
    sqlite3_finalize(statement);
    if (rc != SQLITE_DONE && !may_be_repeated(rc)) give_up("scan: %s", sqlite3_errmsg(database));
    atomic_fetch_add(&shared->scanned, 1);
    (void)worker;
}

/* One token again and again, in a statement that reads no file: each row is a snapshot of its own. */
static void verify_rows(struct worker *worker, sqlite3 *database, int token)
{
    struct token_state *state = &shared->tokens[token];
    sqlite3_stmt *statement = NULL;
    int rows = 0;
    int rc = sqlite3_prepare_v2(database,
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200) SELECT "
        "jwt_status(?1, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}') FROM n",
        -1, &statement, NULL);
    if (rc == SQLITE_OK) sqlite3_bind_text(statement, 1, worker->tokens[token], -1, SQLITE_STATIC);
    while (rc == SQLITE_OK) {
        uint64_t epoch = atomic_load(&state->epoch);
        bool revoked = atomic_load(&state->revoked);
        rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW) break;
        rc = SQLITE_OK;
        const char *got = (const char *)sqlite3_column_text(statement, 0);
        atomic_fetch_add(&shared->verified, 1);
        if (rows++ % 20 == 0) usleep(300);
        if (epoch % 2 != 0 || atomic_load(&state->epoch) != epoch) continue;
        atomic_fetch_add(&shared->mattered, 1);
        if (!agrees(got, revoked)) report_fault("rows", token, got, revoked);
    }
    sqlite3_finalize(statement);
    if (rc != SQLITE_DONE && !may_be_repeated(rc)) give_up("rows: %s", sqlite3_errmsg(database));
}

/* What is rolled back changes nothing, but is seen meanwhile where it was done. */
static void roll_back(struct worker *worker, sqlite3 *database, int token)
{
    bool revoked = atomic_load(&shared->tokens[token].revoked);
    change(database, "BEGIN IMMEDIATE");
    if (revoked) {
        lift(worker, database, token);
    } else {
        run(database, "INSERT INTO revoked(jti) VALUES('j%d')", token);
    }
    const char *got = status_of(database, worker->tokens[token], "revoked");
    if (!agrees(got, !revoked)) report_fault("in its own transaction", token, got, !revoked);
    run(database, "ROLLBACK");
    got = verdict_of(database, worker->tokens[token], pick(worker, 2));
    if (!agrees(got, revoked)) report_fault("after ROLLBACK", token, got, revoked);
}

static void disturb(struct worker *worker, sqlite3 *database)
{
    switch (pick(worker, 30)) {
    case 0: change(database, "VACUUM"); break;
    case 1: change(database, "CREATE TABLE IF NOT EXISTS filler%d(a)", worker->index); break;
    case 2: change(database, "DROP TABLE IF EXISTS filler%d", worker->index); break;
    case 3: change(database, "ANALYZE"); break;
    default: change(database, "INSERT INTO tick VALUES(1)");
    }
}

static void work_once(struct worker *worker)
{
    sqlite3 *database = pick(worker, 2) ? worker->first : worker->second;
    /* Every other change is one of the few tokens that verify_rows() looks at. */
    int own = worker->index + (pick(worker, 2) ? WORKERS * pick(worker, TOKENS / WORKERS) : 0);
    switch (pick(worker, 24)) {
    case 0:
    case 1:
    case 2:
        begin_change(own);
        if (atomic_load(&shared->tokens[own].revoked)) {
            lift(worker, database, own);
            end_change(own, false);
        } else {
            revoke_token(worker, database, own);
            end_change(own, true);
        }
        verify(worker, database == worker->first ? worker->second : worker->first, own);
        break;
    case 3: roll_back(worker, database, own); break;
    case 4: disturb(worker, database); break;
    case 5:
    case 6: scan(worker, database); break;
    case 7: verify_rows(worker, database, pick(worker, WORKERS)); break;
    default: verify(worker, database, pick(worker, TOKENS));
    }
}

/* A worker's life, in its own process or thread. */
static void *work(void *context)
{
    struct worker worker = { .index = *(int *)context,
        .random = (unsigned)*(int *)context * 7919u };
    worker.first = open_database(shared->path);
    worker.second = open_database(shared->path);
    for (int token = 0; token < TOKENS; token++) {
        worker.tokens[token] =
            strdup(ask(worker.first, "SELECT token FROM tokens WHERE id = %d", token));
    }
    while (!atomic_load(&shared->stop)) work_once(&worker);
    for (int token = 0; token < TOKENS; token++) free(worker.tokens[token]);
    if (sqlite3_close(worker.first) != SQLITE_OK || sqlite3_close(worker.second) != SQLITE_OK) {
        give_up("a worker cannot close its connections");
    }
    forget();
    return NULL;
}

/* ---- many workers ---- */

static double seconds_for_each(void)
{
    const char *text = getenv("REVOCATION_SECONDS");
    if (text != NULL) return atof(text);
    return is_long() ? 60 : 3;
}

static void set_up(const char *name, const char *journal)
{
    const char *path = scratch(name);
    sqlite3 *database = open_database(path);
    memset(shared, 0, sizeof *shared);
    snprintf(shared->path, sizeof shared->path, "%s", path);
    run(database,
        "PRAGMA journal_mode = %s; PRAGMA synchronous = OFF; CREATE TABLE tick(a); "
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation; CREATE TABLE tokens(id INTEGER PRIMARY "
        "KEY, token); INSERT INTO tokens WITH n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n "
        "WHERE n < %d) SELECT n, jwt_sign(json_object('jti', 'j' || n, 'sub', 'u' || n, 'iat', n), " SECRET
        ") FROM n",
        journal, TOKENS - 1);
    close_database(database);
}

static void sleep_for(double seconds)
{
    struct timespec time = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    nanosleep(&time, NULL);
}

/* What the workers left behind: the rules are those that were published, and the file is sound. */
static void judge(const char *how)
{
    sqlite3 *database = open_database(shared->path);
    for (long i = 0; i < atomic_load(&shared->faults) && i < MOST_FAULTS; i++) {
        check(false, "%s: %s", how, shared->fault[i]);
    }
    check(atomic_load(&shared->faults) == 0, "%s: %ld wrong verdicts of %ld", how,
        atomic_load(&shared->faults), atomic_load(&shared->mattered));
    check(atomic_load(&shared->mattered) > 1000 && atomic_load(&shared->changed) > 20 &&
              atomic_load(&shared->scanned) > 20,
        "%s: too little was done: %ld verifications, %ld changes, %ld scans", how,
        atomic_load(&shared->mattered), atomic_load(&shared->changed),
        atomic_load(&shared->scanned));
    for (int token = 0; token < TOKENS; token++) {
        const char *text = ask(database, "SELECT token FROM tokens WHERE id = %d", token);
        bool revoked = atomic_load(&shared->tokens[token].revoked);
        check_text(status_of(database, text, "revoked"), revoked ? "revoked" : "ok", how);
    }
    check_text(ask(database, "PRAGMA integrity_check"), "ok", how);
    printf("    %s: %ld verifications, of which %ld count, %ld changes, %ld scans\n", how,
        atomic_load(&shared->verified), atomic_load(&shared->mattered),
        atomic_load(&shared->changed), atomic_load(&shared->scanned));
    close_database(database);
}

static void run_processes(const char *journal)
{
    pid_t children[WORKERS];
    set_up("processes.db", journal);
    for (int i = 0; i < WORKERS; i++) {
        fflush(stdout);
        children[i] = fork();
        if (children[i] < 0) give_up("fork failed");
        if (children[i] == 0) {
            work(&i);
            _exit(0);
        }
    }
    sleep_for(seconds_for_each());
    atomic_store(&shared->stop, 1);
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "worker %d ended with status %d", i,
            status);
    }
    judge(journal);
}

static void processes_wal(void)
{
    run_processes("WAL");
}

static void processes_rollback(void)
{
    run_processes("DELETE");
}

static void run_threads(const char *journal)
{
    pthread_t threads[WORKERS];
    int indexes[WORKERS];
    set_up("threads.db", journal);
    for (int i = 0; i < WORKERS; i++) {
        indexes[i] = i;
        if (pthread_create(&threads[i], NULL, work, &indexes[i]) != 0) give_up("no thread");
    }
    sleep_for(seconds_for_each() / 2);
    atomic_store(&shared->stop, 1);
    for (int i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
    judge(journal);
}

static void threads_wal(void)
{
    if (sqlite3_threadsafe() == 0) {
        skip("this SQLite is not for threads");
        return;
    }
    run_threads("WAL");
}

/* ---- one connection in several threads ---- */

static void *ask_shared_connection(void *context)
{
    sqlite3 *database = context;
    sqlite3_stmt *statement = NULL;
    for (int round = 0; round < 30; round++) {
        sqlite3_prepare_v2(database,
            "SELECT sum(jwt_status(token, " SECRET ", '{\"now\":1000,\"revoked_by\":\"revoked\"}') "
            "<> iif(id % 2, 'revoked', 'ok')) FROM tokens",
            -1, &statement, NULL);
        if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 0) {
            atomic_fetch_add(&shared->faults, 1);
        }
        sqlite3_finalize(statement);
    }
    return NULL;
}

static void one_connection_many_threads(void)
{
    pthread_t threads[4];
    if (sqlite3_threadsafe() != 1) {
        skip("this SQLite does not serialize");
        return;
    }
    set_up("serialized.db", "WAL");
    sqlite3 *database =
        open_with(shared->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);
    run(database, "INSERT INTO revoked(jti) SELECT 'j' || id FROM tokens WHERE id %% 2");
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, ask_shared_connection, database);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    check(atomic_load(&shared->faults) == 0, "%ld scans were wrong", atomic_load(&shared->faults));
    close_database(database);
}

/* ---- fork ---- */

static void fork_with_all_kept(void)
{
    set_up("fork.db", "WAL");
    sqlite3 *database = open_database(shared->path);
    const char *token = ask(database, "SELECT token FROM tokens WHERE id = 1");
    run(database, "INSERT INTO revoked(jti) VALUES('a')");
    check(number(database,
              "SELECT sum(jwt_verify(token, " SECRET ", '{\"now\":1000,\"revoked_by\":"
              "\"revoked\"}')) FROM (VALUES(1), (2), (3)) CROSS JOIN tokens") == 3 * TOKENS,
        "not all tokens are good");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        /* SQLite forbids the parent's connections here; the extension must work with new ones. */
        sqlite3 *own = open_database(shared->path);
        run(own, "INSERT INTO revoked(jti) VALUES('j1')");
        int wrong = strcmp(status_of(own, token, "revoked"), "revoked") != 0;
        _exit(wrong || sqlite3_close(own) != SQLITE_OK);
    }
    int status = 0;
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child: status %d", status);
    check_text(status_of(database, token, "revoked"), "revoked", "what the child revoked");
    close_database(database);
}

/* ---- kill -9 ---- */

/* Revokes one token after the other, and publishes each when its COMMIT has returned. */
static void revoke_until_killed(int first)
{
    sqlite3 *database = open_database(shared->path);
    for (int token = first;; token++) {
        run(database,
            "BEGIN IMMEDIATE; INSERT INTO revoked(jti) VALUES('k%d'); "
            "INSERT INTO revoked(sub, issued_before) VALUES('k%d', 5); COMMIT",
            token, token);
        atomic_store(&shared->changed, token + 1);
    }
}

static void killed_at_any_moment(void)
{
    static const char *const modes[] = { "WAL", "DELETE" };
    int rounds = is_long() ? 100 : 12;
    unsigned random = 12345;
    for (size_t mode = 0; mode < 2; mode++) {
        set_up("killed.db", modes[mode]);
        for (int round = 0; round < rounds; round++) {
            int first = (int)atomic_load(&shared->changed) + 1; /* one may be there unpublished */
            fflush(stdout);
            pid_t child = fork();
            if (child == 0) revoke_until_killed(first);
            random = random * 1664525u + 1013904223u;
            /* However slow the machine is, something has been committed when the child is killed. */
            for (int i = 0; i < 60000 && atomic_load(&shared->changed) <= first; i++) usleep(1000);
            usleep((random >> 8) % 30000);
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
            sqlite3 *database = open_database(shared->path);
            int published = (int)atomic_load(&shared->changed);
            check_text(ask(database, "PRAGMA integrity_check"), "ok", modes[mode]);
            check(number(database, "SELECT count(*) FROM revoked WHERE sub IS NULL") ==
                      number(database, "SELECT count(*) FROM revoked WHERE jti IS NULL"),
                "%s: half a transaction", modes[mode]);
            for (int token = first; token < published; token++) {
                const char *text = ask(database,
                    "SELECT group_concat(rule) FROM revoked WHERE claims = '{\"jti\":\"k%d\"}'",
                    token);
                check(text != NULL, "%s: k%d was committed and is lost", modes[mode], token);
            }
            close_database(database);
        }
        check(atomic_load(&shared->changed) >= 2 * rounds, "%s: only %ld commits in %d rounds",
            modes[mode], atomic_load(&shared->changed), rounds);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "processes, write-ahead log", processes_wal },
        { "processes, rollback journal", processes_rollback },
        { "threads", threads_wal },
        { "one connection in many threads", one_connection_many_threads },
        { "fork with all kept", fork_with_all_kept },
        { "killed at any moment", killed_at_any_moment },
    };
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) give_up("no shared memory");
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
