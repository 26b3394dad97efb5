/*
** jwt_ext.c - JSON Web Tokens inside SQLite.
**
**   .load ./jwt_ext
**   SELECT jwt_sign('{"sub":"u1","role":"admin"}', :secret, '{"expires_in":600}');
**   SELECT jwt_claim(jwt_bearer(:authorization), 'role', :secret);
**
** The front door: the version gate, and the registration of everything that
** the files of src/sqlite have in their tables. What a failure leaves half done
** is undone, because SQLite then unloads the library and would call into
** nothing.
*/
#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT1

#include "src/jose/secure.h"
#include "src/sqlite/functions.h"
#include "src/sqlite/revocation.h"

#if defined(_WIN32)
#define ENTRY_POINT __declspec(dllexport)
#else
#define ENTRY_POINT __attribute__((visibility("default")))
#endif

#define SQLITE_VERSION_FLOOR 3037000

static const struct function_table *const function_tables[] = {
    &token_functions,
    &verify_functions,
    &key_functions,
    &about_functions,
};

static const struct module_table *const module_tables[] = {
    &key_tables,
    &token_tables,
    &lint_tables,
    &revocation_tables,
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static int register_function(
    sqlite3 *db, const struct function_entry *entry, struct connection *connection)
{
    return sqlite3_create_function_v2(db, entry->name, entry->arguments, entry->flags,
        connection_retain(connection), entry->run, entry->step, entry->final, connection_release);
}

static int register_all(sqlite3 *db, struct connection *connection, bool issues)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < LENGTH(function_tables); i++) {
        const struct function_table *table = function_tables[i];
        for (size_t j = 0; j < table->count && rc == SQLITE_OK; j++) {
            if (table->entries[j].issues && !issues) continue;
            rc = register_function(db, &table->entries[j], connection);
        }
    }
    for (size_t i = 0; i < LENGTH(module_tables); i++) {
        const struct module_table *table = module_tables[i];
        for (size_t j = 0; j < table->count && rc == SQLITE_OK; j++) {
            rc = sqlite3_create_module_v2(db, table->entries[j].name, table->entries[j].module,
                connection_retain(connection), connection_release);
        }
    }
    return rc;
}

/* Takes back what register_all() did before it failed; what was not there is no error. */
static void unregister_all(sqlite3 *db)
{
    for (size_t i = 0; i < LENGTH(function_tables); i++) {
        const struct function_table *table = function_tables[i];
        for (size_t j = 0; j < table->count; j++) {
            const struct function_entry *entry = &table->entries[j];
            sqlite3_create_function_v2(
                db, entry->name, entry->arguments, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
        }
    }
    for (size_t i = 0; i < LENGTH(module_tables); i++) {
        const struct module_table *table = module_tables[i];
        for (size_t j = 0; j < table->count; j++) {
            sqlite3_create_module_v2(db, table->entries[j].name, NULL, NULL, NULL);
        }
    }
}

static int start(sqlite3 *db, char **message, bool issues)
{
    struct connection *connection;
    int rc = SQLITE_NOMEM;
    /* First of all: in an older host the table of functions ends before what we would call. */
    if (sqlite3_libversion_number() < SQLITE_VERSION_FLOOR) {
        *message = sqlite3_mprintf(
            "jwt_ext needs SQLite 3.37.0 or later; this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    secure_start();
    connection = connection_new(db);
    if (connection != NULL) {
        rc = register_all(db, connection, issues);
        if (rc != SQLITE_OK) unregister_all(db);
        connection_release(connection);
    }
    /* Whoever loads learns the text only. */
    if (rc == SQLITE_NOMEM) *message = sqlite3_mprintf("out of memory");
    return rc;
}

#ifdef _MSC_VER
#define PROTOTYPE(name)
#else
#define PROTOTYPE(name) \
    ENTRY_POINT int name(sqlite3 *db, char **message, const sqlite3_api_routines *api);
#endif

PROTOTYPE(sqlite3_jwtext_init)
PROTOTYPE(sqlite3_jwtverify_init)

/*
** SQLite's own convention for extensions is to set its table of functions at
** each load. Threads that open connections would then write what others are
** reading, if always the same value; here it is written once.
*/
static void adopt_api(const sqlite3_api_routines *api)
{
#if defined(SQLITE_CORE)
    (void)api;
#elif defined(__GNUC__)
    const sqlite3_api_routines *known = __atomic_load_n(&sqlite3_api, __ATOMIC_ACQUIRE);
    if (known == api) return;
    if (known != NULL || !__atomic_compare_exchange_n(
                             &sqlite3_api, &known, api, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        if (known != api)
            __atomic_store_n(&sqlite3_api, api, __ATOMIC_RELEASE); /* another SQLite */
    }
#else
    SQLITE_EXTENSION_INIT2(api);
#endif
}

/* The extension whole. */
ENTRY_POINT int sqlite3_jwtext_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
    adopt_api(api);
    return start(db, message, true);
}

/* Everything but what signs, generates or shows private keys: for hosts that run other people's SQL. */
ENTRY_POINT int sqlite3_jwtverify_init(sqlite3 *db, char **message, const sqlite3_api_routines *api)
{
    adopt_api(api);
    return start(db, message, false);
}
