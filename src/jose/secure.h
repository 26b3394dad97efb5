/*
** secure.h - random bytes, wiping, constant-time compare, and the memory that
** everything under src/jose uses (one door, so that a test can make each
** allocation fail).
*/
#ifndef JWT_SECURE_H
#define JWT_SECURE_H

#include <stdbool.h>
#include <stddef.h>

/*
** Makes OpenSSL ready; to be called before anything else here, as often as one
** likes. A build that carries its own OpenSSL (JWT_EXT_OWN_OPENSSL) leaves the
** configuration file alone, since that speaks to the host's: its providers and
** default properties are another library's. Nor does it clean up at exit, when
** threads of the host may still be at work.
*/
void secure_start(void);

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

/* As secure_equal(), for whole keys: sixteen bytes at a time. */
bool secure_equal_long(const void *left, const void *right, size_t size);

/*
** After OpenSSL failed: true where memory ran out, as far as that can be told.
** (It does not always say so: a digest that cannot start is taken for a sign,
** and at last a test allocation answers.) Empties OpenSSL's error queue.
*/
bool secure_memory_failed(void);

/*
** After OpenSSL refused what it was given: true where its error queue says so,
** by a reason of `library`'s own (ERR_LIB_EC, ERR_LIB_RSA). False where it says
** less than that: then memory may have run out, and nothing is known of what
** it was given. Empties the queue. Not for what comes from a token: there a
** doubt is a refusal.
*/
bool secure_content_refused(int library);

/* Fills `out` from OpenSSL's generator. False where that fails: use nothing of `out` then. */
bool secure_random(unsigned char *out, size_t size);

#endif
