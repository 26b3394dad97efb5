/*
** explain.c - see explain.h.
**
** The pipeline itself decides; this only puts into words what it left in the
** verification.
*/
#include "explain.h"

#include "time_text.h"

#include <stdio.h>
#include <string.h>

#define EXCERPT_CHARACTERS 100

/* Characters that could change how the rest is read: controls, and what turns or hides text. */
static bool is_hidden(unsigned long character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f) ||
           (character >= 0x200b && character <= 0x200f) ||
           (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2060 && character <= 0x206f) || character == 0xfeff;
}

/* The character at `at`, valid UTF-8 of `length` bytes. */
static unsigned long character_at(const unsigned char *at, size_t *length)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    *length = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned long character = at[0] & masks[*length];
    for (size_t i = 1; i < *length; i++) character = character << 6 | (at[i] & 0x3f);
    return character;
}

/* Appends a value's JSON text, cut to EXCERPT_CHARACTERS, hidden characters as \u escapes. */
static void add_excerpt(struct text *out, struct json_value value)
{
    const unsigned char *at = (const unsigned char *)value.text;
    const unsigned char *end = at + value.length;
    size_t shown = 0;
    while (at < end) {
        size_t length;
        unsigned long character = character_at(at, &length);
        size_t width = is_hidden(character) ? 6 : 1;
        bool last = at + length == end;
        if (shown + width > EXCERPT_CHARACTERS - (last ? 0u : 3u)) {
            text_add_string(out, "...");
            return;
        }
        if (width == 6) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04lx", character & 0xffff);
            text_add_string(out, escape);
        } else {
            text_add(out, at, length);
        }
        shown += width;
        at += length;
    }
}

static void add_subject(struct text *out, const struct detail *detail)
{
    struct json_value subject = { detail->subject, detail->subject_length, JSON_STRING };
    add_excerpt(out, subject);
}

static void add_algorithms(struct text *out, algorithm_set set)
{
    bool first = true;
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if ((set & algorithm_bit(algorithm_at(i))) == 0) continue;
        if (!first) text_add_string(out, " or ");
        text_add_string(out, algorithm_at(i)->name);
        first = false;
    }
}

/* A string's raw content without its quotes. */
static struct json_value unquoted(struct json_value value)
{
    return (struct json_value){ value.text + 1, value.length - 2, JSON_STRING };
}

/* The key that the algorithm had to fit, where there is one. */
static const struct key *judged_key(const struct verification *verification)
{
    const struct key_set *keys = verification->keys;
    if (verification->key != NULL) return verification->key;
    return keys != NULL && !keys->is_set ? &keys->keys[0] : NULL;
}

/* "header says HS256, the key is RSA and allows RS256" */
static void explain_algorithm(struct text *out, const struct verification *verification)
{
    const struct key *key = judged_key(verification);
    text_add_string(out, "header says ");
    add_excerpt(out, unquoted(verification->header->alg));
    if (key != NULL) {
        text_add_string(out, ", the key is ");
        text_add_string(out, key_type_name((enum key_type)key->type));
        text_add_string(out, " and allows ");
        add_algorithms(out, key_algorithms(key, verification->policy->algorithms));
    } else if (verification->policy->algorithms != 0) {
        text_add_string(out, ", the options allow ");
        add_algorithms(out, verification->policy->algorithms);
    } else {
        text_add_string(out, ", which no key serves");
    }
}

/* "exp 2026-01-01T00:00:00Z was 3 d 4 h ago" */
static void explain_time(struct text *out, const struct verification *verification)
{
    const struct detail *detail = &verification->detail;
    double then = json_number(detail->found);
    double ago = verification->now - then;
    add_subject(out, detail);
    text_add_string(out, " ");
    time_text_add(out, then);
    text_add_string(out, ago >= 0 ? " was " : " comes in ");
    time_text_add_duration(out, ago >= 0 ? ago : -ago);
    if (ago >= 0) text_add_string(out, " ago");
    if (detail->expected.text != NULL) { /* max_age */
        text_add_string(out, ", at most ");
        time_text_add_duration(out, verification->policy->max_age);
        text_add_string(out, " are allowed");
    } else if (verification->policy->leeway > 0) {
        text_add_string(out, " (leeway ");
        time_text_add_duration(out, verification->policy->leeway);
        text_add_string(out, ")");
    }
}

/* "aud is ["a"], expected "b"": what was found, what was expected, and why. */
static void explain_values(struct text *out, const struct verification *verification)
{
    const struct detail *detail = &verification->detail;
    if (detail->subject != NULL) {
        add_subject(out, detail);
        if (detail->found.text != NULL) {
            text_add_string(out, " is ");
            add_excerpt(out, detail->found);
        } else if (detail->expected.text != NULL) {
            text_add_string(out, " is missing");
        }
        if (detail->expected.text != NULL) {
            text_add_string(out, ", expected ");
            add_excerpt(out, detail->expected);
        }
    }
    if (detail->note == NULL) return;
    if (detail->subject != NULL) {
        bool bare = detail->found.text == NULL && detail->expected.text == NULL;
        text_add_string(out, bare ? " " : ": ");
        if (bare && verification->status == STATUS_MISSING_CLAIM) {
            text_add_string(out, "is missing: ");
        }
    }
    text_add_string(out, detail->note);
}

void explain_detail(struct text *out, const struct verification *verification)
{
    switch (verification->status) {
    case STATUS_OK: break;
    case STATUS_ALG_NOT_ALLOWED: explain_algorithm(out, verification); break;
    case STATUS_EXPIRED:
    case STATUS_NOT_YET_VALID:
    case STATUS_ISSUED_IN_FUTURE:
    case STATUS_TOO_OLD: explain_time(out, verification); break;
    default: explain_values(out, verification);
    }
}

static void add_member(struct text *out, const char *name, const char *bytes, size_t length)
{
    text_add_string(out, ",\"");
    text_add_string(out, name);
    text_add_string(out, "\":");
    text_add_json_string(out, bytes, length);
}

static void add_string_member(struct text *out, const char *name, const char *value)
{
    add_member(out, name, value, strlen(value));
}

/* What an option left open: a check that passed because nothing asked for it (RFC 8725 section 3.9). */
static void add_not_checked(
    struct text *out, const struct verification *verification, const char *check)
{
    const struct policy *policy = verification->policy;
    const struct claims *claims = &verification->claims;
    const char *note = NULL;
    if (verification->status != STATUS_OK) return;
    if (strcmp(check, "aud") == 0 && policy->aud.text == NULL) {
        note = claims->known[CLAIM_AUD] != NULL ? "aud: not checked" : "aud: absent, not checked";
    } else if (strcmp(check, "iss") == 0 && policy->iss.text == NULL) {
        note = claims->known[CLAIM_ISS] != NULL ? "iss: not checked" : "iss: absent, not checked";
    } else if (strcmp(check, "exp") == 0 && claims->known[CLAIM_EXP] == NULL) {
        note = "exp: absent, the token never expires";
    } else if (strcmp(check, "revocation") == 0 && policy->revoked_by.text == NULL) {
        note = "revocation: not checked";
    }
    if (note != NULL) add_string_member(out, "note", note);
}

/* What each code wants, where the options do not say it in a value of their own. */
static const char *const expected_words[STATUS_COUNT] = {
    [STATUS_MALFORMED] = "three strict base64url segments and two dots",
    [STATUS_TOO_LARGE] = "at most max_length bytes",
    [STATUS_BAD_HEADER] = "a strict JSON object with alg",
    [STATUS_CRIT_UNSUPPORTED] = "only extensions that option crit names",
    [STATUS_KEY_MISSING] = "a key",
    [STATUS_KEY_NOT_FOUND] = "the kid of a key that is there",
    [STATUS_KEY_AMBIGUOUS] = "exactly one key that fits",
    [STATUS_KEY_UNUSABLE] = "a usable key",
    [STATUS_BAD_SIGNATURE] = "a signature by this key over these bytes",
    [STATUS_BAD_PAYLOAD] = "a strict JSON object",
    [STATUS_MISSING_CLAIM] = "present and not null",
    [STATUS_BAD_CLAIM] = "its registered type and shape",
    [STATUS_TYP_MISMATCH] = "the profile's typ",
    [STATUS_CNF_MISMATCH] = "option jkt",
    [STATUS_REVOKED] = "no rule that names it",
    [STATUS_REVOCATION_UNKNOWN] = "an answer from the revocation table",
};

/* The expectation that depends on the time, the key or the options. */
static void add_expected(struct text *out, const struct verification *verification)
{
    const struct key *key = judged_key(verification);
    const struct policy *policy = verification->policy;
    switch (verification->status) {
    case STATUS_ALG_NOT_ALLOWED:
        add_algorithms(
            out, key != NULL ? key_algorithms(key, policy->algorithms) : policy->algorithms);
        break;
    case STATUS_EXPIRED:
        text_add_string(out, "after ");
        time_text_add(out, verification->now - policy->leeway);
        break;
    case STATUS_NOT_YET_VALID:
    case STATUS_ISSUED_IN_FUTURE:
        text_add_string(out, "at or before ");
        time_text_add(out, verification->now + policy->leeway);
        break;
    case STATUS_TOO_OLD:
        text_add_string(out, "at or after ");
        time_text_add(out, verification->now - policy->max_age - policy->leeway);
        break;
    default:
        if (verification->detail.expected.text != NULL) {
            add_excerpt(out, verification->detail.expected);
        } else if (expected_words[verification->status] != NULL) {
            text_add_string(out, expected_words[verification->status]);
        }
    }
}

/* found, expected and remedy of the check that failed. */
static void add_failure(struct text *out, const struct verification *verification)
{
    const char *remedy = status_remedy(verification->status);
    struct text words;
    text_start(&words);
    if (verification->detail.found.text != NULL) {
        add_excerpt(&words, verification->detail.found);
    } else {
        text_add_string(&words, "nothing");
    }
    if (verification->detail.subject != NULL) {
        add_member(out, "found", words.bytes, words.length);
    }
    if (words.failed) out->failed = true;
    text_release(&words);
    add_expected(&words, verification);
    if (words.length > 0) add_member(out, "expected", words.bytes, words.length);
    if (words.failed) out->failed = true;
    text_release(&words);
    add_member(out, "remedy", remedy, strlen(remedy));
}

static void add_check(struct text *out, const struct verification *verification, size_t index)
{
    const char *name = verdict_check_name(index);
    const char *result = index < verification->failed    ? "pass"
                         : index == verification->failed ? "fail"
                                                         : "not reached";
    text_add_string(out, index == 0 ? "{\"check\":" : ",{\"check\":");
    text_add_json_string(out, name, strlen(name));
    add_string_member(out, "result", result);
    if (index < verification->failed) add_not_checked(out, verification, name);
    if (index == verification->failed) add_failure(out, verification);
    text_add_string(out, "}");
}

void explain_json(struct text *out, const struct verification *verification)
{
    struct text detail;
    text_start(&detail);
    explain_detail(&detail, verification);
    text_add_string(out, "{\"status\":");
    text_add_json_string(
        out, status_name(verification->status), strlen(status_name(verification->status)));
    text_add_string(
        out, verification->status == STATUS_OK ? ",\"valid\":true" : ",\"valid\":false");
    if (verification->status != STATUS_OK) {
        add_member(out, "detail", detail.bytes, detail.length);
        add_string_member(out, "remedy", status_remedy(verification->status));
    }
    text_add_string(out, ",\"checks\":[");
    for (size_t i = 0; i < verdict_check_count(); i++) add_check(out, verification, i);
    text_add_string(out, "]}");
    if (detail.failed) out->failed = true;
    text_release(&detail);
}
