/*
** signature.h - sign and verify bytes with a key (RFC 7515 section 5,
** RFC 7518 section 3). Knows nothing of tokens.
*/
#ifndef JWT_SIGNATURE_H
#define JWT_SIGNATURE_H

#include "key.h"

/* The longest signature that can come: ML-DSA-87's 4627 bytes; RSA has at most 2048. */
#define SIGNATURE_BYTES_MAX 4627

enum signature_result {
    SIGNATURE_GOOD,
    SIGNATURE_BAD,
    SIGNATURE_NO_MEMORY, /* no verdict: an allocation failed, or OpenSSL could not even begin */
};

/* True where the OpenSSL at run time has this algorithm. */
bool algorithm_available(const struct algorithm *algorithm);

/* The exact length of this key's signatures with this algorithm, in bytes. */
size_t signature_length(const struct key *key, const struct algorithm *algorithm);

/*
** Checks `signature` over `length` bytes of `data`. The key must have passed
** key_refusal() and `algorithm` be in its key_algorithms(). ECDSA signatures
** are raw R||S (RFC 7518 section 3.4). A length other than signature_length()
** is BAD without touching OpenSSL. OpenSSL's error queue is left empty.
*/
enum signature_result signature_verify(const struct key *key, const struct algorithm *algorithm,
    const void *data, size_t length, const unsigned char *signature, size_t signature_bytes);

/*
** Signs `length` bytes of `data` into `out` (SIGNATURE_BYTES_MAX bytes) and
** sets `*out_length`. False with `fault` where OpenSSL fails.
*/
bool signature_sign(const struct key *key, const struct algorithm *algorithm, const void *data,
    size_t length, unsigned char *out, size_t *out_length, struct fault *fault);

#endif
