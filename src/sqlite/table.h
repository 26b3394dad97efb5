/*
** table.h - what the eponymous table-valued functions share: a virtual table
** with nothing but a connection, and a cursor that walks row numbers.
*/
#ifndef JWT_TABLE_H
#define JWT_TABLE_H

#include "connection.h"

struct table {
    sqlite3_vtab base;
    struct connection *connection;
};

/*
** Declares `schema` and makes the table; for an xConnect. `risk` is
** SQLITE_VTAB_INNOCUOUS, SQLITE_VTAB_DIRECTONLY or 0.
*/
int table_connect(sqlite3 *db, void *connection, const char *schema, int risk, sqlite3_vtab **out);

/* Frees the table; fits as xDisconnect. */
int table_disconnect(sqlite3_vtab *base);

/*
** An xBestIndex for hidden argument columns `first` to `first + count - 1`, in
** order, of which `required` must be given: EQ constraints become the xFilter
** arguments, idxNum the bitmask of those given. An argument that is present
** but not usable gives SQLITE_CONSTRAINT, so that the planner turns the join
** round, as json_each does it.
*/
int table_best_index(sqlite3_index_info *info, int first, int count, int required, double rows);

/* Sets the error text of a virtual table, "function: text", and returns the code to return. */
int table_error(sqlite3_vtab *table, const char *function, const struct fault *fault);

/* sqlite3_value_free() of what sqlite3_value_dup() gave, wiped before: an argument may be a key. */
void table_value_free(sqlite3_value *value);

#endif
