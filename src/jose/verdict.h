/*
** verdict.h - the ordered pipeline that ends in one verdict about one token.
**
** size, segments, header, critical extensions, algorithm, key, signature
** length, signature, payload, claims, revocation: the first check that fails
** decides, and nothing after it is looked at (RFC 7515 section 5.2, RFC 7519
** section 7.2). jwt_verify, jwt_status, jwt_claims, jwt_claim, jwt_decode and
** jwt_explain are all answers from this one pipeline.
*/
#ifndef JWT_VERDICT_H
#define JWT_VERDICT_H

#include "claims.h"
#include "header_memo.h"
#include "key.h"
#include "signature_cache.h"

enum reached {
    REACHED,           /* `status` is the verdict */
    REACHED_NO_MEMORY, /* there is none: memory ran out */
    REACHED_ERROR,     /* there is none: a service failed and has its own error to raise */
};

struct verification;

/* What the pipeline asks of its surroundings. */
struct verdict_services {
    void *context;
    /* Seconds since 1970. Asked at most once, and only where the policy has no `now`. */
    double (*clock)(void *context);
    /*
    ** Told that `revocation` will be asked if nothing else fails, where there is
    ** a `revoked_by`, as soon as the signature is good and the claims located: what
    ** an answer takes can be fetched from memory meanwhile. Decides nothing; no
    ** type was looked at.
    */
    void (*expect_revocation)(void *context, const struct verification *verification);
    /*
    ** The verdict of the revocation table that policy->revoked_by names:
    ** sets *status to STATUS_OK, STATUS_REVOKED or STATUS_REVOCATION_UNKNOWN.
    ** Asked last, and only where there is a `revoked_by`.
    */
    enum reached (*revocation)(
        void *context, const struct verification *verification, enum status *status);
    struct header_memo *headers;        /* headers that were read before, or NULL: none are kept */
    struct signature_cache *signatures; /* signatures that were good before, or NULL */
};

#define VERIFICATION_OWN_BYTES 4096

/* One token on its way through the pipeline; about 8 KiB, for the stack. Not to be copied. */
struct verification {
    /* The question. */
    const char *token; /* NULL where it was NULL or no text */
    size_t token_length;
    const struct key_set *keys; /* NULL: the key argument was NULL */
    const struct policy *policy;
    const struct verdict_services *services;
    bool is_jws; /* any payload, no claims */

    /* The answer. */
    enum status status;
    size_t failed; /* index of the check that failed, verdict_check_count() where none did */
    struct detail detail;

    /* What was learnt on the way; each part is valid once its check passed. */
    struct token_parts parts;
    const struct token_header *header; /* `own_header`, or in `kept_header` */
    const char *header_text;
    size_t header_length;
    const struct key *key;
    unsigned char *payload_bytes; /* decoded; may be shown only where status is STATUS_OK */
    size_t payload_length;
    unsigned char *signature_bytes;
    size_t signature_length;
    struct json_object payload;
    struct claims claims;
    double now;

    struct token_header own_header;
    struct kept_header *kept_header; /* a reference, where the header was read before; or NULL */
    struct signed_token
        *kept_token;         /* a reference, where these bytes were signed before; or NULL */
    uint64_t token_hash;     /* signature_cache_keep()'s */
    unsigned char *detached; /* the detached payload of a JWS, or NULL */
    unsigned char *buffer;   /* `own`, or allocated for long tokens */
    size_t buffer_size;
    unsigned char own[VERIFICATION_OWN_BYTES];
};

/*
** Takes `token` through the pipeline. All pointers must outlive the
** verification; verification_release() is due whatever the result. A single
** key must have passed key_set_refusal() before. On REACHED the verdict is in
** `status`, and its reasons in `failed` and `detail`.
*/
enum reached verdict_reach(struct verification *verification, const char *token,
    size_t token_length, const struct key_set *keys, const struct policy *policy,
    const struct verdict_services *services);

/* Frees what verdict_reach() allocated. */
void verification_release(struct verification *verification);

/*
** Why a single key can serve no token at all under this policy (unusable, or
** none of the algorithms that the policy names fits it): the caller's mistake,
** to be raised before any token is looked at. NULL where it can; always NULL
** for a JWKS, whose unusable members are passed over.
*/
const char *key_set_refusal(const struct key_set *keys, const struct policy *policy);

/* The pipeline's checks, for jwt_explain: their number, and the name of each. */
size_t verdict_check_count(void);
const char *verdict_check_name(size_t index);

#endif
