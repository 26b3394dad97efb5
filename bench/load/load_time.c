/*
** load_time EXTENSION TOKEN KEY: prints how long this fresh process needed to load the extension,
** and then for its first verification, in ns of processor time. An empty TOKEN verifies nothing.
** Linked with SQLite alone: what the extension brings along is part of its price.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>

static double clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int verify_once(sqlite3 *database, const char *token, const char *key)
{
    sqlite3_stmt *statement = NULL;
    int valid = 0;
    if (sqlite3_prepare_v2(database, "SELECT jwt_verify(?1, ?2, '{\"now\":1800000000}')", -1,
            &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, token, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
        valid = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 1;
    }
    sqlite3_finalize(statement);
    return valid;
}

int main(int count, char **arguments)
{
    sqlite3 *database = NULL;
    char *message = NULL;
    double start, loaded, verified;

    if (count != 4 || sqlite3_open(":memory:", &database) != SQLITE_OK) return 2;
    sqlite3_enable_load_extension(database, 1);
    start = clock_ns();
    if (sqlite3_load_extension(database, arguments[1], NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "load_time: %s\n", message ? message : "cannot load");
        return 1;
    }
    loaded = clock_ns();
    if (arguments[2][0] && !verify_once(database, arguments[2], arguments[3])) {
        fprintf(stderr, "load_time: a valid token was refused\n");
        return 1;
    }
    verified = clock_ns();
    printf("%.0f %.0f\n", loaded - start, verified - loaded);
    sqlite3_close(database);
    return 0;
}
