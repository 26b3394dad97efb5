/*
** table.c - see table.h.
*/
#include "table.h"

SQLITE_EXTENSION_INIT3

#include "../jose/secure.h"

#include <string.h>

int table_connect(sqlite3 *db, void *connection, const char *schema, int risk, sqlite3_vtab **out)
{
    struct table *table;
    int rc = sqlite3_declare_vtab(db, schema);
    if (rc != SQLITE_OK) return rc;
    table = sqlite3_malloc64(sizeof *table);
    if (table == NULL) return SQLITE_NOMEM;
    memset(table, 0, sizeof *table);
    table->connection = connection_retain(connection);
    if (risk != 0) sqlite3_vtab_config(db, risk);
    *out = &table->base;
    return SQLITE_OK;
}

int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    connection_release(table->connection);
    sqlite3_free(table);
    return SQLITE_OK;
}

int table_best_index(sqlite3_index_info *info, int first, int count, int required, double rows)
{
    int constraint[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
    unsigned unusable = 0;
    unsigned given = 0;
    int next = 1;
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - first;
        if (argument < 0) continue;
        if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        if (!info->aConstraint[i].usable) {
            unusable |= 1u << argument;
        } else {
            constraint[argument] = i;
            given |= 1u << argument;
        }
    }
    if ((unusable & ~given) != 0) return SQLITE_CONSTRAINT;
    for (int i = 0; i < count; i++) {
        if (constraint[i] < 0) continue;
        info->aConstraintUsage[constraint[i]].argvIndex = next++;
        info->aConstraintUsage[constraint[i]].omit = 1;
    }
    info->idxNum = (int)given;
    if ((given & ((1u << required) - 1)) == (1u << required) - 1) {
        info->estimatedCost = 10;
        info->estimatedRows = (sqlite3_int64)rows;
    } else {
        info->estimatedCost = 1e99; /* without its argument there is nothing to show */
        info->estimatedRows = 1;
    }
    return SQLITE_OK;
}

int table_error(sqlite3_vtab *table, const char *function, const struct fault *fault)
{
    if (fault->kind == FAULT_MEMORY) return SQLITE_NOMEM;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s: %s", function, fault->text);
    return table->zErrMsg == NULL ? SQLITE_NOMEM : SQLITE_ERROR;
}

void table_value_free(sqlite3_value *value)
{
    int type = value == NULL ? SQLITE_NULL : sqlite3_value_type(value);
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        void *bytes = (void *)sqlite3_value_blob(value); /* the duplicate's own */
        if (bytes != NULL) secure_wipe(bytes, (size_t)sqlite3_value_bytes(value));
    }
    sqlite3_value_free(value);
}
