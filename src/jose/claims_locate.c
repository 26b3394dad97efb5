/*
** claims_locate.c - where the known claims of a payload are: claims_locate(),
** claims_get() and claim_name() of claims.h.
*/
#include "claims.h"

#include <string.h>

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static const struct {
    const char *text;
    size_t length;
} names[CLAIM_COUNT] = {
    [CLAIM_ISS] = TEXT("iss"),
    [CLAIM_SUB] = TEXT("sub"),
    [CLAIM_AUD] = TEXT("aud"),
    [CLAIM_EXP] = TEXT("exp"),
    [CLAIM_NBF] = TEXT("nbf"),
    [CLAIM_IAT] = TEXT("iat"),
    [CLAIM_JTI] = TEXT("jti"),
    [CLAIM_SID] = TEXT("sid"),
    [CLAIM_CLIENT_ID] = TEXT("client_id"),
    [CLAIM_SCOPE] = TEXT("scope"),
    [CLAIM_CNF] = TEXT("cnf"),
    [CLAIM_AZP] = TEXT("azp"),
    [CLAIM_NONCE] = TEXT("nonce"),
    [CLAIM_AUTH_TIME] = TEXT("auth_time"),
    [CLAIM_EVENTS] = TEXT("events"),
};

const char *claim_name(enum claim claim)
{
    return names[claim].text;
}

/* The mark of a name of at most eight bytes: see struct json_member. */
#define MARK(a, b, c, d, e, f)                                                        \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 | \
        (uint64_t)(e) << 32 | (uint64_t)(f) << 40)

/* The known claim of this name, or CLAIM_COUNT. Short names are their marks; few are long. */
static enum claim claim_of(const char *text, const struct json_member *member)
{
    static const enum claim long_names[] = { CLAIM_CLIENT_ID, CLAIM_AUTH_TIME };
    if (member->name_length > 8) {
        for (size_t i = 0; i < sizeof long_names / sizeof *long_names; i++) {
            enum claim claim = long_names[i];
            if (member->name_length == names[claim].length &&
                memcmp(text + member->name_at, names[claim].text, names[claim].length) == 0) {
                return claim;
            }
        }
        return CLAIM_COUNT;
    }
    switch (member->name_mark) {
    case MARK('i', 's', 's', 0, 0, 0): return CLAIM_ISS;
    case MARK('s', 'u', 'b', 0, 0, 0): return CLAIM_SUB;
    case MARK('a', 'u', 'd', 0, 0, 0): return CLAIM_AUD;
    case MARK('e', 'x', 'p', 0, 0, 0): return CLAIM_EXP;
    case MARK('n', 'b', 'f', 0, 0, 0): return CLAIM_NBF;
    case MARK('i', 'a', 't', 0, 0, 0): return CLAIM_IAT;
    case MARK('j', 't', 'i', 0, 0, 0): return CLAIM_JTI;
    case MARK('s', 'i', 'd', 0, 0, 0): return CLAIM_SID;
    case MARK('s', 'c', 'o', 'p', 'e', 0): return CLAIM_SCOPE;
    case MARK('c', 'n', 'f', 0, 0, 0): return CLAIM_CNF;
    case MARK('a', 'z', 'p', 0, 0, 0): return CLAIM_AZP;
    case MARK('n', 'o', 'n', 'c', 'e', 0): return CLAIM_NONCE;
    case MARK('e', 'v', 'e', 'n', 't', 's'): return CLAIM_EVENTS;
    default: return CLAIM_COUNT;
    }
}

static enum claim claim_of_member(
    const struct json_object *payload, const struct json_member *member)
{
    struct json_value escaped;
    if (!member->name_escaped) return claim_of(payload->text, member);
    /* At most 9 characters that matter, each of 6 bytes at most when escaped. */
    if (member->name_length > 9 * 6) return CLAIM_COUNT;
    escaped = (struct json_value){ payload->text + member->name_at - 1, member->name_length + 2,
        JSON_STRING };
    for (enum claim claim = CLAIM_ISS; claim < CLAIM_COUNT; claim++) {
        if (json_string_is(escaped, names[claim].text, names[claim].length)) return claim;
    }
    return CLAIM_COUNT;
}

#define BIT(claim) (1u << (claim))
#define DATES (BIT(CLAIM_EXP) | BIT(CLAIM_NBF) | BIT(CLAIM_IAT))
#define STRINGS                                                                           \
    (BIT(CLAIM_ISS) | BIT(CLAIM_SUB) | BIT(CLAIM_AUD) | BIT(CLAIM_JTI) | BIT(CLAIM_SID) | \
        BIT(CLAIM_CLIENT_ID))

/* Notes a date of few digits, as nearly all have; false where it is anything else. */
static bool note_date(
    struct claims *claims, enum claim claim, const char *text, const struct json_member *member)
{
    struct json_value value = { text + member->value_at, member->value_length, JSON_INTEGER };
    int64_t seconds;
    if (member->type != JSON_INTEGER || member->value_length > 15)
        return false; /* 2^53: 16 digits */
    if (!json_integer(value, &seconds)) return false;
    claims->dates[claim - CLAIM_EXP] = (double)seconds;
    return true;
}

void claims_locate(struct claims *claims, const struct json_object *payload)
{
    static const struct json_member
        *const absent[CLAIM_COUNT]; /* a copy: a memset() this short is slower */
    memcpy(claims->known, absent, sizeof absent);
    claims->payload = payload;
    claims->has_usual_types = true;
    for (size_t i = 0; i < payload->count; i++) {
        const struct json_member *member = &payload->members[i];
        enum claim claim = claim_of_member(payload, member);
        if (claim == CLAIM_COUNT) continue;
        claims->known[claim] = member;
        if ((BIT(claim) & DATES) != 0) {
            claims->has_usual_types &= note_date(claims, claim, payload->text, member);
        } else if ((BIT(claim) & STRINGS) != 0) {
            claims->has_usual_types &= member->type == JSON_STRING;
        }
    }
}

struct json_value claims_get(const struct claims *claims, enum claim claim)
{
    return json_member_value(claims->payload, claims->known[claim]);
}
