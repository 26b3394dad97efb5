/*
** A host with functions of its own under the names of cJSON's and OpenSSL's. With LIES_CJSON its cJSON finds
** nothing; with LIES_OPENSSL all that is compared is equal, and every signature good. Neither is ever to be asked
** unless the host exports them (-rdynamic). See run.
**
**   host <extension> <SQL that makes table k>     prints what the extension says of the tokens in k
*/
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>

static int asked_cjson, asked_openssl;

#if defined(LIES_CJSON) || !defined(LIES_OPENSSL)
void *cJSON_ParseWithLength(const char *text, size_t length);

void *cJSON_ParseWithLength(const char *text, size_t length)
{
    (void)text;
    (void)length;
    asked_cjson++;
    return NULL;
}
#endif

#if defined(LIES_OPENSSL) || !defined(LIES_CJSON)
int EVP_PKEY_verify(void *context, const unsigned char *signature, size_t signature_bytes,
    const unsigned char *hash, size_t hash_bytes);
int CRYPTO_memcmp(const void *left, const void *right, size_t size);

int EVP_PKEY_verify(void *context, const unsigned char *signature, size_t signature_bytes,
    const unsigned char *hash, size_t hash_bytes)
{
    (void)context;
    (void)signature;
    (void)signature_bytes;
    (void)hash;
    (void)hash_bytes;
    asked_openssl++;
    return 1;
}

int CRYPTO_memcmp(const void *left, const void *right, size_t size)
{
    (void)left;
    (void)right;
    (void)size;
    asked_openssl++;
    return 0;
}
#endif

static void print(sqlite3 *database, const char *name, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        printf("%s: %s\n", name, (const char *)sqlite3_column_text(statement, 0));
    } else {
        printf("%s: error: %s\n", name, sqlite3_errmsg(database));
    }
    sqlite3_finalize(statement);
}

int main(int argc, char **argv)
{
    sqlite3 *database = NULL;
    char *message = NULL;
    if (argc < 3) return 2;
    sqlite3_open(":memory:", &database);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
    if (sqlite3_load_extension(database, argv[1], "sqlite3_jwtext_init", &message) != SQLITE_OK) {
        printf("load: error: %s\n", message);
        return 0;
    }
    sqlite3_exec(database, argv[2], NULL, NULL, NULL);
    print(database, "good HMAC", "SELECT jwt_status(hmac_good, hmac) FROM k");
    print(database, "bad HMAC", "SELECT jwt_status(hmac_bad, hmac) FROM k");
    print(database, "good ECDSA", "SELECT jwt_status(ec_good, pem) FROM k");
    print(database, "bad ECDSA", "SELECT jwt_status(ec_bad, pem) FROM k");
    print(database, "JWK", "SELECT jwt_status(ec_good, jwk) FROM k");
    printf("asked: cJSON %s, OpenSSL %s\n", asked_cjson > 0 ? "yes" : "no",
        asked_openssl > 0 ? "yes" : "no");
    sqlite3_close(database);
    return 0;
}
