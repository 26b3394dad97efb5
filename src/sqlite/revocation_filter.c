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
    struct block blocks[];
};

bool filter_key_make(struct filter_key *key)
{
    return secure_random((unsigned char *)key->words, sizeof key->words);
}

/* ---- SipHash ---- */

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t filter_hash(
    const struct filter_key *key, enum match_column column, const char *bytes, size_t length)
{
    uint64_t first = key->words[0] ^ (uint64_t)column; /* a hash of its own for each column */
    uint64_t v[4] = {
        first ^ UINT64_C(0x736f6d6570736575),
        key->words[1] ^ UINT64_C(0x646f72616e646f6d),
        first ^ UINT64_C(0x6c7967656e657261),
        key->words[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t last = (uint64_t)length << 56;
    size_t rest = length % 8;
    const char *end = bytes + (length - rest);
    for (; bytes < end; bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        sip_word(v, word);
    }
    for (size_t i = 0; i < rest; i++) last |= (uint64_t)(unsigned char)end[i] << (8 * i);
    sip_word(v, last);
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
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
    size_t size = sizeof(struct filter) + (size_t)blocks * sizeof(struct block);
    struct filter *filter = sqlite3_malloc64(size);
    if (filter == NULL) return NULL;
    memset(filter, 0, size);
    filter->block_count = blocks;
    return filter;
}

void filter_free(struct filter *filter)
{
    sqlite3_free(filter);
}

size_t filter_size(const struct filter *filter)
{
    return sizeof *filter + (size_t)filter->block_count * sizeof(struct block);
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
static uint32_t bit_of(uint64_t hash, size_t word)
{
    return UINT32_C(1) << (hash >> 5 * word & 31);
}

void filter_add(struct filter *filter, uint64_t hash)
{
    struct block *block = &filter->blocks[block_index(filter, hash)];
    for (size_t i = 0; i < BLOCK_WORDS; i++) block->words[i] |= bit_of(hash, i);
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

bool filter_may_have(const struct filter *filter, uint64_t hash)
{
    const struct block *block = &filter->blocks[block_index(filter, hash)];
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        if ((block->words[i] & bit_of(hash, i)) == 0)
            return false; /* mostly one of the first two */
    }
    return true;
}
