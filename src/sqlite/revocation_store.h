/*
** revocation_store.h - the shadow table of a revocation table: its shape, and
** every statement on it.
**
**   CREATE TABLE <name>_rules(kind, jti, sid, sub, client_id, aud, kid, iss,
**     issued_before, expires_at, reason, actor, revoked_at,
**     PRIMARY KEY(kind, jti, sid, sub, client_id, aud, kid, iss)) STRICT, WITHOUT ROWID
**
** `kind` says which match columns are set and whether the rule is a cut-off;
** '' stands for a column that is not. The shape is frozen: a new one would be
** a new format.
*/
#ifndef JWT_REVOCATION_STORE_H
#define JWT_REVOCATION_STORE_H

#include <sqlite3ext.h>

#include "../jose/rarely.h"
#include "revocation_filter.h"
#include "revocation_rule.h"

/* The columns of a row as they are selected everywhere. */
enum store_column {
    STORE_KIND,
    STORE_MATCH, /* MATCH_COUNT of them */
    STORE_ISSUED_BEFORE = STORE_MATCH + MATCH_COUNT,
    STORE_EXPIRES_AT,
    STORE_REASON,
    STORE_ACTOR,
    STORE_REVOKED_AT,
    STORE_COLUMN_COUNT,
};

/* The statements that are kept. */
enum store_statement {
    STATEMENT_SNAPSHOT,
    STATEMENT_NEXT_KIND,
    STATEMENT_INSERT,
    STATEMENT_REMOVE,
    STATEMENT_REVISE,
    STATEMENT_EXPIRED,
    STATEMENT_COUNT,
};

/* The kinds of rules that there are. */
struct kind_list {
    unsigned count;
    unsigned united; /* all their bits */
    unsigned char kinds[KIND_COUNT];
};

/*
** What is kept between questions; believed by the one rule of
** revocation_probe.c alone.
*/
struct store_cache {
    bool is_seen;          /* `version` is that of the last question in a read transaction */
    bool has_kinds;        /* `kinds` were read at `version` */
    bool has_key;          /* `key` was made */
    unsigned version;      /* SQLITE_FCNTL_DATA_VERSION */
    struct filter *filter; /* NULL: none yet */
    struct filter_key key;
    sqlite3_int64 questions; /* that were answered by probing at `version` */
    sqlite3_int64
        consider; /* at that many, or a few, think of building the filter; outlasts versions */
    struct kind_list kinds;
};

/* What most questions look at comes first, and is together. */
struct store {
    sqlite3 *db;
    char *schema;
    const char *control_name; /* `schema` for sqlite3_file_control(); NULL, main, is found faster */
    bool is_asking;           /* a question is under way: a hostile shadow table could ask again */
    bool is_checked; /* the shadow table has its shape, as of the last schema that was seen */
    bool
        is_found; /* it was found by its name, and the snapshot statement minds since then what changes */
    bool moved; /* SQLite prepared one of the statements again */
    struct store_cache cache;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *probes[KIND_COUNT];           /* one a kind in use */
    sqlite3_stmt *lookups[KIND_MATCH_MASK + 1]; /* see store_lookup_take() */
    char *table;   /* the virtual table's name; the shadow table's is <table>_rules */
    char *message; /* sqlite3_malloc()ed text of the last failure, or NULL */
};

/* Starts with copies of the names. SQLITE_OK or SQLITE_NOMEM; store_close() is due in both cases. */
int store_open(struct store *store, sqlite3 *db, const char *schema, const char *table);

/* Finalizes every statement and forgets what was kept; the store can still be used. */
void store_rest(struct store *store);

/* store_rest(), and frees the names. */
void store_close(struct store *store);

/* Makes the shadow table and its index. An SQLite code, as of all functions below. */
int store_create(struct store *store);

/* Drops the shadow table; that there is none is no error. */
int store_destroy(struct store *store);

/* Renames the shadow table for a virtual table of another name. */
int store_rename(struct store *store, const char *table);

/*
** Looks whether the shadow table still is the one that store_create() makes: it
** lies in a file that others can write. SQLITE_CORRUPT_VTAB where it is not.
*/
int store_check_shape(struct store *store);

/* The same where it is not known. */
static inline int store_check(struct store *store)
{
    return store->is_checked ? SQLITE_OK : store_check_shape(store);
}

/*
** Prepares on the shadow table. `format` has one "%w"."%w_rules". That the
** table does not have its shape is SQLITE_CORRUPT_VTAB.
*/
int store_prepare(struct store *store, const char *format, sqlite3_stmt **statement);

/* The kept statement, prepared where it was not. It must be reset after use. */
int store_statement(struct store *store, enum store_statement which, sqlite3_stmt **statement);

/* sqlite3_step() that minds `moved`; SQLITE_ROW, SQLITE_DONE or an error with its message kept. */
int store_step(struct store *store, sqlite3_stmt *statement);

/* Runs a statement that gives no row; resets it and clears its parameters. */
int store_run(struct store *store, sqlite3_stmt *statement);

/* Keeps the text of a failure that was found in a row; returns SQLITE_CORRUPT_VTAB. */
RARELY int store_corrupt(struct store *store, const char *what);

/*
** Binds a key to parameters 1 to 8: kind and match columns, '' for those that
** are not set. The columns of `open` (bits) have no parameter.
*/
int store_bind_key(sqlite3_stmt *statement, const struct rule_key *key, unsigned open);

/* Reads which kinds there are, from the key itself. */
int store_read_kinds(struct store *store, struct kind_list *kinds);

/*
** A statement for all rules of one kind whose columns outside `open` are
** known; parameters as store_bind_key() has them. It belongs to the caller
** until store_lookup_give().
*/
int store_lookup_take(struct store *store, unsigned open, sqlite3_stmt **statement);
void store_lookup_give(struct store *store, unsigned open, sqlite3_stmt *statement);

/* A statement for the rows that `where` leaves ("", "WHERE ..."); the caller finalizes it. */
int store_scan(struct store *store, const char *where, sqlite3_stmt **statement);

/* The key of the row at which a statement stands, pointing into it. SQLITE_CORRUPT_VTAB where it is none. */
int store_row_key(struct store *store, sqlite3_stmt *row, struct rule_key *key);

#endif
