/*
** signature_cache.h - tokens whose signature was found good, and by which key.
**
** An entry says two things: what follows from a token's bytes alone (segments,
** header, payload, the table of its members), and that certain keys have signed
** these bytes. It is found by all of the bytes. It holds no verdict on times,
** claims, options or revocation, and no failure: those are decided anew at every
** call, as is which key the token must be signed by.
**
** A key is known by its identity (key_material.h), which is never given to
** another key while the cache lives: whoever changes a key's bytes has another
** identity, and what the old one signed says nothing of it.
**
** A token is kept from the second time on, so that a scan of many tokens that
** come once neither pays for copies nor pushes anything out. Bounds: 1024 tokens
** and SIGNATURE_CACHE_BYTES_MAX; no token over SIGNATURE_CACHE_TOKEN_MAX.
*/
#ifndef JWT_SIGNATURE_CACHE_H
#define JWT_SIGNATURE_CACHE_H

#include "claims.h"
#include "header_memo.h"

#define SIGNATURE_CACHE_BYTES_MAX ((size_t)2 << 20)
#define SIGNATURE_CACHE_TOKEN_MAX ((size_t)16 << 10)
#define SIGNATURE_CACHE_SIGNERS 4

struct signature_cache;

/* A token that is kept. Lives while it is referred to, and is wiped when it goes. All but the signers is immutable. */
struct signed_token {
    size_t references;
    size_t memory; /* bytes that it stands for, its header among them */
    uint64_t
        signers[SIGNATURE_CACHE_SIGNERS]; /* identities of keys whose signature this is; 0: none */
    unsigned next_signer;
    const char *text;
    size_t length;
    struct token_parts parts;
    struct kept_header *header;
    unsigned char *payload; /* decoded */
    size_t payload_length;
    unsigned char *signature;
    size_t signature_length;
    bool is_read; /* the payload was read as JSON: `members` and `claims` say where what is */
    struct json_member *members;
    size_t member_count;
    struct claims claims; /* its `payload` is for the user to set */
};

/* An empty cache, or NULL where memory ran out. */
struct signature_cache *signature_cache_new(void);

/* Drops everything; tokens that are still referred to stay. NULL is allowed. */
void signature_cache_free(struct signature_cache *cache);

/*
** The entry of exactly these bytes, with a reference that signed_token_release()
** gives back; or NULL. `*hash` is for signature_cache_keep(); 0 where the token
** is not of a size that is kept.
*/
struct signed_token *signature_cache_find(
    struct signature_cache *cache, const char *token, size_t length, uint64_t *hash);

/* True where this key has signed the token. Counts a hit or a miss. */
bool signature_cache_has_signer(
    struct signature_cache *cache, const struct signed_token *token, uint64_t identity);

/* What is learnt of a token with a good signature. */
struct signed_facts {
    const struct token_parts *parts;
    struct kept_header *kept_header; /* where the header is kept already; or NULL, and */
    const char *header_text;         /* its text is copied */
    size_t header_length;
    const unsigned char *payload;
    size_t payload_length;
    const unsigned char *signature;
    size_t signature_length;
    const struct json_object *object; /* the payload's members, or NULL where it was not read */
    uint64_t signer;                  /* the key's identity; 0: nothing is kept */
};

/* Keeps a token that signature_cache_find() did not find, if it comes the second time. */
void signature_cache_keep(
    struct signature_cache *cache, uint64_t hash, const struct signed_facts *facts);

/* Notes that one more key has signed a token that is kept. */
void signed_token_add_signer(struct signed_token *token, uint64_t identity);

/* One reference less; the last one wipes and frees. NULL is allowed. */
void signed_token_release(struct signed_token *token);

/* What jwt_debug() shows. */
struct signature_cache_report {
    size_t entries;
    size_t bytes;
    int64_t hits;
    int64_t misses;
};

struct signature_cache_report signature_cache_report(const struct signature_cache *cache);

#endif
