/* The two stores, their tokens, and the connections to them. */
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void run(sqlite3 *database, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) {
        bench_fail("%s\n  in: %.200s", message, sql);
    }
}

static char *copy_of(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy) bench_fail("out of memory, or no text where there should be one");
    return copy;
}

/* The first column of the one row of a statement, as text to be freed. Runs it to its end. */
static char *text_of(sqlite3_stmt *statement)
{
    char *text;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        bench_fail("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    }
    text = copy_of((const char *)sqlite3_column_text(statement, 0));
    sqlite3_step(statement);
    sqlite3_reset(statement);
    return text;
}

static char *query(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = statement_prepare(database, sql);
    char *text = text_of(statement);
    sqlite3_finalize(statement);
    return text;
}

static void remove_database(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[600];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

sqlite3 *store_open(const char *path)
{
    const char *extension = getenv("JWT_EXT");
    sqlite3 *database = NULL;
    char *message = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK) bench_fail("cannot open %s", path);
    sqlite3_enable_load_extension(database, 1);
    if (sqlite3_load_extension(database, extension && *extension ? extension : "./jwt_ext", NULL,
            &message) != SQLITE_OK) {
        bench_fail("cannot load the extension: %s", message ? message : "no message");
    }
    run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    return database;
}

char *store_statement(const char *name)
{
    const char *folder = getenv("BENCH_SQL");
    char path[600], *text;
    size_t length;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s.sql", folder && *folder ? folder : "sql", name);
    file = fopen(path, "rb");
    if (!file) bench_fail("cannot read %s", path);
    text = calloc(1, 65536);
    if (!text) bench_fail("out of memory");
    length = fread(text, 1, 65535, file);
    fclose(file);
    if (length == 65535) bench_fail("%s is longer than this expects", path);
    return text;
}

void store_bind_stateless(
    sqlite3_stmt *statement, const store_fixture *fixture, int size, int algorithm)
{
    int keys = sqlite3_bind_parameter_index(statement, ":keys");
    int options = sqlite3_bind_parameter_index(statement, ":options");
    sqlite3_bind_text(statement, keys, fixture->keys[size][algorithm], -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, options, fixture->options, -1, SQLITE_STATIC);
}

/* ---- without cryptography ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(char *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned value = (unsigned)(unsigned char)bytes[i] << 16;
        if (left > 1) value |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (left > 2) value |= (unsigned char)bytes[i + 2];
        *out++ = alphabet[value >> 18];
        *out++ = alphabet[value >> 12 & 63];
        if (left > 1) *out++ = alphabet[value >> 6 & 63];
        if (left > 2) *out++ = alphabet[value & 63];
    }
    return out;
}

/* jwt_claims(token, key, options): the payload, decoded and not looked at. */
static void bare_claims(sqlite3_context *context, int count, sqlite3_value **values)
{
    static signed char value_of[256];
    const char *token = (const char *)sqlite3_value_text(values[0]);
    const char *from = token ? strchr(token, '.') : NULL;
    const char *end = from ? strchr(from + 1, '.') : NULL;
    char *out;
    size_t length = 0;
    unsigned bits = 0, have = 0;
    (void)count;
    if (!end || !(out = sqlite3_malloc64((sqlite3_uint64)(end - from)))) return;
    if (!value_of['B']) {
        for (int i = 0; i < 64; i++) value_of[(unsigned char)alphabet[i]] = (signed char)i;
    }
    for (const char *at = from + 1; at < end; at++) {
        bits = bits << 6 | (unsigned)value_of[(unsigned char)*at];
        have += 6;
        if (have >= 8) out[length++] = (char)(bits >> (have -= 8) & 255);
    }
    sqlite3_result_text64(context, out, length, sqlite3_free, SQLITE_UTF8);
}

/* jwt_sign(payload, key, header): header and payload, encoded, and zeros for a signature. */
static void bare_sign(sqlite3_context *context, int count, sqlite3_value **values)
{
    const store_fixture *fixture = sqlite3_user_data(context);
    const char *payload = (const char *)sqlite3_value_text(values[0]);
    const char *typ = (const char *)sqlite3_value_text(values[2]);
    size_t length = (size_t)sqlite3_value_bytes(values[0]);
    bool refresh = strstr(typ, "rt+jwt") != NULL;
    char header[200], *out = sqlite3_malloc64(length * 2 + 400), *at = out;
    (void)count;
    if (!out) return;
    int size = snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"%s\",\"kid\":\"%s\"}",
        refresh ? "rt+jwt" : "at+jwt", fixture->kids[refresh]);
    at = encode(at, header, (size_t)size);
    *at++ = '.';
    at = encode(at, payload, length);
    *at++ = '.';
    memset(at, 'A', 43);
    sqlite3_result_text64(context, out, (sqlite3_uint64)(at + 43 - out), sqlite3_free, SQLITE_UTF8);
}

void store_without_cryptography(sqlite3 *database, const store_fixture *fixture)
{
    sqlite3_create_function(database, "jwt_claims", 3, SQLITE_UTF8, NULL, bare_claims, NULL, NULL);
    sqlite3_create_function(
        database, "jwt_sign", 3, SQLITE_UTF8, (void *)fixture, bare_sign, NULL, NULL);
}

/* ---- the stores ---- */

static char *create_key(sqlite3 *database, const char *use, const char *algorithm)
{
    char *sql = store_statement("create_key"), *kid;
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_bind_text(
        statement, sqlite3_bind_parameter_index(statement, ":use"), use, -1, SQLITE_STATIC);
    sqlite3_bind_text(
        statement, sqlite3_bind_parameter_index(statement, ":alg"), algorithm, -1, SQLITE_STATIC);
    kid = text_of(statement);
    sqlite3_finalize(statement);
    free(sql);
    return kid;
}

/* Sessions of as many subjects, with sids in the order of the table: the B-tree is the same whatever
** the order, and this way it is made in seconds. */
static void fill(sqlite3 *database, long sessions, const char *kids[2])
{
    char *sql = sqlite3_mprintf(
        "INSERT INTO jwt_session (sid, sub, client, iss, aud, scope, salt, created_at, rotated_at, used_at, "
        "access_exp, refresh_exp, idle_exp, abs_exp, access_kid, refresh_kid, ip, user_agent) "
        "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %ld - 1) "
        "SELECT printf('%%08x', i * %ld) || substr(lower(hex(randomblob(7))), 1, 14), "
        "printf('user-%%08d', i), '', 'app', 'app', 'orders:read orders:write', "
        "substr(lower(hex(randomblob(11))), 1, 22), now, now, now, now + 600, now + 1209600, now + 1209600, "
        "now + 7776000, %Q, %Q, '192.0.2.' || i %% 200, "
        "'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' "
        "FROM n, (SELECT CAST(strftime('%%s', 'now') AS INTEGER) - 10 AS now)",
        sessions, 4294967296L / sessions, kids[0], kids[1]);
    /* What a login does beside its row would take most of the time; the script brings them back. */
    run(database, "DROP TRIGGER jwt_session_begins; DROP TRIGGER jwt_session_login; "
                  "DROP TRIGGER jwt_session_evict; BEGIN");
    run(database, sql);
    sqlite3_free(sql);
    /* What an application has that keeps sessions in a table: the same facts, by a random id. */
    run(database,
        "CREATE TABLE web_session (id TEXT PRIMARY KEY, sub TEXT NOT NULL, client TEXT NOT NULL, scope TEXT, "
        "data TEXT, ip TEXT, user_agent TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);"
        "INSERT INTO web_session SELECT sid, sub, client, scope, json_object('sub', sub, 'sid', sid, "
        "'scope', scope, 'iat', created_at), ip, user_agent, created_at, idle_exp FROM jwt_session ORDER BY sid;"
        "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

static sqlite3_stmt *signer(sqlite3 *database, const char *payload, const char *typ)
{
    char *sql = sqlite3_mprintf("SELECT jwt_sign(%s, (SELECT jwk FROM jwt_key WHERE kid = ?2), "
                                "'{\"typ\":\"%s\"}') FROM jwt_session WHERE sid = ?1",
        payload, typ);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_free(sql);
    return statement;
}

static char *signed_for(sqlite3_stmt *statement, const char *sid, const char *kid)
{
    sqlite3_bind_text(statement, 1, sid, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, kid, -1, SQLITE_STATIC);
    return text_of(statement);
}

static void sign(store_fixture *fixture, sqlite3 *database, int size, const char *const kids[3])
{
    sqlite3_stmt *anyone = statement_prepare(database,
        "SELECT sid FROM jwt_session WHERE sid >= printf('%08x', abs(random()) % 4200000000) ORDER BY sid LIMIT 1");
    sqlite3_stmt *access = signer(database,
        "json_object('iss', iss, 'sub', sub, 'aud', aud, 'client_id', client, 'sid', sid, 'iat', used_at, "
        "'exp', access_exp, 'jti', jwt_random(), 'scope', scope)",
        "at+jwt");
    sqlite3_stmt *refresh = signer(database,
        "json_object('sid', sid, 'gen', gen, 'salt', salt, 'client', client, 'iat', rotated_at, 'exp', refresh_exp)",
        "rt+jwt");
    sqlite3_stmt *each = statement_prepare(database,
        "SELECT sid FROM jwt_session WHERE sid >= printf('%08x', ?1 * 4200000000 / 1000) ORDER BY sid LIMIT 1");
    for (int i = 0; i < TOKENS; i++) {
        char *sid = fixture->sids[size][i] = text_of(anyone);
        fixture->access_tokens[size][HS256][i] = signed_for(access, sid, kids[0]);
        fixture->access_tokens[size][ES256][i] = signed_for(access, sid, kids[2]);
    }
    for (int i = 0; i < REFRESHED; i++) {
        /* In an order without pattern; 1000 and 389 have no common divisor. */
        sqlite3_bind_int(each, 1, i * 389 % REFRESHED);
        char *sid = text_of(each);
        fixture->refresh_tokens[size][i] = signed_for(refresh, sid, kids[1]);
        free(sid);
    }
    sqlite3_finalize(anyone);
    sqlite3_finalize(access);
    sqlite3_finalize(refresh);
    sqlite3_finalize(each);
}

static void make_one(store_fixture *fixture, int size, const char *path, long sessions)
{
    const char *kids[3];
    char *name = malloc(strlen(path) + 8), *script = store_statement("token_store");
    if (!name) bench_fail("out of memory");
    sprintf(name, "%s.%s", path, size == MANY ? "many" : "few");
    fixture->paths[size] = name;
    remove_database(name);
    sqlite3 *database = store_open(name);
    run(database, "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000");
    run(database, script);
    kids[0] = create_key(database, "access", "HS256");
    kids[1] = create_key(database, "refresh", "HS256");
    kids[2] = create_key(database, "access", "ES256");
    fill(database, sessions, kids);
    run(database, script);
    free(script);
    sign(fixture, database, size, kids);
    fixture->keys[size][HS256] = query(database,
        "SELECT json_object('keys', json_array(json(jwk))) FROM jwt_key WHERE use = 'access' AND alg = 'HS256'");
    fixture->keys[size][ES256] =
        query(database, "SELECT jwks(jwk) FROM jwt_key WHERE use = 'access' AND alg = 'ES256'");
    if (size == MANY) {
        fixture->kids[0] = copy_of(kids[0]);
        fixture->kids[1] = copy_of(kids[1]);
        fixture->options = query(database, "SELECT options FROM jwt_policy WHERE client = ''");
    }
    for (int i = 0; i < 3; i++) free((void *)kids[i]);
    sqlite3_close(database);
}

void store_make(store_fixture *fixture, const char *path, long sessions)
{
    if (sessions < REFRESHED) bench_fail("at least %d sessions are wanted", REFRESHED);
    make_one(fixture, FEW, path, FEW_SESSIONS);
    make_one(fixture, MANY, path, sessions);
}

void store_keep(store_fixture *fixture, int size, int which, const char *token)
{
    free(fixture->refresh_tokens[size][which]);
    fixture->refresh_tokens[size][which] = copy_of(token);
}

void store_remove(store_fixture *fixture)
{
    for (int size = 0; size < SIZE_COUNT; size++) {
        remove_database(fixture->paths[size]);
        free(fixture->paths[size]);
        free(fixture->keys[size][HS256]);
        free(fixture->keys[size][ES256]);
        for (int i = 0; i < TOKENS; i++) {
            free(fixture->sids[size][i]);
            free(fixture->access_tokens[size][HS256][i]);
            free(fixture->access_tokens[size][ES256][i]);
        }
        for (int i = 0; i < REFRESHED; i++) free(fixture->refresh_tokens[size][i]);
    }
    free(fixture->kids[0]);
    free(fixture->kids[1]);
    free(fixture->options);
}
