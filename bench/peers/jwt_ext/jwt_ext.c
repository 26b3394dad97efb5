/*
** The extension over the peers' tokens: rows that are hot in memory, beside the peers' hot loops. A call's
** time is the whole row's, with what SQLite needs to fetch it; `net_ns` leaves that out.
**
**   jwt_ext DATABASE      the database of bench/peers/fixture.sql
*/
#include "../../program/bench.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 1000, WARM = 100, STRETCHES = 5 };
static const double stretch_ns = 40e6;

/* `@` is the function; ?1 key, ?2 options, ?3 and ?4 the rows. */
typedef struct {
    const char *operation, *mode, *query, *function;
} measured_call;

static const measured_call verify_call = { "verify", "",
    "SELECT sum(@(token, ?1, ?2)) FROM token WHERE rowid BETWEEN ?3 AND ?4", "jwt_verify" };
static const measured_call again_call = { "verify", "again",
    "SELECT sum(@(token, ?1, ?2)) FROM again WHERE rowid BETWEEN ?3 AND ?4", "jwt_verify" };
static const measured_call sign_call = { "sign", "",
    "SELECT count(@(payload, ?1)) FROM payload WHERE rowid BETWEEN ?3 AND ?4", "jwt_sign" };
static const measured_call read_call = { "read", "",
    "SELECT count(@(token, 'role')) FROM token WHERE rowid BETWEEN ?3 AND ?4", "jwt_claim" };

static const char *path;
static char *options;

static char *text_of(sqlite3 *database, const char *sql, const char *argument)
{
    sqlite3_stmt *statement = statement_prepare(database, sql);
    char *text;
    if (argument) sqlite3_bind_text(statement, 1, argument, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW) bench_fail("nothing: %s", sql);
    text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static sqlite3_stmt *prepared(
    sqlite3 *database, const measured_call *call, const char *function, const char *key)
{
    const char *mark = strchr(call->query, '@');
    char *sql =
        sqlite3_mprintf("%.*s%s%s", (int)(mark - call->query), call->query, function, mark + 1);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_free(sql);
    if (strstr(call->query, "?1")) sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (strstr(call->query, "?2")) sqlite3_bind_text(statement, 2, options, -1, SQLITE_STATIC);
    return statement;
}

static double rows_ns(sqlite3_stmt *statement, sqlite3_int64 first, sqlite3_int64 last)
{
    double start;
    sqlite3_bind_int64(statement, 3, first);
    sqlite3_bind_int64(statement, 4, last);
    start = clock_ns();
    if (statement_value(statement) != last - first + 1)
        bench_fail("a row came out wrong: %s", sqlite3_sql(statement));
    return clock_ns() - start;
}

/* One stretch: a new connection a pass, so that each token is met once; again: the same connection. */
static void stretch(
    const measured_call *call, const char *key, sqlite3_int64 before, double *ns, double *net_ns)
{
    bool again = strcmp(call->mode, "again") == 0;
    double spent = 0, nothing = 0;
    long rows = 0;
    sqlite3 *database = NULL;
    while (spent < stretch_ns) {
        if (!database) database = connection_open(path);
        sqlite3_stmt *called = prepared(database, call, call->function, key);
        sqlite3_stmt *noop = prepared(database, call, "bench_noop", key);
        rows_ns(noop, before + 1, before + ROWS);
        rows_ns(called, before + 1, before + WARM);
        nothing += rows_ns(noop, before + WARM + 1, before + ROWS);
        spent += rows_ns(called, before + WARM + 1, before + ROWS);
        rows += ROWS - WARM;
        sqlite3_finalize(called);
        sqlite3_finalize(noop);
        if (!again) {
            sqlite3_close(database);
            database = NULL;
        }
    }
    sqlite3_close(database);
    *ns = spent / (double)rows;
    *net_ns = (spent - nothing) / (double)rows;
}

static void measure(
    const measured_call *call, const char *algorithm, const char *key, sqlite3_int64 before)
{
    double ns[STRETCHES], net[STRETCHES];
    for (int i = 0; i < STRETCHES; i++) stretch(call, key, before, &ns[i], &net[i]);
    printf(
        "{\"operation\":\"%s\",\"algorithm\":\"%s\",\"mode\":\"%s\",\"ns\":%.1f,\"net_ns\":%.1f}\n",
        call->operation, algorithm, call->mode, spread_of(ns, STRETCHES).median,
        spread_of(net, STRETCHES).median);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    static const char *const names[] = { "HS256", "RS256", "ES256", "EdDSA" };
    if (count != 2) bench_fail("usage: jwt_ext DATABASE");
    path = arguments[1];
    sqlite3 *database = connection_open(path); /* kept, so that the extension stays loaded */
    options = text_of(database,
        "SELECT json_object('iss', issuer, 'aud', audience, 'require', json_array('exp')) FROM setting",
        NULL);
    printf("{\"version\":\"%s\",\"runtime\":\"SQLite %s\"}\n",
        text_of(database, "SELECT jwt_version()", NULL), sqlite3_libversion());
    for (int i = 0; i < 4; i++) {
        char *key = text_of(database, "SELECT public FROM key WHERE alg = ?1", names[i]);
        char *private_key = text_of(database, "SELECT jwk FROM key WHERE alg = ?1", names[i]);
        char *before =
            text_of(database, "SELECT min(rowid) - 1 FROM token WHERE alg = ?1", names[i]);
        char *before_again =
            text_of(database, "SELECT min(rowid) - 1 FROM again WHERE alg = ?1", names[i]);
        measure(&verify_call, names[i], key, atoll(before));
        measure(&again_call, names[i], key, atoll(before_again));
        measure(&sign_call, names[i], private_key, 0);
        if (i == 0) measure(&read_call, "", key, atoll(before));
        free(key);
        free(private_key);
        free(before);
        free(before_again);
    }
    free(options);
    sqlite3_close(database);
    return 0;
}
