/*
** revocation_subject.c - see revocation_subject.h.
*/
#include "revocation_subject.h"

#include "../jose/secure.h"

#include <string.h>

/* The claim that a match column names; CLAIM_COUNT for the header's kid. */
static const enum claim match_claims[MATCH_COUNT] = {
    [MATCH_JTI] = CLAIM_JTI,
    [MATCH_SID] = CLAIM_SID,
    [MATCH_SUB] = CLAIM_SUB,
    [MATCH_CLIENT_ID] = CLAIM_CLIENT_ID,
    [MATCH_AUD] = CLAIM_AUD,
    [MATCH_KID] = CLAIM_COUNT,
    [MATCH_ISS] = CLAIM_ISS,
};

/* Where decoded strings go: made when the first one has an escape. */
struct decoder {
    char *room;
    size_t size; /* what all strings of the subject need at most */
    char **memory;
};

static bool decode(struct decoder *decoder, struct json_value string, struct rule_text *text)
{
    text->bytes = json_string_plain(string, &text->length);
    if (text->bytes != NULL) return true;
    if (*decoder->memory == NULL) {
        decoder->room = *decoder->memory = memory_new(decoder->size);
        if (decoder->room == NULL) return false;
    }
    text->length = json_string_decode(string, decoder->room);
    text->bytes = decoder->room;
    decoder->room += text->length;
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
static bool take_audiences(struct subject *subject, struct decoder *decoder, struct json_value aud)
{
    struct rule_text *audiences = subject->own_audiences;
    struct json_cursor cursor;
    struct json_value element;
    if (aud.type != JSON_ARRAY) {
        subject->audiences = &subject->match[MATCH_AUD];
        subject->audience_count = 1;
        return decode(decoder, aud, &subject->match[MATCH_AUD]);
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
        if (!decode(decoder, element, audience)) return false;
        if (audience->length > 0) subject->audience_count++;
    }
    if (subject->audience_count > 0) subject->match[MATCH_AUD] = audiences[0];
    return true;
}

static bool take_strings(
    struct subject *subject, const struct claims *claims, struct json_value kid)
{
    struct decoder decoder = {
        .size = claims->payload->length + kid.length,
        .memory = &subject->decoded,
    };
    for (enum match_column column = 0; column < MATCH_COUNT; column++) {
        enum claim claim = match_claims[column];
        struct json_value value = claim == CLAIM_COUNT ? kid : claims_get(claims, claim);
        bool fine;
        if (value.text == NULL) continue;
        fine = column == MATCH_AUD ? take_audiences(subject, &decoder, value)
                                   : decode(&decoder, value, &subject->match[column]);
        if (!fine) return false;
        if (subject->match[column].length > 0) subject->has |= KIND_OF(column);
    }
    return true;
}

static void take_date(
    struct subject *subject, struct json_value value, enum subject_need need, double *date)
{
    if (value.text == NULL) return;
    *date = json_number(value);
    subject->has |= KIND_OF(need);
}

bool subject_fill(struct subject *subject, const struct claims *claims, struct json_value kid)
{
    memset(subject->match, 0, sizeof subject->match);
    subject->audiences = NULL;
    subject->audience_count = 0;
    subject->has = 0;
    subject->more_audiences = NULL;
    subject->decoded = NULL;
    take_date(subject, claims_get(claims, CLAIM_IAT), NEED_IAT, &subject->iat);
    take_date(subject, claims_get(claims, CLAIM_EXP), NEED_EXP, &subject->exp);
    return take_strings(subject, claims, kid);
}

void subject_set(struct subject *subject, enum match_column column, struct rule_text text)
{
    subject->match[column] = text;
    if (text.length > 0) subject->has |= KIND_OF(column);
}

void subject_release(struct subject *subject)
{
    memory_free(subject->more_audiences);
    memory_free(subject->decoded);
}

const char *subject_need_name(unsigned need)
{
    switch (need) {
    case NEED_IAT: return "iat";
    case NEED_EXP: return "exp";
    default: return match_column_name((enum match_column)need);
    }
}

unsigned subject_need_bit(const char *name, size_t length)
{
    for (unsigned need = 0; need < NEED_COUNT; need++) {
        const char *known = subject_need_name(need);
        if (strlen(known) == length && memcmp(known, name, length) == 0) return KIND_OF(need);
    }
    return 0;
}
