/*
** SQL functions for tests: tokens and keys made by means that share nothing with the extension but
** libcrypto.
**
**     repeat(text, n)                     text n times
**     b64url(bytes)                       base64url without padding
**     b64url_decode(text)                 the bytes, or NULL
**     hmac(bits, key, bytes)              HMAC with SHA-256, SHA-384 or SHA-512
**     sha(bits, bytes)                    SHA-256, SHA-384 or SHA-512
**     make_token(header, payload, sig)    three parts, encoded and joined; nothing is checked
**     hmac_token(header, payload, key [, bits])     the same, with the HMAC as signature
**     segment(token, n)                   the n-th dot-separated part, from 1
**     with_segment(token, n, text)        the token with that part replaced
**     make_key(kind)                      private key as PKCS#8 PEM; kind: RSA:2048, RSA-3:2048 (primes), RSA-PSS:2048,
**                                         P-256, secp256k1, Ed25519, X25519, DSA, ...
**     make_rsa_key(bits, exponent)        the same with a public exponent of choice
**     pem_as(pem, form)                   private, public, pkcs1, pkcs1-public, sec1, certificate,
**                                         encrypted, parameters, or der-private, der-public,
**                                         der-pkcs1-public, der-certificate (BLOB)
**     raw_sign(pem, alg, bytes [, salt])  JWS signature bytes; the hash is that of the name, and
**                                         nothing else of the key is compared with the name
**     raw_verify(pem, alg, bytes, sig)    1 or 0
**     signed_token(pem, alg, header, payload [, salt])
*/
#ifndef SQL_HELPERS_H
#define SQL_HELPERS_H

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stddef.h>

struct sql_function {
    const char *name;
    int argument_count;
    void (*function)(sqlite3_context *, int, sqlite3_value **);
};

/* Registers functions that are listed in a table, with their user data; a SQLite result code. */
int sql_functions_register(
    sqlite3 *db, const struct sql_function *functions, size_t count, void *user_data);

/* Register the functions above; a SQLite result code. */
int token_helpers_register(sqlite3 *db);
int key_helpers_register(sqlite3 *db);

/* Bytes of an argument, TEXT or BLOB, with their count; never NULL. */
const unsigned char *argument_bytes(sqlite3_value *value, size_t *count);

/* SHA-256, SHA-384 or, for any other number, SHA-512. */
const EVP_MD *digest_of_bits(int bits);

/* Makes the SQL function fail, and clears OpenSSL's error queue. */
void helper_fails(sqlite3_context *context, const char *function, const char *what);

/* `header.payload` encoded, in memory to free that has room for `signature_room` bytes more. */
char *signing_input(
    sqlite3_value *header, sqlite3_value *payload, size_t signature_room, size_t *length);

/* Gives `input.signature` as the result; takes over `input`. */
void token_result(sqlite3_context *context, char *input, size_t input_length,
    const unsigned char *signature, size_t signature_length);

#endif
