/*
** signature_cache.c - see signature_cache.h.
**
** Set-associative: a token's hash says in which set of four it may stand. The
** hash takes a few words of the token, mostly of its signature, and a random
** seed. Nobody fills a set at will: only tokens with good signatures come in,
** and where they go cannot be told without the seed. Whatever the hash says,
** all bytes are compared.
*/
#include "signature_cache.h"

#include <string.h>

#include "json_scan.h"
#include "secure.h"

#define SETS 256
#define WAYS 4
#define SEEN 1024 /* tokens that came once are remembered by their hash alone */
#define TOKEN_MIN 24

/* Made when the first good signature is seen: many connections never see one, and loading stays quick. */
struct tables {
    uint64_t seed;
    uint64_t hashes[SETS][WAYS];
    struct signed_token *tokens[SETS][WAYS];
    unsigned char next_way[SETS];
    uint64_t seen[SEEN];
};

struct signature_cache {
    struct tables *tables;
    size_t sweep; /* where dropping for want of room goes on */
    struct signature_cache_report report;
};

struct signature_cache *signature_cache_new(void)
{
    return memory_new_zero(sizeof(struct signature_cache));
}

/* ---- entries */

void signed_token_release(struct signed_token *token)
{
    if (token == NULL || --token->references > 0) return;
    size_t own = token->memory - kept_header_memory(token->header);
    kept_header_release(token->header);
    memory_wipe_free(token, own);
}

void signed_token_add_signer(struct signed_token *token, uint64_t identity)
{
    if (identity == 0) return;
    for (size_t i = 0; i < SIGNATURE_CACHE_SIGNERS; i++) {
        if (token->signers[i] == identity) return;
    }
    token->signers[token->next_signer] = identity;
    token->next_signer = (token->next_signer + 1) % SIGNATURE_CACHE_SIGNERS;
}

/* The known claims, by the members that the entry has for those of `object`. */
static void move_claims(struct signed_token *token, const struct json_object *object)
{
    memcpy(token->members, object->members, object->count * sizeof *token->members);
    token->member_count = object->count;
    token->is_read = true;
    struct json_object moved;
    moved.text = (const char *)token->payload;
    moved.length = token->payload_length;
    moved.members = token->members;
    moved.count = token->member_count;
    claims_locate(&token->claims, &moved);
    token->claims.payload = NULL;
}

static struct kept_header *header_of(const struct signed_facts *facts)
{
    if (facts->kept_header != NULL) return kept_header_retain(facts->kept_header);
    return kept_header_new(
        facts->parts->text, facts->parts->header_length, facts->header_text, facts->header_length);
}

static struct signed_token *token_new(const struct signed_facts *facts)
{
    size_t count = facts->object == NULL ? 0 : facts->object->count;
    size_t length = facts->parts->length;
    size_t members = count * sizeof(struct json_member);
    size_t own = sizeof(struct signed_token) + members + length + facts->payload_length +
                 facts->signature_length;
    struct signed_token *token = memory_new_zero(own);
    struct kept_header *header = token == NULL ? NULL : header_of(facts);
    if (header == NULL) {
        memory_free(token);
        return NULL;
    }
    unsigned char *at = (unsigned char *)(token + 1);
    token->references = 1;
    token->memory = own + kept_header_memory(header);
    token->header = header;
    token->members = (struct json_member *)(void *)at;
    at += members;
    memcpy(at, facts->parts->text, length);
    token->text = (const char *)at;
    token->length = length;
    token->parts = *facts->parts;
    token->parts.text = token->text;
    at += length;
    token->payload = at;
    token->payload_length = facts->payload_length;
    if (facts->payload_length > 0) memcpy(at, facts->payload, facts->payload_length);
    at += facts->payload_length;
    token->signature = at;
    token->signature_length = facts->signature_length;
    memcpy(at, facts->signature, facts->signature_length);
    if (facts->object != NULL) move_claims(token, facts->object);
    signed_token_add_signer(token, facts->signer);
    return token;
}

/* ---- the tables */

static void drop(struct signature_cache *cache, size_t set, size_t way)
{
    struct signed_token **place = &cache->tables->tokens[set][way];
    if (*place == NULL) return;
    cache->report.entries--;
    cache->report.bytes -= (*place)->memory;
    signed_token_release(*place);
    *place = NULL;
    cache->tables->hashes[set][way] = 0;
}

void signature_cache_free(struct signature_cache *cache)
{
    if (cache == NULL) return;
    for (size_t i = 0; cache->tables != NULL && i < (size_t)SETS * WAYS; i++) {
        drop(cache, i / WAYS, i % WAYS);
    }
    memory_free(cache->tables);
    memory_free(cache);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/*
** Takes the end of the signature, so that nobody who has not the right one gets
** as far as a comparison, whose time would tell where they differ.
*/
static uint64_t hash_of(const struct tables *tables, const char *token, size_t length)
{
    uint64_t before = json_pack(token + length - 16, 8);
    uint64_t hash =
        mix(tables->seed ^ (before << 29 | before >> 35), json_pack(token + length - 8, 8));
    hash = mix(hash ^ length, json_pack(token + length / 2 - 8, 8));
    return hash == 0 ? 1 : hash;
}

struct signed_token *signature_cache_find(
    struct signature_cache *cache, const char *token, size_t length, uint64_t *hash)
{
    *hash = 0;
    if (length < TOKEN_MIN || length > SIGNATURE_CACHE_TOKEN_MAX) return NULL;
    *hash = 1; /* until there is a seed */
    if (cache->tables == NULL) return NULL;
    *hash = hash_of(cache->tables, token, length);
    size_t set = *hash % SETS;
    for (size_t way = 0; way < WAYS; way++) {
        if (cache->tables->hashes[set][way] != *hash) continue;
        struct signed_token *found = cache->tables->tokens[set][way];
        if (found->length == length && memcmp(found->text, token, length) == 0) {
            found->references++;
            return found;
        }
    }
    return NULL;
}

bool signature_cache_has_signer(
    struct signature_cache *cache, const struct signed_token *token, uint64_t identity)
{
    bool found = false;
    for (size_t i = 0; token != NULL && identity != 0 && i < SIGNATURE_CACHE_SIGNERS; i++) {
        found |= token->signers[i] == identity;
    }
    if (found) {
        cache->report.hits++;
    } else {
        cache->report.misses++;
    }
    return found;
}

/* Drops what stands next, wherever that is, until `size` bytes more are within the bound. */
static void make_room(struct signature_cache *cache, size_t size)
{
    while (cache->report.bytes + size > SIGNATURE_CACHE_BYTES_MAX && cache->report.entries > 0) {
        drop(cache, cache->sweep / WAYS, cache->sweep % WAYS);
        cache->sweep = (cache->sweep + 1) % ((size_t)SETS * WAYS);
    }
}

/* The way of a set where a token may go: an empty one, or in turn. */
static size_t choose_way(struct tables *tables, size_t set)
{
    for (size_t way = 0; way < WAYS; way++) {
        if (tables->tokens[set][way] == NULL) return way;
    }
    return tables->next_way[set]++ % WAYS;
}

static struct tables *tables_new(void)
{
    struct tables *tables = memory_new_zero(sizeof *tables);
    if (tables != NULL && !secure_random((unsigned char *)&tables->seed, sizeof tables->seed)) {
        memory_free(tables);
        return NULL;
    }
    return tables;
}

void signature_cache_keep(
    struct signature_cache *cache, uint64_t hash, const struct signed_facts *facts)
{
    if (hash == 0 || facts->signer == 0) return;
    if (cache->tables == NULL) {
        cache->tables = tables_new();
        if (cache->tables == NULL) return;
        hash = hash_of(cache->tables, facts->parts->text, facts->parts->length);
    }
    uint64_t *seen = &cache->tables->seen[hash / SETS % SEEN];
    if (*seen != hash) {
        *seen = hash;
        return;
    }
    struct signed_token *token = token_new(facts);
    if (token == NULL) return;
    make_room(cache, token->memory);
    size_t set = hash % SETS;
    size_t way = choose_way(cache->tables, set);
    drop(cache, set, way);
    cache->tables->tokens[set][way] = token;
    cache->tables->hashes[set][way] = hash;
    cache->report.entries++;
    cache->report.bytes += token->memory;
}

struct signature_cache_report signature_cache_report(const struct signature_cache *cache)
{
    return cache->report;
}
