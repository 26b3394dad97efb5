/*
** revocation_table.h - one connected jwt_revocation table, as the files of the
** module share it.
*/
#ifndef JWT_REVOCATION_TABLE_H
#define JWT_REVOCATION_TABLE_H

#include "connection.h"
#include "revocation_options.h"
#include "revocation_reading.h"
#include "revocation_store.h"

/* The columns of the virtual table. The first twelve are those of the shadow table from STORE_MATCH on. */
enum revocation_column {
    REVOCATION_MATCH, /* MATCH_COUNT of them */
    REVOCATION_ISSUED_BEFORE = REVOCATION_MATCH + MATCH_COUNT,
    REVOCATION_EXPIRES_AT,
    REVOCATION_REASON,
    REVOCATION_ACTOR,
    REVOCATION_REVOKED_AT,
    /* Hidden. The first stands for what `name(x)` in FROM says, so that it asks about a token. */
    REVOCATION_TOKEN,
    REVOCATION_CLAIMS,
    REVOCATION_HEADER_KID,
    REVOCATION_RULE, /* the key */
    REVOCATION_COLUMN_COUNT,
};

/* What stands in column `rule` of the row that says "unknown"; no rule's text. */
#define REVOCATION_UNKNOWN_RULE "unknown"

struct revocation_table {
    sqlite3_vtab base;
    struct connection *connection;
    struct revocation_table *next; /* in connection->revocations */
    struct revocation_options options;
    struct store store;
    unsigned references; /* of SQLite, and of those that remember which table a name meant */
    unsigned questions;  /* of scalar functions, under way */
    bool is_dead;        /* SQLite has disconnected it */
    void *spare_cursor;  /* sqlite3_malloc64()ed by revocation_cursor.c, or NULL */
    struct header_memo header;
    /* The revoked_by that last found this table, as it stands in the options; or NULL. sqlite3_malloc()ed. */
    char *known_as;
    size_t known_length;
    bool was_asked; /* set by each question in SQL; for the one who looks for a table by name */
};

/* One more reference. Returns `table`. */
struct revocation_table *revocation_table_retain(struct revocation_table *table);

/* One reference less; frees with the last. */
void revocation_table_release(struct revocation_table *table);

/*
** Around a question that SQLite does not know of: while its statements run,
** SQLite may disconnect the table, and what they need must outlast that.
*/
void revocation_table_enter(struct revocation_table *table);
void revocation_table_leave(struct revocation_table *table);

/* Hands the text of the store's last failure, if it has one, to SQLite; returns `rc`. */
int revocation_table_failed(struct revocation_table *table, int rc);

/* Sets the table's error text, "name: ..."; returns SQLITE_ERROR (or SQLITE_NOMEM). */
int revocation_table_refuse(struct revocation_table *table, const char *format, ...);

/* What a plan of xBestIndex tells xFilter, in idxNum. */
enum revocation_plan {
    PLAN_SCAN,
    PLAN_TOKEN,   /* token */
    PLAN_CLAIMS,  /* claims, and header_kid where PLAN_HAS_KID is set */
    PLAN_RULE,    /* rule */
    PLAN_MATCH,   /* the match columns of PLAN_COLUMNS, in their order */
    PLAN_EXPIRES, /* the bounds of PLAN_LOWER, then of PLAN_UPPER */
    PLAN_REFUSED, /* token, claims or header_kid is used in a way that nothing can answer */
    PLAN_MASK = 15,
};

#define PLAN_HAS_KID 16
#define PLAN_COLUMNS_SHIFT 8
#define PLAN_COLUMNS(plan) ((unsigned)(plan) >> PLAN_COLUMNS_SHIFT & KIND_MATCH_MASK)
#define PLAN_LOWER 0x10000       /* expires_at > ? */
#define PLAN_LOWER_EQUAL 0x20000 /* expires_at >= ? */
#define PLAN_UPPER 0x40000
#define PLAN_UPPER_EQUAL 0x80000

/* revocation_plan.c: xBestIndex. */
int revocation_best_index(sqlite3_vtab *base, sqlite3_index_info *info);

/* revocation_cursor.c: the methods of cursors. */
int revocation_cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out);
int revocation_cursor_close(sqlite3_vtab_cursor *base);
int revocation_cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments);
int revocation_cursor_next(sqlite3_vtab_cursor *base);
int revocation_cursor_eof(sqlite3_vtab_cursor *base);
int revocation_cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column);

/* revocation_update.c: xUpdate. */
int revocation_update(
    sqlite3_vtab *base, int count, sqlite3_value **arguments, sqlite3_int64 *rowid);

#endif
