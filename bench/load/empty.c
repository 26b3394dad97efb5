/* An extension that does nothing: what loading any extension costs. */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

int sqlite3_empty_init(sqlite3 *database, char **message, const sqlite3_api_routines *api);

int sqlite3_empty_init(sqlite3 *database, char **message, const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api);
    (void)database;
    (void)message;
    return SQLITE_OK;
}
