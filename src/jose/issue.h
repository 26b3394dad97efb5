/*
** issue.h - making tokens: a payload and options to a signed compact JWS
** (RFC 7515 section 5.1, RFC 7519 section 7.1).
*/
#ifndef JWT_ISSUE_H
#define JWT_ISSUE_H

#include "key.h"
#include "policy.h"
#include "text.h"

/* Seconds since 1970; asked at most once, and only where an option writes a time and `now` is not given. */
struct issue_clock {
    double (*read)(void *context);
    void *context;
};

/*
** Header segments that were composed before: one for a key and its options, the
** same for each token that they sign.
*/
struct issue_memo;

/* An empty memo, or NULL where memory ran out. */
struct issue_memo *issue_memo_new(void);

/* NULL is allowed. */
void issue_memo_free(struct issue_memo *memo);

/*
** Appends the JWT of `payload`, `length` bytes that must be a strict JSON
** object whose registered claims have their types. The bytes are signed as
** they are; options iat, jti, expires_in, not_before_in, iss, sub, aud add
** members at their end, and a claim given in both places is a fault. Times
** that are written are whole seconds, rounded down. `policy` was read with
** POLICY_SIGN_JWT; the key has an identity. False with `fault`, whose text
** starts with the argument.
*/
bool issue_jwt(struct text *out, const char *payload, size_t length, const struct key_set *keys,
    struct policy *policy, const struct issue_clock *clock, struct issue_memo *memo,
    struct fault *fault);

/*
** Appends the compact JWS of any bytes; option detached leaves the payload
** segment empty (RFC 7515 appendix F), b64 false signs it unencoded (RFC
** 7797). `policy` was read with POLICY_SIGN_JWS.
*/
bool issue_jws(struct text *out, const void *payload, size_t length, const struct key_set *keys,
    struct policy *policy, struct issue_memo *memo, struct fault *fault);

#endif
