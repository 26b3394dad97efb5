/*
** test_signature_cache.c - which key signed which bytes: found by all bytes and
** by the key's identity, from the second time on, within bounds, and wiped.
*/
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "jose/signature_cache.h"
#include "unit.h"

/* ---- an allocator that looks at what is given back */

#define MARK "what-must-be-wiped"

static unsigned marked_frees;
static long balance;

/* Zeroed: what nobody wrote must not look like what somebody left. */
static void *new_memory(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    size_t *memory = calloc(1, size + 16);
    if (memory == NULL) return NULL;
    *memory = size;
    balance++;
    return memory + 2;
}

static void free_memory(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    if (memory == NULL) return;
    size_t *start = (size_t *)memory - 2;
    const char *bytes = memory;
    for (size_t i = 0; i + sizeof MARK - 1 <= *start; i++) {
        if (memcmp(bytes + i, MARK, sizeof MARK - 1) == 0) marked_frees++;
    }
    balance--;
    free(start);
}

static void *resize_memory(void *memory, size_t size, const char *file, int line)
{
    void *moved = new_memory(size, file, line);
    if (moved == NULL || memory == NULL) return moved;
    size_t old = ((size_t *)memory)[-2];
    memcpy(moved, memory, old < size ? old : size);
    free_memory(memory, file, line);
    return moved;
}

/* ---- tokens: the cache believes what it is told, so nothing here is signed */

struct sample {
    char text[400];
    size_t length;
    struct token_parts parts;
    char payload[200];
};

static struct sample sample_of(unsigned number)
{
    struct sample sample;
    memset(&sample, 0, sizeof sample);
    snprintf(sample.payload, sizeof sample.payload,
        "{\"sub\":\"user-%06u\",\"exp\":%u,\"note\":\"" MARK "\"}", number, 1000000 + number);
    sample.length = (size_t)snprintf(sample.text, sizeof sample.text,
        "eyJhbGciOiJIUzI1NiJ9.cGF5bG9hZA-%06u.c2lnbmF0dXJl-%06u-%08x", number, number,
        number * 2654435761u);
    CHECK(token_split(&sample.parts, sample.text, sample.length), "a sample has three segments");
    return sample;
}

static void keep(struct signature_cache *cache, const struct sample *sample, uint64_t signer)
{
    uint64_t hash;
    struct json_object object;
    struct signed_token *found = signature_cache_find(cache, sample->text, sample->length, &hash);
    if (found != NULL) {
        signed_token_add_signer(found, signer);
        signed_token_release(found);
        return;
    }
    json_object_read(&object, sample->payload, strlen(sample->payload), NULL);
    struct token_parts parts = sample->parts;
    parts.text = sample->text;
    const struct signed_facts facts = {
        .parts = &parts,
        .header_text = "{\"alg\":\"HS256\"}",
        .header_length = 15,
        .payload = (const unsigned char *)sample->payload,
        .payload_length = strlen(sample->payload),
        .signature = (const unsigned char *)"signature",
        .signature_length = 9,
        .object = &object,
        .signer = signer,
    };
    signature_cache_keep(cache, hash, &facts);
    json_object_release(&object);
}

static struct signed_token *find(struct signature_cache *cache, const struct sample *sample)
{
    uint64_t hash;
    return signature_cache_find(cache, sample->text, sample->length, &hash);
}

static bool knows(struct signature_cache *cache, const struct sample *sample)
{
    struct signed_token *found = find(cache, sample);
    bool same = found != NULL && found->length == sample->length &&
                memcmp(found->text, sample->text, sample->length) == 0 &&
                found->payload_length == strlen(sample->payload) &&
                memcmp(found->payload, sample->payload, found->payload_length) == 0;
    CHECK(found == NULL || same, "what is found is what was kept");
    signed_token_release(found);
    return same;
}

static void test_second_time(void)
{
    struct signature_cache *cache = signature_cache_new();
    struct sample sample = sample_of(1);
    CHECK(!knows(cache, &sample), "an empty cache knows nothing");
    keep(cache, &sample, 7);
    CHECK(!knows(cache, &sample) && signature_cache_report(cache).bytes == 0,
        "nor what came once, and that holds no memory");
    keep(cache, &sample, 7);
    CHECK(knows(cache, &sample), "what came twice is known");
    struct signed_token *found = find(cache, &sample);
    CHECK(found->is_read && found->member_count == 3 && found->claims.has_usual_types &&
              found->claims.dates[0] == 1000001 &&
              found->claims.known[CLAIM_SUB] == &found->members[0],
        "with its members and claims");
    signature_cache_free(cache);
    CHECK(memcmp(found->text, sample.text, sample.length) == 0, "it outlives the cache");
    signed_token_release(found);
}

static void test_signers(void)
{
    struct signature_cache *cache = signature_cache_new();
    struct sample sample = sample_of(2);
    keep(cache, &sample, 7);
    keep(cache, &sample, 7);
    struct signed_token *found = find(cache, &sample);
    CHECK(signature_cache_has_signer(cache, found, 7), "the key that signed it is known");
    CHECK(!signature_cache_has_signer(cache, found, 8), "another key is not");
    CHECK(!signature_cache_has_signer(cache, found, 0), "nor one without identity");
    CHECK(!signature_cache_has_signer(cache, NULL, 7), "nor any key of a token that is not kept");
    struct signature_cache_report report = signature_cache_report(cache);
    CHECK(report.hits == 1 && report.misses == 3, "hits and misses are counted");
    for (uint64_t signer = 8; signer < 20; signer++) {
        signed_token_add_signer(found, signer);
        signed_token_add_signer(found, signer);
        CHECK(signature_cache_has_signer(cache, found, signer), "one more key is known");
    }
    CHECK(!signature_cache_has_signer(cache, found, 7) &&
              signature_cache_has_signer(cache, found, 16) &&
              !signature_cache_has_signer(cache, found, 15),
        "of many keys the last four");
    signed_token_add_signer(found, 0);
    CHECK(signature_cache_has_signer(cache, found, 16), "a key without identity takes no place");
    signed_token_release(found);
    signature_cache_free(cache);

    cache = signature_cache_new();
    for (int i = 0; i < 4; i++) keep(cache, &sample, 0);
    CHECK(!knows(cache, &sample), "without an identity nothing is kept");
    struct signed_facts facts = { .signer = 7 };
    signature_cache_keep(cache, 0, &facts);
    CHECK(signature_cache_report(cache).entries == 0, "nor what no hash was found for");
    signature_cache_free(cache);
}

/* A token that differs in one bit, or by its length, is another. */
static void test_near_misses(void)
{
    struct signature_cache *cache = signature_cache_new();
    struct sample sample = sample_of(3);
    uint64_t hash;
    keep(cache, &sample, 7);
    keep(cache, &sample, 7);
    for (size_t i = 0; i < sample.length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct sample other = sample;
            other.text[i] = (char)(other.text[i] ^ (1 << bit));
            CHECK(find(cache, &other) == NULL, "bit %u of character %zu matters", bit, i);
        }
    }
    for (size_t length = 0; length < sample.length; length++) {
        CHECK(signature_cache_find(cache, sample.text, length, &hash) == NULL,
            "%zu characters of it are another token", length);
        CHECK(length == 0 || signature_cache_find(cache, sample.text + length,
                                 sample.length - length, &hash) == NULL,
            "so is what follows them");
    }
    CHECK(knows(cache, &sample), "itself it is still known");
    signature_cache_free(cache);
}

static void test_bounds(void)
{
    struct signature_cache *cache = signature_cache_new();
    unsigned known = 0;
    for (unsigned number = 0; number < 5000; number++) {
        struct sample sample = sample_of(number);
        keep(cache, &sample, 7);
        keep(cache, &sample, 7);
        struct signature_cache_report report = signature_cache_report(cache);
        if (report.entries > 1024 || report.bytes > SIGNATURE_CACHE_BYTES_MAX) {
            CHECK(false, "entries and bytes stay within their bounds");
            break;
        }
    }
    for (unsigned number = 0; number < 5000; number++) {
        struct sample sample = sample_of(number);
        known += knows(cache, &sample);
    }
    CHECK(known == signature_cache_report(cache).entries && known > 400 && known <= 1024,
        "of many tokens some hundreds stay (%u)", known);
    signature_cache_free(cache);

    static char big[SIGNATURE_CACHE_TOKEN_MAX + 1];
    uint64_t hash;
    cache = signature_cache_new();
    memset(big, 'A', sizeof big);
    signature_cache_find(cache, big, sizeof big, &hash);
    CHECK(hash == 0, "a token that is too long for the cache is not kept");
    signature_cache_find(cache, big, sizeof big - 1, &hash);
    CHECK(hash != 0, "one byte less is");
    signature_cache_free(cache);
}

/* A scan of tokens that come once costs no memory and pushes nothing out. */
static void test_scan(void)
{
    struct signature_cache *cache = signature_cache_new();
    struct sample kept = sample_of(0);
    keep(cache, &kept, 7);
    keep(cache, &kept, 7);
    size_t bytes = signature_cache_report(cache).bytes;
    for (unsigned number = 1; number < 20000; number++) {
        struct sample sample = sample_of(number);
        keep(cache, &sample, 7);
    }
    CHECK(knows(cache, &kept) && signature_cache_report(cache).entries == 1 &&
              signature_cache_report(cache).bytes == bytes,
        "twenty thousand tokens that came once changed nothing");
    signature_cache_free(cache);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(new_memory, resize_memory, free_memory) != 1) {
        unit_skip("OpenSSL has allocated already");
    }
    test_second_time(); /* OpenSSL starts its random generator once */
    long before = balance;
    test_second_time();
    test_signers();
    test_near_misses();
    test_bounds();
    test_scan();
    CHECK(marked_frees == 0, "no payload is given back before it is wiped (%u)", marked_frees);
    CHECK(balance == before, "nothing is left behind (%ld)", balance - before);
    return unit_end();
}
