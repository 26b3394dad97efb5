/*
** secure.c - see secure.h. All of it rests on OpenSSL's, so that a host that
** gave OpenSSL its own allocator (CRYPTO_set_mem_functions) has ours with it.
*/
#include "secure.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

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

bool secure_random(unsigned char *out, size_t size)
{
    bool filled = RAND_bytes_ex(NULL, out, size, 0) == 1;
    if (!filled) ERR_clear_error();
    return filled;
}
