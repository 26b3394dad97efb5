/*
** revocation_filter.h - a blocked Bloom filter over the rules of one table.
**
** It says "no rule has this key" for sure, or "perhaps one has". All bits of a
** key lie in one block of 32 bytes, so that a question costs one cache miss.
** The hashes are keyed with random bytes that nobody learns: whoever chooses
** user names cannot choose collisions.
*/
#ifndef JWT_REVOCATION_FILTER_H
#define JWT_REVOCATION_FILTER_H

#include <sqlite3ext.h>

#include "revocation_rule.h"

#define FILTER_BYTES_A_RULE 2
#define FILTER_BYTES_MAX ((size_t)64 << 20)
#define FILTER_RULES_MAX (FILTER_BYTES_MAX / FILTER_BYTES_A_RULE)

/* The key of the hashes. */
struct filter_key {
    uint64_t words[3];
};

/* Random, from OpenSSL's generator; false where that fails. */
bool filter_key_make(struct filter_key *key);

/*
** The hash of one value of one column: products of 128 bits by a secret factor,
** folded. Who does not know the key cannot aim; who could would only cost time,
** because a filter's "perhaps" is looked up.
*/
uint64_t filter_hash(
    const struct filter_key *key, enum match_column column, const char *bytes, size_t length);

/* The hash of a rule's key, from those of its columns: add them up, then finish. */
uint64_t filter_finish(unsigned kind, uint64_t sum);

struct filter;

/*
** Room for that many rules (at most FILTER_RULES_MAX), or NULL when memory runs
** out. FILTER_BYTES_A_RULE bytes for each, from SQLite's allocator.
*/
struct filter *filter_new(sqlite3_int64 rules);

/* NULL is allowed. */
void filter_free(struct filter *filter);

void filter_add(struct filter *filter, uint64_t hash);

/* Fetches what filter_may_have() will look at, so that something else can be done meanwhile. */
void filter_prefetch(const struct filter *filter, uint64_t hash);

/* False: nothing of this hash was added. */
bool filter_may_have(const struct filter *filter, uint64_t hash);

#endif
