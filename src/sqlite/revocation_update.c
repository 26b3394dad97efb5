/*
** revocation_update.c - xUpdate of jwt_revocation: adding, changing and lifting
** rules.
**
** A rule never gets weaker by INSERT or UPDATE: only DELETE lifts one. Every
** refusal is SQLITE_ERROR, never SQLITE_CONSTRAINT, so that OR IGNORE cannot
** make a logout vanish.
*/
#include "revocation_table.h"

SQLITE_EXTENSION_INIT3

#include "revocation_reading.h"

#include <math.h>
#include <string.h>

/* One row as a statement gives it. */
struct row {
    struct rule_key key;
    sqlite3_value *values[REVOCATION_COLUMN_COUNT];
    bool has_expires_at;
    double expires_at;
};

static bool is_null(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL;
}

static const char *column_name(int column)
{
    static const char *const names[] = { "issued_before", "expires_at", "reason", "actor",
        "revoked_at", "token", "claims", "header_kid", "rule" };
    return column < MATCH_COUNT ? match_column_name((enum match_column)column)
                                : names[column - MATCH_COUNT];
}

/* ---- checks of single values ---- */

static int check_number(struct revocation_table *table, const struct row *row, int column)
{
    sqlite3_value *value = row->values[column];
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) return SQLITE_OK;
    if ((type == SQLITE_INTEGER || type == SQLITE_FLOAT) && isfinite(sqlite3_value_double(value))) {
        return SQLITE_OK;
    }
    return revocation_table_refuse(
        table, "%s: must be a number, seconds since 1970", column_name(column));
}

static int check_note(struct revocation_table *table, const struct row *row, int column)
{
    int type = sqlite3_value_type(row->values[column]);
    if (type == SQLITE_NULL || type == SQLITE_TEXT) return SQLITE_OK;
    return revocation_table_refuse(table, "%s: must be TEXT", column_name(column));
}

static int check_audit(struct revocation_table *table, const struct row *row)
{
    int rc = check_number(table, row, REVOCATION_ISSUED_BEFORE);
    if (rc == SQLITE_OK) rc = check_number(table, row, REVOCATION_EXPIRES_AT);
    if (rc == SQLITE_OK) rc = check_number(table, row, REVOCATION_REVOKED_AT);
    if (rc == SQLITE_OK) rc = check_note(table, row, REVOCATION_REASON);
    if (rc == SQLITE_OK) rc = check_note(table, row, REVOCATION_ACTOR);
    return rc;
}

/* ---- what a new rule names ---- */

/* Takes one match column into the key. */
static int take_match(struct revocation_table *table, struct row *row, int column)
{
    sqlite3_value *value = row->values[column];
    struct rule_text *match = &row->key.match[column];
    bool no_memory = false;
    if (is_null(value)) return SQLITE_OK;
    if (sqlite3_value_type(value) != SQLITE_TEXT) {
        return revocation_table_refuse(table, "%s: must be TEXT", column_name(column));
    }
    match->bytes = (const char *)sqlite3_value_text(value);
    match->length = (size_t)sqlite3_value_bytes(value);
    if (match->bytes == NULL) return SQLITE_NOMEM;
    if (!rule_text_is_possible(match->bytes, match->length, &no_memory)) {
        if (no_memory) return SQLITE_NOMEM;
        return revocation_table_refuse(table, "%s: %s", column_name(column),
            match->length == 0 ? "is empty; NULL stands for \"any\""
                               : "is not what a claim can hold: UTF-8 without NUL");
    }
    row->key.kind |= KIND_OF(column);
    return SQLITE_OK;
}

static int take_columns(struct revocation_table *table, struct row *row)
{
    for (int column = 0; column < MATCH_COUNT; column++) {
        int rc = take_match(table, row, column);
        if (rc != SQLITE_OK) return rc;
    }
    if (!is_null(row->values[REVOCATION_ISSUED_BEFORE])) row->key.kind |= KIND_CUT_OFF;
    if (!is_null(row->values[REVOCATION_EXPIRES_AT])) {
        row->has_expires_at = true;
        row->expires_at = sqlite3_value_double(row->values[REVOCATION_EXPIRES_AT]);
    }
    if (row->key.kind == 0) {
        return revocation_table_refuse(
            table, "a rule must name something; to end every token, give issued_before");
    }
    return SQLITE_OK;
}

static void take_from_subject(struct row *row, const struct subject *subject, int column)
{
    if ((subject->has & KIND_OF(column)) == 0) return;
    row->key.match[column] = subject->match[column];
    row->key.kind |= KIND_OF(column);
}

/* `iss` and `jti`, or `sid` where there is no `jti`: the pair is what one issuer gives once (RFC 7519 section 4.1.7). */
static int take_subject(struct revocation_table *table, struct row *row, struct subject *subject)
{
    if (!subject_prepare(subject, KIND_OF(MATCH_JTI) | KIND_OF(MATCH_SID) | KIND_OF(MATCH_ISS))) {
        return SQLITE_NOMEM;
    }
    bool has_jti = (subject->has & KIND_OF(MATCH_JTI)) != 0;
    if (!has_jti && (subject->has & KIND_OF(MATCH_SID)) == 0) {
        return revocation_table_refuse(
            table, "token: has neither jti nor sid, so no rule can name it; revoke its sub");
    }
    take_from_subject(row, subject, MATCH_ISS);
    take_from_subject(row, subject, has_jti ? MATCH_JTI : MATCH_SID);
    /* The later of the token's end and the statement's; a token without end needs a rule without. */
    row->has_expires_at = subject_date(subject, NEED_EXP, &row->expires_at);
    if (row->has_expires_at && !is_null(row->values[REVOCATION_EXPIRES_AT])) {
        double given = sqlite3_value_double(row->values[REVOCATION_EXPIRES_AT]);
        if (given > row->expires_at) row->expires_at = given;
    }
    return SQLITE_OK;
}

/* ---- INSERT ---- */

static int bind_rule(sqlite3_stmt *statement, const struct row *row, double revoked_at)
{
    int rc = store_bind_key(statement, &row->key, 0);
    if (rc == SQLITE_OK) {
        rc = sqlite3_bind_value(statement, 9, row->values[REVOCATION_ISSUED_BEFORE]);
    }
    if (rc == SQLITE_OK) {
        rc = row->has_expires_at ? sqlite3_bind_double(statement, 10, row->expires_at)
                                 : sqlite3_bind_null(statement, 10);
    }
    if (rc == SQLITE_OK) rc = sqlite3_bind_value(statement, 11, row->values[REVOCATION_REASON]);
    if (rc == SQLITE_OK) rc = sqlite3_bind_value(statement, 12, row->values[REVOCATION_ACTOR]);
    if (rc == SQLITE_OK) rc = sqlite3_bind_double(statement, 13, revoked_at);
    return rc;
}

static int remove_row(struct revocation_table *table, const struct rule_key *key)
{
    sqlite3_stmt *statement;
    int rc = store_statement(&table->store, STATEMENT_REMOVE, &statement);
    if (rc == SQLITE_OK) rc = store_bind_key(statement, key, 0);
    return rc == SQLITE_OK ? store_run(&table->store, statement) : rc;
}

/* Removes the rule that expired first, if its time is over. SQLITE_DONE: there is none. */
static int prune_one(struct revocation_table *table, sqlite3_stmt *expired)
{
    struct rule_key key;
    int rc = store_step(&table->store, expired);
    if (rc == SQLITE_ROW) {
        rc = store_row_key(&table->store, expired, &key);
        if (rc == SQLITE_OK) rc = remove_row(table, &key);
    }
    sqlite3_reset(expired);
    return rc;
}

/* Removes rules whose time is over, a bounded number. */
static int prune(struct revocation_table *table, double now)
{
    const struct revocation_options *options = &table->options;
    sqlite3_stmt *expired;
    int rc;
    if (options->explicit_clock || options->prune == 0) return SQLITE_OK;
    rc = store_statement(&table->store, STATEMENT_EXPIRED, &expired);
    if (rc != SQLITE_OK) return rc;
    sqlite3_bind_double(expired, 1, now - options->leeway);
    for (sqlite3_int64 i = 0; i < options->prune && rc == SQLITE_OK; i++) {
        rc = prune_one(table, expired);
    }
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/*
** Adds the rule, or moves the one of its key forward. Pruning comes first, so
** that the write that matters is the last one, and its failure leaves nothing
** half done.
*/
static int insert_rule(struct revocation_table *table, const struct row *row)
{
    sqlite3_value *given = row->values[REVOCATION_REVOKED_AT];
    double now = table->options.explicit_clock ? 0 : connection_clock(table->connection);
    sqlite3_stmt *statement;
    int rc;
    if (table->options.explicit_clock && is_null(given)) {
        return revocation_table_refuse(
            table, "revoked_at: must be given, because the table has clock='explicit'");
    }
    if (isnan(now) && is_null(given)) {
        return revocation_table_refuse(
            table, "revoked_at: must be given, because there is no clock");
    }
    rc = prune(table, now);
    if (rc == SQLITE_OK) rc = store_statement(&table->store, STATEMENT_INSERT, &statement);
    if (rc != SQLITE_OK) return rc;
    rc = bind_rule(statement, row, is_null(given) ? now : sqlite3_value_double(given));
    return rc == SQLITE_OK ? store_run(&table->store, statement) : rc;
}

static int insert_token(struct revocation_table *table, struct row *row)
{
    struct reading reading;
    const char *why = NULL;
    int rc = SQLITE_OK;
    for (int column = 0; column <= REVOCATION_ISSUED_BEFORE && rc == SQLITE_OK; column++) {
        if (is_null(row->values[column])) continue;
        rc = revocation_table_refuse(
            table, "%s: give a token or what the rule names, not both", column_name(column));
    }
    if (rc != SQLITE_OK) return rc;
    switch (reading_token(&reading, &table->header, row->values[REVOCATION_TOKEN], &why)) {
    case READING_FINE: rc = take_subject(table, row, &reading.subject); break;
    case READING_UNKNOWN: rc = revocation_table_refuse(table, "token: %s", why); break;
    default: rc = SQLITE_NOMEM;
    }
    if (rc == SQLITE_OK) rc = insert_rule(table, row);
    reading_release(&reading);
    return rc;
}

static int insert_row(struct revocation_table *table, struct row *row)
{
    int rc = check_audit(table, row);
    if (rc != SQLITE_OK) return rc;
    for (int column = REVOCATION_CLAIMS; column < REVOCATION_COLUMN_COUNT; column++) {
        if (is_null(row->values[column])) continue;
        return revocation_table_refuse(table, "%s: cannot be set", column_name(column));
    }
    if (!is_null(row->values[REVOCATION_TOKEN])) return insert_token(table, row);
    rc = take_columns(table, row);
    return rc == SQLITE_OK ? insert_rule(table, row) : rc;
}

/* ---- UPDATE ---- */

/* A rule's key is what it is: DELETE lifts it, INSERT makes another. */
static int check_same_key(
    struct revocation_table *table, const struct row *row, const struct rule_key *old)
{
    for (int column = REVOCATION_TOKEN; column <= REVOCATION_HEADER_KID; column++) {
        if (sqlite3_value_nochange(row->values[column])) continue;
        return revocation_table_refuse(table, "%s: cannot be set", column_name(column));
    }
    for (int column = 0; column < MATCH_COUNT; column++) {
        sqlite3_value *value = row->values[column];
        bool was_set = (old->kind & KIND_OF(column)) != 0;
        bool is_same = is_null(value)
                           ? !was_set
                           : was_set && sqlite3_value_type(value) == SQLITE_TEXT &&
                                 sqlite3_value_text(value) != NULL &&
                                 old->match[column].length == (size_t)sqlite3_value_bytes(value) &&
                                 memcmp(old->match[column].bytes, sqlite3_value_text(value),
                                     old->match[column].length) == 0;
        if (is_same) continue;
        return revocation_table_refuse(table,
            "%s: what a rule names cannot be changed; INSERT another rule, DELETE this one",
            column_name(column));
    }
    if (is_null(row->values[REVOCATION_ISSUED_BEFORE]) != ((old->kind & KIND_CUT_OFF) == 0)) {
        return revocation_table_refuse(
            table, "issued_before: with and without it are two rules; INSERT the other one");
    }
    return SQLITE_OK;
}

/* Only forward: NULL, "never", is the latest date. */
static int check_forward(
    struct revocation_table *table, const struct row *row, sqlite3_stmt *old, int column)
{
    int source = column + STORE_MATCH;
    sqlite3_value *value = row->values[column];
    bool was_never = sqlite3_column_type(old, source) == SQLITE_NULL;
    if (is_null(value)) return SQLITE_OK;
    if (!was_never && sqlite3_value_double(value) >= sqlite3_column_double(old, source)) {
        return SQLITE_OK;
    }
    return revocation_table_refuse(
        table, "%s: cannot move back; DELETE lifts a rule", column_name(column));
}

static int revise_row(struct revocation_table *table, struct row *row, sqlite3_stmt *old)
{
    sqlite3_stmt *statement;
    int rc = check_audit(table, row);
    if (rc == SQLITE_OK) rc = check_same_key(table, row, &row->key);
    if (rc == SQLITE_OK) rc = check_forward(table, row, old, REVOCATION_ISSUED_BEFORE);
    if (rc == SQLITE_OK) rc = check_forward(table, row, old, REVOCATION_EXPIRES_AT);
    if (rc == SQLITE_OK && is_null(row->values[REVOCATION_REVOKED_AT])) {
        rc = revocation_table_refuse(table, "revoked_at: cannot be NULL");
    }
    if (rc == SQLITE_OK) rc = store_statement(&table->store, STATEMENT_REVISE, &statement);
    if (rc != SQLITE_OK) return rc;
    row->has_expires_at = !is_null(row->values[REVOCATION_EXPIRES_AT]);
    if (row->has_expires_at) {
        row->expires_at = sqlite3_value_double(row->values[REVOCATION_EXPIRES_AT]);
    }
    rc = bind_rule(statement, row, sqlite3_value_double(row->values[REVOCATION_REVOKED_AT]));
    return rc == SQLITE_OK ? store_run(&table->store, statement) : rc;
}

static int update_row(struct revocation_table *table, const struct rule_key *key, struct row *row)
{
    sqlite3_stmt *old;
    int rc = store_lookup_take(&table->store, 0, &old);
    if (rc != SQLITE_OK) return rc;
    row->key = *key;
    rc = store_bind_key(old, key, 0);
    if (rc == SQLITE_OK) rc = store_step(&table->store, old);
    if (rc == SQLITE_ROW) rc = revise_row(table, row, old);
    store_lookup_give(&table->store, 0, old);
    return rc == SQLITE_DONE ? SQLITE_OK : rc; /* the rule has gone meanwhile */
}

/* ---- the method ---- */

/* Changes (`row`) or lifts (NULL) the rule of a canonical text. */
static int change_rule(struct revocation_table *table, sqlite3_value *rule, struct row *row)
{
    struct rule_reading reading;
    const char *text = (const char *)sqlite3_value_text(rule);
    size_t length = (size_t)sqlite3_value_bytes(rule);
    int rc;
    if (text == NULL) return SQLITE_NOMEM;
    if (strcmp(text, REVOCATION_UNKNOWN_RULE) == 0) return SQLITE_OK; /* no rule, only an answer */
    switch (rule_key_read(&reading, text, length)) {
    case RULE_FINE:
        rc = row == NULL ? remove_row(table, &reading.key) : update_row(table, &reading.key, row);
        break;
    case RULE_NO_MEMORY: rc = SQLITE_NOMEM; break;
    default: rc = store_corrupt(&table->store, "a row's text is no rule's");
    }
    rule_reading_release(&reading);
    return rc;
}

/* An UPDATE that sets `rule` itself. */
static bool changes_rule(sqlite3_value *old, sqlite3_value *new)
{
    int length = sqlite3_value_bytes(old);
    return sqlite3_value_type(new) != SQLITE_TEXT || sqlite3_value_bytes(new) != length ||
           (length > 0 && /* no text where there was no memory for it, which the statement minds */
               memcmp(sqlite3_value_text(old), sqlite3_value_text(new), (size_t)length) != 0);
}

int revocation_update(
    sqlite3_vtab *base, int count, sqlite3_value **arguments, sqlite3_int64 *rowid)
{
    struct revocation_table *table = (struct revocation_table *)base;
    struct row row = { .has_expires_at = false };
    int rc;
    (void)rowid;
    if (count > 1) memcpy(row.values, arguments + 2, sizeof row.values);
    if (count == 1) {
        rc = change_rule(table, arguments[0], NULL);
    } else if (is_null(arguments[0])) {
        rc = insert_row(table, &row);
    } else if (changes_rule(arguments[0], arguments[1])) {
        rc = revocation_table_refuse(table, "rule: cannot be set");
    } else {
        rc = change_rule(table, arguments[0], &row);
    }
    return revocation_table_failed(table, rc);
}
