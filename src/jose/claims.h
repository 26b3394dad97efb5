/*
** claims.h - claims against a policy (RFC 7519 section 4, RFC 9068 section 4,
** OpenID Connect Core section 3.1.3.7, Back-Channel Logout section 2.6).
** Takes the time as an argument; reads no clock.
*/
#ifndef JWT_CLAIMS_H
#define JWT_CLAIMS_H

#include "policy.h"
#include "status.h"
#include "token.h"

/* The claims that a check may ask for by name. */
enum claim {
    CLAIM_ISS,
    CLAIM_SUB,
    CLAIM_AUD,
    CLAIM_EXP,
    CLAIM_NBF,
    CLAIM_IAT,
    CLAIM_JTI,
    CLAIM_SID,
    CLAIM_CLIENT_ID,
    CLAIM_SCOPE,
    CLAIM_CNF,
    CLAIM_AZP,
    CLAIM_NONCE,
    CLAIM_AUTH_TIME,
    CLAIM_EVENTS,
    CLAIM_COUNT,
};

/* The registered name of a claim, "client_id". Static. */
const char *claim_name(enum claim claim);

/* Where the known claims of one payload are; found in one walk over its members. */
struct claims {
    const struct json_object *payload;
    const struct json_member *known[CLAIM_COUNT]; /* NULL: absent */
    /* Nothing is to be said of the types, and `dates` has those of exp, nbf and iat that are there. */
    bool has_usual_types;
    double dates[3];
};

/* Finds the known claims of a payload that was read. `payload` must outlive `claims`. */
void claims_locate(struct claims *claims, const struct json_object *payload);

/* The value of a known claim, or absent. */
static inline struct json_value claims_get(const struct claims *claims, enum claim claim)
{
    return json_member_value(claims->payload, claims->known[claim]);
}

/* Why a verdict is what it is; values point into token or policy. */
struct detail {
    const char
        *subject; /* the claim's or header member's name, NULL where the check is not about one */
    size_t subject_length;
    struct json_value found;    /* absent where there was nothing */
    struct json_value expected; /* absent where it is not a value of the options: see `note` */
    const char *note;           /* static words, or NULL */
};

/* What the checks look at. */
struct claims_question {
    const struct claims *claims;
    const struct token_header *header;
    const struct policy *policy;
    double now; /* seconds since 1970 */
};

/* One check: STATUS_OK, or the code with `detail` filled. */
struct claims_check {
    const char *name; /* for jwt_explain: "exp", "aud", "required claims" */
    enum status (*run)(const struct claims_question *question, struct detail *detail);
    bool header_only; /* also applies to a JWS, whose payload is no claims set */
};

/*
** The checks in their order (enum policy_check, the order of the codes in
** sql-surface). One that policy->checks does not name would pass. Static.
*/
extern const struct claims_check claims_checks[POLICY_CHECK_COUNT];

/*
** The registered claims' types, which hold whether a policy asks or not:
** iss, sub, jti, sid, client_id strings, aud a string or an array of strings,
** exp, nbf, iat finite numbers within 2^53. STATUS_OK or
** STATUS_BAD_CLAIM. What jwt_sign refuses to sign, too.
*/
enum status claims_check_types(const struct claims *claims, struct detail *detail);

#endif
