/*
** policy.h - the options argument: JSON (or just an algorithm's name) to a
** struct. Knows the name, type and range of every option; an unknown one is a
** fault that names the nearest known one.
*/
#ifndef JWT_POLICY_H
#define JWT_POLICY_H

#include "algorithm.h"
#include "fault.h"
#include "json_value.h"

/* Who reads the options: each knows its own. Bits, so that the table can say "these". */
enum policy_use {
    POLICY_SIGN_JWT = 1,
    POLICY_SIGN_JWS = 2,
    POLICY_VERIFY_JWT = 4,
    POLICY_VERIFY_JWS = 8,
    POLICY_GENERATE = 16,
    POLICY_FROM_PEM = 32,
};

enum policy_profile { PROFILE_NONE, PROFILE_ACCESS_TOKEN, PROFILE_ID_TOKEN, PROFILE_LOGOUT_TOKEN };

/*
** The checks of claims, in the order in which they decide (claims.c has what
** they do). Those that a policy asks for are bits of its `checks`; the others
** are passed without a look.
*/
enum policy_check {
    POLICY_CHECK_REQUIRED,
    POLICY_CHECK_TYPES,
    POLICY_CHECK_PROFILE,
    POLICY_CHECK_EXP,
    POLICY_CHECK_NBF,
    POLICY_CHECK_IAT,
    POLICY_CHECK_MAX_AGE,
    POLICY_CHECK_ISS,
    POLICY_CHECK_AUD,
    POLICY_CHECK_SUB,
    POLICY_CHECK_TYP,
    POLICY_CHECK_AZP,
    POLICY_CHECK_CLIENT_ID,
    POLICY_CHECK_NONCE,
    POLICY_CHECK_CLAIMS,
    POLICY_CHECK_SCOPE,
    POLICY_CHECK_CNF,
    POLICY_CHECK_COUNT,
};

#define POLICY_CHECK_BIT(check) (1u << (check))

#define POLICY_MAX_LENGTH_DEFAULT 65536
#define POLICY_MAX_LENGTH_MAX 1048576
#define POLICY_LEEWAY_MAX 600

/*
** What the options say. Values point into `source`, a copy of the text, and
** are absent (`text` NULL) where the option is not given. Immutable after
** policy_read(), shared by reference count.
*/
struct policy {
    size_t references;
    uint64_t
        identity; /* never that of another policy of the same connection: connection.c counts */
    enum policy_use use;
    char *source;
    size_t source_length;
    struct json_object object;
    algorithm_set algorithms; /* named by `alg` or `algs` (or as plain text); 0: none named */
    const struct algorithm *algorithm; /* the one that was named, where it was exactly one */
    bool allow_weak_key;

    /* Verifying. */
    unsigned checks;       /* a POLICY_CHECK_BIT for each check of claims that is asked for */
    struct json_value iss; /* string, or array of strings; so `aud` */
    struct json_value aud;
    struct json_value sub;
    struct json_value typ;
    struct json_value require; /* array of strings; so `crit` */
    struct json_value claims;  /* object */
    struct json_value crit;
    struct json_value scope;
    char *scope_words; /* its content, unescaped */
    size_t scope_length;
    struct json_value jkt;
    struct json_value client_id;
    struct json_value nonce;
    struct json_value revoked_by;
    struct json_value payload; /* jws_verify: the detached payload, a string */
    enum policy_profile profile;
    bool has_now;
    double now;    /* seconds since 1970 */
    double leeway; /* seconds */
    bool has_max_age;
    double max_age;    /* seconds */
    size_t max_length; /* bytes of a token */

    /* Signing; iss, sub, aud, typ and now are shared with the above. */
    struct json_value kid;
    struct json_value header; /* object: further header members */
    bool add_iat;
    bool add_jti;
    bool has_expires_in;
    double expires_in; /* seconds */
    bool has_not_before_in;
    double not_before_in; /* seconds */
    bool detached;
    bool unencoded; /* b64: false */

    /* Keys. */
    unsigned bits;
    struct json_value use_member; /* JWK `use` */
};

/*
** Reads options for `use`. `text` NULL stands for "no options argument" and
** gives the defaults. Returns a policy with one reference, or NULL with
** `fault` ("options: ...").
*/
struct policy *policy_read(
    const char *text, size_t length, enum policy_use use, struct fault *fault);

/* The checks of claims that the options ask for: what policy_read() sets `checks` to. */
unsigned policy_checks_asked(const struct policy *policy);

/* One more reference. Returns `policy`. */
struct policy *policy_retain(struct policy *policy);

/* One reference less; frees with the last. NULL is allowed. */
void policy_release(struct policy *policy);

#endif
