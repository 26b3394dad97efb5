/*
** revocation_cursor.c - reading a revocation table: questions about tokens, and
** the rules themselves.
**
** A question is answered whole in xFilter, so that all its probes see one
** snapshot; what it leaves behind are the keys of the rules that hit. Every
** row is then read from a statement on the shadow table.
*/
#include "revocation_table.h"

SQLITE_EXTENSION_INIT3

#include "revocation_probe.h"
#include "revocation_reading.h"

#include <string.h>

/* The rules that hit: keys in one piece of memory with their bytes. */
struct hit {
    struct hit *next;
    struct rule_key key;
    char bytes[];
};

struct cursor {
    sqlite3_vtab_cursor base;
    int plan;
    sqlite3_stmt *statement; /* stands at the row; NULL before the first and for the unknown row */
    bool is_pooled;          /* `statement` goes back to the store's lookups */
    unsigned open;           /* under this number */
    bool is_eof;

    /* Questions. */
    struct hit *hits; /* those that have not been shown */
    struct hit **last_hit;
    const char *unknown;     /* what is unknown, or NULL. Static */
    const char *lacks;       /* the claim that the token lacks, or NULL */
    sqlite3_value *asked[3]; /* token, claims, header_kid as they were asked */

    /* Equality on match columns. */
    struct kind_list *kinds; /* sqlite3_malloc64(), or NULL */
    unsigned next_kind;
    sqlite3_value *match[MATCH_COUNT];
};

static struct revocation_table *table_of(struct cursor *cursor)
{
    return (struct revocation_table *)cursor->base.pVtab;
}

static struct store *store_of(struct cursor *cursor)
{
    return &table_of(cursor)->store;
}

/* ---- life ---- */

int revocation_cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct revocation_table *table = (struct revocation_table *)base;
    struct cursor *cursor = table->spare_cursor;
    table->spare_cursor = NULL;
    if (cursor == NULL) cursor = sqlite3_malloc64(sizeof *cursor);
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void drop_statement(struct cursor *cursor)
{
    if (cursor->is_pooled) {
        store_lookup_give(store_of(cursor), cursor->open, cursor->statement);
    } else {
        sqlite3_finalize(cursor->statement);
    }
    cursor->statement = NULL;
    cursor->is_pooled = false;
}

/* Forgets the last question. */
static void clear(struct cursor *cursor)
{
    if (cursor->statement != NULL) drop_statement(cursor);
    while (cursor->hits != NULL) {
        struct hit *next = cursor->hits->next;
        sqlite3_free(cursor->hits);
        cursor->hits = next;
    }
    for (int i = 0; i < 3; i++) {
        sqlite3_value_free(cursor->asked[i]);
        cursor->asked[i] = NULL;
    }
    for (int column = 0; column < MATCH_COUNT && cursor->kinds != NULL; column++) {
        sqlite3_value_free(cursor->match[column]);
        cursor->match[column] = NULL;
    }
    sqlite3_free(cursor->kinds);
    cursor->kinds = NULL;
    cursor->unknown = NULL;
    cursor->lacks = NULL;
    cursor->is_eof = false;
}

int revocation_cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct revocation_table *table = table_of(cursor);
    clear(cursor);
    /* Before SQLite 3.45 a correlated question opens and closes its cursor for every row. */
    sqlite3_free(table->spare_cursor);
    table->spare_cursor = cursor;
    return SQLITE_OK;
}

/* Every way out with an error: its text goes to SQLite. */
static int failed(struct cursor *cursor, int rc)
{
    return revocation_table_failed(table_of(cursor), rc);
}

/* ---- rows of one statement ---- */

/* One step; SQLITE_DONE where there is no row left. */
static int step_row(struct cursor *cursor)
{
    struct rule_key key;
    int rc = store_step(store_of(cursor), cursor->statement);
    if (rc == SQLITE_ROW) {
        rc = store_row_key(store_of(cursor), cursor->statement, &key);
        if (rc == SQLITE_OK) rc = SQLITE_ROW;
    }
    return rc;
}

static int next_scanned(struct cursor *cursor)
{
    int rc = step_row(cursor);
    if (rc == SQLITE_DONE) cursor->is_eof = true;
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : failed(cursor, rc);
}

static int filter_scan(struct cursor *cursor, const char *where, int count, sqlite3_value **values)
{
    int rc = store_scan(store_of(cursor), where, &cursor->statement);
    for (int i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = sqlite3_bind_value(cursor->statement, i + 1, values[i]);
    }
    return rc == SQLITE_OK ? next_scanned(cursor) : failed(cursor, rc);
}

static int filter_expires(struct cursor *cursor, int count, sqlite3_value **values)
{
    static const char *const lowers[] = { "", "expires_at > ?1", "expires_at >= ?1" };
    static const char *const uppers[] = { "", "expires_at < ?", "expires_at <= ?" };
    const char *lower = lowers[cursor->plan >> 16 & 3];
    const char *upper = uppers[cursor->plan >> 18 & 3];
    char where[80];
    /* With equality one value is both bounds. */
    int upper_parameter = *lower != '\0' && count == 2 ? 2 : 1;
    sqlite3_snprintf((int)sizeof where, where, "WHERE %s%s%s", lower,
        *lower != '\0' && *upper != '\0' ? " AND " : "", upper);
    if (*upper != '\0') {
        size_t length = strlen(where);
        sqlite3_snprintf((int)(sizeof where - length), where + length, "%d", upper_parameter);
    }
    return filter_scan(cursor, where, count, values);
}

/* ---- rows by key ---- */

/* Takes a statement for keys with unknown columns `open`. */
static int take_lookup(struct cursor *cursor, unsigned open)
{
    int rc;
    if (cursor->statement != NULL) drop_statement(cursor);
    rc = store_lookup_take(store_of(cursor), open, &cursor->statement);
    cursor->is_pooled = rc == SQLITE_OK;
    cursor->open = open;
    return rc;
}

/* Stands at the rule of exactly this key, if it is there: SQLITE_ROW or SQLITE_DONE. */
static int look_up(struct cursor *cursor, const struct rule_key *key)
{
    int rc = take_lookup(cursor, 0);
    if (rc == SQLITE_OK) rc = store_bind_key(cursor->statement, key, 0);
    return rc == SQLITE_OK ? step_row(cursor) : rc;
}

static int filter_rule(struct cursor *cursor, sqlite3_value *rule)
{
    struct rule_reading reading;
    const char *text = (const char *)sqlite3_value_text(rule);
    enum rule_result result = RULE_NONE;
    int rc = SQLITE_DONE;
    if (text == NULL) {
        cursor->is_eof = true;
        return sqlite3_value_type(rule) == SQLITE_NULL ? SQLITE_OK : SQLITE_NOMEM;
    }
    result = rule_key_read(&reading, text, (size_t)sqlite3_value_bytes(rule));
    if (result == RULE_FINE) rc = look_up(cursor, &reading.key);
    if (result == RULE_NO_MEMORY) rc = SQLITE_NOMEM;
    rule_reading_release(&reading);
    cursor->is_eof = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : failed(cursor, rc);
}

/*
** The key to look for among the rules of one kind. SQLITE_DONE where that kind
** has none; else `*open` gets the columns of which nothing is known.
*/
static int match_key(struct cursor *cursor, unsigned kind, struct rule_key *key, unsigned *open)
{
    unsigned given = PLAN_COLUMNS(cursor->plan);
    key->kind = kind;
    *open = kind & KIND_MATCH_MASK & ~given;
    for (int column = 0; column < MATCH_COUNT; column++) {
        sqlite3_value *value = cursor->match[column];
        struct rule_text *match = &key->match[column];
        if ((given & KIND_OF(column)) == 0) continue;
        /* A column that is NULL is one whose bit the kind does not have. */
        bool is_set = sqlite3_value_type(value) != SQLITE_NULL;
        if (is_set != ((kind & KIND_OF(column)) != 0)) return SQLITE_DONE;
        if (!is_set) continue;
        match->bytes = (const char *)sqlite3_value_text(value);
        match->length = (size_t)sqlite3_value_bytes(value);
        if (match->bytes == NULL) return SQLITE_NOMEM;
    }
    return SQLITE_ROW;
}

/* Stands at the first row of the next kind that has one: SQLITE_ROW or SQLITE_DONE. */
static int next_kind(struct cursor *cursor)
{
    int rc = SQLITE_DONE;
    while (rc == SQLITE_DONE && cursor->next_kind < cursor->kinds->count) {
        struct rule_key key;
        unsigned open;
        rc = match_key(cursor, cursor->kinds->kinds[cursor->next_kind++], &key, &open);
        if (rc != SQLITE_ROW) continue;
        rc = take_lookup(cursor, open);
        if (rc == SQLITE_OK) rc = store_bind_key(cursor->statement, &key, open);
        if (rc == SQLITE_OK) rc = step_row(cursor);
    }
    return rc;
}

static int next_match(struct cursor *cursor)
{
    int rc = cursor->statement == NULL ? SQLITE_DONE : step_row(cursor);
    if (rc == SQLITE_DONE) rc = next_kind(cursor);
    cursor->is_eof = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : failed(cursor, rc);
}

static int filter_match(struct cursor *cursor, sqlite3_value **values)
{
    const struct kind_list *kinds;
    int argument = 0;
    int rc;
    cursor->kinds = sqlite3_malloc64(sizeof *cursor->kinds);
    if (cursor->kinds == NULL) return SQLITE_NOMEM;
    for (int column = 0; column < MATCH_COUNT; column++) {
        if ((PLAN_COLUMNS(cursor->plan) & KIND_OF(column)) == 0) continue;
        cursor->match[column] = sqlite3_value_dup(values[argument++]);
        if (cursor->match[column] == NULL) return SQLITE_NOMEM;
    }
    rc = probe_kinds(store_of(cursor), cursor->kinds, &kinds);
    if (rc != SQLITE_OK) return failed(cursor, rc);
    if (kinds != cursor->kinds) *cursor->kinds = *kinds;
    cursor->next_kind = 0;
    return next_match(cursor);
}

/* ---- questions ---- */

/* Keeps the key of a rule that hits, with its bytes. */
static int keep_hit(void *context, const struct rule_key *key)
{
    struct cursor *cursor = context;
    struct hit *hit;
    size_t size = 0;
    char *room;
    for (int column = 0; column < MATCH_COUNT; column++) {
        if ((key->kind & KIND_OF(column)) != 0) size += key->match[column].length;
    }
    hit = sqlite3_malloc64(sizeof *hit + size);
    if (hit == NULL) return SQLITE_NOMEM;
    hit->next = NULL;
    hit->key.kind = key->kind;
    room = hit->bytes;
    for (int column = 0; column < MATCH_COUNT; column++) {
        const struct rule_text *match = &key->match[column];
        hit->key.match[column] = (struct rule_text){ "", 0 };
        if ((key->kind & KIND_OF(column)) == 0) continue;
        memcpy(room, match->bytes, match->length);
        hit->key.match[column] = (struct rule_text){ room, match->length };
        room += match->length;
    }
    *cursor->last_hit = hit;
    cursor->last_hit = &hit->next;
    return SQLITE_OK;
}

/* The next rule that hits and that is still there: a statement may remove rows as it goes. */
static int next_hit(struct cursor *cursor)
{
    int rc = SQLITE_DONE;
    while (rc == SQLITE_DONE && cursor->hits != NULL) {
        struct hit *hit = cursor->hits;
        rc = look_up(cursor, &hit->key);
        cursor->hits = hit->next;
        sqlite3_free(hit);
    }
    cursor->is_eof = rc != SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : failed(cursor, rc);
}

/* Keeps what was asked: whoever reads the column gets it back. */
static int keep_asked(struct cursor *cursor, sqlite3_value **values)
{
    int first = (cursor->plan & PLAN_MASK) == PLAN_CLAIMS ? 1 : 0;
    int last = (cursor->plan & PLAN_HAS_KID) != 0 ? 2 : first;
    for (int i = first; i <= last; i++) {
        cursor->asked[i] = sqlite3_value_dup(values[i - first]);
        if (cursor->asked[i] == NULL) return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

static int ask_subject(struct cursor *cursor, struct subject *subject)
{
    struct probe probe;
    int rc;
    probe_start(&probe, store_of(cursor), subject, table_of(cursor)->options.require);
    probe.found = keep_hit;
    probe.context = cursor;
    probe_look_ahead(&probe);
    if (probe_is_clear(&probe)) return SQLITE_OK;
    rc = probe_ask(&probe);
    if (rc == SQLITE_OK && probe.answer == PROBE_UNKNOWN) {
        cursor->unknown = "the token has no ";
        cursor->lacks = probe.lacks;
    }
    return rc;
}

static enum reading_result read_question(
    struct cursor *cursor, struct reading *reading, sqlite3_value **values)
{
    if ((cursor->plan & PLAN_MASK) == PLAN_TOKEN) {
        return reading_token(reading, &table_of(cursor)->header, values[0], &cursor->unknown);
    }
    return reading_claims(reading, values[0], (cursor->plan & PLAN_HAS_KID) != 0 ? values[1] : NULL,
        &cursor->unknown);
}

/*
** One question. No row: nothing revokes this token. One row for each rule that
** hits; or the row that says "unknown", so that NOT EXISTS fails closed.
*/
static int filter_question(struct cursor *cursor, sqlite3_value **values)
{
    struct reading reading;
    int rc = SQLITE_OK;
    cursor->last_hit = &cursor->hits;
    table_of(cursor)->was_asked = true;
    switch (read_question(cursor, &reading, values)) {
    case READING_FINE: rc = ask_subject(cursor, &reading.subject); break;
    case READING_UNKNOWN: break;
    default: rc = SQLITE_NOMEM;
    }
    reading_release(&reading);
    if (rc != SQLITE_OK) return failed(cursor, rc);
    if (cursor->hits == NULL && cursor->unknown == NULL) {
        cursor->is_eof = true;
        return SQLITE_OK;
    }
    rc = keep_asked(cursor, values);
    if (rc == SQLITE_OK && cursor->hits != NULL) rc = next_hit(cursor);
    return rc;
}

int revocation_cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int count,
    sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    (void)plan_text;
    clear(cursor);
    cursor->plan = plan;
    switch (plan & PLAN_MASK) {
    case PLAN_SCAN: return filter_scan(cursor, "", 0, NULL);
    case PLAN_TOKEN:
    case PLAN_CLAIMS: return filter_question(cursor, arguments);
    case PLAN_RULE: return filter_rule(cursor, arguments[0]);
    case PLAN_MATCH: return filter_match(cursor, arguments);
    case PLAN_EXPIRES: return filter_expires(cursor, count, arguments);
    default:
        return revocation_table_refuse(table_of(cursor),
            "token, claims and header_kid can only be asked, as `token = ?`, or `claims = ? AND "
            "header_kid = ?`, and not both at once");
    }
}

/* ---- rows ---- */

int revocation_cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    switch (cursor->plan & PLAN_MASK) {
    case PLAN_SCAN:
    case PLAN_EXPIRES: return next_scanned(cursor);
    case PLAN_MATCH: return next_match(cursor);
    case PLAN_TOKEN:
    case PLAN_CLAIMS: return next_hit(cursor);
    default: cursor->is_eof = true; return SQLITE_OK;
    }
}

int revocation_cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->is_eof;
}

static int rule_column(struct cursor *cursor, sqlite3_context *context)
{
    struct rule_key key;
    struct text text;
    int rc = store_row_key(store_of(cursor), cursor->statement, &key);
    if (rc != SQLITE_OK) return failed(cursor, rc);
    text_start(&text);
    rule_key_write(&key, &text);
    if (text.failed) {
        rc = SQLITE_NOMEM;
    } else {
        sqlite3_result_text64(context, text.bytes, text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    text_release(&text);
    return rc;
}

/* A column of the row that says "unknown". */
static int unknown_column(struct cursor *cursor, sqlite3_context *context, int column)
{
    if (column == REVOCATION_RULE) {
        sqlite3_result_text(context, REVOCATION_UNKNOWN_RULE, -1, SQLITE_STATIC);
    } else if (column == REVOCATION_REASON) {
        char *reason = sqlite3_mprintf(
            "unknown: %s%s", cursor->unknown, cursor->lacks == NULL ? "" : cursor->lacks);
        if (reason == NULL) return SQLITE_NOMEM;
        sqlite3_result_text(context, reason, -1, sqlite3_free);
    }
    return SQLITE_OK;
}

/* token, claims, header_kid: what was asked, or an error; never a NULL that would read as "fine". */
static int question_column(struct cursor *cursor, sqlite3_context *context, int column)
{
    sqlite3_value *asked = cursor->asked[column - REVOCATION_TOKEN];
    if (sqlite3_vtab_nochange(context)) return SQLITE_OK; /* UPDATE of another column */
    if (asked != NULL) {
        sqlite3_result_value(context, asked);
        return SQLITE_OK;
    }
    return revocation_table_refuse(
        table_of(cursor), "token, claims and header_kid can only be asked, as `token = ?`");
}

int revocation_cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct cursor *cursor = (struct cursor *)base;
    int source = column + STORE_MATCH;
    if (column >= REVOCATION_TOKEN && column <= REVOCATION_HEADER_KID) {
        return question_column(cursor, context, column);
    }
    if (cursor->statement == NULL) return unknown_column(cursor, context, column);
    if (column == REVOCATION_RULE) return rule_column(cursor, context);
    if (column < MATCH_COUNT && sqlite3_column_bytes(cursor->statement, source) == 0) {
        return SQLITE_OK; /* a column that the rule does not set */
    }
    sqlite3_result_value(context, sqlite3_column_value(cursor->statement, source));
    return SQLITE_OK;
}
