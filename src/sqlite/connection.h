/*
** connection.h - what one SQLite connection keeps for the extension: parsed
** keys, read options, the revocation tables that are connected, and counters.
**
** One struct per connection, shared by reference count among its functions and
** modules; no global state anywhere. SQLite serialises the calls that reach it.
*/
#ifndef JWT_CONNECTION_H
#define JWT_CONNECTION_H

#include <sqlite3ext.h>

#include "../jose/header_memo.h"
#include "../jose/issue.h"
#include "../jose/key.h"
#include "../jose/policy.h"
#include "../jose/signature_cache.h"

struct revocation_table; /* revocation.c's: one connected jwt_revocation table */
struct key_cache;
struct policy_cache;

struct connection {
    sqlite3 *db;
    unsigned references;
    struct key_cache *keys;
    struct policy_cache *policies;
    struct header_memo *headers;
    struct signature_cache *signatures;
    struct issue_memo *issued;
    uint64_t
        identities; /* how many keys and policies were read: each has the next number as its own */
    uint64_t
        accepted[2]; /* the key and the policy that key_set_refusal() had nothing against last */
    struct revocation_table *revocations; /* list of the tables that are connected, or NULL */
    sqlite3_int64 key_hits;
    sqlite3_int64 key_misses;
};

/* A new struct with one reference, or NULL when memory runs out. */
struct connection *connection_new(sqlite3 *db);

/* One more reference. Returns `connection`. */
struct connection *connection_retain(struct connection *connection);

/* One reference less; the last one wipes and frees. Fits as an xDestroy. */
void connection_release(void *released);

/*
** The one place that reads the clock: seconds since 1970 by the connection's VFS.
** NaN where that fails: no comparison with it holds, so that every check of a time
** says no.
*/
double connection_clock(struct connection *connection);

/*
** The key set for a key argument, found by content or read and kept. Returns a
** new reference, or NULL with `fault`. The value must not be NULL.
*/
struct key_set *connection_key(
    struct connection *connection, sqlite3_value *value, struct fault *fault);

/*
** The policy for an options argument, found by content or read and kept. Returns
** a new reference, or NULL with `fault`. `value` NULL (no argument) gives defaults.
*/
struct policy *connection_policy(
    struct connection *connection, sqlite3_value *value, enum policy_use use, struct fault *fault);

/*
** Whether key_set_refusal() was asked about this single key and this policy
** last, and had nothing against them; and that it had not.
*/
bool connection_has_accepted(
    const struct connection *connection, const struct key_set *keys, const struct policy *policy);
void connection_accept(
    struct connection *connection, const struct key_set *keys, const struct policy *policy);

/* What jwt_debug() shows. */
struct connection_report {
    size_t key_entries;
    size_t key_bytes; /* key text and parsed keys, about */
    size_t policy_entries;
    sqlite3_int64 key_hits;
    sqlite3_int64 key_misses;
    struct signature_cache_report signatures;
};

struct connection_report connection_report(const struct connection *connection);

#endif
