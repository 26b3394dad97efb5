/*
** revocation_probe.c - see revocation_probe.h.
**
** Each kind of rule costs one probe of the shadow table's key. What is kept
** between questions saves some of them: the list of the kinds in use, and a
** filter that tells that no rule has a key.
**
** The one rule for believing what was kept: the schema is exactly in a read
** transaction (SQLITE_TXN_READ), its data version equals the one under which
** it was made, in a read transaction too, and no statement of ours was expired
** or prepared again. Nothing weaker holds:
**   - within a write transaction a running statement sees its own rows, and the
**     data version only moves at COMMIT;
**   - outside a transaction the data version is that of the last read: commits
**     of other processes do not move it;
**   - a change counter of our own would miss writes to the shadow table and
**     every ROLLBACK;
**   - after DETACH and ATTACH the same data version can be another file's.
** A write never mends what is kept: the next version starts anew.
*/
#include "revocation_probe.h"

SQLITE_EXTENSION_INIT3

#include <string.h>

#define FIRST_CONSIDERATION 64 /* questions by probing before a filter is thought of */
#define WORTH_RULES 4          /* rules that a question by probing makes worth reading */
#define LOOK_FURTHER 4         /* times as many are counted, to know when to think of it again */

/* What one question may believe. */
struct footing {
    bool opened; /* our snapshot statement holds the read transaction */
    bool is_read;
    unsigned version;
};

/*
** True where the statement must be prepared again. sqlite3_expired() answers
** that without running it; it is deprecated, so that a host can lack it, and
** then every question runs the statement to find out.
*/
static bool is_expired(sqlite3_stmt *statement)
{
#ifndef SQLITE_CORE
    if (sqlite3_api->expired == NULL) return true;
#endif
    return sqlite3_expired(statement) != 0;
}

/* `state`: of the schema, now. */
static void find_footing(const struct store *store, int state, struct footing *footing)
{
    footing->is_read =
        state == SQLITE_TXN_READ && sqlite3_file_control(store->db, store->control_name,
                                        SQLITE_FCNTL_DATA_VERSION, &footing->version) == SQLITE_OK;
}

static int open_snapshot(struct store *store, sqlite3_stmt *snapshot, struct footing *footing)
{
    int rc = store_step(store, snapshot);
    footing->opened = rc == SQLITE_ROW;
    if (footing->opened) return SQLITE_OK;
    if (rc == SQLITE_DONE) rc = store_corrupt(store, "is not what it was made as");
    sqlite3_reset(snapshot);
    return rc;
}

/*
** Makes sure that a read transaction lasts until leave(), and that the statements
** fit the schema. Stepping the snapshot statement does both: SQLite compares the
** schema with that of the file, and prepares again where they differ. Within a
** transaction that is under way it is stepped if `minds_schema` only: there the
** statements that come after it do the same, or nothing has been committed since
** they last did.
*/
static int enter(struct store *store, bool minds_schema, struct footing *footing)
{
    sqlite3_stmt *snapshot;
    int state = sqlite3_txn_state(store->db, store->schema);
    int rc = store_check(store);
    if (rc == SQLITE_OK) rc = store_statement(store, STATEMENT_SNAPSHOT, &snapshot);
    footing->opened = false;
    footing->is_read = false;
    if (rc != SQLITE_OK) return rc;
    if (minds_schema || state == SQLITE_TXN_NONE || is_expired(snapshot)) {
        rc = open_snapshot(store, snapshot, footing);
        if (rc != SQLITE_OK) return rc;
        state = sqlite3_txn_state(store->db, store->schema);
    }
    find_footing(store, state, footing);
    return SQLITE_OK;
}

/*
** Where SQLite prepared a statement again on the way, the answer counts only if
** the table behind it still is ours: looked at before the snapshot goes.
*/
static int leave(struct store *store, const struct footing *footing, int rc)
{
    if (rc == SQLITE_OK && store->moved) rc = store_check(store);
    if (footing->opened) sqlite3_reset(store->statements[STATEMENT_SNAPSHOT]);
    return rc;
}

/* ---- what is kept ---- */

static void cache_forget(struct store_cache *cache)
{
    filter_free(cache->filter);
    cache->filter = NULL;
    cache->is_seen = false;
    cache->has_kinds = false;
    cache->questions = 0;
}

/*
** With PRAGMA read_uncommitted a connection that shares its cache sees what
** another one has not committed: nothing of that may be kept.
*/
static bool sees_committed_only(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool only =
        sqlite3_prepare_v2(db, "PRAGMA read_uncommitted", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 0;
    sqlite3_finalize(statement);
    return only;
}

/* The rule at the top of this file. */
static inline bool is_believable(const struct store *store, const struct footing *footing)
{
    const struct store_cache *cache = &store->cache;
    return footing->is_read && cache->is_seen && cache->version == footing->version &&
           !store->moved;
}

static int read_kinds(struct store *store, const struct footing *footing, bool is_known,
    struct kind_list *own, const struct kind_list **kinds)
{
    struct store_cache *cache = &store->cache;
    int rc;
    if (!is_known) cache_forget(cache);
    *kinds = own;
    rc = store_read_kinds(store, own);
    if (rc != SQLITE_OK || !footing->is_read || store->moved) return rc;
    if (is_known && sees_committed_only(store->db)) {
        cache->kinds = *own;
        cache->has_kinds = true;
        *kinds = &cache->kinds;
    }
    cache->is_seen = true;
    cache->version = footing->version;
    return SQLITE_OK;
}

/*
** The kinds in use, and whether `kinds` is what is kept, and so the filter. At
** the first question of a version nothing is kept: there may be no second one.
*/
static int find_kinds(struct store *store, const struct footing *footing, struct kind_list *own,
    const struct kind_list **kinds)
{
    bool is_known = is_believable(store, footing);
    if (!is_known || !store->cache.has_kinds) {
        return read_kinds(store, footing, is_known, own, kinds);
    }
    *kinds = &store->cache.kinds;
    return SQLITE_OK;
}

/* ---- the filter ---- */

static int count_rules(struct store *store, sqlite3_int64 limit, sqlite3_int64 *count)
{
    sqlite3_stmt *statement;
    char format[100];
    int rc;
    sqlite3_snprintf((int)sizeof format, format,
        "SELECT count(*) FROM (SELECT 1 FROM \"%%w\".\"%%w_rules\" LIMIT %lld)", limit);
    rc = store_prepare(store, format, &statement);
    if (rc != SQLITE_OK) return rc;
    rc = store_step(store, statement);
    *count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR;
}

static void add_rule(
    struct filter *filter, const struct filter_key *key, const struct rule_key *rule)
{
    uint64_t sum = 0;
    for (enum match_column column = 0; column < MATCH_COUNT; column++) {
        const struct rule_text *match = &rule->match[column];
        if ((rule->kind & KIND_OF(column)) != 0) {
            sum += filter_hash(key, column, match->bytes, match->length);
        }
    }
    filter_add(filter, filter_finish(rule->kind, sum));
}

static int add_rules(struct store *store, struct filter *filter)
{
    sqlite3_stmt *statement;
    struct rule_key key;
    int rc = store_prepare(store,
        "SELECT kind, jti, sid, sub, client_id, aud, kid, iss, issued_before "
        "FROM \"%w\".\"%w_rules\"",
        &statement);
    if (rc != SQLITE_OK) return rc;
    while ((rc = store_step(store, statement)) == SQLITE_ROW) {
        rc = store_row_key(store, statement, &key);
        if (rc != SQLITE_OK) break;
        add_rule(filter, &store->cache.key, &key);
    }
    sqlite3_finalize(statement);
    return rc;
}

/*
** Builds the filter where the questions of this version were worth it: it
** reads every rule once. A failure costs nothing but the filter. When it is
** thought of next outlasts the version, so that counting rules in vain costs
** next to nothing.
*/
static void consider_filter(struct store *store)
{
    struct store_cache *cache = &store->cache;
    sqlite3_int64 worth = cache->questions * WORTH_RULES;
    sqlite3_int64 limit = LOOK_FURTHER * worth;
    sqlite3_int64 rules = 0;
    struct filter *filter;
    cache->consider = LOOK_FURTHER * cache->questions;
    if (count_rules(store, limit + 1, &rules) != SQLITE_OK || rules > limit) return;
    cache->consider = rules / WORTH_RULES;
    if (rules > worth || rules > (sqlite3_int64)FILTER_RULES_MAX) return;
    if (!cache->has_key) cache->has_key = filter_key_make(&cache->key);
    if (!cache->has_key) return;
    filter = filter_new(rules);
    if (filter == NULL) return;
    if (add_rules(store, filter) == SQLITE_DONE && !store->moved) {
        cache->filter = filter;
    } else {
        filter_free(filter);
    }
}

/* ---- probing ---- */

/* One question on its way. */
struct course {
    struct probe *probe;
    const struct kind_list *kinds;
    const struct filter *filter;  /* NULL: probe */
    uint64_t hashes[MATCH_COUNT]; /* for the filter: of the subject's columns, but the audience */
    unsigned kind;
    const struct rule_text *audience; /* where the kind has one */
    bool has_probed;
};

/* The key that the course asks for. */
static struct rule_key course_key(const struct course *course)
{
    struct rule_key key = { .kind = course->kind };
    for (int column = 0; column < MATCH_COUNT; column++) {
        if ((course->kind & KIND_OF(column)) == 0) continue;
        key.match[column] =
            column == MATCH_AUD ? *course->audience : course->probe->subject->match[column];
    }
    return key;
}

/*
** Up to the last column that the kind has: the others are '' in every row of
** it, and each that is named costs as much as a comparison.
*/
static int prepare_probe(struct store *store, unsigned kind, sqlite3_stmt **statement)
{
    char format[512];
    int parameter = 0;
    sqlite3_snprintf((int)sizeof format, format,
        "SELECT issued_before FROM \"%%w\".\"%%w_rules\" WHERE kind = %u", kind);
    for (int column = 0; (kind & KIND_MATCH_MASK) >> column != 0; column++) {
        size_t length = strlen(format);
        int room = (int)(sizeof format - length);
        const char *name = match_column_name((enum match_column)column);
        if ((kind & KIND_OF(column)) != 0) {
            sqlite3_snprintf(room, format + length, " AND %s = +?%d", name, ++parameter);
        } else {
            sqlite3_snprintf(room, format + length, " AND %s = ''", name);
        }
    }
    return store_prepare(store, format, statement);
}

/* What a rule that was found says of the token's age. */
static int judge_rule(const struct course *course, sqlite3_stmt *statement, bool *hit)
{
    const struct subject *subject = course->probe->subject;
    int type = sqlite3_column_type(statement, 0);
    if ((course->kind & KIND_CUT_OFF) == 0) {
        *hit = true;
        if (type == SQLITE_NULL) return SQLITE_OK;
    } else if (type == SQLITE_FLOAT) {
        double iat;
        *hit = !subject_date(subject, NEED_IAT, &iat) || iat < sqlite3_column_double(statement, 0);
        return SQLITE_OK;
    }
    return store_corrupt(course->probe->store, "a row's kind differs from its issued_before");
}

/* Looks for the rule of the course's key in the shadow table. */
static int probe_exactly(struct course *course, const struct rule_key *key, bool *hit)
{
    struct store *store = course->probe->store;
    unsigned kind = key->kind;
    sqlite3_stmt *statement;
    int parameter = 0;
    int rc = SQLITE_OK;
    *hit = false;
    if (store->probes[kind] == NULL) rc = prepare_probe(store, kind, &store->probes[kind]);
    if (rc != SQLITE_OK) return rc;
    statement = store->probes[kind];
    /* Bound in place; cleared below, because a host may look at any statement of its connection. */
    for (int column = 0; column < MATCH_COUNT && rc == SQLITE_OK; column++) {
        const struct rule_text *match = &key->match[column];
        if ((kind & KIND_OF(column)) == 0) continue;
        rc = sqlite3_bind_text64(
            statement, ++parameter, match->bytes, match->length, SQLITE_STATIC, SQLITE_UTF8);
    }
    if (rc == SQLITE_OK) rc = store_step(store, statement);
    if (rc == SQLITE_ROW) rc = judge_rule(course, statement, hit);
    sqlite3_reset(statement);
    if (parameter > 0) sqlite3_clear_bindings(statement);
    course->has_probed = true;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Asks for the course's key, whose columns hash to `sum`. */
static int ask_key(struct course *course, uint64_t sum)
{
    struct probe *probe = course->probe;
    struct rule_key key;
    bool hit;
    int rc;
    if (course->filter != NULL &&
        !filter_may_have(course->filter, filter_finish(course->kind, sum))) {
        return SQLITE_OK;
    }
    key = course_key(course);
    rc = probe_exactly(course, &key, &hit);
    if (rc != SQLITE_OK || !hit) return rc;
    probe->answer = PROBE_HIT;
    return probe->found == NULL ? SQLITE_OK : probe->found(probe->context, &key);
}

static bool is_over(const struct probe *probe)
{
    return probe->answer == PROBE_HIT && probe->found == NULL;
}

/* `aud` of a rule equals any member of the token's (RFC 7519 section 4.1.3): one probe a member. */
static int ask_audiences(struct course *course, uint64_t sum)
{
    const struct subject *subject = course->probe->subject;
    const struct store_cache *cache = &course->probe->store->cache;
    int rc = SQLITE_OK;
    for (size_t i = 0; i < subject->audience_count && rc == SQLITE_OK; i++) {
        const struct rule_text *audience = &subject->audiences[i];
        uint64_t hash = course->filter == NULL ? 0
                                               : filter_hash(&cache->key, MATCH_AUD,
                                                     audience->bytes, audience->length);
        course->audience = audience;
        rc = ask_key(course, sum + hash);
        if (is_over(course->probe)) break;
    }
    return rc;
}

/* What the columns of a kind hash to, but for the audience. */
static uint64_t sum_of(const uint64_t *hashes, unsigned kind)
{
    unsigned columns = kind & KIND_MATCH_MASK & ~KIND_OF(MATCH_AUD);
    uint64_t sum = 0;
    for (; columns != 0; columns &= columns - 1) sum += hashes[__builtin_ctz(columns)];
    return sum;
}

static int ask_kind(struct course *course, unsigned kind)
{
    uint64_t sum = 0;
    if ((kind & KIND_MATCH_MASK & ~course->probe->subject->has) != 0) return SQLITE_OK;
    course->kind = kind;
    if (course->filter != NULL) sum = sum_of(course->hashes, kind);
    return (kind & KIND_OF(MATCH_AUD)) != 0 ? ask_audiences(course, sum) : ask_key(course, sum);
}

/* What a token must have for "no rule hits" to mean something. */
static unsigned needed_by(unsigned require, const struct kind_list *kinds)
{
    /* A rule for a stolen key binds only tokens that say which key is theirs. */
    return require | (kinds->united & KIND_OF(MATCH_KID));
}

static void judge_lacks(struct probe *probe, const struct kind_list *kinds)
{
    unsigned needed = needed_by(probe->require, kinds) & ~probe->subject->has;
    for (unsigned need = 0; needed >> need != 0; need++) {
        if ((needed & KIND_OF(need)) == 0) continue;
        probe->answer = PROBE_UNKNOWN;
        probe->lacks = subject_need_name(need);
        return;
    }
}

/* What of a token must be known. */
static unsigned wanted_by(unsigned require, const struct kind_list *kinds)
{
    return (kinds->united & KIND_MATCH_MASK) | require;
}

static void hash_columns(struct course *course)
{
    const struct subject *subject = course->probe->subject;
    unsigned columns = course->kinds->united & subject->has & KIND_MATCH_MASK & ~KIND_OF(MATCH_AUD);
    for (; columns != 0; columns &= columns - 1) {
        enum match_column column = (enum match_column)__builtin_ctz(columns);
        const struct rule_text *match = &subject->match[column];
        course->hashes[column] =
            filter_hash(&course->probe->store->cache.key, column, match->bytes, match->length);
    }
}

static int run(struct course *course)
{
    struct probe *probe = course->probe;
    const struct kind_list *kinds = course->kinds;
    int rc = SQLITE_OK;
    if (!subject_prepare(probe->subject, wanted_by(probe->require, kinds))) return SQLITE_NOMEM;
    if (course->filter != NULL) hash_columns(course);
    for (unsigned i = 0; i < kinds->count && rc == SQLITE_OK && !is_over(probe); i++) {
        rc = ask_kind(course, kinds->kinds[i]);
    }
    if (rc == SQLITE_OK && probe->answer == PROBE_CLEAR) judge_lacks(probe, kinds);
    return rc;
}

/* By the kinds in use, one by one. */
static int ask_kinds(struct probe *probe, const struct footing *footing)
{
    struct store *store = probe->store;
    struct course course = { .probe = probe };
    struct kind_list own;
    int rc = find_kinds(store, footing, &own, &course.kinds);
    bool is_kept = course.kinds == &store->cache.kinds;
    if (is_kept) course.filter = store->cache.filter;
    if (rc == SQLITE_OK) rc = run(&course);
    if (rc == SQLITE_OK && is_kept && store->cache.filter == NULL && course.has_probed &&
        ++store->cache.questions >= store->cache.consider &&
        store->cache.questions >= FIRST_CONSIDERATION) {
        consider_filter(store);
    }
    return rc;
}

/* ---- the quick answer ---- */

void probe_look_ahead(struct probe *probe)
{
    const struct store_cache *cache = &probe->store->cache;
    const struct kind_list *kinds = &cache->kinds;
    unsigned wanted = wanted_by(probe->require, kinds);
    unsigned has = 0;
    uint64_t hashes[MATCH_COUNT];
    if (cache->filter == NULL || (wanted & KIND_OF(MATCH_AUD)) != 0) return;
    for (unsigned left = wanted & KIND_MATCH_MASK; left != 0; left &= left - 1) {
        enum match_column column = (enum match_column)__builtin_ctz(left);
        struct rule_text match;
        if (!subject_in_place(probe->subject, column, &match)) return;
        if (match.length == 0) continue;
        has |= KIND_OF(column);
        hashes[column] = filter_hash(&cache->key, column, match.bytes, match.length);
    }
    if (wanted >> NEED_IAT != 0) has |= subject_dates(probe->subject, wanted);
    if ((needed_by(probe->require, kinds) & ~has) != 0) return;
    probe->key_count = 0;
    for (unsigned i = 0; i < kinds->count; i++) {
        unsigned kind = kinds->kinds[i];
        if ((kind & KIND_MATCH_MASK & ~has) != 0) continue;
        if (probe->key_count == PROBE_KEYS) return;
        uint64_t key = filter_finish(kind, sum_of(hashes, kind));
        filter_prefetch(cache->filter, key);
        probe->keys[probe->key_count++] = key;
    }
    probe->filter = cache->filter;
}

bool probe_is_clear(const struct probe *probe)
{
    const struct store *store = probe->store;
    sqlite3_stmt *snapshot = store->statements[STATEMENT_SNAPSHOT];
    struct footing footing;
    if (probe->filter == NULL || probe->filter != store->cache.filter || store->is_asking ||
        !store->is_checked || snapshot == NULL || is_expired(snapshot)) {
        return false;
    }
    find_footing(store, sqlite3_txn_state(store->db, store->schema), &footing);
    if (!is_believable(store, &footing)) return false;
    for (unsigned i = 0; i < probe->key_count; i++) {
        if (filter_may_have(probe->filter, probe->keys[i])) return false;
    }
    return true;
}

int probe_ask(struct probe *probe)
{
    struct store *store = probe->store;
    struct footing footing;
    int rc;
    probe->answer = PROBE_CLEAR;
    probe->lacks = NULL;
    if (store->is_asking) return store_corrupt(store, "asks about itself");
    store->is_asking = true;
    store->moved = false;
    rc = enter(store, false, &footing);
    if (rc == SQLITE_OK) {
        rc = ask_kinds(probe, &footing);
        rc = leave(store, &footing, rc);
    }
    if (store->moved) cache_forget(&store->cache);
    store->is_asking = false;
    return rc;
}

int probe_schema(struct store *store)
{
    struct footing footing;
    int rc;
    store->moved = false;
    rc = enter(store, true, &footing);
    return rc == SQLITE_OK ? leave(store, &footing, rc) : rc;
}

int probe_kinds(struct store *store, struct kind_list *own, const struct kind_list **kinds)
{
    struct footing footing;
    int rc;
    store->moved = false;
    rc = enter(store, false, &footing);
    if (rc != SQLITE_OK) return rc;
    rc = find_kinds(store, &footing, own, kinds);
    return leave(store, &footing, rc);
}
