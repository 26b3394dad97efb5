/*
** claims_judge.h - the claims checks on texts: a payload, options, a time and
** a header; for the tests of claims.
*/
#ifndef JWT_CLAIMS_JUDGE_H
#define JWT_CLAIMS_JUDGE_H

#include <string.h>

#include "jose/claims.h"
#include "unit.h"

#define NOW 1000

/* What the checks said last. */
static struct judgement {
    enum status status;
    const char *check;
    char subject[64];
    char found[128];
    char expected[128];
    const char *note;
} said;

static void copy_value(char *out, size_t room, struct json_value value)
{
    snprintf(out, room, "%.*s", value.text == NULL ? 0 : (int)value.length,
        value.text == NULL ? "" : value.text);
}

static void run_checks(const struct claims_question *question)
{
    struct detail detail = { NULL, 0, { NULL, 0, JSON_NULL }, { NULL, 0, JSON_NULL }, NULL };
    memset(&said, 0, sizeof said);
    for (size_t i = 0; i < POLICY_CHECK_COUNT && said.status == STATUS_OK; i++) {
        said.check = claims_checks[i].name;
        said.status = claims_checks[i].run(question, &detail);
        if ((question->policy->checks & POLICY_CHECK_BIT(i)) == 0) {
            CHECK(said.status == STATUS_OK, "%s is passed where nothing asks for it", said.check);
        }
    }
    snprintf(said.subject, sizeof said.subject, "%.*s", (int)detail.subject_length,
        detail.subject != NULL ? detail.subject : "");
    copy_value(said.found, sizeof said.found, detail.found);
    copy_value(said.expected, sizeof said.expected, detail.expected);
    said.note = detail.note;
}

/* The verdict on a payload under options (NULL: none), at `now`, with header {"alg":"x"<header>}. */
static enum status judge_header(
    const char *payload_text, const char *options, double now, const char *header_more)
{
    struct fault fault = { FAULT_NONE, "" };
    struct json_object payload;
    struct token_header header;
    struct claims claims;
    char header_text[256];
    const char *why;
    const char *member;
    struct policy *policy =
        policy_read(options, options == NULL ? 0 : strlen(options), POLICY_VERIFY_JWT, &fault);
    snprintf(header_text, sizeof header_text, "{\"alg\":\"x\"%s}", header_more);
    CHECK(policy != NULL, "%s are options (%s)", options, fault.text);
    CHECK(json_object_read(&payload, payload_text, strlen(payload_text), NULL) == JSON_FINE,
        "%s is a payload", payload_text);
    CHECK(
        token_header_read(&header, header_text, strlen(header_text), &why, &member) == HEADER_FINE,
        "%s is a header", header_text);
    if (policy != NULL) {
        claims_locate(&claims, &payload);
        struct claims_question question = { &claims, &header, policy, now };
        run_checks(&question);
    }
    json_object_release(&payload);
    token_header_release(&header);
    policy_release(policy);
    return said.status;
}

__attribute__((unused)) static enum status judge(
    const char *payload, const char *options, double now)
{
    return judge_header(payload, options, now, "");
}

#define SAYS(payload, options, wanted)                                                       \
    CHECK(judge(payload, options, NOW) == (wanted), "%s under %s: %s (it was: %s)", payload, \
        (options) != NULL ? (options) : "no options", status_name(wanted),                   \
        status_name(said.status))

#endif
