/*
** secure.h - random bytes, wiping, constant-time compare, and the memory that
** everything under src/jose uses (one door, so that a test can make each
** allocation fail).
*/
#ifndef JWT_SECURE_H
#define JWT_SECURE_H

#include <stdbool.h>
#include <stddef.h>

/* `size` bytes (at least 1), uninitialised, or NULL. The caller owns them: memory_free(). */
void *memory_new(size_t size);

/* As memory_new(), filled with zero. */
void *memory_new_zero(size_t size);

/* Gives memory_new() memory back; NULL is allowed. */
void memory_free(void *memory);

/* As memory_free(), after wiping `size` bytes of it. For anything that held key material. */
void memory_wipe_free(void *memory, size_t size);

/* Overwrites `size` bytes in a way that the compiler cannot drop. */
void secure_wipe(void *memory, size_t size);

/*
** True where both hold the same `size` bytes. The time taken depends on
** `size` only (CRYPTO_memcmp). Compare lengths first; lengths are public.
*/
bool secure_equal(const void *left, const void *right, size_t size);

/* Fills `out` from OpenSSL's generator. False where that fails: use nothing of `out` then. */
bool secure_random(unsigned char *out, size_t size);

#endif
