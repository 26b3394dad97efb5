/*
** Loads an extension as a host does, and says with which SQLite: `3.36.0: error: ...` or `3.37.0: 0.1.0`, the
** answer of jwt_version().
**
**     load ./jwt_ext
*/
#include <sqlite3.h>

#include <stdio.h>

int main(int count, char **arguments)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    char *message = NULL;
    int code;

    if (count != 2) return 2;
    if (sqlite3_open(":memory:", &database) != SQLITE_OK) return 2;
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    printf("%s: ", sqlite3_libversion());
    code = sqlite3_load_extension(database, arguments[1], NULL, &message);
    if (code != SQLITE_OK) {
        printf("error: %s\n", message ? message : sqlite3_errmsg(database));
    } else if (sqlite3_prepare_v2(database, "SELECT jwt_version()", -1, &statement, NULL) ==
                   SQLITE_OK &&
               sqlite3_step(statement) == SQLITE_ROW) {
        printf("%s\n", (const char *)sqlite3_column_text(statement, 0));
    } else {
        printf("error: %s\n", sqlite3_errmsg(database));
    }
    sqlite3_free(message);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return code != SQLITE_OK;
}
