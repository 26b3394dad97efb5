/*
** claims.c - see claims.h.
*/
#include "claims.h"

#include "rarely.h"
#include "scope.h"

#include <string.h>

/* Fills `detail` for a check about one claim; returns `status`. */
RARELY static enum status fail(struct detail *detail, enum status status, const char *subject,
    struct json_value found, struct json_value expected, const char *note)
{
    *detail = (struct detail){ subject, strlen(subject), found, expected, note };
    return status;
}

static const struct json_value nothing = { NULL, 0, JSON_NULL };

static bool is_number(struct json_value value)
{
    return value.type == JSON_INTEGER || value.type == JSON_REAL;
}

/* RFC 7519 section 4.1: absent and JSON null are both "not there" to those who demand a claim. */
static bool is_missing(struct json_value value)
{
    return value.text == NULL || value.type == JSON_NULL;
}

/* ---- claims that must be there ---- */

#define BIT(claim) (1u << (claim))

/* What each profile demands: RFC 9068 section 2.2, OpenID Connect Core section 2, Back-Channel Logout section 2.4. */
static const unsigned profile_demands[] = {
    [PROFILE_NONE] = 0,
    [PROFILE_ACCESS_TOKEN] = BIT(CLAIM_ISS) | BIT(CLAIM_EXP) | BIT(CLAIM_AUD) | BIT(CLAIM_SUB) |
                             BIT(CLAIM_CLIENT_ID) | BIT(CLAIM_IAT) | BIT(CLAIM_JTI),
    [PROFILE_ID_TOKEN] =
        BIT(CLAIM_ISS) | BIT(CLAIM_SUB) | BIT(CLAIM_AUD) | BIT(CLAIM_EXP) | BIT(CLAIM_IAT),
    [PROFILE_LOGOUT_TOKEN] = BIT(CLAIM_ISS) | BIT(CLAIM_AUD) | BIT(CLAIM_IAT) | BIT(CLAIM_EXP) |
                             BIT(CLAIM_JTI) | BIT(CLAIM_EVENTS),
};

/* The claim that max_age counts from: OpenID Connect Core section 3.1.3.7 point 13 says auth_time. */
static enum claim age_claim(const struct policy *policy)
{
    return policy->profile == PROFILE_ID_TOKEN ? CLAIM_AUTH_TIME : CLAIM_IAT;
}

static size_t audience_count(struct json_value aud)
{
    struct json_cursor cursor;
    struct json_value element;
    size_t count = 0;
    if (aud.type != JSON_ARRAY) return 1;
    cursor = json_cursor_start(aud);
    while (json_array_next(&cursor, &element)) count++;
    return count;
}

static enum status check_known_required(
    const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    unsigned demanded = profile_demands[policy->profile];
    if (policy->has_max_age) demanded |= BIT(age_claim(policy));
    for (enum claim claim = CLAIM_ISS; claim < CLAIM_COUNT; claim++) {
        if ((demanded & BIT(claim)) != 0 && is_missing(claims_get(question->claims, claim))) {
            return fail(detail, STATUS_MISSING_CLAIM, claim_name(claim), nothing, nothing,
                policy->profile == PROFILE_NONE ? "option max_age needs it"
                                                : "the profile requires it");
        }
    }
    if (policy->profile == PROFILE_LOGOUT_TOKEN &&
        is_missing(claims_get(question->claims, CLAIM_SUB)) &&
        is_missing(claims_get(question->claims, CLAIM_SID))) {
        return fail(detail, STATUS_MISSING_CLAIM, "sub", nothing, nothing,
            "the profile requires sub or sid");
    }
    /* OpenID Connect Core section 3.1.3.7 point 4. */
    if (policy->profile == PROFILE_ID_TOKEN &&
        is_missing(claims_get(question->claims, CLAIM_AZP)) &&
        audience_count(claims_get(question->claims, CLAIM_AUD)) > 1) {
        return fail(detail, STATUS_MISSING_CLAIM, "azp", nothing, nothing,
            "an ID token with several audiences must say who may use it");
    }
    return STATUS_OK;
}

/* The member of a payload whose name is this JSON string's content, or absent. */
static struct json_value find_claim(const struct json_object *payload, struct json_value name)
{
    size_t length;
    const char *plain = json_string_plain(name, &length);
    if (plain != NULL) return json_member_value(payload, json_object_find(payload, plain, length));
    for (size_t i = 0; i < payload->count; i++) {
        const struct json_member *member = &payload->members[i];
        struct json_value member_name = { payload->text + member->name_at - 1,
            member->name_length + 2, JSON_STRING };
        if (json_strings_equal(member_name, name)) return json_member_value(payload, member);
    }
    return nothing;
}

static enum status check_required(const struct claims_question *question, struct detail *detail)
{
    enum status status = check_known_required(question, detail);
    struct json_cursor cursor;
    struct json_value name;
    if (status != STATUS_OK || question->policy->require.text == NULL) return status;
    cursor = json_cursor_start(question->policy->require);
    while (json_array_next(&cursor, &name)) {
        struct json_value value = find_claim(question->claims->payload, name);
        if (!is_missing(value)) continue;
        *detail = (struct detail){ name.text + 1, name.length - 2, value, nothing,
            "option require names it" };
        return STATUS_MISSING_CLAIM;
    }
    return STATUS_OK;
}

/* ---- types of registered claims ---- */

static const char *string_fault(struct json_value value)
{
    return value.type == JSON_STRING ? NULL : "is not a string";
}

static const char *date_fault(struct json_value value)
{
    if (!is_number(value)) return "is not a number";
    return json_number_is_safe(value) ? NULL : "is beyond 2^53 seconds";
}

static const char *audience_fault(struct json_value value)
{
    struct json_cursor cursor;
    struct json_value element;
    if (value.type == JSON_STRING) return NULL;
    if (value.type != JSON_ARRAY) return "is neither a string nor an array of strings";
    cursor = json_cursor_start(value);
    while (json_array_next(&cursor, &element)) {
        if (element.type != JSON_STRING) return "holds something other than strings";
    }
    return NULL;
}

/* RFC 7519 section 4.1, OpenID Connect (sid), RFC 8693 (client_id). */
static const struct {
    enum claim claim;
    const char *(*fault)(struct json_value value);
} claim_types[] = {
    { CLAIM_ISS, string_fault },
    { CLAIM_SUB, string_fault },
    { CLAIM_AUD, audience_fault },
    { CLAIM_EXP, date_fault },
    { CLAIM_NBF, date_fault },
    { CLAIM_IAT, date_fault },
    { CLAIM_JTI, string_fault },
    { CLAIM_SID, string_fault },
    { CLAIM_CLIENT_ID, string_fault },
};

enum status claims_check_types(const struct claims *claims, struct detail *detail)
{
    if (claims->has_usual_types) return STATUS_OK;
    for (size_t i = 0; i < sizeof claim_types / sizeof *claim_types; i++) {
        enum claim claim = claim_types[i].claim;
        struct json_value value;
        const char *fault;
        if (claims->known[claim] == NULL) continue;
        value = claims_get(claims, claim);
        fault = claim_types[i].fault(value);
        if (fault != NULL) {
            return fail(detail, STATUS_BAD_CLAIM, claim_name(claim), value, nothing, fault);
        }
    }
    return STATUS_OK;
}

static enum status check_types(const struct claims_question *question, struct detail *detail)
{
    return claims_check_types(question->claims, detail);
}

/* ---- what profiles say of a claim's shape ---- */

static bool has_logout_event(struct json_value events)
{
    static const char name[] = "http://schemas.openid.net/event/backchannel-logout";
    struct json_cursor cursor;
    struct json_value member;
    struct json_value value;
    if (events.type != JSON_OBJECT) return false;
    cursor = json_cursor_start(events);
    while (json_object_next(&cursor, &member, &value)) {
        if (json_string_is(member, name, sizeof name - 1)) return value.type == JSON_OBJECT;
    }
    return false;
}

/* Back-Channel Logout section 2.6 points 5 and 6. */
static enum status check_logout_shape(const struct claims *claims, struct detail *detail)
{
    struct json_value events = claims_get(claims, CLAIM_EVENTS);
    struct json_value nonce = claims_get(claims, CLAIM_NONCE);
    if (!has_logout_event(events)) {
        return fail(detail, STATUS_BAD_CLAIM, "events", events, nothing,
            "does not hold the back-channel logout event");
    }
    if (nonce.text != NULL) {
        return fail(
            detail, STATUS_BAD_CLAIM, "nonce", nonce, nothing, "is forbidden in a logout token");
    }
    return STATUS_OK;
}

static enum status check_id_token_shape(const struct claims *claims, struct detail *detail)
{
    struct json_value events = claims_get(claims, CLAIM_EVENTS);
    struct json_value azp = claims_get(claims, CLAIM_AZP);
    struct json_value auth_time = claims_get(claims, CLAIM_AUTH_TIME);
    if (events.text != NULL) {
        return fail(detail, STATUS_BAD_CLAIM, "events", events, nothing,
            "is forbidden in an ID token: it would be a logout token");
    }
    if (azp.text != NULL && azp.type != JSON_STRING) {
        return fail(detail, STATUS_BAD_CLAIM, "azp", azp, nothing, "is not a string");
    }
    if (auth_time.text != NULL && date_fault(auth_time) != NULL) {
        return fail(
            detail, STATUS_BAD_CLAIM, "auth_time", auth_time, nothing, date_fault(auth_time));
    }
    return STATUS_OK;
}

static enum status check_shape(const struct claims_question *question, struct detail *detail)
{
    switch (question->policy->profile) {
    case PROFILE_ID_TOKEN: return check_id_token_shape(question->claims, detail);
    case PROFILE_LOGOUT_TOKEN: return check_logout_shape(question->claims, detail);
    default: return STATUS_OK;
    }
}

/* ---- times (RFC 7519 sections 4.1.4 to 4.1.6) ---- */

/* A date that is there, and a number: types were checked before. */
static double date_of(const struct claims *claims, enum claim claim)
{
    return claims->has_usual_types ? claims->dates[claim - CLAIM_EXP]
                                   : json_number(claims_get(claims, claim));
}

static enum status check_exp(const struct claims_question *question, struct detail *detail)
{
    const struct claims *claims = question->claims;
    if (claims->known[CLAIM_EXP] == NULL ||
        question->now < date_of(claims, CLAIM_EXP) + question->policy->leeway) {
        return STATUS_OK;
    }
    return fail(
        detail, STATUS_EXPIRED, "exp", claims_get(claims, CLAIM_EXP), nothing, "has passed");
}

static enum status check_nbf(const struct claims_question *question, struct detail *detail)
{
    const struct claims *claims = question->claims;
    if (claims->known[CLAIM_NBF] == NULL ||
        question->now >= date_of(claims, CLAIM_NBF) - question->policy->leeway) {
        return STATUS_OK;
    }
    return fail(detail, STATUS_NOT_YET_VALID, "nbf", claims_get(claims, CLAIM_NBF), nothing,
        "has not come yet");
}

static enum status check_iat(const struct claims_question *question, struct detail *detail)
{
    const struct claims *claims = question->claims;
    if (claims->known[CLAIM_IAT] == NULL ||
        date_of(claims, CLAIM_IAT) <= question->now + question->policy->leeway) {
        return STATUS_OK;
    }
    return fail(detail, STATUS_ISSUED_IN_FUTURE, "iat", claims_get(claims, CLAIM_IAT), nothing,
        "lies in the future");
}

static enum status check_max_age(const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    enum claim claim = age_claim(policy);
    struct json_value since;
    if (!policy->has_max_age) return STATUS_OK;
    since = claims_get(question->claims, claim); /* present, and a number: checked before */
    if (question->now - json_number(since) <= policy->max_age + policy->leeway) return STATUS_OK;
    return fail(detail, STATUS_TOO_OLD, claim_name(claim), since,
        json_object_get(&policy->object, "max_age"), "is longer ago than max_age");
}

/* ---- iss, aud, sub, typ ---- */

/* True where both are strings of the same text: what nearly all that are equal are. */
static inline bool is_same_text(struct json_value value, struct json_value allowed)
{
    return value.type == JSON_STRING && allowed.type == JSON_STRING &&
           value.length == allowed.length && memcmp(value.text, allowed.text, value.length) == 0;
}

/* True where `value` is a string equal to `allowed`, or to one of its elements. */
static bool is_one_of(struct json_value value, struct json_value allowed)
{
    struct json_cursor cursor;
    struct json_value element;
    if (value.type != JSON_STRING) return false;
    if (allowed.type == JSON_STRING) return json_strings_equal(value, allowed);
    cursor = json_cursor_start(allowed);
    while (json_array_next(&cursor, &element)) {
        if (json_strings_equal(value, element)) return true;
    }
    return false;
}

/* True where a string, or an element of an array of strings, is one of `allowed`. */
static bool any_is_one_of(struct json_value values, struct json_value allowed)
{
    struct json_cursor cursor;
    struct json_value element;
    if (values.text == NULL || values.type != JSON_ARRAY) {
        return values.text != NULL && is_one_of(values, allowed);
    }
    cursor = json_cursor_start(values);
    while (json_array_next(&cursor, &element)) {
        if (is_one_of(element, allowed)) return true;
    }
    return false;
}

/* An option that a claim's string must equal: the check is passed where the option is not given. */
static enum status check_string(const struct claims_question *question, enum claim claim,
    struct json_value allowed, enum status mismatch, struct detail *detail)
{
    struct json_value value = claims_get(question->claims, claim);
    if (allowed.text == NULL) return STATUS_OK;
    if (value.text != NULL && (is_same_text(value, allowed) || is_one_of(value, allowed))) {
        return STATUS_OK;
    }
    return fail(detail, mismatch, claim_name(claim), value, allowed, NULL);
}

static enum status check_iss(const struct claims_question *question, struct detail *detail)
{
    return check_string(question, CLAIM_ISS, question->policy->iss, STATUS_ISS_MISMATCH, detail);
}

static enum status check_aud(const struct claims_question *question, struct detail *detail)
{
    struct json_value aud = claims_get(question->claims, CLAIM_AUD);
    struct json_value allowed = question->policy->aud;
    if (allowed.text == NULL) return STATUS_OK;
    if (aud.text != NULL && is_same_text(aud, allowed)) return STATUS_OK;
    if (any_is_one_of(aud, allowed)) return STATUS_OK;
    return fail(detail, STATUS_AUD_MISMATCH, "aud", aud, allowed, NULL);
}

static enum status check_sub(const struct claims_question *question, struct detail *detail)
{
    return check_string(question, CLAIM_SUB, question->policy->sub, STATUS_SUB_MISMATCH, detail);
}

static bool profile_typ_fits(enum policy_profile profile, struct json_value typ)
{
    switch (profile) {
    case PROFILE_ACCESS_TOKEN: return token_typ_is(typ, "at+jwt"); /* RFC 9068 section 4 */
    case PROFILE_LOGOUT_TOKEN:
        return typ.text == NULL || token_typ_is(typ, "logout+jwt") || token_typ_is(typ, "JWT");
    default: return true;
    }
}

static enum status check_typ(const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    struct json_value typ = question->header->typ;
    if (policy->typ.text != NULL && !token_typ_equal(typ, policy->typ)) {
        return fail(detail, STATUS_TYP_MISMATCH, "typ", typ, policy->typ, NULL);
    }
    if (!profile_typ_fits(policy->profile, typ)) {
        return fail(detail, STATUS_TYP_MISMATCH, "typ", typ,
            json_object_get(&policy->object, "profile"), "does not fit the profile");
    }
    return STATUS_OK;
}

/* ---- azp, nonce, client_id, option claims ---- */

/* OpenID Connect Core section 3.1.3.7 point 5. */
static enum status check_azp(const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    struct json_value azp = claims_get(question->claims, CLAIM_AZP);
    struct json_value wanted = policy->client_id.text != NULL ? policy->client_id : policy->aud;
    if (policy->profile != PROFILE_ID_TOKEN || azp.text == NULL) return STATUS_OK;
    if (is_one_of(azp, wanted)) return STATUS_OK;
    return fail(detail, STATUS_CLAIM_MISMATCH, "azp", azp, wanted, NULL);
}

/* Option client_id outside the profile id_token, where azp answers for it. */
static enum status check_client_id(const struct claims_question *question, struct detail *detail)
{
    if (question->policy->profile == PROFILE_ID_TOKEN) return STATUS_OK;
    return check_string(
        question, CLAIM_CLIENT_ID, question->policy->client_id, STATUS_CLAIM_MISMATCH, detail);
}

static enum status check_nonce(const struct claims_question *question, struct detail *detail)
{
    return check_string(
        question, CLAIM_NONCE, question->policy->nonce, STATUS_CLAIM_MISMATCH, detail);
}

static enum status check_claims(const struct claims_question *question, struct detail *detail)
{
    struct json_cursor cursor;
    struct json_value name;
    struct json_value wanted;
    if (question->policy->claims.text == NULL) return STATUS_OK;
    cursor = json_cursor_start(question->policy->claims);
    while (json_object_next(&cursor, &name, &wanted)) {
        struct json_value value = find_claim(question->claims->payload, name);
        if (value.text != NULL && json_equal(value, wanted)) continue;
        *detail = (struct detail){ name.text + 1, name.length - 2, value, wanted, NULL };
        return STATUS_CLAIM_MISMATCH;
    }
    return STATUS_OK;
}

/* ---- scope and confirmation ---- */

static enum status check_scope(const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    struct json_value granted = claims_get(question->claims, CLAIM_SCOPE);
    if (policy->scope.text == NULL) return STATUS_OK;
    if (scope_grants(granted, policy->scope_words, policy->scope_length)) return STATUS_OK;
    return fail(detail, STATUS_SCOPE_MISSING, "scope", granted, policy->scope, NULL);
}

/* The `jkt` member of a `cnf` claim (RFC 7800 section 3, RFC 9449 section 6.1), or absent. */
static struct json_value confirmation_thumbprint(struct json_value cnf)
{
    struct json_cursor cursor;
    struct json_value name;
    struct json_value value;
    if (cnf.text == NULL || cnf.type != JSON_OBJECT) return nothing;
    cursor = json_cursor_start(cnf);
    while (json_object_next(&cursor, &name, &value)) {
        if (json_string_is(name, "jkt", 3)) return value;
    }
    return nothing;
}

static enum status check_cnf(const struct claims_question *question, struct detail *detail)
{
    const struct policy *policy = question->policy;
    struct json_value cnf = claims_get(question->claims, CLAIM_CNF);
    struct json_value thumbprint;
    if (policy->jkt.text == NULL) {
        if (policy->profile != PROFILE_ACCESS_TOKEN || cnf.text == NULL) return STATUS_OK;
        return fail(detail, STATUS_CNF_MISMATCH, "cnf", cnf, nothing,
            "the token is bound to a key, and option jkt does not say which one was proven");
    }
    thumbprint = confirmation_thumbprint(cnf);
    if (thumbprint.text != NULL && is_one_of(thumbprint, policy->jkt)) return STATUS_OK;
    return fail(detail, STATUS_CNF_MISMATCH, "cnf", cnf, policy->jkt, NULL);
}

/* clang-format off */
const struct claims_check claims_checks[POLICY_CHECK_COUNT] = {
    [POLICY_CHECK_REQUIRED]  = { "required claims", check_required, false },
    [POLICY_CHECK_TYPES]     = { "claim types", check_types, false },
    [POLICY_CHECK_PROFILE]   = { "profile", check_shape, false },
    [POLICY_CHECK_EXP]       = { "exp", check_exp, false },
    [POLICY_CHECK_NBF]       = { "nbf", check_nbf, false },
    [POLICY_CHECK_IAT]       = { "iat", check_iat, false },
    [POLICY_CHECK_MAX_AGE]   = { "max_age", check_max_age, false },
    [POLICY_CHECK_ISS]       = { "iss", check_iss, false },
    [POLICY_CHECK_AUD]       = { "aud", check_aud, false },
    [POLICY_CHECK_SUB]       = { "sub", check_sub, false },
    [POLICY_CHECK_TYP]       = { "typ", check_typ, true },
    [POLICY_CHECK_AZP]       = { "azp", check_azp, false },
    [POLICY_CHECK_CLIENT_ID] = { "client_id", check_client_id, false },
    [POLICY_CHECK_NONCE]     = { "nonce", check_nonce, false },
    [POLICY_CHECK_CLAIMS]    = { "claims", check_claims, false },
    [POLICY_CHECK_SCOPE]     = { "scope", check_scope, false },
    [POLICY_CHECK_CNF]       = { "cnf", check_cnf, false },
};
/* clang-format on */
