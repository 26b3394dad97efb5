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

/* What a table can be made to require of every token that it is asked about. */
enum subject_need { NEED_IAT = MATCH_COUNT, NEED_EXP, NEED_COUNT };

struct subject {
    /* What the token claims; absent, not text or empty is all the same: no rule can name it. */
    struct rule_text match[MATCH_COUNT]; /* MATCH_AUD: the first audience */
    const struct rule_text *audiences;
    size_t audience_count;
    unsigned has; /* bits KIND_OF(column), and of NEED_IAT and NEED_EXP */
    double iat;   /* seconds since 1970, where `has` says so */
    double exp;
    struct rule_text own_audiences[SUBJECT_OWN_AUDIENCES];
    struct rule_text *more_audiences; /* memory_new(), or NULL */
    char *decoded;                    /* memory_new(), or NULL */
};

/*
** Fills `subject` from claims whose types are right (claims_check_types) and
** the header's `kid`, a JSON string or absent. Both must outlive the subject,
** which must not be copied. False when memory runs out; subject_release() is
** due in both cases.
*/
bool subject_fill(struct subject *subject, const struct claims *claims, struct json_value kid);

/* Sets one column to text that outlives the subject. Not for MATCH_AUD. */
void subject_set(struct subject *subject, enum match_column column, struct rule_text text);

/* Gives back what subject_fill() allocated. */
void subject_release(struct subject *subject);

/* The bit of a claim that can be required, by name; 0 where there is none of that name. */
unsigned subject_need_bit(const char *name, size_t length);

/* Its name: "iat". Static. */
const char *subject_need_name(unsigned need);

#endif
