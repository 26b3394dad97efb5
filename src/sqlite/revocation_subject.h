/*
** revocation_subject.h - whom a question is about: what a token claims, as far
** as a rule of a revocation table can name it.
**
** A token is identified by what it claims, never by its text or its signature,
** so that a re-encoded or re-signed copy is the same subject.
*/
#ifndef JWT_REVOCATION_SUBJECT_H
#define JWT_REVOCATION_SUBJECT_H

#include "../jose/claims.h"
#include "revocation_rule.h"

#define SUBJECT_OWN_AUDIENCES 4

/* What a table can require of tokens beside the match columns; KIND_CUT_OFF has the bit between. */
enum subject_need { NEED_IAT = MATCH_COUNT + 1, NEED_EXP, NEED_COUNT };

struct subject {
    const struct claims *claims;
    struct json_value kid;      /* the header's; absent, or a JSON string */
    struct rule_text plain_kid; /* or given as it is */
    /* What of it the token claims. An empty text is no claim: no rule can name it. */
    unsigned has;
    unsigned prepared;                   /* what subject_prepare() was asked for */
    struct rule_text match[MATCH_COUNT]; /* but MATCH_AUD, which can be several: */
    const struct rule_text *audiences;
    size_t audience_count;
    struct rule_text own_audiences[SUBJECT_OWN_AUDIENCES];
    struct rule_text *more_audiences; /* memory_new(), or NULL */
    char *decoded;                    /* memory_new(), or NULL */
    char *room;                       /* what is left of it */
};

/*
** True where the claims that a question looks at have the right types (RFC 7519
** section 4.1): `aud` a string or an array of strings, dates numbers, the rest
** strings. Less than claims_check_types(), which looks at all that it knows:
** here a token is named, not verified.
*/
bool subject_types_are_right(const struct claims *claims);

/*
** Starts with claims that were located and the header's `kid`; both must outlive
** the subject, which must not be copied. A claim of the wrong type is none.
*/
void subject_start(struct subject *subject, const struct claims *claims, struct json_value kid);

/* The same for a kid that is no JSON string but bytes; `bytes` NULL: none. */
void subject_start_plain(
    struct subject *subject, const struct claims *claims, struct rule_text kid);

/*
** Reads what a question looks at, and nothing else: `wanted` has bits
** KIND_OF(column), KIND_OF(NEED_IAT), KIND_OF(NEED_EXP). What was read before is
** kept. For MATCH_AUD the type of `aud` must be right. False when memory runs out.
*/
bool subject_prepare(struct subject *subject, unsigned wanted);

/* True with the date, seconds since 1970, where the token has one that is finite. */
bool subject_date(const struct subject *subject, enum subject_need need, double *date);

/*
** One column other than MATCH_AUD, without preparing it: true with the text where
** it stands in the token, empty where that claims nothing. False where the text
** has to be decoded.
*/
bool subject_in_place(
    const struct subject *subject, enum match_column column, struct rule_text *match);

/* Those of the bits KIND_OF(NEED_IAT) and KIND_OF(NEED_EXP) in `wanted` whose claims are there. */
unsigned subject_dates(const struct subject *subject, unsigned wanted);

/* Gives back what subject_prepare() allocated. Safe on a zeroed struct. */
void subject_release(struct subject *subject);

/* The bit of a claim that can be required, by name; 0 where there is none of that name. */
unsigned subject_need_bit(const char *name, size_t length);

/* Its name: "iat". Static. NULL for a bit that is no claim's. */
const char *subject_need_name(unsigned need);

#endif
