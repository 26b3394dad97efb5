/*
** functions.h - how a file of SQL functions says what it has: one table a
** file, registered by jwt_ext.c.
*/
#ifndef JWT_FUNCTIONS_H
#define JWT_FUNCTIONS_H

#include "connection.h"

#ifndef SQLITE_RESULT_SUBTYPE
#define SQLITE_RESULT_SUBTYPE 0x001000000 /* 3.45; a bit that older libraries mask away */
#endif

/* The sets of flags that sql-surface section 11 knows. */
#define FLAGS_MINT (SQLITE_UTF8 | SQLITE_DIRECTONLY)
#define FLAGS_PURE (SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS)
#define FLAGS_HARMLESS (SQLITE_UTF8 | SQLITE_INNOCUOUS)
#define FLAGS_PLAIN SQLITE_UTF8
#define FLAGS_JSON SQLITE_RESULT_SUBTYPE

typedef void (*sql_function)(sqlite3_context *context, int count, sqlite3_value **arguments);

struct function_entry {
    const char *name;
    int arguments;
    int flags;
    bool issues;       /* signs, generates or shows private keys: not in sqlite3_jwtverify_init */
    sql_function run;  /* scalar, or NULL */
    sql_function step; /* aggregate, or NULL */
    void (*final)(sqlite3_context *context);
};

struct function_table {
    const struct function_entry *entries;
    size_t count;
};

extern const struct function_table token_functions;
extern const struct function_table verify_functions;
extern const struct function_table key_functions;
extern const struct function_table about_functions;

struct module_entry {
    const char *name;
    const sqlite3_module *module;
};

struct module_table {
    const struct module_entry *entries;
    size_t count;
};

extern const struct module_table key_tables;
extern const struct module_table token_tables;
extern const struct module_table lint_tables;

#endif
