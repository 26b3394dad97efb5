/*
** test_claims.c - claims against a policy: types, times to the second, each
** option, and which of two faults is said.
*/
#include <stdlib.h>
#include <string.h>

#include "claims_judge.h"
#include "jose/scope.h"

/* ---- finding claims */

static void test_names(void)
{
    static const char *const names[] = { [CLAIM_ISS] = "iss",
        [CLAIM_SUB] = "sub",
        [CLAIM_AUD] = "aud",
        [CLAIM_EXP] = "exp",
        [CLAIM_NBF] = "nbf",
        [CLAIM_IAT] = "iat",
        [CLAIM_JTI] = "jti",
        [CLAIM_SID] = "sid",
        [CLAIM_CLIENT_ID] = "client_id",
        [CLAIM_SCOPE] = "scope",
        [CLAIM_CNF] = "cnf",
        [CLAIM_AZP] = "azp",
        [CLAIM_NONCE] = "nonce",
        [CLAIM_AUTH_TIME] = "auth_time",
        [CLAIM_EVENTS] = "events" };
    CHECK(sizeof names / sizeof *names == CLAIM_COUNT, "these are all");
    for (int claim = 0; claim < CLAIM_COUNT; claim++) {
        const char *name = names[claim];
        char escaped[128] = "";
        char upper[64];
        char text[1024];
        struct json_object object;
        struct claims claims;
        CHECK(strcmp(claim_name((enum claim)claim), name) == 0, "%s is called so", name);
        for (size_t i = 0; name[i] != '\0'; i++) {
            snprintf(escaped + 6 * i, 7, "\\u%04x", (unsigned char)name[i]);
            upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 32 : name[i]);
            upper[i + 1] = '\0';
        }
        for (int spelt = 0; spelt < 4; spelt++) {
            snprintf(text, sizeof text,
                "{%s\"x%s\":1,\"%sx\":2,\"%s \":3,\"%s\":4,\"%.*s\":5,\"y\":{\"%s\":6},\"%s\":7}",
                spelt & 2 ? "\"\\u007a\":0," : "", name, name, name, upper, (int)strlen(name) - 1,
                name, name, spelt & 1 ? escaped : name);
            CHECK(json_object_read(&object, text, strlen(text), NULL) == JSON_FINE, "%s", text);
            claims_locate(&claims, &object);
            struct json_value value = claims_get(&claims, (enum claim)claim);
            CHECK(value.text != NULL && *value.text == '7', "%s is found%s", name,
                spelt & 1 ? " where it is escaped" : "");
            for (int other = 0; other < CLAIM_COUNT; other++) {
                CHECK(other == claim || claims.known[other] == NULL, "%s is not taken for %s", name,
                    names[other]);
            }
            json_object_release(&object);
        }
    }
}

static uint64_t packed(const char *bytes)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | (unsigned char)bytes[i];
    return word;
}

/* A name of 16 bytes whose mark is that of "jti": whoever writes payloads can compute one. */
static bool collide(char *name)
{
    for (unsigned tried = 0; tried < 1000000; tried++) {
        snprintf(name + 8, 9, "%08x", (unsigned)(tried * UINT32_C(2654435761)));
        uint64_t first =
            packed("jti\0\0\0\0") ^ packed(name + 8) * UINT64_C(0x9e3779b97f4a7c15) ^ 16;
        bool fits = true;
        for (int i = 0; i < 8; i++) {
            char byte = (char)(first >> 8 * i);
            fits = fits && byte >= ' ' && byte < 127 && byte != '"' && byte != '\\';
            name[i] = byte;
        }
        if (fits) return true;
    }
    return false;
}

static void test_colliding_name(void)
{
    char name[17];
    char text[64];
    struct json_object object;
    struct claims claims;
    CHECK(collide(name), "there is such a name");
    snprintf(text, sizeof text, "{\"%s\":\"x\"}", name);
    CHECK(json_object_read(&object, text, strlen(text), NULL) == JSON_FINE, "%s", text);
    CHECK(object.members[0].name_mark == packed("jti\0\0\0\0"), "%s has the mark of jti", name);
    claims_locate(&claims, &object);
    CHECK(claims.known[CLAIM_JTI] == NULL, "and is not taken for it");
    json_object_release(&object);
}

/* ---- types of registered claims, asked for or not */

static void test_types(void)
{
    static const char *const strings[] = { "iss", "sub", "jti", "sid", "client_id" };
    static const char *const no_strings[] = { "1", "true", "null", "[]", "[\"a\"]", "{}", "1.5" };
    static const char *const no_dates[] = { "\"1\"", "true", "null", "[]", "{}", "[1]", "\"\"",
        "9007199254740993", "-9007199254740993", "1e16", "1e400", "-1e400", "9223372036854775808" };
    static const char *const no_audiences[] = { "1", "true", "null", "{}", "[1]", "[null]",
        "[\"a\",5]", "[[\"a\"]]", "{\"a\":\"b\"}" };
    static const char *const dates[] = { "exp", "nbf", "iat" };
    char text[128];
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        for (size_t j = 0; j < sizeof no_strings / sizeof *no_strings; j++) {
            snprintf(text, sizeof text, "{\"%s\":%s}", strings[i], no_strings[j]);
            SAYS(text, NULL, STATUS_BAD_CLAIM);
            CHECK(strcmp(said.subject, strings[i]) == 0 && strcmp(said.found, no_strings[j]) == 0,
                "%s: the claim and what was found are said", text);
        }
        snprintf(text, sizeof text, "{\"%s\":\"\"}", strings[i]);
        SAYS(text, NULL, STATUS_OK);
    }
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        for (size_t j = 0; j < sizeof no_dates / sizeof *no_dates; j++) {
            snprintf(text, sizeof text, "{\"%s\":%s}", dates[i], no_dates[j]);
            SAYS(text, NULL, STATUS_BAD_CLAIM);
            CHECK(strcmp(said.subject, dates[i]) == 0, "%s: the claim is said", text);
        }
    }
    for (size_t j = 0; j < sizeof no_audiences / sizeof *no_audiences; j++) {
        snprintf(text, sizeof text, "{\"aud\":%s}", no_audiences[j]);
        SAYS(text, NULL, STATUS_BAD_CLAIM);
        SAYS(text, "{\"aud\":\"a\"}", STATUS_BAD_CLAIM);
    }
    SAYS("{\"aud\":\"a\"}", NULL, STATUS_OK);
    SAYS("{\"aud\":[]}", NULL, STATUS_OK);
    SAYS("{\"aud\":[\"a\",\"b\"]}", NULL, STATUS_OK);
    SAYS("{}", NULL, STATUS_OK);
    SAYS("{\"other\":null,\"more\":[{}]}", NULL, STATUS_OK);
}

/* ---- times (RFC 7519 sections 4.1.4 to 4.1.6; sql-surface 6) */

static void test_times(void)
{
    static const struct {
        const char *payload;
        const char *options;
        double now;
        enum status wanted;
    } times[] = {
        /* exp: valid while now < exp + leeway. */
        { "{\"exp\":1000}", NULL, 999, STATUS_OK },
        { "{\"exp\":1000}", NULL, 999.999, STATUS_OK },
        { "{\"exp\":1000}", NULL, 1000, STATUS_EXPIRED },
        { "{\"exp\":1000}", NULL, 1000.001, STATUS_EXPIRED },
        { "{\"exp\":1000.5}", NULL, 1000.25, STATUS_OK },
        { "{\"exp\":1000.5}", NULL, 1000.5, STATUS_EXPIRED },
        { "{\"exp\":1e3}", NULL, 999, STATUS_OK },
        { "{\"exp\":1e3}", NULL, 1000, STATUS_EXPIRED },
        { "{\"exp\":1000}", "{\"leeway\":5}", 1004.999, STATUS_OK },
        { "{\"exp\":1000}", "{\"leeway\":5}", 1005, STATUS_EXPIRED },
        { "{\"exp\":1000}", "{\"leeway\":0.5}", 1000.4, STATUS_OK },
        { "{\"exp\":1000}", "{\"leeway\":0.5}", 1000.5, STATUS_EXPIRED },
        { "{\"exp\":1000}", "{\"leeway\":600}", 1599, STATUS_OK },
        { "{\"exp\":1000}", "{\"leeway\":600}", 1600, STATUS_EXPIRED },
        { "{\"exp\":0}", NULL, 0, STATUS_EXPIRED },
        { "{\"exp\":-1}", NULL, 0, STATUS_EXPIRED },
        { "{\"exp\":9007199254740992}", NULL, 9007199254740991.0, STATUS_OK },
        { "{\"exp\":2147483648}", NULL, 2147483647, STATUS_OK }, /* 2038 */
        { "{\"exp\":4294967296}", NULL, 4294967295.0, STATUS_OK },
        /* nbf: now >= nbf - leeway. */
        { "{\"nbf\":1000}", NULL, 1000, STATUS_OK },
        { "{\"nbf\":1000}", NULL, 999.999, STATUS_NOT_YET_VALID },
        { "{\"nbf\":1000}", "{\"leeway\":5}", 995, STATUS_OK },
        { "{\"nbf\":1000}", "{\"leeway\":5}", 994.999, STATUS_NOT_YET_VALID },
        { "{\"nbf\":-5}", NULL, 0, STATUS_OK },
        { "{\"nbf\":9007199254740992}", NULL, 1e9, STATUS_NOT_YET_VALID },
        /* iat in the future beyond leeway is refused. */
        { "{\"iat\":1000}", NULL, 1000, STATUS_OK },
        { "{\"iat\":1000}", NULL, 999.999, STATUS_ISSUED_IN_FUTURE },
        { "{\"iat\":1000}", "{\"leeway\":5}", 995, STATUS_OK },
        { "{\"iat\":1000}", "{\"leeway\":5}", 994.999, STATUS_ISSUED_IN_FUTURE },
        /* max_age: seconds since iat. */
        { "{\"iat\":1000}", "{\"max_age\":60}", 1060, STATUS_OK },
        { "{\"iat\":1000}", "{\"max_age\":60}", 1060.001, STATUS_TOO_OLD },
        { "{\"iat\":1000}", "{\"max_age\":60,\"leeway\":5}", 1065, STATUS_OK },
        { "{\"iat\":1000}", "{\"max_age\":60,\"leeway\":5}", 1065.001, STATUS_TOO_OLD },
        { "{\"iat\":1000}", "{\"max_age\":0}", 1000, STATUS_OK },
        { "{\"iat\":1000}", "{\"max_age\":0}", 1001, STATUS_TOO_OLD },
        { "{}", "{\"max_age\":60}", 1000, STATUS_MISSING_CLAIM },
        { "{\"iat\":null}", "{\"max_age\":60}", 1000, STATUS_MISSING_CLAIM },
        { "{\"iat\":\"1000\"}", "{\"max_age\":60}", 1000, STATUS_BAD_CLAIM },
        { "{\"auth_time\":1000}", "{\"max_age\":60}", 1000, STATUS_MISSING_CLAIM },
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        enum status status = judge(times[i].payload, times[i].options, times[i].now);
        CHECK(status == times[i].wanted, "%s under %s at %.3f: %s (it was: %s)", times[i].payload,
            times[i].options != NULL ? times[i].options : "no options", times[i].now,
            status_name(times[i].wanted), status_name(status));
    }
}

/* ---- iss, aud, sub: exactly (attacks.md 45) */

static void test_identities(void)
{
    static const char iss[] = "{\"iss\":\"https://a.example\"}";
    static const char *const wrong[] = { "{}", "{\"iss\":\"a\"}", "{\"iss\":\"https://a\"}",
        "{\"iss\":\"https://a.example/\"}", "{\"iss\":\"https://a.example.evil\"}",
        "{\"iss\":\"HTTPS://a.example\"}", "{\"iss\":\"\"}", "{\"ISS\":\"https://a.example\"}",
        "{\"iss\":\" https://a.example\"}", "{\"x\":{\"iss\":\"https://a.example\"}}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        SAYS(wrong[i], iss, STATUS_ISS_MISMATCH);
    SAYS(iss, iss, STATUS_OK);
    SAYS("{\"iss\":\"https:\\/\\/\\u0061.example\"}", iss, STATUS_OK);
    SAYS(iss, "{\"iss\":[\"x\",\"https://a.example\"]}", STATUS_OK);
    SAYS(iss, "{\"iss\":[\"x\",\"y\"]}", STATUS_ISS_MISMATCH);
    CHECK(strcmp(said.subject, "iss") == 0 && strcmp(said.found, "\"https://a.example\"") == 0 &&
              strcmp(said.expected, "[\"x\",\"y\"]") == 0,
        "what was found and expected is said: %s %s", said.found, said.expected);
    SAYS("{\"iss\":[\"https://a.example\",\"x\"]}", iss, STATUS_BAD_CLAIM);
    SAYS("{\"iss\":null}", iss, STATUS_BAD_CLAIM);
    SAYS("{\"sub\":\"s\"}", "{\"sub\":\"s\"}", STATUS_OK);
    SAYS("{\"sub\":\"S\"}", "{\"sub\":\"s\"}", STATUS_SUB_MISMATCH);
    SAYS("{}", "{\"sub\":\"s\"}", STATUS_SUB_MISMATCH);
}

static void test_audiences(void)
{
    static const char *const right[] = { "{\"aud\":\"a\"}", "{\"aud\":[\"a\"]}",
        "{\"aud\":[\"x\",\"a\"]}", "{\"aud\":[\"\\u0061\"]}" };
    static const char *const wrong[] = { "{}", "{\"aud\":[]}", "{\"aud\":\"\"}", "{\"aud\":\"ab\"}",
        "{\"aud\":\"A\"}", "{\"aud\":\"a b\"}", "{\"aud\":\"a,b\"}", "{\"aud\":[\"x\",\"y\"]}",
        "{\"aud\":[\"a b\"]}", "{\"AUD\":\"a\"}" };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        SAYS(right[i], "{\"aud\":\"a\"}", STATUS_OK);
        SAYS(right[i], "{\"aud\":[\"z\",\"a\"]}", STATUS_OK);
        SAYS(right[i], "{\"aud\":[\"z\"]}", STATUS_AUD_MISMATCH);
        SAYS(right[i], NULL, STATUS_OK);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        SAYS(wrong[i], "{\"aud\":\"a\"}", STATUS_AUD_MISMATCH);
    }
}

/* ---- typ (attacks.md 50) */

static void test_typ(void)
{
    static const char *const right[] = { ",\"typ\":\"at+jwt\"", ",\"typ\":\"AT+JWT\"",
        ",\"typ\":\"application/at+jwt\"", ",\"typ\":\"Application/At+Jwt\"" };
    static const char *const wrong[] = { "", ",\"typ\":\"JWT\"", ",\"typ\":\"\"",
        ",\"typ\":\"id+jwt\"", ",\"typ\":\"dpop+jwt\"", ",\"typ\":\"at+jwt \"", ",\"typ\":\"at\"",
        ",\"TYP\":\"at+jwt\"", ",\"cty\":\"at+jwt\"", ",\"typ\":\"text/at+jwt\"" };
    for (size_t i = 0; i < 4; i++) {
        CHECK(judge_header("{}", "{\"typ\":\"at+jwt\"}", NOW, right[i]) == STATUS_OK,
            "header%s is an access token's", right[i]);
        CHECK(judge_header("{}", "{\"typ\":\"application/AT+JWT\"}", NOW, right[i]) == STATUS_OK,
            "header%s is, however the option spells it", right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(judge_header("{}", "{\"typ\":\"at+jwt\"}", NOW, wrong[i]) == STATUS_TYP_MISMATCH,
            "header%s is not", wrong[i]);
        CHECK(judge_header("{}", NULL, NOW, wrong[i]) == STATUS_OK, "unasked any typ passes");
    }
    CHECK(judge_header("{\"typ\":\"at+jwt\"}", "{\"typ\":\"at+jwt\"}", NOW, "") ==
              STATUS_TYP_MISMATCH,
        "a claim typ is not the header's");
}

/* ---- require, claims, scope, jkt, client_id, nonce */

static void test_require(void)
{
    SAYS("{\"exp\":2000}", "{\"require\":[\"exp\"]}", STATUS_OK);
    SAYS("{\"e\\u0078p\":2000}", "{\"require\":[\"exp\"]}", STATUS_OK);
    SAYS("{\"exp\":2000}", "{\"require\":[\"e\\u0078p\"]}", STATUS_OK);
    SAYS("{\"a\":1,\"b\":2,\"exp\":2000}", "{\"require\":[\"e\\u0078p\"]}", STATUS_OK);
    SAYS("{\"a\":1,\"b\":2,\"exp\":2000}", "{\"require\":[\"\\u0071\"]}", STATUS_MISSING_CLAIM);
    SAYS("{}", "{\"require\":[\"exp\"]}", STATUS_MISSING_CLAIM);
    CHECK(strcmp(said.subject, "exp") == 0, "the missing claim is named: %s", said.subject);
    SAYS("{\"x\":null}", "{\"require\":[\"x\"]}", STATUS_MISSING_CLAIM);
    SAYS("{\"x\":false}", "{\"require\":[\"x\"]}", STATUS_OK);
    SAYS("{\"x\":\"\"}", "{\"require\":[\"x\"]}", STATUS_OK);
    SAYS("{\"x\":0,\"y\":[]}", "{\"require\":[\"x\",\"y\"]}", STATUS_OK);
    SAYS("{\"x\":0}", "{\"require\":[\"x\",\"y\"]}", STATUS_MISSING_CLAIM);
    SAYS("{\"X\":0}", "{\"require\":[\"x\"]}", STATUS_MISSING_CLAIM);
    SAYS("{\"a\":{\"x\":1}}", "{\"require\":[\"x\"]}", STATUS_MISSING_CLAIM);
    SAYS("{\"exp\":null}", "{\"require\":[\"exp\"]}", STATUS_MISSING_CLAIM);
}

static void test_wanted_claims(void)
{
    SAYS("{\"role\":\"admin\"}", "{\"claims\":{\"role\":\"admin\"}}", STATUS_OK);
    SAYS("{\"role\":\"admin2\"}", "{\"claims\":{\"role\":\"admin\"}}", STATUS_CLAIM_MISMATCH);
    CHECK(strcmp(said.subject, "role") == 0 && strcmp(said.found, "\"admin2\"") == 0 &&
              strcmp(said.expected, "\"admin\"") == 0,
        "the claim, the found and the expected value are said");
    SAYS("{}", "{\"claims\":{\"role\":\"admin\"}}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"a\":1,\"b\":2}", "{\"claims\":{\"\\u0062\":2}}", STATUS_OK);
    SAYS("{\"n\":1}", "{\"claims\":{\"n\":1.0}}", STATUS_OK);
    SAYS("{\"n\":1}", "{\"claims\":{\"n\":true}}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"n\":\"1\"}", "{\"claims\":{\"n\":1}}", STATUS_CLAIM_MISMATCH);
    SAYS(
        "{\"n\":9007199254740993}", "{\"claims\":{\"n\":9007199254740992}}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"n\":18446744073709551617}", "{\"claims\":{\"n\":18446744073709551616}}",
        STATUS_CLAIM_MISMATCH);
    SAYS("{\"n\":null}", "{\"claims\":{\"n\":null}}", STATUS_OK);
    SAYS("{}", "{\"claims\":{\"n\":null}}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"o\":{\"a\":1,\"b\":[2]}}", "{\"claims\":{\"o\":{\"b\":[2.0],\"a\":1}}}", STATUS_OK);
    SAYS("{\"a\":1,\"b\":2}", "{\"claims\":{\"a\":1,\"b\":3}}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"\\u0072ole\":\"a\"}", "{\"claims\":{\"rol\\u0065\":\"\\u0061\"}}", STATUS_OK);
}

static void test_scope(void)
{
    static const char read[] = "{\"scope\":\"read\"}";
    SAYS("{\"scope\":\"read\"}", read, STATUS_OK);
    SAYS("{\"scope\":\"write read\"}", read, STATUS_OK);
    SAYS("{\"scope\":[\"write\",\"read\"]}", read, STATUS_OK);
    SAYS("{\"scope\":\"wr\\u0069te \\u0072ead\"}", read, STATUS_OK);
    SAYS("{\"scope\":\"a\\u0020read\"}", read, STATUS_OK);
    SAYS("{\"scope\":\"\\u0072ead\\u0020b\"}", read, STATUS_OK);
    SAYS("{\"scope\":\"\\u0020 r\\u0065ad\\u0020\"}", read, STATUS_OK);
    SAYS("{\"scope\":\"\\u0078read\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"rea\\u0064s re\\u0061\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"r\\u0065 ad\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"read write\"}", "{\"scope\":\"write read\"}", STATUS_OK);
    SAYS("{\"scope\":\"read\"}", "{\"scope\":\"read write\"}", STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"readwrite\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"rea\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"READ\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":\"read,write\"}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":[\"read write\"]}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":[1,null,[\"read\"]]}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":{\"read\":true}}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scope\":null}", read, STATUS_SCOPE_MISSING);
    SAYS("{}", read, STATUS_SCOPE_MISSING);
    SAYS("{\"scp\":\"read\"}", read, STATUS_SCOPE_MISSING);
}

/* A long list is a list, with escapes or without. */
static void test_long_scope(void)
{
    char text[8192];
    for (int escaped = 0; escaped < 2; escaped++) {
        for (size_t words = 10; words <= 500; words += 70) {
            size_t length = (size_t)sprintf(text, "{\"scope\":\"");
            for (size_t i = 0; i < words; i++) {
                length += (size_t)sprintf(text + length, "word:%04zu ", i);
            }
            sprintf(text + length, "%s\"}", escaped ? "re\\u0061d" : "read");
            CHECK(judge(text, "{\"scope\":\"read\"}", NOW) == STATUS_OK, "read after %zu words%s",
                words, escaped ? ", escaped" : "");
            CHECK(judge(text, "{\"scope\":\"rea\"}", NOW) == STATUS_SCOPE_MISSING,
                "but not less than it, after %zu words", words);
        }
    }
}

/* The functions behind it and behind jwt_scope. */
static void test_scope_words(void)
{
    static const struct json_value absent = { NULL, 0, JSON_NULL };
    static const struct {
        const char *granted;
        const char *wanted;
        bool fine;
    } words[] = {
        { "a b", "a", true },
        { "a b", "b a", true },
        { "a b", " b ", true },
        { "a b", "", false },
        { "a b", " ", false },
        { "", "a", false },
        { "", "", false },
        { " a  b ", "b", true },
        { "ab", "a", false },
        { "a", "ab", false },
        { "a b", "a b c", false },
        { "a", "a a", true },
        { "a\tb", "a", false },
    };
    char json[64];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].wanted);
        CHECK(scope_words_grant(words[i].granted, strlen(words[i].granted), words[i].wanted,
                  length) == words[i].fine,
            "'%s' in '%s'", words[i].wanted, words[i].granted);
        if (strchr(words[i].granted, '\t') != NULL) continue;
        snprintf(json, sizeof json, "\"%s\"", words[i].granted);
        CHECK(scope_grants(json_value_at(json, strlen(json)), words[i].wanted, length) ==
                  words[i].fine,
            "'%s' in %s", words[i].wanted, json);
    }
    CHECK(!scope_grants(absent, "a", 1), "an absent claim grants nothing");
}

static void test_confirmation(void)
{
    static const char jkt[] = "{\"jkt\":\"k\"}";
    SAYS("{\"cnf\":{\"jkt\":\"k\"}}", jkt, STATUS_OK);
    SAYS("{\"cnf\":{\"x\":1,\"jkt\":\"k\"}}", jkt, STATUS_OK);
    SAYS("{\"cnf\":{\"jkt\":\"K\"}}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":{\"jkt\":1}}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":{\"jkt\":[\"k\"]}}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":{\"x5t#S256\":\"k\"}}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":\"k\"}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":null}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"jkt\":\"k\"}", jkt, STATUS_CNF_MISMATCH);
    SAYS("{\"cnf\":{\"jkt\":\"k\"}}", NULL, STATUS_OK);
}

static void test_client_and_nonce(void)
{
    SAYS("{\"client_id\":\"c\"}", "{\"client_id\":\"c\"}", STATUS_OK);
    SAYS("{\"client_id\":\"d\"}", "{\"client_id\":\"c\"}", STATUS_CLAIM_MISMATCH);
    SAYS("{}", "{\"client_id\":\"c\"}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"nonce\":\"n\"}", "{\"nonce\":\"n\"}", STATUS_OK);
    SAYS("{\"nonce\":\"m\"}", "{\"nonce\":\"n\"}", STATUS_CLAIM_MISMATCH);
    SAYS("{\"nonce\":5}", "{\"nonce\":\"n\"}", STATUS_CLAIM_MISMATCH);
    SAYS("{}", "{\"nonce\":\"n\"}", STATUS_CLAIM_MISMATCH);
}

/* Who asked for a claim that is missing is said. */
static void test_notes(void)
{
    SAYS("{}", "{\"max_age\":5}", STATUS_MISSING_CLAIM);
    CHECK(said.note != NULL && strstr(said.note, "max_age") != NULL, "option max_age asked");
    SAYS("{}", "{\"require\":[\"iat\"]}", STATUS_MISSING_CLAIM);
    CHECK(said.note != NULL && strstr(said.note, "require") != NULL, "option require asked");
    SAYS("{}", "{\"profile\":\"id_token\",\"iss\":\"i\",\"aud\":\"a\"}", STATUS_MISSING_CLAIM);
    CHECK(said.note != NULL && strstr(said.note, "profile") != NULL, "the profile asked");
}

int main(void)
{
    test_names();
    test_colliding_name();
    test_types();
    test_times();
    test_identities();
    test_audiences();
    test_typ();
    test_require();
    test_wanted_claims();
    test_scope();
    test_long_scope();
    test_scope_words();
    test_confirmation();
    test_client_and_nonce();
    test_notes();
    return unit_end();
}
