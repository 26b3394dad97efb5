/*
** policy.c - see policy.h.
**
** One table says for each option who reads it, what type it has and where its
** value goes; the readers below know types, not names.
*/
#include "policy.h"

#include "nearest.h"
#include "secure.h"
#include "token.h"

#include <string.h>

#define JWT (POLICY_SIGN_JWT | POLICY_VERIFY_JWT)
#define SIGN (POLICY_SIGN_JWT | POLICY_SIGN_JWS)
#define VERIFY (POLICY_VERIFY_JWT | POLICY_VERIFY_JWS)

struct option {
    const char *name;
    unsigned uses; /* policy_use bits */
    /* Reads the value to where `offset` says; false with `fault` where its type or range is wrong. */
    bool (*read)(struct policy *policy, const struct option *option, struct json_value value,
        struct fault *fault);
    size_t offset;      /* of the field in struct policy */
    size_t flag_offset; /* of the bool that says "given"; for seconds */
};

static bool wrong(const struct option *option, const char *wanted, struct fault *fault)
{
    return fault_set(fault, "options: %s: must be %s", option->name, wanted);
}

static void *field(struct policy *policy, size_t offset)
{
    return (char *)policy + offset;
}

static void keep(struct policy *policy, const struct option *option, struct json_value value)
{
    *(struct json_value *)field(policy, option->offset) = value;
}

static bool read_flag(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (value.type != JSON_TRUE && value.type != JSON_FALSE) {
        return wrong(option, "true or false", fault);
    }
    *(bool *)field(policy, option->offset) = value.type == JSON_TRUE;
    return true;
}

/* `b64`: false is what has a meaning of its own (RFC 7797). */
static bool read_b64(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (!read_flag(policy, option, value, fault)) return false;
    policy->unencoded = !policy->unencoded;
    return true;
}

static bool is_good_string(struct json_value value)
{
    return value.type == JSON_STRING && value.length > 2;
}

static bool read_string(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (!is_good_string(value)) return wrong(option, "a string that is not empty", fault);
    keep(policy, option, value);
    return true;
}

/* A detached payload: any string, also an empty or a long one. */
static bool read_payload(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    if (value.type != JSON_STRING) return wrong(option, "a string", fault);
    keep(policy, option, value);
    return true;
}

static bool is_string_list(struct json_value value)
{
    struct json_cursor cursor;
    struct json_value element;
    size_t count = 0;
    if (value.type != JSON_ARRAY) return false;
    cursor = json_cursor_start(value);
    while (json_array_next(&cursor, &element)) {
        if (!is_good_string(element)) return false;
        count++;
    }
    return count > 0;
}

static bool read_string_list(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    if (!is_string_list(value)) {
        return wrong(option, "an array, not empty, of strings that are not empty", fault);
    }
    keep(policy, option, value);
    return true;
}

static bool read_string_or_list(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    if (!is_good_string(value) && !is_string_list(value)) {
        return wrong(option, "a string that is not empty, or an array of such", fault);
    }
    keep(policy, option, value);
    return true;
}

/* Space-separated words of printable ASCII (RFC 6749 section 3.3). */
static bool read_scope(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    bool word = false;
    if (!is_good_string(value)) return wrong(option, "space-separated words", fault);
    policy->scope_words = memory_new(value.length);
    if (policy->scope_words == NULL) return fault_memory(fault);
    policy->scope_length = json_string_decode(value, policy->scope_words);
    for (size_t i = 0; i < policy->scope_length; i++) {
        unsigned char byte = (unsigned char)policy->scope_words[i];
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\') {
            return wrong(option, "space-separated words of printable ASCII (RFC 6749 3.3)", fault);
        }
        if (byte != ' ') word = true;
    }
    if (!word) return wrong(option, "space-separated words", fault);
    keep(policy, option, value);
    return true;
}

/* RFC 7515 section 4.1.11: what the specification itself defines is never an extension. */
static bool read_crit(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    struct json_cursor cursor;
    struct json_value name;
    char bytes[64];
    if (!read_string_list(policy, option, value, fault)) return false;
    cursor = json_cursor_start(value);
    while (json_array_next(&cursor, &name)) {
        if (name.length > sizeof bytes) continue;
        size_t length = json_string_decode(name, bytes);
        if (token_header_is_registered(bytes, length)) {
            return fault_set(fault,
                "options: crit: \"%.*s\" is a registered header member, not an extension",
                (int)length, bytes);
        }
    }
    return true;
}

static bool read_object(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (value.type != JSON_OBJECT) return wrong(option, "an object", fault);
    keep(policy, option, value);
    return true;
}

static bool read_claims(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    struct json_cursor cursor;
    struct json_value name;
    struct json_value member;
    if (!read_object(policy, option, value, fault)) return false;
    cursor = json_cursor_start(value);
    if (!json_object_next(&cursor, &name, &member)) {
        return wrong(option, "an object with at least one member", fault);
    }
    return true;
}

/* Further header members: what has an option of its own, or a meaning that signing decides, is refused. */
static bool read_header(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    static const char *const refused[] = { "alg", "crit", "b64", "typ", "kid" };
    struct json_cursor cursor;
    struct json_value name;
    struct json_value member;
    if (!read_object(policy, option, value, fault)) return false;
    cursor = json_cursor_start(value);
    while (json_object_next(&cursor, &name, &member)) {
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
            if (json_string_is(name, refused[i], strlen(refused[i]))) {
                return fault_set(fault, "options: header: must not hold \"%s\"%s", refused[i],
                    i < 3 ? "" : " (use the option of that name)");
            }
        }
    }
    return true;
}

static bool read_number(struct json_value value, double least, double most, double *out)
{
    if (value.type != JSON_INTEGER && value.type != JSON_REAL) return false;
    *out = json_number(value);
    return json_number_is_safe(value) && *out >= least && *out <= most;
}

#define SECONDS_MAX 9007199254740992.0 /* 2^53, as for the claims themselves */

static bool read_seconds(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    if (!read_number(value, 0, SECONDS_MAX, field(policy, option->offset))) {
        return wrong(option, "a number of seconds, not negative, at most 2^53", fault);
    }
    *(bool *)field(policy, option->flag_offset) = true;
    return true;
}

static bool read_leeway(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (!read_number(value, 0, POLICY_LEEWAY_MAX, &policy->leeway)) {
        return wrong(option, "a number of seconds from 0 to 600", fault);
    }
    return true;
}

static bool read_max_length(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    int64_t length;
    if (!json_integer(value, &length) || length < 1 || length > POLICY_MAX_LENGTH_MAX) {
        return wrong(option, "a number of bytes from 1 to 1048576", fault);
    }
    policy->max_length = (size_t)length;
    return true;
}

static bool read_bits(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    int64_t bits;
    if (!json_integer(value, &bits) || bits < 2048 || bits > 16384) {
        return wrong(option, "a number of bits from 2048 to 16384", fault);
    }
    policy->bits = (unsigned)bits;
    return true;
}

/* The name itself is not repeated in the message: a caller who mixes up arguments must not see a key there. */
static bool unknown_algorithm(
    const char *where, const char *name, size_t length, struct fault *fault)
{
    const char *nearest = algorithm_nearest(name, length);
    if (nearest != NULL) {
        return fault_set(
            fault, "options: %sunknown algorithm (did you mean \"%s\"?)", where, nearest);
    }
    return fault_set(fault, "options: %sunknown algorithm (see jwt_algorithms)", where);
}

static bool add_algorithm(
    struct policy *policy, const char *where, const char *name, size_t length, struct fault *fault)
{
    const struct algorithm *algorithm = algorithm_find(name, length);
    if (algorithm == NULL) return unknown_algorithm(where, name, length, fault);
    bool only = policy->algorithms == 0 || policy->algorithm == algorithm;
    policy->algorithm = only ? algorithm : NULL;
    policy->algorithms |= algorithm_bit(algorithm);
    return true;
}

static bool add_algorithm_value(
    struct policy *policy, const char *where, struct json_value value, struct fault *fault)
{
    char name[64];
    if (value.length > sizeof name) return unknown_algorithm(where, "", 0, fault);
    size_t length = json_string_decode(value, name);
    return add_algorithm(policy, where, name, length, fault);
}

static bool read_alg(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    if (!is_good_string(value)) return wrong(option, "an algorithm's name", fault);
    return add_algorithm_value(policy, "alg: ", value, fault);
}

static bool read_algs(struct policy *policy, const struct option *option, struct json_value value,
    struct fault *fault)
{
    struct json_cursor cursor;
    struct json_value name;
    if (!is_string_list(value)) {
        return wrong(option, "an array, not empty, of algorithm names", fault);
    }
    cursor = json_cursor_start(value);
    while (json_array_next(&cursor, &name)) {
        if (!add_algorithm_value(policy, "algs: ", name, fault)) return false;
    }
    return true;
}

static bool read_profile(struct policy *policy, const struct option *option,
    struct json_value value, struct fault *fault)
{
    static const struct {
        const char *name;
        enum policy_profile profile;
    } profiles[] = {
        { "at+jwt", PROFILE_ACCESS_TOKEN },
        { "id_token", PROFILE_ID_TOKEN },
        { "logout+jwt", PROFILE_LOGOUT_TOKEN },
    };
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
        if (value.type == JSON_STRING &&
            json_string_is(value, profiles[i].name, strlen(profiles[i].name))) {
            policy->profile = profiles[i].profile;
            return true;
        }
    }
    return wrong(option, "\"at+jwt\", \"id_token\" or \"logout+jwt\"", fault);
}

#define AT(member) offsetof(struct policy, member)

static const struct option options[] = {
    { "alg", SIGN | VERIFY | POLICY_FROM_PEM, read_alg, 0, 0 },
    { "algs", VERIFY, read_algs, 0, 0 },
    { "allow_weak_key", SIGN | VERIFY, read_flag, AT(allow_weak_key), 0 },
    { "typ", SIGN | VERIFY, read_string, AT(typ), 0 },
    { "kid", SIGN | POLICY_GENERATE | POLICY_FROM_PEM, read_string, AT(kid), 0 },
    { "header", SIGN, read_header, AT(header), 0 },
    { "iss", POLICY_SIGN_JWT, read_string, AT(iss), 0 },
    { "iss", POLICY_VERIFY_JWT, read_string_or_list, AT(iss), 0 },
    { "aud", JWT, read_string_or_list, AT(aud), 0 },
    { "sub", JWT, read_string, AT(sub), 0 },
    { "now", JWT, read_seconds, AT(now), AT(has_now) },
    { "iat", POLICY_SIGN_JWT, read_flag, AT(add_iat), 0 },
    { "jti", POLICY_SIGN_JWT, read_flag, AT(add_jti), 0 },
    { "expires_in", POLICY_SIGN_JWT, read_seconds, AT(expires_in), AT(has_expires_in) },
    { "not_before_in", POLICY_SIGN_JWT, read_seconds, AT(not_before_in), AT(has_not_before_in) },
    { "detached", POLICY_SIGN_JWS, read_flag, AT(detached), 0 },
    { "b64", POLICY_SIGN_JWS, read_b64, AT(unencoded), 0 },
    { "require", POLICY_VERIFY_JWT, read_string_list, AT(require), 0 },
    { "claims", POLICY_VERIFY_JWT, read_claims, AT(claims), 0 },
    { "leeway", POLICY_VERIFY_JWT, read_leeway, 0, 0 },
    { "max_age", POLICY_VERIFY_JWT, read_seconds, AT(max_age), AT(has_max_age) },
    { "crit", VERIFY, read_crit, AT(crit), 0 },
    { "scope", POLICY_VERIFY_JWT, read_scope, AT(scope), 0 },
    { "jkt", POLICY_VERIFY_JWT, read_string, AT(jkt), 0 },
    { "revoked_by", POLICY_VERIFY_JWT, read_string, AT(revoked_by), 0 },
    { "max_length", VERIFY, read_max_length, 0, 0 },
    { "profile", POLICY_VERIFY_JWT, read_profile, 0, 0 },
    { "client_id", POLICY_VERIFY_JWT, read_string, AT(client_id), 0 },
    { "nonce", POLICY_VERIFY_JWT, read_string, AT(nonce), 0 },
    { "payload", POLICY_VERIFY_JWS, read_payload, AT(payload), 0 },
    { "bits", POLICY_GENERATE, read_bits, 0, 0 },
    { "use", POLICY_FROM_PEM, read_string, AT(use_member), 0 },
};

#define OPTION_COUNT (sizeof options / sizeof *options)

/* What other libraries call it. */
static const struct {
    const char *theirs;
    const char *ours;
} synonyms[] = {
    { "algorithm", "alg" },
    { "algorithms", "algs" },
    { "audience", "aud" },
    { "clock_skew", "leeway" },
    { "clock_tolerance", "leeway" },
    { "clockTolerance", "leeway" },
    { "exp", "expires_in" },
    { "expiresIn", "expires_in" },
    { "issuer", "iss" },
    { "jwtid", "jti" },
    { "key_id", "kid" },
    { "keyid", "kid" },
    { "maxAge", "max_age" },
    { "nbf", "not_before_in" },
    { "notBefore", "not_before_in" },
    { "subject", "sub" },
    { "ttl", "expires_in" },
    { "type", "typ" },
};

static const struct option *option_find(const char *name, enum policy_use use)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((options[i].uses & use) != 0 && strcmp(options[i].name, name) == 0) return &options[i];
    }
    return NULL;
}

static const struct option *synonym_option(const char *name, size_t length, enum policy_use use)
{
    for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++) {
        if (strlen(synonyms[i].theirs) == length && memcmp(synonyms[i].theirs, name, length) == 0) {
            return option_find(synonyms[i].ours, use);
        }
    }
    return NULL;
}

static const struct option *nearest_option(const char *name, size_t length, enum policy_use use)
{
    const struct option *nearest = NULL;
    size_t best = 32;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((options[i].uses & use) == 0) continue;
        size_t distance = nearest_distance(name, length, options[i].name);
        bool prefix = length >= 3 && strncmp(options[i].name, name, length) == 0;
        if (prefix && distance > 2) distance = 2;
        if (distance < best && distance < strlen(options[i].name)) {
            best = distance;
            nearest = &options[i];
        }
    }
    return best <= 4 && best <= length ? nearest : NULL;
}

/* Whether another kind of function knows this option: then it is misplaced, not misspelt. */
static bool is_known_elsewhere(const char *name, size_t length)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == length && memcmp(options[i].name, name, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool unknown_option(struct json_value name, enum policy_use use, struct fault *fault)
{
    char bytes[32];
    size_t length;
    const struct option *nearest;
    if (name.length - 2 > sizeof bytes - 1) return fault_set(fault, "options: unknown member");
    length = json_string_decode(name, bytes);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < 0x20) return fault_set(fault, "options: unknown member");
    }
    if (is_known_elsewhere(bytes, length)) {
        return fault_set(
            fault, "options: member \"%.*s\" has no meaning for this function", (int)length, bytes);
    }
    nearest = synonym_option(bytes, length, use);
    if (nearest == NULL) nearest = nearest_option(bytes, length, use);
    if (nearest == NULL) {
        return fault_set(fault, "options: unknown member \"%.*s\"", (int)length, bytes);
    }
    return fault_set(fault, "options: unknown member \"%.*s\" (did you mean \"%s\"?)", (int)length,
        bytes, nearest->name);
}

static bool read_member(
    struct policy *policy, struct json_value name, struct json_value value, struct fault *fault)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        if ((option->uses & policy->use) != 0 &&
            json_string_is(name, option->name, strlen(option->name))) {
            if (value.type == JSON_NULL) return wrong(option, "given a value: it is null", fault);
            return option->read(policy, option, value, fault);
        }
    }
    return unknown_option(name, policy->use, fault);
}

/* What members mean together. */
static bool check_together(const struct policy *policy, struct fault *fault)
{
    bool verifies = policy->use == POLICY_VERIFY_JWT;
    if (json_object_find(&policy->object, "alg", 3) != NULL &&
        json_object_find(&policy->object, "algs", 4) != NULL) {
        return fault_set(fault, "options: alg and algs are both given: use one of them");
    }
    if (verifies && policy->profile != PROFILE_NONE &&
        (policy->iss.text == NULL || policy->aud.text == NULL)) {
        return fault_set(
            fault, "options: profile: needs options iss and aud, whom to trust and who is meant");
    }
    if (policy->profile == PROFILE_LOGOUT_TOKEN && policy->nonce.text != NULL) {
        return fault_set(fault, "options: nonce: a logout token must not have one");
    }
    if (policy->unencoded && !policy->detached) {
        return fault_set(fault, "options: b64: false goes only with \"detached\": true (RFC 7797)");
    }
    return true;
}

static bool read_options(struct policy *policy, struct fault *fault)
{
    struct json_cursor cursor;
    struct json_value name;
    struct json_value value;
    size_t at;
    enum json_fault json =
        json_object_read(&policy->object, policy->source, policy->source_length, &at);
    if (json == JSON_NO_MEMORY) return fault_memory(fault);
    if (json != JSON_FINE) {
        return fault_set(fault, "options: %s, at byte %zu", json_fault_text(json), at + 1);
    }
    cursor = json_cursor_start(json_value_at(policy->source, policy->source_length));
    while (json_object_next(&cursor, &name, &value)) {
        if (!read_member(policy, name, value, fault)) return false;
    }
    return check_together(policy, fault);
}

static bool is_json_like(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && memchr(" \t\r\n", text[at], 4) != NULL) at++;
    return at == length || text[at] == '{' || text[at] == '[' || text[at] == '"';
}

struct policy *policy_read(
    const char *text, size_t length, enum policy_use use, struct fault *fault)
{
    struct policy *policy = memory_new_zero(sizeof *policy);
    bool fine = policy != NULL;
    if (!fine) {
        fault_memory(fault);
        return NULL;
    }
    policy->references = 1;
    policy->use = use;
    policy->max_length = POLICY_MAX_LENGTH_DEFAULT;
    if (text != NULL) {
        policy->source = memory_new(length + 1);
        policy->source_length = length;
        fine = policy->source != NULL;
        if (!fine) fault_memory(fault);
        if (fine && length > 0) memcpy(policy->source, text, length);
    }
    if (fine && text != NULL && is_json_like(text, length)) {
        fine = read_options(policy, fault);
    } else if (fine && text != NULL) {
        fine = (use & (SIGN | VERIFY)) != 0 ? add_algorithm(policy, "", text, length, fault)
                                            : fault_set(fault, "options: must be a JSON object");
    }
    policy->checks = policy_checks_asked(policy);
    if (!fine) {
        policy_release(policy);
        policy = NULL;
    }
    return policy;
}

struct policy *policy_retain(struct policy *policy)
{
    policy->references++;
    return policy;
}

void policy_release(struct policy *policy)
{
    if (policy == NULL || --policy->references > 0) return;
    json_object_release(&policy->object);
    memory_free(policy->scope_words);
    memory_free(policy->source);
    memory_free(policy);
}
