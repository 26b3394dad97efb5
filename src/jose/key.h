/*
** key.h - a key with its one algorithm (RFC 7517, RFC 8725 section 3.1).
**
** What a caller hands over as key - secret, PEM, JWK, JWKS - is read once into
** a `struct key_set`, immutable afterwards but for its prepared OpenSSL
** contexts. A set belongs to one SQLite connection and is used by one thread
** at a time. All secret memory is wiped when the last reference goes.
*/
#ifndef JWT_KEY_H
#define JWT_KEY_H

#include "fault.h"
#include "key_material.h"

#define KEY_SET_MAX_KEYS 16384 /* a JWKS with more is refused */

enum key_operation { OPERATION_VERIFY, OPERATION_SIGN };

struct key_set {
    size_t references;
    bool is_set;   /* came as a JWKS: chosen by kid */
    bool is_jwk;   /* a single key that came as a JWK */
    size_t memory; /* bytes held, about, for the cache's bound */
    size_t count;
    struct key *keys;
    struct key **by_kid; /* keys that have a kid, sorted by it (sets only) */
    size_t by_kid_count;
};

/*
** Reads a key argument (sql-surface.md section 2): a JWK, a JWKS, PEM, or the
** bytes of an HMAC secret. `is_blob`: it came as an SQL BLOB. Returns a set
** with one reference, or NULL with `fault` ("key: ..."). A single key that
** can never be used is a fault; so is text that only looks like a key. Unusable
** members of a JWKS stay in the set, with their `problem`. Weak keys are
** accepted here and have `weakness`.
*/
struct key_set *key_set_read(const void *bytes, size_t length, bool is_blob, struct fault *fault);

/* One more reference. Returns `set`. */
struct key_set *key_set_retain(struct key_set *set);

/* One reference less; the last one wipes and frees. NULL is allowed. */
void key_set_release(struct key_set *set);

enum key_choice { KEY_CHOSEN, KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_UNUSABLE };

/*
** Chooses the key for a token whose header says `algorithm` and `kid` (NULL
** where it has none). A single key is chosen unless both it and the token have
** a kid and they differ. In a set: by kid; without kid, the one usable key
** that `named` (the algorithms that the caller names; 0: none named) and
** key_algorithms() let serve `algorithm`. `*out` is set on KEY_CHOSEN only.
*/
enum key_choice key_set_choose(const struct key_set *set, const struct algorithm *algorithm,
    const char *kid, size_t kid_length, algorithm_set named, bool allow_weak,
    const struct key **out);

/*
** The algorithms that this key serves: its own (`fixed`, else the default of
** its type), or, where the caller names some (`named` not 0), those of them
** that the key can do: with `fixed` only that one, else any of its family.
** EdDSA and the curve's own name stand for one another unless named.
*/
algorithm_set key_algorithms(const struct key *key, algorithm_set named);

/* The algorithm that signing uses when the caller names none. */
const struct algorithm *key_default_algorithm(const struct key *key);

/*
** Why this key cannot be used for `operation` with `algorithm` (NULL: any), or
** NULL where it can. Checks problem, weakness, use and key_ops, private part,
** and secret length against the hash (RFC 7518 section 3.2). Static text.
*/
const char *key_refusal(const struct key *key, const struct algorithm *algorithm,
    enum key_operation operation, bool allow_weak);

#endif
