/*
** test_profiles.c - the profiles at+jwt, id_token and logout+jwt, and the order
** in which claims checks speak.
*/
#include <stdlib.h>

#include "claims_judge.h"

/* ---- a payload put together of members, each of which a case may change */

struct member {
    const char *name;
    const char *value; /* JSON, or NULL: absent */
};

/* The members of `base`, with those of `changes` instead or beside. */
static const char *compose(const struct member *base, const struct member *changes)
{
    static char text[2048];
    const struct member *all[2] = { base, changes };
    size_t length = (size_t)snprintf(text, sizeof text, "{");
    for (int list = 0; list < 2; list++) {
        for (const struct member *one = all[list]; one->name != NULL; one++) {
            bool replaced = false;
            for (const struct member *other = changes; list == 0 && other->name != NULL; other++) {
                replaced = replaced || strcmp(other->name, one->name) == 0;
            }
            if (replaced || one->value == NULL) continue;
            length += (size_t)snprintf(text + length, sizeof text - length, "%s\"%s\":%s",
                length > 1 ? "," : "", one->name, one->value);
        }
    }
    snprintf(text + length, sizeof text - length, "}");
    return text;
}

struct profile_case {
    const char *what;
    struct member changes[5];
    const char *header;  /* further header members, or NULL: the profile's own */
    const char *options; /* further options, or NULL */
    enum status wanted;
};

static void run_cases(const char *profile, const char *usual_header, const struct member *base,
    const struct profile_case *cases, size_t count)
{
    char options[512];
    for (size_t i = 0; i < count; i++) {
        const char *payload = compose(base, cases[i].changes);
        snprintf(options, sizeof options, "{\"profile\":\"%s\",\"iss\":\"i\",\"aud\":\"a\"%s%s}",
            profile, cases[i].options != NULL ? "," : "",
            cases[i].options != NULL ? cases[i].options : "");
        enum status status = judge_header(
            payload, options, NOW, cases[i].header != NULL ? cases[i].header : usual_header);
        CHECK(status == cases[i].wanted, "%s: %s: %s (it was: %s, %s)", profile, cases[i].what,
            status_name(cases[i].wanted), status_name(status), said.check);
    }
}

/* Each of `names` taken away, or null, is missed. */
static void check_required(const char *profile, const char *header, const struct member *base,
    const char *const *names, size_t count)
{
    static const char *const values[] = { NULL, "null" };
    char options[128];
    snprintf(options, sizeof options, "{\"profile\":\"%s\",\"iss\":\"i\",\"aud\":\"a\"}", profile);
    CHECK(judge_header(compose(base, (struct member[]){ { NULL, NULL } }), options, NOW, header) ==
              STATUS_OK,
        "%s: the usual token passes (%s)", profile, status_name(said.status));
    for (size_t i = 0; i < 2 * count; i++) {
        struct member changes[] = { { names[i / 2], values[i % 2] }, { NULL, NULL } };
        CHECK(judge_header(compose(base, changes), options, NOW, header) == STATUS_MISSING_CLAIM &&
                  strcmp(said.subject, names[i / 2]) == 0,
            "%s: %s %s is missed (%s, %s)", profile, names[i / 2], i % 2 == 0 ? "absent" : "null",
            status_name(said.status), said.subject);
    }
}

#define END            \
    {                  \
        {              \
            NULL, NULL \
        }              \
    }

/* RFC 9068 sections 2.2 and 4. */
static void test_access_token(void)
{
    static const struct member base[] = { { "iss", "\"i\"" }, { "aud", "\"a\"" }, { "exp", "2000" },
        { "sub", "\"s\"" }, { "client_id", "\"c\"" }, { "iat", "900" }, { "jti", "\"j\"" },
        { NULL, NULL } };
    static const char *const required[] = { "iss", "exp", "aud", "sub", "client_id", "iat", "jti" };
    static const struct profile_case cases[] = {
        { "typ in any case", END, ",\"typ\":\"AT+JWT\"", NULL, STATUS_OK },
        { "typ with application/", END, ",\"typ\":\"application/at+jwt\"", NULL, STATUS_OK },
        { "no typ", END, "", NULL, STATUS_TYP_MISMATCH },
        { "typ JWT", END, ",\"typ\":\"JWT\"", NULL, STATUS_TYP_MISMATCH },
        { "typ of an ID token", END, ",\"typ\":\"id+jwt\"", NULL, STATUS_TYP_MISMATCH },
        { "typ of a logout token", END, ",\"typ\":\"logout+jwt\"", NULL, STATUS_TYP_MISMATCH },
        { "typ of a DPoP proof", END, ",\"typ\":\"dpop+jwt\"", NULL, STATUS_TYP_MISMATCH },
        { "another issuer", { { "iss", "\"x\"" } }, NULL, NULL, STATUS_ISS_MISMATCH },
        { "another audience", { { "aud", "[\"x\"]" } }, NULL, NULL, STATUS_AUD_MISMATCH },
        { "several audiences", { { "aud", "[\"x\",\"a\"]" } }, NULL, NULL, STATUS_OK },
        { "expired", { { "exp", "1000" } }, NULL, NULL, STATUS_EXPIRED },
        { "client_id of another type", { { "client_id", "5" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "the client that is asked for", END, NULL, "\"client_id\":\"c\"", STATUS_OK },
        { "another client", END, NULL, "\"client_id\":\"d\"", STATUS_CLAIM_MISMATCH },
        { "bound to a key, and none is shown", { { "cnf", "{\"jkt\":\"k\"}" } }, NULL, NULL,
            STATUS_CNF_MISMATCH },
        { "bound to anything", { { "cnf", "{\"x5t#S256\":\"k\"}" } }, NULL, NULL,
            STATUS_CNF_MISMATCH },
        { "cnf null", { { "cnf", "null" } }, NULL, NULL, STATUS_CNF_MISMATCH },
        { "bound to the key that is shown", { { "cnf", "{\"jkt\":\"k\"}" } }, NULL, "\"jkt\":\"k\"",
            STATUS_OK },
        { "bound to another key", { { "cnf", "{\"jkt\":\"l\"}" } }, NULL, "\"jkt\":\"k\"",
            STATUS_CNF_MISMATCH },
        { "a key is shown, and it is not bound", END, NULL, "\"jkt\":\"k\"", STATUS_CNF_MISMATCH },
        { "max_age counts from iat", END, NULL, "\"max_age\":100", STATUS_OK },
        { "and is over", END, NULL, "\"max_age\":99", STATUS_TOO_OLD },
    };
    check_required("at+jwt", ",\"typ\":\"at+jwt\"", base, required, 7);
    run_cases("at+jwt", ",\"typ\":\"at+jwt\"", base, cases, sizeof cases / sizeof *cases);
}

/* OpenID Connect Core section 3.1.3.7. */
static void test_id_token(void)
{
    static const struct member base[] = { { "iss", "\"i\"" }, { "aud", "\"a\"" }, { "exp", "2000" },
        { "sub", "\"s\"" }, { "iat", "900" }, { NULL, NULL } };
    static const char *const required[] = { "iss", "sub", "aud", "exp", "iat" };
    static const struct profile_case cases[] = {
        { "any typ", END, ",\"typ\":\"JWT\"", NULL, STATUS_OK },
        { "one audience in an array", { { "aud", "[\"a\"]" } }, NULL, NULL, STATUS_OK },
        { "several audiences without azp", { { "aud", "[\"a\",\"b\"]" } }, NULL, NULL,
            STATUS_MISSING_CLAIM },
        { "several audiences, azp null", { { "aud", "[\"a\",\"b\"]" }, { "azp", "null" } }, NULL,
            NULL, STATUS_MISSING_CLAIM },
        { "several audiences and azp", { { "aud", "[\"a\",\"b\"]" }, { "azp", "\"a\"" } }, NULL,
            NULL, STATUS_OK },
        { "azp is another than aud", { { "aud", "[\"a\",\"b\"]" }, { "azp", "\"b\"" } }, NULL, NULL,
            STATUS_CLAIM_MISMATCH },
        { "azp is client_id", { { "azp", "\"c\"" } }, NULL, "\"client_id\":\"c\"", STATUS_OK },
        { "azp is not client_id", { { "azp", "\"a\"" } }, NULL, "\"client_id\":\"c\"",
            STATUS_CLAIM_MISMATCH },
        { "azp is no string", { { "azp", "[\"a\"]" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "client_id is asked of azp alone", END, NULL, "\"client_id\":\"c\"", STATUS_OK },
        { "nonce unasked", { { "nonce", "\"n\"" } }, NULL, NULL, STATUS_OK },
        { "nonce as sent", { { "nonce", "\"n\"" } }, NULL, "\"nonce\":\"n\"", STATUS_OK },
        { "nonce of another", { { "nonce", "\"m\"" } }, NULL, "\"nonce\":\"n\"",
            STATUS_CLAIM_MISMATCH },
        { "nonce missing", END, NULL, "\"nonce\":\"n\"", STATUS_CLAIM_MISMATCH },
        { "events: it would be a logout token", { { "events", "{}" } }, NULL, NULL,
            STATUS_BAD_CLAIM },
        { "events null", { { "events", "null" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "max_age without auth_time", END, NULL, "\"max_age\":500", STATUS_MISSING_CLAIM },
        { "max_age counts from auth_time", { { "auth_time", "900" }, { "iat", "100" } }, NULL,
            "\"max_age\":100", STATUS_OK },
        { "and is over", { { "auth_time", "899" } }, NULL, "\"max_age\":100", STATUS_TOO_OLD },
        { "auth_time is no number", { { "auth_time", "\"900\"" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "expired", { { "exp", "1000" } }, NULL, NULL, STATUS_EXPIRED },
        { "another issuer", { { "iss", "\"I\"" } }, NULL, NULL, STATUS_ISS_MISMATCH },
    };
    check_required("id_token", "", base, required, 5);
    run_cases("id_token", "", base, cases, sizeof cases / sizeof *cases);
}

#define EVENT "{\"http://schemas.openid.net/event/backchannel-logout\":{}}"

/* OpenID Connect Back-Channel Logout sections 2.4 and 2.6. */
static void test_logout_token(void)
{
    static const struct member base[] = { { "iss", "\"i\"" }, { "aud", "\"a\"" }, { "exp", "2000" },
        { "iat", "900" }, { "jti", "\"j\"" }, { "sub", "\"s\"" }, { "sid", "\"d\"" },
        { "events", EVENT }, { NULL, NULL } };
    static const char *const required[] = { "iss", "aud", "iat", "exp", "jti", "events" };
    static const struct profile_case cases[] = {
        { "no typ", END, "", NULL, STATUS_OK },
        { "typ JWT", END, ",\"typ\":\"jwt\"", NULL, STATUS_OK },
        { "typ of its own", END, ",\"typ\":\"application/logout+jwt\"", NULL, STATUS_OK },
        { "typ of an access token", END, ",\"typ\":\"at+jwt\"", NULL, STATUS_TYP_MISMATCH },
        { "sub alone", { { "sid", NULL } }, NULL, NULL, STATUS_OK },
        { "sid alone", { { "sub", NULL } }, NULL, NULL, STATUS_OK },
        { "neither sub nor sid", { { "sub", NULL }, { "sid", NULL } }, NULL, NULL,
            STATUS_MISSING_CLAIM },
        { "sub null, no sid", { { "sub", "null" }, { "sid", NULL } }, NULL, NULL,
            STATUS_MISSING_CLAIM },
        { "sid of another type", { { "sid", "5" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "a nonce", { { "nonce", "\"n\"" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "a nonce that is null", { { "nonce", "null" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "events without the event", { { "events", "{}" } }, NULL, NULL, STATUS_BAD_CLAIM },
        { "events with another", { { "events", "{\"http://x\":{}}" } }, NULL, NULL,
            STATUS_BAD_CLAIM },
        { "the event is no object",
            { { "events", "{\"http://schemas.openid.net/event/backchannel-logout\":true}" } }, NULL,
            NULL, STATUS_BAD_CLAIM },
        { "events is an array",
            { { "events", "[\"http://schemas.openid.net/event/backchannel-logout\"]" } }, NULL,
            NULL, STATUS_BAD_CLAIM },
        { "the event among others",
            { { "events",
                "{\"x\":1,\"http:\\/\\/schemas.openid.net/event/backchannel-logout\":{\"y\":1}}" } },
            NULL, NULL, STATUS_OK },
        { "expired", { { "exp", "999" } }, NULL, NULL, STATUS_EXPIRED },
    };
    check_required("logout+jwt", ",\"typ\":\"logout+jwt\"", base, required, 6);
    run_cases("logout+jwt", ",\"typ\":\"logout+jwt\"", base, cases, sizeof cases / sizeof *cases);
}

/* ---- the order of checks is the order of the codes (sql-surface 1.3 and 8) */

static const char all_options[] =
    "{\"require\":[\"must\"],\"max_age\":500,\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"s\",\"typ\":\"t\","
    "\"client_id\":\"c\",\"nonce\":\"n\",\"claims\":{\"w\":1},\"scope\":\"r\",\"jkt\":\"k\"}";

static const struct member all_members[] = { { "must", "1" }, { "jti", "\"j\"" }, { "exp", "2000" },
    { "nbf", "900" }, { "iat", "900" }, { "iss", "\"i\"" }, { "aud", "\"a\"" }, { "sub", "\"s\"" },
    { "client_id", "\"c\"" }, { "nonce", "\"n\"" }, { "w", "1" }, { "scope", "\"r\"" },
    { "cnf", "{\"jkt\":\"k\"}" }, { NULL, NULL } };

/* One fault each, in the order that must be kept. The name "typ" stands for the header's. */
static const struct {
    struct member change;
    enum status wanted;
} faults[] = {
    { { "must", NULL }, STATUS_MISSING_CLAIM },
    { { "jti", "5" }, STATUS_BAD_CLAIM },
    { { "exp", "1000" }, STATUS_EXPIRED },
    { { "nbf", "1001" }, STATUS_NOT_YET_VALID },
    { { "iat", "1001" }, STATUS_ISSUED_IN_FUTURE },
    { { "iat", "499" }, STATUS_TOO_OLD },
    { { "iss", "\"x\"" }, STATUS_ISS_MISMATCH },
    { { "aud", "\"x\"" }, STATUS_AUD_MISMATCH },
    { { "sub", "\"x\"" }, STATUS_SUB_MISMATCH },
    { { "typ", "x" }, STATUS_TYP_MISMATCH },
    { { "client_id", "\"x\"" }, STATUS_CLAIM_MISMATCH },
    { { "nonce", "\"x\"" }, STATUS_CLAIM_MISMATCH },
    { { "w", "2" }, STATUS_CLAIM_MISMATCH },
    { { "scope", "\"x\"" }, STATUS_SCOPE_MISSING },
    { { "cnf", "{\"jkt\":\"x\"}" }, STATUS_CNF_MISMATCH },
};

#define FAULT_COUNT (sizeof faults / sizeof *faults)

static enum status judge_faults(size_t first, size_t second)
{
    struct member changes[3] = { { NULL, NULL }, { NULL, NULL }, { NULL, NULL } };
    size_t count = 0;
    bool typ = false;
    size_t chosen[2] = { first, second };
    for (int i = 0; i < 2; i++) {
        if (chosen[i] >= FAULT_COUNT) continue;
        if (strcmp(faults[chosen[i]].change.name, "typ") == 0)
            typ = true;
        else
            changes[count++] = faults[chosen[i]].change;
    }
    return judge_header(
        compose(all_members, changes), all_options, NOW, typ ? ",\"typ\":\"x\"" : ",\"typ\":\"t\"");
}

static void test_order(void)
{
    CHECK(judge_faults(FAULT_COUNT, FAULT_COUNT) == STATUS_OK, "without a fault all is well (%s)",
        status_name(said.status));
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        CHECK(judge_faults(i, FAULT_COUNT) == faults[i].wanted, "%s alone: %s (%s)",
            faults[i].change.name, status_name(faults[i].wanted), status_name(said.status));
        CHECK(
            strcmp(said.subject, faults[i].change.name) == 0, "and it is named: %s", said.subject);
        for (size_t j = i + 1; j < FAULT_COUNT; j++) {
            if (strcmp(faults[i].change.name, faults[j].change.name) == 0) continue;
            CHECK(judge_faults(i, j) == faults[i].wanted, "%s before %s (%s)",
                status_name(faults[i].wanted), status_name(faults[j].wanted),
                status_name(said.status));
        }
    }
    for (size_t i = 1; i < FAULT_COUNT; i++) {
        CHECK(faults[i - 1].wanted <= faults[i].wanted, "%s stands before %s in the list of codes",
            status_name(faults[i - 1].wanted), status_name(faults[i].wanted));
    }
}

/* Only typ is asked of a JWS, whose payload is no claims set. */
static void test_header_only(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < POLICY_CHECK_COUNT; i++) {
        if (!claims_checks[i].header_only) continue;
        CHECK(strcmp(claims_checks[i].name, "typ") == 0, "%s is a check of the header",
            claims_checks[i].name);
        count++;
    }
    CHECK(count == 1, "there is one");
}

int main(void)
{
    test_access_token();
    test_id_token();
    test_logout_token();
    test_order();
    test_header_only();
    return unit_end();
}
