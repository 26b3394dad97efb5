/*
** revocation_filter.c - see revocation_filter.h.
**
** A block is eight words of 32 bits, and a key sets one bit in each word, as in
** the split block Bloom filter of the Parquet format. 16 bits a rule give about
** one false alarm in 600 questions.
*/
#include "revocation_filter.h"

SQLITE_EXTENSION_INIT3

#include "../jose/secure.h"

#include <string.h>

#define BLOCK_WORDS 8

struct block {
    uint32_t words[BLOCK_WORDS];
};

struct filter {
    uint64_t block_count; /* below 2^32 */
    struct block *blocks; /* none of them in two lines of a cache */
    unsigned char memory[];
};

#define CACHE_LINE 64

bool filter_key_make(struct filter_key *key)
{
    if (!secure_random((unsigned char *)key->words, sizeof key->words)) return false;
    key->words[1] |= 1; /* what is multiplied by is never 0 */
    key->words[2] |= 1;
    return true;
}

/* ---- hashes ---- */

/* Both halves of a product of 128 bits: each bit of it takes part in one bit of the result. */
static inline uint64_t fold(uint64_t left, uint64_t right)
{
#if defined(__SIZEOF_INT128__) && !defined(JWT_PORTABLE)
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t low = (left & UINT32_MAX) * (right & UINT32_MAX);
    uint64_t middle = (left >> 32) * (right & UINT32_MAX) + (low >> 32);
    uint64_t other = (left & UINT32_MAX) * (right >> 32) + (middle & UINT32_MAX);
    uint64_t high = (left >> 32) * (right >> 32) + (middle >> 32) + (other >> 32);
    return (other << 32 | (low & UINT32_MAX)) ^ high;
#endif
}

static inline uint64_t word_at(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

uint64_t filter_hash(
    const struct filter_key *key, enum match_column column, const char *bytes, size_t length)
{
    /* A hash of its own for each column and each length: the last word may overlap the one before. */
    uint64_t hash = key->words[0] ^ ((uint64_t)length << 8 | (uint64_t)column);
    uint64_t last = 0;
    if (length >= sizeof last) {
        const char *end = bytes + (length - sizeof last);
        for (; bytes < end; bytes += sizeof last) hash = fold(hash ^ word_at(bytes), key->words[1]);
        last = word_at(end);
    } else {
        for (size_t i = 0; i < length; i++) last |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    }
    hash = fold(hash ^ last, key->words[1]);
    return fold(hash, key->words[2]);
}

/* The finalizer of MurmurHash3. */
uint64_t filter_finish(unsigned kind, uint64_t sum)
{
    uint64_t hash = sum + kind * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

/* ---- blocks ---- */

struct filter *filter_new(sqlite3_int64 rules)
{
    uint64_t blocks = (uint64_t)rules * FILTER_BYTES_A_RULE / sizeof(struct block) + 1;
    size_t size = (size_t)blocks * sizeof(struct block);
    struct filter *filter = sqlite3_malloc64(sizeof *filter + CACHE_LINE + size);
    if (filter == NULL) return NULL;
    filter->block_count = blocks;
    filter->blocks =
        (struct block *)(filter->memory + CACHE_LINE - (uintptr_t)filter->memory % CACHE_LINE);
    memset(filter->blocks, 0, size);
    return filter;
}

void filter_free(struct filter *filter)
{
    sqlite3_free(filter);
}

/*
** The upper half of the hash chooses the block. Its lowest 40 bits choose the
** bits: 8 of them weigh nothing in the choice of one of FILTER_BYTES_MAX / 32 blocks.
*/
static size_t block_index(const struct filter *filter, uint64_t hash)
{
    return (size_t)((hash >> 32) * filter->block_count >> 32);
}

/* Each word takes five other bits of the hash. */
static inline unsigned bit_of(uint64_t hash, size_t word)
{
    return hash >> 5 * word & 31;
}

void filter_add(struct filter *filter, uint64_t hash)
{
    struct block *block = &filter->blocks[block_index(filter, hash)];
    for (size_t i = 0; i < BLOCK_WORDS; i++) block->words[i] |= UINT32_C(1) << bit_of(hash, i);
}

void filter_prefetch(const struct filter *filter, uint64_t hash)
{
#if defined(__GNUC__)
    __builtin_prefetch(&filter->blocks[block_index(filter, hash)]);
#else
    (void)filter;
    (void)hash;
#endif
}

/*
** Four words at once: which of them says no is chance, which no processor
** predicts; that one of them does is the rule, 33 times in 34.
*/
static inline bool has_bits(const uint32_t *words, uint64_t hash)
{
    return (words[0] >> bit_of(hash, 0) & words[1] >> bit_of(hash, 1) &
               words[2] >> bit_of(hash, 2) & words[3] >> bit_of(hash, 3) & 1) != 0;
}

bool filter_may_have(const struct filter *filter, uint64_t hash)
{
    const struct block *block = &filter->blocks[block_index(filter, hash)];
    return has_bits(block->words, hash) && has_bits(block->words + 4, hash >> 20);
}
