/*
** jwk.h - keys as documents: JWK and JWKS out, thumbprints, PEM, new keys
** (RFC 7517, RFC 7518 section 6, RFC 7638, RFC 8037, RFC 9964).
*/
#ifndef JWT_JWK_H
#define JWT_JWK_H

#include "key.h"
#include "text.h"

/* What jwk_write() adds to the members that make up the key itself. All may be NULL. */
struct jwk_members {
    const char *alg;
    const char *use;
    const char *kid;
    size_t kid_length;
};

/*
** Appends the JWK of `key` as JSON: kty, then alg, use, kid where given, then
** the key's own members; private ones only where `with_private`. False with
** `fault` ("key: ...") where the key has no such form.
*/
bool jwk_write(struct text *out, const struct key *key, bool with_private,
    const struct jwk_members *members, struct fault *fault);

/*
** Appends the public form of a key document: a JWK for a JWK or PEM, a JWKS
** for a JWKS. `bytes` is the caller's key argument as it stands (for further
** members such as x5c, which are kept; any private member is dropped;
** `key_ops` `sign` becomes `verify`). A symmetric or unusable key is a fault;
** in a JWKS such members are left out.
*/
bool jwk_write_public(struct text *out, const struct key_set *set, const void *bytes, size_t length,
    struct fault *fault);

/* Appends the RFC 7638 thumbprint, base64url, with `hash` "sha256", "sha384" or "sha512". */
bool jwk_thumbprint(struct text *out, const struct key *key, const char *hash, struct fault *fault);

/* Appends the key as PEM: PKCS#8 where `with_private`, else SPKI. KEY_OCT and (before OpenSSL 3.5) AKP are faults. */
bool jwk_write_pem(struct text *out, const struct key *key, bool with_private, struct fault *fault);

/*
** Makes a new key for `algorithm` and appends its private JWK, with alg, use
** "sig" and kid (`kid`, or its thumbprint where NULL). `bits`: RSA modulus
** (2048 where 0; 2048 to 16384), must be 0 for other types.
*/
bool jwk_generate(struct text *out, const struct algorithm *algorithm, unsigned bits,
    const char *kid, size_t kid_length, struct fault *fault);

#endif
