/*
** lint.c - see lint.h.
**
** Each rule is a row: name, severity, words, reference, and a function that
** says whether it applies. Rules about members that look like secrets or
** personal data are rows of a table of their own, since they apply to each
** member.
*/
#include "lint.h"

#include "lint_values.h"
#include "unverified.h"

#include <math.h>
#include <string.h>

#define DAY 86400.0
#define ACCESS_LIFETIME_MAX (1 * DAY)
#define ANY_LIFETIME_MAX (90 * DAY)
#define PAYLOAD_BYTES_MAX 4096 /* what cookies and header fields commonly hold */
#define MILLISECONDS_FROM 1e11 /* in seconds, the year 5138 */

/* What the rules look at. */
struct subject {
    const struct token_header *header; /* NULL: a payload that is not signed yet */
    const struct claims *claims;
    size_t payload_bytes;
    const struct key_set *keys; /* or NULL */
    const struct fault *key_fault;
};

static struct json_value claim(const struct subject *subject, enum claim claim)
{
    return claims_get(subject->claims, claim);
}

static bool has(const struct subject *subject, enum claim wanted)
{
    struct json_value value = claim(subject, wanted);
    return value.text != NULL && value.type != JSON_NULL;
}

static bool is_number(struct json_value value)
{
    return value.text != NULL && (value.type == JSON_INTEGER || value.type == JSON_REAL);
}

static bool is_milliseconds(struct json_value value)
{
    return is_number(value) && fabs(json_number(value)) >= MILLISECONDS_FROM;
}

/* exp minus iat (or nbf), where both are there and are seconds; else -1. */
static double lifetime(const struct subject *subject)
{
    struct json_value exp = claim(subject, CLAIM_EXP);
    struct json_value from = claim(subject, CLAIM_IAT);
    if (!is_number(from)) from = claim(subject, CLAIM_NBF);
    if (!is_number(exp) || !is_number(from) || is_milliseconds(exp) || is_milliseconds(from)) {
        return -1;
    }
    return json_number(exp) - json_number(from);
}

/* By its type (RFC 9068) or by what only access tokens carry. */
static bool is_access_token(const struct subject *subject)
{
    if (subject->header != NULL && token_typ_is(subject->header->typ, "at+jwt")) return true;
    return has(subject, CLAIM_SCOPE) || has(subject, CLAIM_CLIENT_ID);
}

static bool exp_missing(const struct subject *subject)
{
    return !has(subject, CLAIM_EXP);
}

static bool time_in_milliseconds(const struct subject *subject)
{
    return is_milliseconds(claim(subject, CLAIM_EXP)) ||
           is_milliseconds(claim(subject, CLAIM_NBF)) || is_milliseconds(claim(subject, CLAIM_IAT));
}

static bool time_not_number(const struct subject *subject)
{
    static const enum claim times[] = { CLAIM_EXP, CLAIM_NBF, CLAIM_IAT };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct json_value value = claim(subject, times[i]);
        if (value.text != NULL && !is_number(value)) return true;
    }
    return false;
}

static bool lifetime_long(const struct subject *subject)
{
    return lifetime(subject) > ANY_LIFETIME_MAX;
}

static bool lifetime_long_for_access(const struct subject *subject)
{
    double seconds = lifetime(subject);
    return is_access_token(subject) && seconds > ACCESS_LIFETIME_MAX && seconds <= ANY_LIFETIME_MAX;
}

static bool exp_before_iat(const struct subject *subject)
{
    struct json_value exp = claim(subject, CLAIM_EXP);
    struct json_value iat = claim(subject, CLAIM_IAT);
    return is_number(exp) && is_number(iat) && json_number(exp) <= json_number(iat);
}

static bool iat_missing(const struct subject *subject)
{
    return !has(subject, CLAIM_IAT);
}

static bool jti_missing(const struct subject *subject)
{
    return !has(subject, CLAIM_JTI);
}

static bool iss_missing(const struct subject *subject)
{
    return !has(subject, CLAIM_ISS);
}

static bool aud_missing(const struct subject *subject)
{
    return !has(subject, CLAIM_AUD);
}

static bool sub_is_email(const struct subject *subject)
{
    struct json_value sub = claim(subject, CLAIM_SUB);
    return sub.text != NULL && lint_value_kind(sub) == LOOKS_LIKE_EMAIL;
}

static bool payload_large(const struct subject *subject)
{
    return subject->payload_bytes > PAYLOAD_BYTES_MAX;
}

static bool alg_weak(const struct subject *subject)
{
    return subject->header != NULL && subject->header->algorithm == NULL;
}

static bool names_web_address(struct json_value value)
{
    return value.type == JSON_STRING && value.length > 9 &&
           (memcmp(value.text + 1, "https:", 6) == 0 || memcmp(value.text + 1, "http:", 5) == 0);
}

/* An audience beyond one's own process: an address, or several of them. */
static bool audience_is_public(struct json_value aud)
{
    struct json_cursor cursor;
    struct json_value element;
    size_t count = 0;
    if (aud.text == NULL) return false;
    if (aud.type != JSON_ARRAY) return names_web_address(aud);
    cursor = json_cursor_start(aud);
    while (json_array_next(&cursor, &element)) {
        if (names_web_address(element) || ++count > 1) return true;
    }
    return false;
}

static bool alg_symmetric_for_public(const struct subject *subject)
{
    const struct token_header *header = subject->header;
    bool symmetric = header != NULL
                         ? header->algorithm != NULL && header->algorithm->family == FAMILY_HMAC
                         : subject->keys != NULL && !subject->keys->is_set &&
                               subject->keys->keys[0].type == KEY_OCT;
    return symmetric && audience_is_public(claim(subject, CLAIM_AUD));
}

static bool key_weak(const struct subject *subject)
{
    const struct key *key;
    if (subject->key_fault != NULL) return true;
    if (subject->keys == NULL || subject->keys->is_set) return false;
    key = &subject->keys->keys[0];
    return key->weakness != NULL ||
           (subject->header != NULL && subject->header->algorithm != NULL &&
               subject->header->algorithm->key_type == key->type &&
               key_refusal(key, subject->header->algorithm, OPERATION_VERIFY, false) != NULL &&
               key->may_verify);
}

static bool typ_generic(const struct subject *subject)
{
    return subject->header != NULL &&
           (subject->header->typ.text == NULL || token_typ_is(subject->header->typ, "JWT"));
}

static bool kid_missing(const struct subject *subject)
{
    return subject->header != NULL && subject->header->kid.text == NULL && subject->keys != NULL &&
           subject->keys->is_set;
}

static bool header_brings_key(const struct subject *subject)
{
    static const char *const members[] = { "jwk", "jku", "x5u", "x5c" };
    if (subject->header == NULL) return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (json_object_find(&subject->header->object, members[i], 3) != NULL) return true;
    }
    return false;
}

static const struct {
    enum lint_severity severity;
    const char *rule;
    const char *message;
    const char *reference;
    bool (*applies)(const struct subject *subject);
} rules[] = {
    { LINT_ERROR, "exp-missing", "no exp: the token never expires; set expires_in",
        "RFC 7519 4.1.4", exp_missing },
    { LINT_ERROR, "time-in-milliseconds",
        "exp, nbf or iat is in milliseconds: NumericDate counts seconds", "RFC 7519 2",
        time_in_milliseconds },
    { LINT_ERROR, "time-not-number", "exp, nbf or iat is not a number: verifiers refuse it",
        "RFC 7519 4.1.4", time_not_number },
    { LINT_WARNING, "lifetime-too-long",
        "lives longer than 90 days: issue a short token and renew it", "RFC 9700 4.10.1",
        lifetime_long },
    { LINT_ERROR, "exp-before-iat", "expires before it was issued", "RFC 7519 4.1.4",
        exp_before_iat },
    { LINT_ERROR, "alg-weak", "alg is none, unknown or broken: no verifier should take it",
        "RFC 8725 3.2", alg_weak },
    { LINT_ERROR, "key-weak", "the key is too weak or unusable: see jwk_problem()", "RFC 8725 3.5",
        key_weak },
    { LINT_WARNING, "access-lifetime-long",
        "an access token lives longer than 24 hours: a stolen one does, too", "RFC 9700 4.10.1",
        lifetime_long_for_access },
    { LINT_WARNING, "aud-missing", "no aud: any service that trusts the issuer accepts it",
        "RFC 8725 3.9", aud_missing },
    { LINT_WARNING, "iss-missing", "no iss: the verifier cannot bind it to the issuer's keys",
        "RFC 8725 3.8", iss_missing },
    { LINT_WARNING, "iat-missing",
        "no iat: its age is unknown, and a cut-off date revokes it whatever its age",
        "RFC 7519 4.1.6", iat_missing },
    { LINT_WARNING, "alg-symmetric", "HMAC for a public audience: whoever verifies can also issue",
        "RFC 8725 3.5", alg_symmetric_for_public },
    { LINT_WARNING, "payload-large", "payload over 4 KB: cookies and header fields overflow",
        "RFC 6265 6.1", payload_large },
    { LINT_WARNING, "kid-missing", "no kid, and the keys are a set: keys cannot be rotated well",
        "RFC 7515 4.1.4", kid_missing },
    { LINT_WARNING, "header-brings-key",
        "the header brings a key or an address of one: never to be trusted", "RFC 8725 3.10",
        header_brings_key },
    { LINT_WARNING, "sub-is-email",
        "sub is an e-mail address: it changes hands and is personal data", "RFC 7519 4.1.2",
        sub_is_email },
    { LINT_INFO, "jti-missing", "no jti: this one token cannot be revoked by itself",
        "RFC 7519 4.1.7", jti_missing },
    { LINT_INFO, "typ-generic", "typ is generic: an explicit type keeps kinds of tokens apart",
        "RFC 8725 3.11", typ_generic },
};

static const struct {
    enum lint_severity severity;
    const char *rule;
    const char *message;
} member_rules[] = {
    [LOOKS_LIKE_PASSWORD] = { LINT_ERROR, "payload-password",
        "looks like a password or its hash: a payload is readable by everybody" },
    [LOOKS_LIKE_SECRET] = { LINT_ERROR, "payload-secret",
        "looks like a secret: a payload is readable by everybody" },
    [LOOKS_LIKE_CARD_NUMBER] = { LINT_ERROR, "payload-card-number",
        "looks like payment card or account data" },
    [LOOKS_LIKE_NATIONAL_ID] = { LINT_ERROR, "payload-national-id",
        "looks like a national identity number" },
    [LOOKS_LIKE_EMAIL] = { LINT_WARNING, "payload-email",
        "looks like an e-mail address, which is personal data" },
    [LOOKS_LIKE_PHONE] = { LINT_WARNING, "payload-phone",
        "looks like a phone number, which is personal data" },
    [LOOKS_LIKE_BIRTH_DATE] = { LINT_WARNING, "payload-birth-date",
        "looks like a birth date, which is personal data" },
};

#define PRIVACY_REFERENCE "RFC 7519 12"

static void add(struct lint_report *report, enum lint_severity severity, const char *rule,
    const char *message, const char *reference)
{
    if (report->count == LINT_FINDINGS_MAX) return;
    struct lint_finding *finding = &report->findings[report->count++];
    finding->severity = severity;
    finding->rule = rule;
    finding->message = message;
    finding->reference = reference;
    finding->subject_length = 0;
}

/* Which member the finding is about, by its name, a JSON string; an empty or a long one is only "a member". */
static void name_subject(struct lint_finding *finding, struct json_value name)
{
    static const char many[] = "a member";
    size_t length = name.length - 2;
    bool fits = length > 0 && length <= sizeof finding->subject;
    finding->subject_length = fits ? length : sizeof many - 1;
    memcpy(finding->subject, fits ? name.text + 1 : many, finding->subject_length);
}

/* sub has a rule of its own; the times and ids of registered claims are no card numbers. */
static bool is_exempt(const struct subject *subject, const struct json_member *member)
{
    static const enum claim exempt[] = { CLAIM_ISS, CLAIM_SUB, CLAIM_AUD, CLAIM_EXP, CLAIM_NBF,
        CLAIM_IAT, CLAIM_JTI, CLAIM_AUTH_TIME, CLAIM_SID, CLAIM_CLIENT_ID };
    for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++) {
        if (subject->claims->known[exempt[i]] == member) return true;
    }
    return false;
}

#define MEMBER_DEPTH_MAX 8

static void lint_members(struct lint_report *report, struct json_value container, unsigned depth);

static void lint_member(
    struct lint_report *report, struct json_value name, struct json_value value, unsigned depth)
{
    enum lint_kind kind = lint_member_kind(name, value);
    if (kind != LOOKS_HARMLESS) {
        size_t before = report->count;
        add(report, member_rules[kind].severity, member_rules[kind].rule,
            member_rules[kind].message, PRIVACY_REFERENCE);
        if (report->count > before) name_subject(&report->findings[before], name);
    } else if (value.type == JSON_OBJECT || value.type == JSON_ARRAY) {
        lint_members(report, value, depth + 1);
    }
}

/* Members of inner objects too; an array's elements go by the name "element". */
static void lint_members(struct lint_report *report, struct json_value container, unsigned depth)
{
    static const struct json_value element_name = { "\"element\"", 9, JSON_STRING };
    struct json_cursor cursor = json_cursor_start(container);
    struct json_value name = element_name;
    struct json_value value;
    if (depth > MEMBER_DEPTH_MAX) return;
    while (container.type == JSON_OBJECT ? json_object_next(&cursor, &name, &value)
                                         : json_array_next(&cursor, &value)) {
        lint_member(report, name, value, depth);
    }
}

static void lint_subject(struct lint_report *report, const struct subject *subject)
{
    const struct json_object *payload = subject->claims->payload;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].applies(subject)) {
            add(report, rules[i].severity, rules[i].rule, rules[i].message, rules[i].reference);
        }
    }
    for (size_t i = 0; i < payload->count; i++) {
        const struct json_member *member = &payload->members[i];
        struct json_value name = { payload->text + member->name_at - 1, member->name_length + 2,
            JSON_STRING };
        if (!is_exempt(subject, member)) {
            lint_member(report, name, json_member_value(payload, member), 0);
        }
    }
}

/* Worst first; among equals the order stays. */
static void sort_findings(struct lint_report *report)
{
    for (size_t i = 1; i < report->count; i++) {
        struct lint_finding moved = report->findings[i];
        size_t j = i;
        for (; j > 0 && report->findings[j - 1].severity < moved.severity; j--) {
            report->findings[j] = report->findings[j - 1];
        }
        report->findings[j] = moved;
    }
}

static bool lint_payload(
    struct lint_report *report, const char *text, size_t length, const struct subject *given)
{
    struct subject subject = *given;
    struct json_object payload;
    struct claims claims;
    enum json_fault fault = json_object_read(&payload, text, length, NULL);
    if (fault == JSON_FINE) {
        claims_locate(&claims, &payload);
        subject.claims = &claims;
        subject.payload_bytes = length;
        lint_subject(report, &subject);
    } else {
        add(report, LINT_ERROR, "payload-malformed", json_fault_text(fault), "RFC 7519 7.2");
    }
    json_object_release(&payload);
    return fault != JSON_NO_MEMORY;
}

/* The header once more, as verification reads it: its members have types. */
static bool lint_token(
    struct lint_report *report, const char *text, size_t length, const struct subject *given)
{
    struct subject subject = *given;
    struct unverified unverified;
    struct token_header header;
    const char *why;
    const char *member;
    enum header_result read = HEADER_BAD;
    enum unverified_result result =
        unverified_read(&unverified, text, length, UNVERIFIED_HEADER | UNVERIFIED_PAYLOAD);
    bool fine = result == UNVERIFIED_FINE && unverified.header_fine && unverified.payload_fine;
    header.object.members = NULL;
    if (fine) {
        read = token_header_read(
            &header, unverified.header.text, unverified.header.length, &why, &member);
    }
    if (read == HEADER_FINE) {
        subject.header = &header;
        subject.claims = &unverified.claims;
        subject.payload_bytes = unverified.payload.length;
        lint_subject(report, &subject);
    } else if (read == HEADER_BAD && result != UNVERIFIED_NO_MEMORY) {
        add(report, LINT_ERROR, "token-malformed",
            "not a compact JWS with a strict JSON header and payload: verifiers refuse it",
            "RFC 7519 7.2");
    }
    json_object_release(&header.object);
    unverified_release(&unverified);
    return result != UNVERIFIED_NO_MEMORY && read != HEADER_NO_MEMORY;
}

bool lint_text(struct lint_report *report, const char *text, size_t length,
    const struct key_set *keys, const struct fault *key_fault)
{
    struct subject subject = { .keys = keys, .key_fault = key_fault };
    size_t start = 0;
    bool fine;
    report->count = 0;
    while (start < length && memchr(" \t\r\n", text[start], 4) != NULL) start++;
    fine = start < length && text[start] == '{' ? lint_payload(report, text, length, &subject)
                                                : lint_token(report, text, length, &subject);
    sort_findings(report);
    return fine;
}

const char *lint_severity_name(enum lint_severity severity)
{
    static const char *const names[] = { "info", "warning", "error" };
    return names[severity];
}
