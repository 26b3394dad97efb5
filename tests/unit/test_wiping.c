/*
** test_wiping.c - what is given back to the allocators holds nothing of a key: neither its bytes, nor the text that
** it came as. OpenSSL's allocator (which is ours, too) and cJSON's are replaced by ones that look through each block.
*/
#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/base64url.h"
#include "src/jose/jwk.h"
#include "src/jose/signature.h"
#include "unit.h"

/* Memcheck: a block is looked through whole, also where its owner never wrote. */
#ifdef __has_include
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#ifndef VALGRIND_MAKE_MEM_DEFINED
#define VALGRIND_MAKE_MEM_DEFINED(bytes, size) ((void)0)
#endif

/* Before each block: how long it is. */
union head {
    size_t size;
    max_align_t aligned;
};

/* What must not be found, and how often it was. */
static struct {
    char bytes[64];
    size_t length;
} secrets[4];
static size_t secret_count;
static unsigned found;

static void look_through(const char *block, size_t size)
{
    for (size_t i = 0; i < secret_count; i++) {
        size_t length = secrets[i].length;
        for (size_t at = 0; at + length <= size; at++) {
            if (memcmp(block + at, secrets[i].bytes, length) == 0) {
                found++;
                return;
            }
        }
    }
}

static void *new_block(size_t size)
{
    union head *head = malloc(sizeof *head + size);
    if (head == NULL) return NULL;
    memset(
        head, 0, sizeof *head + size); /* or an old secret that libc holds would be found again */
    head->size = size;
    return head + 1;
}

static void free_block(void *block)
{
    if (block == NULL) return;
    union head *head = (union head *)block - 1;
    VALGRIND_MAKE_MEM_DEFINED(block, head->size);
    look_through(block, head->size);
    free(head);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return new_block(size);
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free_block(block);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    void *other = openssl_malloc(size, file, line);
    if (block != NULL && other != NULL) {
        size_t old = ((union head *)block - 1)->size;
        memcpy(other, block, old < size ? old : size);
        free_block(block);
    }
    return other;
}

/* Forgets what was to be looked for, and what was found. */
static void look_for_nothing(void)
{
    secret_count = 0;
    found = 0;
}

/* The first bytes of something secret; as much as is surely no coincidence. */
static void look_for(const void *bytes, size_t length)
{
    secrets[secret_count].length = length < 24 ? length : 24;
    memcpy(secrets[secret_count].bytes, bytes, secrets[secret_count].length);
    secret_count++;
}

/* A member's text, and the bytes that it stands for, in the middle, where no allocator writes. */
static void look_for_member(const char *jwk, const char *name)
{
    char pattern[16];
    unsigned char bytes[1200];
    size_t size = 0;
    snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
    const char *start = strstr(jwk, pattern);
    CHECK(start != NULL, "the sample has %s", name);
    if (start == NULL) return;
    start += strlen(pattern);
    size_t length = strcspn(start, "\"");
    CHECK(base64url_decode(bytes, &size, start, length) && size >= 32, "%s is long enough", name);
    look_for(start + 8, length - 8);
    look_for(bytes + 8, size - 8);
}

static void use_key(const char *text, size_t length, const char *alg)
{
    struct fault fault = { 0 };
    struct key_set *set = key_set_read(text, length, false, &fault);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t size = 0;
    const struct algorithm *algorithm = algorithm_find(alg, strlen(alg));
    CHECK(set != NULL, "%s: %s", alg, fault.text);
    if (set == NULL) return;
    CHECK(signature_sign(&set->keys[0], algorithm, "x", 1, signature, &size, &fault), "%s signs",
        alg);
    CHECK(signature_verify(&set->keys[0], algorithm, "x", 1, signature, size) == SIGNATURE_GOOD,
        "%s verifies", alg);
    key_set_release(set);
}

/* A new key of `alg`, used; `member` of it is what nobody may find. */
static void test_jwk(const char *alg, const char *member)
{
    struct fault fault = { 0 };
    struct text jwk;
    char copy[4096];
    look_for_nothing();
    text_start(&jwk);
    bool made = jwk_generate(&jwk, algorithm_find(alg, strlen(alg)), 0, "k", 1, &fault);
    CHECK(made && jwk.length < sizeof copy, "%s: %s", alg, fault.text);
    memcpy(copy, jwk.bytes, jwk.length);
    copy[jwk.length] = '\0';
    look_for_member(copy, member);
    text_release(&jwk);
    CHECK(found == 0, "%s: what it was composed in is wiped (found %u)", alg, found);
    use_key(copy, strlen(copy), alg);
    CHECK(found == 0, "%s: what it was read to is wiped (found %u)", alg, found);
}

static void test_secret(void)
{
    static const char secret[] = "a secret of at least thirty-two bytes, and some more";
    look_for_nothing();
    look_for(secret + 8, sizeof secret - 1 - 8);
    use_key(secret, sizeof secret - 1, "HS256");
    CHECK(found == 0, "a plain secret is wiped (found %u)", found);
}

/* That the look through blocks sees anything at all. */
static void test_looking(void)
{
    static const char secret[] = "nothing has wiped this, and so it is found";
    look_for_nothing();
    look_for(secret, sizeof secret - 1);
    char *block = OPENSSL_malloc(100);
    memcpy(block + 30, secret, sizeof secret);
    OPENSSL_free(block);
    CHECK(found == 1, "what is not wiped is found");
    look_for_nothing();
}

int main(void)
{
    cJSON_Hooks hooks = { new_block, free_block };
    cJSON_InitHooks(&hooks);
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        unit_skip("OpenSSL has allocated already: its allocator cannot be replaced");
        return unit_end();
    }
    test_looking();
    test_secret();
    test_jwk("HS512", "k");
    test_jwk("RS256", "d");
    test_jwk("RS256", "p");
    test_jwk("ES256", "d");
    test_jwk("ES512", "d");
    test_jwk("Ed25519", "d");
    test_jwk("Ed448", "d");
    return unit_end();
}
