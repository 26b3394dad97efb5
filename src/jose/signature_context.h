/*
** signature_context.h - OpenSSL objects made ready for one key and one
** algorithm. Making them costs 3 to 40 times what a HMAC costs and up to a fifth of
** a public-key verification, so each key keeps its own.
*/
#ifndef JWT_SIGNATURE_CONTEXT_H
#define JWT_SIGNATURE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "algorithm.h"

struct evp_md_st;
struct evp_md_ctx_st;
struct evp_pkey_st;
struct evp_pkey_ctx_st;

/* What is made for an algorithm depends on its family; the rest is NULL. */
struct signature_context {
    struct evp_md_st *digest;         /* all but EdDSA and ML-DSA */
    struct evp_md_ctx_st *work;       /* where a hash is computed, or a copy of `ready_*` is used */
    struct evp_md_ctx_st *inner;      /* HMAC: has absorbed the key's inner block */
    struct evp_md_ctx_st *outer;      /* HMAC: the outer one */
    struct evp_pkey_ctx_st *verifier; /* RSA, ECDSA: over a hash, used again and again */
    struct evp_pkey_ctx_st *signer;
    struct evp_md_ctx_st *ready_verify; /* EdDSA, ML-DSA: started, copied for each message */
    struct evp_md_ctx_st *ready_sign;
};

/* All contexts of one key. */
struct signature_contexts;

/* What the contexts are made from: one of the two. Borrowed for the call. */
struct signature_material {
    struct evp_pkey_st *pkey;
    const unsigned char *secret; /* HMAC */
    size_t secret_length;
};

/*
** The context of `algorithm`, ready to verify, or to sign where `signing`
** (HMAC: both). Made at first use and kept in `*contexts` (NULL at first).
** NULL where OpenSSL could not: its error queue then says why, or is empty
** where an allocation of ours failed.
*/
struct signature_context *signature_context_get(struct signature_contexts **contexts,
    const struct algorithm *algorithm, const struct signature_material *material, bool signing);

/* Drops the public-key contexts of `context` after an internal error: they are made anew at next use. */
void signature_context_drop(struct signature_context *context);

/* Frees all contexts of a key. NULL is allowed. */
void signature_contexts_free(struct signature_contexts *contexts);

#endif
