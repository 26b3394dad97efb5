/*
** A host's table of functions decides what the extension may call: one of an older SQLite, one that lacks what is
** deprecated, and one beside another in one process.
*/
#define SQLITE_CORE 1 /* sqlite3ext.h for the type of the table alone */
#include <dlfcn.h>
#include <sqlite3ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/revocation/harness.h"

typedef int entry_point(sqlite3 *, char **, const sqlite3_api_routines *);

static const sqlite3_api_routines *hosts_api;
static sqlite3_api_routines api;
static int version;

/* SQLite hands its table of functions to extensions alone. */
static int capture(sqlite3 *database, char **message, const sqlite3_api_routines *table)
{
    (void)database;
    (void)message;
    hosts_api = table;
    return 0;
}

static int older_version(void)
{
    return version;
}

static const char *older_name(void)
{
    static char name[20];
    snprintf(name, sizeof name, "3.%d.%d", version / 1000 % 1000, version % 1000);
    return name;
}

static entry_point *entry;

/* A connection whose extension knows the host by `api`, which says that it is this version. */
static sqlite3 *open_as(int said, char **message, int *code)
{
    sqlite3 *database = NULL;
    version = said;
    api.libversion = older_name;
    api.libversion_number = older_version;
    sqlite3_open(":memory:", &database);
    *message = NULL;
    *code = entry(database, message, &api);
    return database;
}

static void too_old(void)
{
    char *message;
    int code;
    sqlite3 *database = open_as(3036000, &message, &code);
    check(code == SQLITE_ERROR, "code %d", code);
    check_text(message, "jwt_ext needs SQLite 3.37.0 or later; this is 3.36.0", "the message");
    check(strstr(ask(database, "SELECT jwt_version()"), "no such function") != NULL,
        "nothing is registered");
    sqlite3_free(message);
    sqlite3_close(database);
}

/* What asks a revocation table, by an option and as a table. */
static void ask_rules(sqlite3 *database)
{
    run(database,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation; INSERT INTO revoked(jti) VALUES('j1');"
        "CREATE TABLE t AS SELECT 'j' || value AS jti, jwt_sign(json_object('jti', 'j' || value), " SECRET
        ") AS token FROM json_each('[1,2,3]')");
    check_text(ask(database, "SELECT group_concat(jwt_verify(token, " SECRET
                             ", '{\"revoked_by\":\"revoked\"}'), '') FROM t"),
        "011", "by the option");
    check_text(
        ask(database, "SELECT group_concat(jti) FROM t WHERE NOT EXISTS (SELECT 1 FROM revoked "
                      "WHERE token = t.token)"),
        "j2,j3", "as a table");
}

/* Before 3.38 nobody can tell an IN list from an equality, and who lacks sqlite3_expired() is asked each time anew. */
static void floor_version(void)
{
    char *message;
    int code;
    api.expired = NULL;
    api.vtab_in = NULL;
    sqlite3 *database = open_as(3037000, &message, &code);
    check(code == SQLITE_OK, "code %d, %s", code, message != NULL ? message : "");
    ask_rules(database);
    sqlite3_close(database);
}

/* The extension goes over to the table that it was given last. */
static void another_sqlite(void)
{
    char *message = NULL;
    sqlite3 *database = NULL;
    sqlite3_open(":memory:", &database);
    check(entry(database, &message, hosts_api) == SQLITE_OK, "the host's own table again: %s",
        message != NULL ? message : "");
    ask_rules(database);
    sqlite3_close(database);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "a host that is too old", too_old },
        { "a host of the oldest version", floor_version },
        { "another SQLite in the process", another_sqlite },
    };
    void (*capture_entry)(void) = (void (*)(void))capture;
    sqlite3 *database = NULL;
    sqlite3_auto_extension(capture_entry);
    sqlite3_open(":memory:", &database);
    sqlite3_cancel_auto_extension(capture_entry);
    sqlite3_close(database);
    if (hosts_api == NULL) {
        puts("skipped: this SQLite hands out no table of functions");
        puts("0 passed, 0 failed, 1 skipped");
        return 0;
    }
    api = *hosts_api;
    char path[600];
    const char *extension = getenv("JWT_EXT");
    snprintf(path, sizeof path, "%s.so", extension != NULL ? extension : "./jwt_ext");
    void *library = dlopen(path, RTLD_NOW);
    void *symbol = library == NULL ? NULL : dlsym(library, "sqlite3_jwtext_init");
    if (symbol == NULL) give_up("%s: %s", path, dlerror());
    *(void **)&entry = symbol;
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
