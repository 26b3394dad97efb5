/*
** connection.c - see connection.h.
**
** Both caches find an entry by its content, so that a key from a subquery, a
** column or a bound parameter is found alike, and none is ever mistaken for
** another that stood at the same address. They are short lists, the entry used
** last in front.
*/
#include "connection.h"

SQLITE_EXTENSION_INIT3

#include "../jose/secure.h"

#include <math.h>
#include <string.h>

#define KEY_ENTRIES 64
#define KEY_BYTES_MAX ((size_t)32 << 20) /* of key text and parsed keys, together */
#define POLICY_ENTRIES 16
#define POLICY_BYTES_MAX ((size_t)1 << 20) /* a longer options text is not kept */

struct key_entry {
    void *bytes; /* the argument's own, wiped when dropped */
    size_t length;
    bool is_blob;
    bool is_secret; /* something in it must not leak through a comparison's time */
    uint64_t mark;
    struct key_set *set;
};

struct key_cache {
    struct key_entry entries[KEY_ENTRIES];
    size_t count;
    size_t bytes;
};

struct policy_cache {
    struct policy *entries[POLICY_ENTRIES];
    size_t count;
};

struct connection *connection_new(sqlite3 *db)
{
    struct connection *connection = memory_new_zero(sizeof *connection);
    if (connection == NULL) return NULL;
    connection->db = db;
    connection->references = 1;
    connection->keys = memory_new_zero(sizeof *connection->keys);
    connection->policies = memory_new_zero(sizeof *connection->policies);
    connection->headers = header_memo_new();
    connection->signatures = signature_cache_new();
    connection->issued = issue_memo_new();
    if (connection->keys == NULL || connection->policies == NULL || connection->headers == NULL ||
        connection->signatures == NULL || connection->issued == NULL) {
        connection_release(connection);
        return NULL;
    }
    return connection;
}

struct connection *connection_retain(struct connection *connection)
{
    connection->references++;
    return connection;
}

static void key_entry_drop(struct key_cache *cache, size_t index)
{
    struct key_entry *entry = &cache->entries[index];
    cache->bytes -= entry->length + entry->set->memory;
    key_set_release(entry->set);
    memory_wipe_free(entry->bytes, entry->length);
    cache->count--;
    memmove(entry, entry + 1, (cache->count - index) * sizeof *entry);
}

void connection_release(void *released)
{
    struct connection *connection = released;
    if (--connection->references > 0) return;
    if (connection->keys != NULL) {
        while (connection->keys->count > 0) {
            key_entry_drop(connection->keys, connection->keys->count - 1);
        }
    }
    if (connection->policies != NULL) {
        for (size_t i = 0; i < connection->policies->count; i++) {
            policy_release(connection->policies->entries[i]);
        }
    }
    issue_memo_free(connection->issued);
    signature_cache_free(connection->signatures);
    header_memo_free(connection->headers);
    memory_free(connection->keys);
    memory_free(connection->policies);
    memory_free(connection);
}

/* Julian milliseconds of 1970-01-01T00:00:00Z. */
#define UNIX_EPOCH 210866760000000.0
#define UNIX_EPOCH_DAYS 2440587.5

double connection_clock(struct connection *connection)
{
    sqlite3_vfs *vfs = NULL;
    sqlite3_int64 milliseconds;
    double days;
    sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
    if (vfs == NULL) return NAN;
    if (vfs->iVersion >= 2 && vfs->xCurrentTimeInt64 != NULL) {
        if (vfs->xCurrentTimeInt64(vfs, &milliseconds) != SQLITE_OK) return NAN;
        return ((double)milliseconds - UNIX_EPOCH) / 1000;
    }
    if (vfs->xCurrentTime(vfs, &days) != SQLITE_OK) return NAN;
    /* A day count has tens of microseconds at best: to the nearest millisecond, a whole second stays one. */
    return floor((days - UNIX_EPOCH_DAYS) * 86400000 + 0.5) / 1000;
}

/* Tells most different keys apart at once: the first and last eight bytes, folded. Never shown. */
static uint64_t bytes_mark(const void *bytes, size_t length)
{
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t middle = 0;
    if (length < sizeof first) {
        memcpy(&first, bytes, length);
        return first;
    }
    memcpy(&first, bytes, sizeof first);
    memcpy(&last, (const char *)bytes + length - sizeof last, sizeof last);
    memcpy(&middle, (const char *)bytes + (length - sizeof middle) / 2, sizeof middle);
    return first ^ (last << 1 | last >> 63) ^ (middle << 7 | middle >> 57);
}

static bool key_entry_matches(
    const struct key_entry *entry, const void *bytes, size_t length, bool is_blob, uint64_t mark)
{
    if (entry->mark != mark || entry->length != length || entry->is_blob != is_blob) return false;
    return entry->is_secret ? secure_equal_long(entry->bytes, bytes, length)
                            : memcmp(entry->bytes, bytes, length) == 0;
}

static struct key_set *key_cache_find(
    struct key_cache *cache, const void *bytes, size_t length, bool is_blob, uint64_t mark)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (key_entry_matches(&cache->entries[i], bytes, length, is_blob, mark)) {
            struct key_entry found = cache->entries[i];
            if (i > 0) {
                memmove(&cache->entries[1], &cache->entries[0], i * sizeof found);
                cache->entries[0] = found;
            }
            return key_set_retain(found.set);
        }
    }
    return NULL;
}

static bool holds_secret(const struct key_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].is_private || set->keys[i].type == KEY_OCT) return true;
    }
    return false;
}

/* Keeps a set that was just read. That it cannot be kept is no fault: it will be read again. */
static void key_cache_keep(struct key_cache *cache, const void *bytes, size_t length, bool is_blob,
    uint64_t mark, struct key_set *set)
{
    size_t size = length + set->memory;
    struct key_entry entry = {
        .length = length,
        .is_blob = is_blob,
        .is_secret = holds_secret(set),
        .mark = mark,
    };
    if (size > KEY_BYTES_MAX) return;
    entry.bytes = memory_new(length);
    if (entry.bytes == NULL) return;
    memcpy(entry.bytes, bytes, length);
    entry.set = key_set_retain(set);
    while (cache->count == KEY_ENTRIES || cache->bytes + size > KEY_BYTES_MAX) {
        key_entry_drop(cache, cache->count - 1);
    }
    memmove(&cache->entries[1], &cache->entries[0], cache->count * sizeof entry);
    cache->entries[0] = entry;
    cache->count++;
    cache->bytes += size;
}

struct key_set *connection_key(
    struct connection *connection, sqlite3_value *value, struct fault *fault)
{
    int type = sqlite3_value_type(value);
    bool is_blob = type == SQLITE_BLOB;
    const void *bytes;
    size_t length;
    struct key_set *set;
    uint64_t mark;
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
        fault_set(fault, "key: must be TEXT or a BLOB: a JWK, a JWKS, PEM or an HMAC secret");
        return NULL;
    }
    bytes = is_blob ? sqlite3_value_blob(value) : (const void *)sqlite3_value_text(value);
    length = (size_t)sqlite3_value_bytes(value);
    if (bytes == NULL) {
        if (length > 0 || !is_blob) {
            fault_memory(fault);
            return NULL;
        }
        bytes = "";
    }
    mark = bytes_mark(bytes, length);
    set = key_cache_find(connection->keys, bytes, length, is_blob, mark);
    if (set != NULL) {
        connection->key_hits++;
        return set;
    }
    connection->key_misses++;
    set = key_set_read(bytes, length, is_blob, fault);
    if (set != NULL) {
        for (size_t i = 0; i < set->count; i++) {
            set->keys[i].identity = ++connection->identities;
        }
        key_cache_keep(connection->keys, bytes, length, is_blob, mark, set);
    }
    return set;
}

static struct policy *policy_cache_find(
    struct policy_cache *cache, const char *text, size_t length, enum policy_use use)
{
    for (size_t i = 0; i < cache->count; i++) {
        struct policy *policy = cache->entries[i];
        if (policy->use != use || (policy->source == NULL) != (text == NULL) ||
            policy->source_length != length ||
            (length > 0 && memcmp(policy->source, text, length) != 0)) {
            continue;
        }
        if (i > 0) {
            memmove(&cache->entries[1], &cache->entries[0], i * sizeof policy);
            cache->entries[0] = policy;
        }
        return policy_retain(policy);
    }
    return NULL;
}

static void policy_cache_keep(struct policy_cache *cache, struct policy *policy)
{
    if (policy->source_length > POLICY_BYTES_MAX) return;
    if (cache->count == POLICY_ENTRIES) policy_release(cache->entries[--cache->count]);
    memmove(&cache->entries[1], &cache->entries[0], cache->count * sizeof policy);
    cache->entries[0] = policy_retain(policy);
    cache->count++;
}

struct policy *connection_policy(
    struct connection *connection, sqlite3_value *value, enum policy_use use, struct fault *fault)
{
    const char *text = NULL;
    size_t length = 0;
    struct policy *policy;
    if (value != NULL) {
        int type = sqlite3_value_type(value);
        if (type == SQLITE_NULL) {
            fault_set(fault, "options: is NULL: a policy must not get lost; "
                             "leave the argument out where there is none");
            return NULL;
        }
        if (type != SQLITE_TEXT) {
            fault_set(fault, "options: must be TEXT: a JSON object, or an algorithm's name");
            return NULL;
        }
        text = (const char *)sqlite3_value_text(value);
        length = (size_t)sqlite3_value_bytes(value);
        if (text == NULL) {
            fault_memory(fault);
            return NULL;
        }
    }
    policy = policy_cache_find(connection->policies, text, length, use);
    if (policy != NULL) return policy;
    policy = policy_read(text, length, use, fault);
    if (policy != NULL) {
        policy->identity = ++connection->identities;
        policy_cache_keep(connection->policies, policy);
    }
    return policy;
}

bool connection_has_accepted(
    const struct connection *connection, const struct key_set *keys, const struct policy *policy)
{
    return !keys->is_set && connection->accepted[0] == keys->keys[0].identity &&
           connection->accepted[1] == policy->identity;
}

void connection_accept(
    struct connection *connection, const struct key_set *keys, const struct policy *policy)
{
    if (keys->is_set) return;
    connection->accepted[0] = keys->keys[0].identity;
    connection->accepted[1] = policy->identity;
}

struct connection_report connection_report(const struct connection *connection)
{
    return (struct connection_report){
        .key_entries = connection->keys->count,
        .key_bytes = connection->keys->bytes,
        .policy_entries = connection->policies->count,
        .key_hits = connection->key_hits,
        .key_misses = connection->key_misses,
        .signatures = signature_cache_report(connection->signatures),
    };
}
