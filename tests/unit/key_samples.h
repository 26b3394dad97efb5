/*
** key_samples.h - keys for the tests, made when they run, in any form.
*/
#ifndef JWT_KEY_SAMPLES_H
#define JWT_KEY_SAMPLES_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "src/jose/key.h"

/* A text of the tests: freed by sample_free(), NUL-terminated. */
typedef char *sample;

void sample_free(sample text);

/* printf to a new text. */
sample sample_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
** The private JWK of a new key for an algorithm; the same for every call in one program.
** NULL where the OpenSSL at hand does not have the algorithm. Not to be freed.
*/
const char *sample_jwk(const char *algorithm);

/* As sample_jwk(), the public JWK (for HMAC: the key itself). */
const char *sample_public_jwk(const char *algorithm);

/*
** `jwk` with the member `name` set to `value` (JSON), which replaces one that
** is there; `value` NULL takes the member away.
*/
sample sample_with(const char *jwk, const char *name, const char *value);

/* The JSON string of a member's base64url with its bytes changed: `change` works on them in place. */
sample sample_octets(
    const char *jwk, const char *name, size_t (*change)(unsigned char *bytes, size_t size));

/* The member's value as JSON text. */
sample sample_member(const char *jwk, const char *name);

/* Bytes in hexadecimal as a JSON string of base64url. */
sample sample_hex(const char *hex);

/* A new key of OpenSSL's: "RSA:2048", "P-256" and other groups, "ED25519", "X25519", "DSA", "RSA-PSS", "SM2". */
EVP_PKEY *sample_pkey(const char *kind);

enum sample_pem {
    PEM_SPKI,
    PEM_PKCS1_PUBLIC,
    PEM_PKCS8,
    PEM_TRADITIONAL, /* PKCS#1 or SEC1 private */
    PEM_CERTIFICATE,
    PEM_ENCRYPTED_PKCS8,
    PEM_ENCRYPTED_TRADITIONAL,
};

/* `pkey` in this form. Aborts where OpenSSL cannot. */
sample sample_pem(EVP_PKEY *pkey, enum sample_pem form);

/* Reads a NUL-terminated TEXT key argument. */
struct key_set *sample_read(const char *text, struct fault *fault);

/* True where the text is refused and the fault's text has `words` in it. Prints the fault where not. */
bool sample_refused(const char *text, const char *words);

/* True where the text is read as one key of this type with no problem. Prints the fault where not. */
bool sample_accepted(const char *text, enum key_type type);

#endif
