/*
** secure.c - see secure.h. All of it rests on OpenSSL's, so that a host that
** gave OpenSSL its own allocator (CRYPTO_set_mem_functions) has ours with it.
*/
#include "secure.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <string.h>

void secure_start(void)
{
#ifdef JWT_EXT_OWN_OPENSSL
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
#endif
}

void *memory_new(size_t size)
{
    void *memory = OPENSSL_malloc(size ? size : 1);
    if (memory == NULL) ERR_clear_error(); /* OpenSSL 3.2 and later report it there */
    return memory;
}

void *memory_new_zero(size_t size)
{
    void *memory = OPENSSL_zalloc(size ? size : 1);
    if (memory == NULL) ERR_clear_error();
    return memory;
}

void memory_free(void *memory)
{
    OPENSSL_free(memory);
}

void memory_wipe_free(void *memory, size_t size)
{
    OPENSSL_clear_free(memory, size);
}

void secure_wipe(void *memory, size_t size)
{
    OPENSSL_cleanse(memory, size);
}

bool secure_equal(const void *left, const void *right, size_t size)
{
    return CRYPTO_memcmp(left, right, size) == 0;
}

/* Every difference is gathered, and looked at once, by CRYPTO_memcmp: what differs where decides no branch. */
bool secure_equal_long(const void *left, const void *right, size_t size)
{
    static const uint64_t none[2] = { 0, 0 };
    const unsigned char *a = left;
    const unsigned char *b = right;
    uint64_t differences[2] = { 0, 0 };
    uint64_t x[2];
    uint64_t y[2];
    if (size < sizeof x) return secure_equal(left, right, size);
    for (size_t at = 0; at < size; at += sizeof x) {
        size_t from = at + sizeof x <= size ? at : size - sizeof x; /* the last step looks back */
        memcpy(x, a + from, sizeof x);
        memcpy(y, b + from, sizeof y);
        differences[0] |= x[0] ^ y[0];
        differences[1] |= x[1] ^ y[1];
    }
    return CRYPTO_memcmp(differences, none, sizeof none) == 0;
}

/* OpenSSL needs a few KB for an operation: whether as much can be had now. */
static bool memory_is_short(void)
{
    void *memory = OPENSSL_malloc(8192);
    OPENSSL_free(memory);
    ERR_clear_error();
    return memory == NULL;
}

bool secure_memory_failed(void)
{
    bool failed = false;
    unsigned long error;
    while ((error = ERR_get_error()) != 0) {
        int library = ERR_GET_LIB(error), reason = ERR_GET_REASON(error);
        if (reason == ERR_R_MALLOC_FAILURE) failed = true;
        if (library == ERR_LIB_EVP && reason == EVP_R_INITIALIZATION_ERROR) failed = true;
        if (library == ERR_LIB_EVP && reason == ERR_R_INTERNAL_ERROR) failed = true;
        if (library == ERR_LIB_EVP && reason == EVP_R_NOT_ABLE_TO_COPY_CTX) failed = true;
    }
    return failed || memory_is_short();
}

bool secure_content_refused(int library)
{
    bool failed = false, refused = false;
    unsigned long error;
    while ((error = ERR_get_error()) != 0) {
        int reason = ERR_GET_REASON(error);
        if (reason == ERR_R_MALLOC_FAILURE) failed = true;
        if (ERR_GET_LIB(error) == library && (reason & ERR_RFLAG_COMMON) == 0) refused = true;
    }
    return refused && !failed && !memory_is_short();
}

bool secure_random(unsigned char *out, size_t size)
{
    bool filled = RAND_bytes_ex(NULL, out, size, 0) == 1;
    ERR_clear_error(); /* also where it did: its first use may fail on a way that it does not need */
    return filled;
}
