/*
** revocation_subject.c - see revocation_subject.h.
*/
#include "revocation_subject.h"

#include "../jose/rarely.h"
#include "../jose/secure.h"

#include <math.h>
#include <string.h>

/* The claim that a match column names; CLAIM_COUNT for the header's kid, which is no claim. */
static const enum claim match_claims[MATCH_COUNT] = {
    [MATCH_JTI] = CLAIM_JTI,
    [MATCH_SID] = CLAIM_SID,
    [MATCH_SUB] = CLAIM_SUB,
    [MATCH_CLIENT_ID] = CLAIM_CLIENT_ID,
    [MATCH_AUD] = CLAIM_AUD,
    [MATCH_KID] = CLAIM_COUNT,
    [MATCH_ISS] = CLAIM_ISS,
};

bool subject_types_are_right(const struct claims *claims)
{
    static const enum claim strings[] = { CLAIM_ISS, CLAIM_SUB, CLAIM_JTI, CLAIM_SID,
        CLAIM_CLIENT_ID };
    static const enum claim dates[] = { CLAIM_IAT, CLAIM_EXP };
    const struct json_member *aud = claims->known[CLAIM_AUD];
    struct json_cursor cursor;
    struct json_value element;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        const struct json_member *member = claims->known[strings[i]];
        if (member != NULL && member->type != JSON_STRING) return false;
    }
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        const struct json_member *member = claims->known[dates[i]];
        if (member != NULL && member->type != JSON_INTEGER && member->type != JSON_REAL) {
            return false;
        }
    }
    if (aud == NULL || aud->type == JSON_STRING) return true;
    if (aud->type != JSON_ARRAY) return false;
    cursor = json_cursor_start(claims_get(claims, CLAIM_AUD));
    while (json_array_next(&cursor, &element)) {
        if (element.type != JSON_STRING) return false;
    }
    return true;
}

void subject_start(struct subject *subject, const struct claims *claims, struct json_value kid)
{
    subject->claims = claims;
    subject->kid = kid;
    subject->plain_kid = (struct rule_text){ NULL, 0 };
    subject->has = 0;
    subject->prepared = 0;
    subject->audience_count = 0;
    subject->more_audiences = NULL;
    subject->decoded = NULL;
}

void subject_start_plain(struct subject *subject, const struct claims *claims, struct rule_text kid)
{
    static const struct json_value none = { NULL, 0, JSON_NULL };
    subject_start(subject, claims, none);
    subject->plain_kid = kid;
}

/* The content of a string, in place, or decoded where it has an escape. */
RARELY static bool decode(struct subject *subject, struct json_value string, struct rule_text *text)
{
    text->bytes = json_string_plain(string, &text->length);
    if (text->bytes != NULL) return true;
    if (subject->decoded == NULL) {
        /* Enough for every string that it will meet. */
        subject->decoded = memory_new(subject->claims->payload->length + subject->kid.length);
        subject->room = subject->decoded;
        if (subject->decoded == NULL) return false;
    }
    text->length = json_string_decode(string, subject->room);
    text->bytes = subject->room;
    subject->room += text->length;
    return true;
}

static size_t count_elements(struct json_value array)
{
    struct json_cursor cursor = json_cursor_start(array);
    struct json_value element;
    size_t count = 0;
    while (json_array_next(&cursor, &element)) count++;
    return count;
}

/* RFC 7519 section 4.1.3: one string, or an array of strings. */
RARELY static bool take_audiences(struct subject *subject)
{
    struct json_value aud = claims_get(subject->claims, CLAIM_AUD);
    struct rule_text *audiences = subject->own_audiences;
    struct json_cursor cursor;
    struct json_value element;
    subject->audiences = audiences;
    if (aud.text == NULL) return true;
    if (aud.type != JSON_ARRAY) {
        if (!decode(subject, aud, &audiences[0])) return false;
        subject->audience_count = audiences[0].length > 0;
        return true;
    }
    size_t count = count_elements(aud);
    if (count > SUBJECT_OWN_AUDIENCES) {
        audiences = subject->more_audiences = memory_new(count * sizeof *audiences);
        if (audiences == NULL) return false;
    }
    subject->audiences = audiences;
    cursor = json_cursor_start(aud);
    while (json_array_next(&cursor, &element)) {
        struct rule_text *audience = &audiences[subject->audience_count];
        if (!decode(subject, element, audience)) return false;
        if (audience->length > 0) subject->audience_count++;
    }
    return true;
}

RARELY static bool kid_in_place(const struct subject *subject, struct rule_text *match)
{
    *match = subject->plain_kid;
    if (subject->kid.type != JSON_STRING) return true;
    match->bytes = json_string_plain(subject->kid, &match->length);
    return match->bytes != NULL;
}

bool subject_in_place(
    const struct subject *subject, enum match_column column, struct rule_text *match)
{
    const struct json_member *member;
    if (column == MATCH_KID) return kid_in_place(subject, match);
    member = subject->claims->known[match_claims[column]];
    *match = (struct rule_text){ NULL, 0 };
    if (member == NULL || member->type != JSON_STRING) return true;
    if (!member->value_plain) return false;
    *match = (struct rule_text){ subject->claims->payload->text + member->value_at + 1,
        member->value_length - 2 };
    return true;
}

static bool take_text(struct subject *subject, enum match_column column)
{
    struct rule_text *match = &subject->match[column];
    if (subject_in_place(subject, column, match)) return true;
    return decode(subject,
        column == MATCH_KID ? subject->kid : claims_get(subject->claims, match_claims[column]),
        match);
}

static bool take_column(struct subject *subject, enum match_column column)
{
    if (column == MATCH_AUD) {
        if (!take_audiences(subject)) return false;
        if (subject->audience_count > 0) subject->has |= KIND_OF(MATCH_AUD);
        return true;
    }
    if (!take_text(subject, column)) return false;
    if (subject->match[column].length > 0) subject->has |= KIND_OF(column);
    return true;
}

static enum claim date_claim(enum subject_need need)
{
    return need == NEED_IAT ? CLAIM_IAT : CLAIM_EXP;
}

unsigned subject_dates(const struct subject *subject, unsigned wanted)
{
    unsigned dates = 0;
    for (enum subject_need need = NEED_IAT; need < NEED_COUNT; need++) {
        if (subject->claims->known[date_claim(need)] != NULL) dates |= KIND_OF(need);
    }
    return wanted & dates;
}

bool subject_prepare(struct subject *subject, unsigned wanted)
{
    wanted &= ~subject->prepared;
    subject->prepared |= wanted;
    for (unsigned left = wanted & KIND_MATCH_MASK; left != 0; left &= left - 1) {
        if (!take_column(subject, (enum match_column)__builtin_ctz(left))) return false;
    }
    subject->has |= subject_dates(subject, wanted);
    return true;
}

bool subject_date(const struct subject *subject, enum subject_need need, double *date)
{
    struct json_value value = claims_get(subject->claims, date_claim(need));
    if (value.text == NULL) return false;
    *date = json_number(value);
    return isfinite(*date);
}

void subject_release(struct subject *subject)
{
    /* Nearly always there is neither: not worth two calls of libcrypto. */
    if (subject->more_audiences != NULL) memory_free(subject->more_audiences);
    if (subject->decoded != NULL) memory_free(subject->decoded);
}

const char *subject_need_name(unsigned need)
{
    switch (need) {
    case NEED_IAT: return "iat";
    case NEED_EXP: return "exp";
    case MATCH_COUNT: return NULL; /* the cut-off's bit */
    default: return match_column_name((enum match_column)need);
    }
}

unsigned subject_need_bit(const char *name, size_t length)
{
    for (unsigned need = 0; need < NEED_COUNT; need++) {
        const char *known = subject_need_name(need);
        if (known == NULL) continue;
        if (strlen(known) == length && memcmp(known, name, length) == 0) return KIND_OF(need);
    }
    return 0;
}
