/*
** claims_locate.c - where the known claims of a payload are: claims_locate()
** and claim_name() of claims.h.
*/
#include "claims.h"

#include "json_scan.h"

#include <string.h>

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* NULs after a name: its first eight bytes are its mark, where it has no more. */
static const struct {
    char text[16];
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

/*
** Where in the table a short name is: the factor was found by trying, so that no
** two of them share a place. (A claim that is added wants another, perhaps.)
*/
#define PLACE(mark) ((mark)*UINT64_C(0x9ea90005aa1f8453) >> 60)

static const struct {
    uint64_t mark;
    enum claim claim;
} short_names[16] = {
    [0] = { MARK('i', 's', 's', 0, 0, 0), CLAIM_ISS },
    [1] = { MARK('i', 'a', 't', 0, 0, 0), CLAIM_IAT },
    [2] = { MARK('e', 'v', 'e', 'n', 't', 's'), CLAIM_EVENTS },
    [3] = { MARK('s', 'c', 'o', 'p', 'e', 0), CLAIM_SCOPE },
    [4] = { MARK('j', 't', 'i', 0, 0, 0), CLAIM_JTI },
    [5] = { MARK('a', 'u', 'd', 0, 0, 0), CLAIM_AUD },
    [6] = { 0, CLAIM_COUNT },
    [7] = { 0, CLAIM_COUNT },
    [8] = { MARK('s', 'u', 'b', 0, 0, 0), CLAIM_SUB },
    [9] = { MARK('s', 'i', 'd', 0, 0, 0), CLAIM_SID },
    [10] = { MARK('a', 'z', 'p', 0, 0, 0), CLAIM_AZP },
    [11] = { 0, CLAIM_COUNT },
    [12] = { MARK('n', 'o', 'n', 'c', 'e', 0), CLAIM_NONCE },
    [13] = { MARK('e', 'x', 'p', 0, 0, 0), CLAIM_EXP },
    [14] = { MARK('n', 'b', 'f', 0, 0, 0), CLAIM_NBF },
    [15] = { MARK('c', 'n', 'f', 0, 0, 0), CLAIM_CNF },
};

/* The known claim of this name, or CLAIM_COUNT. Short names are their marks; few are long. */
static enum claim claim_of(const char *text, const struct json_member *member)
{
    static const enum claim long_names[] = { CLAIM_CLIENT_ID, CLAIM_AUTH_TIME };
    if (member->name_length <= 8) {
        size_t place = PLACE(member->name_mark);
        return short_names[place].mark == member->name_mark ? short_names[place].claim
                                                            : CLAIM_COUNT;
    }
    for (size_t i = 0; i < sizeof long_names / sizeof *long_names; i++) {
        enum claim claim = long_names[i];
        if (member->name_length == names[claim].length &&
            memcmp(text + member->name_at, names[claim].text, names[claim].length) == 0) {
            return claim;
        }
    }
    return CLAIM_COUNT;
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
    const char *digits = text + member->value_at;
    size_t count = member->value_length;
    uint64_t seconds = 0;
    if (member->type != JSON_INTEGER || count > 15 || *digits == '-')
        return false; /* 2^53: 16 digits */
    if (count >= 8) {
        seconds = json_eight_digits(json_pack(digits, 8));
        digits += 8;
        count -= 8;
    }
    for (; count > 0; count--) seconds = seconds * 10 + (uint64_t)(*digits++ - '0');
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
