/*
** static.c - a program that has the extension linked in, with names of its own that the extension has,
** too, for itself: they are this program's, and it links and runs all the same.
**
**   static ROUTE      `auto`: every connection has the extension; `verify`: without what signs; `one`: one has it
*/
#include <jwt_ext.h>
#include <stdio.h>
#include <string.h>

/* Names of src/ and of cJSON. */
int text_add_string = 1;
const char *connection_new = "mine";
const char *policy_read(void);
const char *cJSON_Parse(const char *text);

const char *policy_read(void)
{
    return "mine";
}

const char *cJSON_Parse(const char *text)
{
    return text;
}

static int show(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        printf("error: %s\n", sqlite3_errmsg(db));
        return 1;
    }
    if (sqlite3_step(statement) == SQLITE_ROW) printf("%s\n", sqlite3_column_text(statement, 0));
    return sqlite3_finalize(statement) != SQLITE_OK;
}

int main(int count, char **arguments)
{
    const char *route = count > 1 ? arguments[1] : "auto";
    char *message = NULL;
    sqlite3 *db;
    int rc = SQLITE_OK;
    if (strcmp(route, "auto") == 0)
        rc = sqlite3_auto_extension((void (*)(void))sqlite3_jwtext_init);
    if (strcmp(route, "verify") == 0)
        rc = sqlite3_auto_extension((void (*)(void))sqlite3_jwtverify_init);
    if (rc == SQLITE_OK) rc = sqlite3_open(":memory:", &db);
    if (rc == SQLITE_OK && strcmp(route, "one") == 0) rc = sqlite3_jwtext_init(db, &message, NULL);
    if (rc != SQLITE_OK) return 1;
    rc = show(db, "SELECT json_extract(jwt_debug(), '$.linkage')");
    if (strcmp(cJSON_Parse(policy_read()), connection_new) != 0 || text_add_string != 1) rc = 1;
    rc |= show(db, "SELECT jwt_claim(jwt_sign('{\"sub\":\"u1\"}', jwk), 'sub', jwk) FROM (SELECT "
                   "'{\"kty\":\"oct\",\"k\":\"' || hex(zeroblob(32)) || '\"}' AS jwk)");
    sqlite3_close(db);
    return rc;
}
