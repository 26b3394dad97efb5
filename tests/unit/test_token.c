/*
** test_token.c - taking a compact token apart, and what its header may say.
*/
#include <stdlib.h>
#include <string.h>

#include "jose/token.h"
#include "unit.h"

/* ---- segments (RFC 7515 section 7.1; attacks.md 29) */

static void test_split(void)
{
    static const struct {
        const char *text;
        bool fine;
        size_t header, payload, signature;
    } tokens[] = {
        { "a.b.c", true, 1, 1, 1 },
        { "..", true, 0, 0, 0 },
        { "abc..d", true, 3, 0, 1 },
        { ".bc.", true, 0, 2, 0 },
        { "aa.bbb.", true, 2, 3, 0 },
        { "..ccc", true, 0, 0, 3 },
        { "", false, 0, 0, 0 },
        { "a", false, 0, 0, 0 },
        { ".", false, 0, 0, 0 },
        { "a.b", false, 0, 0, 0 },
        { "a.b.c.d", false, 0, 0, 0 },
        { "...", false, 0, 0, 0 },
        { "a.b.c.d.e", false, 0, 0, 0 },
        { "a.b.c.", false, 0, 0, 0 },
        { ".a.b.c", false, 0, 0, 0 },
        { "....", false, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct token_parts parts;
        size_t length = strlen(tokens[i].text);
        bool fine = token_split(&parts, tokens[i].text, length);
        CHECK(fine == tokens[i].fine, "%s has%s two dots", tokens[i].text,
            tokens[i].fine ? "" : " not");
        if (!fine) continue;
        CHECK(parts.header_length == tokens[i].header &&
                  parts.payload_length == tokens[i].payload &&
                  parts.signature_length == tokens[i].signature,
            "%s has its segments", tokens[i].text);
        CHECK(parts.text == tokens[i].text && parts.length == length, "%s is kept", tokens[i].text);
        CHECK(parts.payload_at == tokens[i].header + 1 &&
                  parts.signature_at == tokens[i].header + tokens[i].payload + 2,
            "%s: each segment begins after a dot", tokens[i].text);
        CHECK(token_signing_length(&parts) == tokens[i].header + 1 + tokens[i].payload,
            "%s: what is signed ends before the second dot", tokens[i].text);
    }
}

/* Length counts, not a NUL; and a million dots are no work. */
static void test_split_bytes(void)
{
    struct token_parts parts;
    size_t count = 1000000;
    char *dots = malloc(count);
    CHECK(token_split(&parts, "a\0b.c.d\0", 8) && parts.header_length == 3 &&
              parts.signature_length == 2,
        "a NUL is a byte like others here");
    CHECK(!token_split(&parts, "a.b.c", 3), "what is beyond the length is not seen");
    CHECK(token_split(&parts, "a.b.c.d", 5), "also where it is a dot");
    if (dots == NULL) return;
    memset(dots, '.', count);
    CHECK(!token_split(&parts, dots, count), "a million dots are refused");
    free(dots);
}

/* ---- headers */

struct header_sample {
    const char *text;
    const char *why;    /* part of the reason, or NULL: fine */
    const char *member; /* whose fault it is, or NULL */
};

static const struct header_sample headers[] = {
    { "{\"alg\":\"HS256\"}", NULL, NULL },
    { " {\"alg\" : \"HS256\"}\n", NULL, NULL },
    { "{\"typ\":\"JWT\",\"alg\":\"none\",\"kid\":\"\",\"cty\":\"x\",\"x\":[1]}", NULL, NULL },
    { "{\"alg\":\"\"}", NULL, NULL },
    { "{\"al\\u0067\":\"HS256\"}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"jwk\":{},\"jku\":1,\"x5u\":[],\"x5c\":null,\"x5t\":0}", NULL, NULL },
    { "", "not a JSON object", NULL },
    { "[]", "not a JSON object", NULL },
    { "null", "not a JSON object", NULL },
    { "\"HS256\"", "not a JSON object", NULL },
    { "{\"alg\":\"HS256\"", "not JSON", NULL },
    { "{\"alg\":\"HS256\"}x", "follows", NULL },
    { "{\"alg\":\"HS256\",\"alg\":\"none\"}", "twice", NULL },
    { "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", "twice", NULL },
    { "{\"alg\":\"none\\u0000\"}", "u0000", NULL },
    { "{\"alg\":\"\xff\"}", "not UTF-8", NULL },
    { "{\"alg\":\"HS256\",\"x\":{\"y\":1,\"y\":2}}", "twice", NULL },
    { "{}", "is missing", "alg" },
    { "{\"ALG\":\"HS256\"}", "is missing", "alg" },
    { "{\"Alg\":\"HS256\",\"typ\":\"JWT\"}", "is missing", "alg" },
    { "{\"alg\":null}", "is not a string", "alg" },
    { "{\"alg\":1}", "is not a string", "alg" },
    { "{\"alg\":true}", "is not a string", "alg" },
    { "{\"alg\":[\"HS256\"]}", "is not a string", "alg" },
    { "{\"alg\":{\"a\":1}}", "is not a string", "alg" },
    { "{\"alg\":\"HS256\",\"kid\":1}", "is not a string", "kid" },
    { "{\"alg\":\"HS256\",\"kid\":null}", "is not a string", "kid" },
    { "{\"alg\":\"HS256\",\"kid\":{}}", "is not a string", "kid" },
    { "{\"alg\":\"HS256\",\"typ\":5}", "is not a string", "typ" },
    { "{\"alg\":\"HS256\",\"typ\":null}", "is not a string", "typ" },
    { "{\"alg\":\"HS256\",\"cty\":[]}", "is not a string", "cty" },
    { "{\"alg\":\"HS256\",\"b64\":true}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"b64\":false}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"b64\":\"false\"}", "neither true nor false", "b64" },
    { "{\"alg\":\"HS256\",\"b64\":null}", "neither true nor false", "b64" },
    { "{\"alg\":\"HS256\",\"b64\":0}", "neither true nor false", "b64" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"crit\":[\"\\u0078\"],\"x\":null}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\",\"y\"],\"y\":1,\"x\":1}", NULL, NULL },
    { "{\"alg\":\"HS256\",\"crit\":[]}", "is empty", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":null}", "is not an array", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":\"b64\",\"b64\":true}", "is not an array", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":{\"x\":1},\"x\":1}", "is not an array", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[1]}", "other than strings", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\",null],\"x\":1}", "other than strings", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[[\"x\"]],\"x\":1}", "other than strings", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", "does not have", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"X\"],\"x\":1}", "does not have", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"y\":{\"x\":1}}", "does not have", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\",\"x\"],\"x\":1}", "twice", "crit" },
    { "{\"alg\":\"HS256\",\"crit\":[\"x\",\"y\",\"\\u0078\"],\"x\":1,\"y\":1}", "twice", "crit" },
};

static void test_headers(void)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const struct header_sample *sample = &headers[i];
        struct token_header header;
        const char *why = "?";
        const char *member = "?";
        enum header_result result =
            token_header_read(&header, sample->text, strlen(sample->text), &why, &member);
        if (sample->why == NULL) {
            CHECK(result == HEADER_FINE && why == NULL && member == NULL, "%s is fine (%s)",
                sample->text, why != NULL ? why : "");
        } else {
            CHECK(result == HEADER_BAD && why != NULL && strstr(why, sample->why) != NULL,
                "%s: %s (%s)", sample->text, sample->why, why != NULL ? why : "");
            CHECK(sample->member == NULL ? member == NULL
                                         : member != NULL && strcmp(member, sample->member) == 0,
                "%s: it is said of %s", sample->text,
                sample->member != NULL ? sample->member : "no one");
        }
        token_header_release(&header);
    }
}

/* What a fine header gives. */
static void test_header_values(void)
{
    static const char text[] =
        "{\"b64\":false,\"kid\":\"k\\u0031\",\"typ\":\"at+jwt\",\"alg\":\"E\\u0064DSA\","
        "\"crit\":[\"b64\"]}";
    struct token_header header;
    const char *why;
    const char *member;
    CHECK(token_header_read(&header, text, sizeof text - 1, &why, &member) == HEADER_FINE,
        "the header is fine");
    CHECK(header.algorithm != NULL && strcmp(header.algorithm->name, "EdDSA") == 0,
        "alg is read unescaped");
    CHECK(json_string_is(header.kid, "k1", 2), "so is kid");
    CHECK(json_string_is(header.typ, "at+jwt", 6), "typ is there");
    CHECK(header.has_b64 && !header.b64, "b64 is false");
    CHECK(header.crit.type == JSON_ARRAY, "crit is there");
    token_header_release(&header);
    CHECK(token_header_read(&header, "{\"alg\":\"x\"}", 11, &why, &member) == HEADER_FINE,
        "a header with nothing else is fine");
    CHECK(header.kid.text == NULL && header.typ.text == NULL && header.crit.text == NULL,
        "what is absent has no text");
    CHECK(!header.has_b64 && header.b64, "b64 is true unless the header says false");
    CHECK(header.algorithm == NULL, "an unknown alg is none of ours");
    token_header_release(&header);
}

/* alg is compared to the letter: none in any case is none of ours (attacks.md 1, 2). */
static void test_algorithms(void)
{
    static const char *const known[] = { "HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
        "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448",
        "ML-DSA-44", "ML-DSA-65", "ML-DSA-87" };
    static const char *const unknown[] = {
        "none", "None", "NONE", "nOnE", "none ", " none", "", "hs256", "HS256 ", " HS256", "Hs256",
        "HS2561", "HS25", "RS1", "RSA1_5", "ES521", "ED25519", "eddsa", "EDDSA", "ES256k",
        "HS256,RS256", "*", "dir", "A128KW", "HS256\\n",
        "HHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHHH"
    };
    char text[256];
    const char *why;
    const char *member;
    struct token_header header;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        int length = snprintf(text, sizeof text, "{\"alg\":\"%s\"}", known[i]);
        CHECK(token_header_read(&header, text, (size_t)length, &why, &member) == HEADER_FINE &&
                  header.algorithm != NULL && strcmp(header.algorithm->name, known[i]) == 0,
            "%s is one of ours", known[i]);
        token_header_release(&header);
    }
    CHECK(sizeof known / sizeof *known == ALGORITHM_COUNT, "and these are all");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        int length = snprintf(text, sizeof text, "{\"alg\":\"%s\"}", unknown[i]);
        CHECK(token_header_read(&header, text, (size_t)length, &why, &member) == HEADER_FINE &&
                  header.algorithm == NULL,
            "%s is not", unknown[i]);
        token_header_release(&header);
    }
}

/* crit names and header members without end: bounded, and no quadratic work to speak of. */
static void test_long_crit(void)
{
    char *text = malloc(2000000);
    struct token_header header;
    const char *why;
    const char *member;
    if (text == NULL) return;
    for (size_t count = 32; count <= 100000; count = count == 32 ? 33 : count * 100) {
        size_t length = (size_t)sprintf(text, "{\"alg\":\"HS256\",\"crit\":[");
        for (size_t i = 0; i < count; i++) {
            length += (size_t)sprintf(text + length, "%s\"%zu\"", i > 0 ? "," : "", i);
        }
        length += (size_t)sprintf(text + length, "]");
        for (size_t i = 0; i < count; i++)
            length += (size_t)sprintf(text + length, ",\"%zu\":0", i);
        text[length++] = '}';
        enum header_result result = token_header_read(&header, text, length, &why, &member);
        CHECK(result == (count <= 32 ? HEADER_FINE : HEADER_BAD), "crit of %zu names is %s", count,
            count <= 32 ? "fine" : "too long");
        token_header_release(&header);
    }
    free(text);
}

static void test_registered(void)
{
    /* RFC 7515 section 4.1 and RFC 7797. */
    static const char *const names[] = { "alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t",
        "x5t#S256", "typ", "cty", "crit", "b64" };
    static const char *const others[] = { "", "al", "algo", "ALG", "x5t#S25", "x5t#s256", "exp",
        "iss", "url", "nonce", "enc", "zip" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(token_header_is_registered(names[i], strlen(names[i])), "%s is registered", names[i]);
        CHECK(!token_header_is_registered(names[i], strlen(names[i]) - 1), "cut off it is not");
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(!token_header_is_registered(others[i], strlen(others[i])), "%s is not", others[i]);
    }
}

/* ---- media types (RFC 7515 section 4.1.9; RFC 2045: any case) */

static struct json_value typ_of(const char *json)
{
    return json_value_at(json, strlen(json));
}

static void test_typ(void)
{
    static const struct {
        const char *left;
        const char *right;
        bool equal;
    } types[] = {
        { "\"JWT\"", "\"JWT\"", true },
        { "\"jwt\"", "\"JWT\"", true },
        { "\"at+jwt\"", "\"AT+JWT\"", true },
        { "\"at+jwt\"", "\"application/at+jwt\"", true },
        { "\"APPLICATION/AT+JWT\"", "\"at+jwt\"", true },
        { "\"application/jwt\"", "\"Application/JWT\"", true },
        { "\"at\\u002bjwt\"", "\"at+jwt\"", true },
        { "\"at+jwt\"", "\"JWT\"", false },
        { "\"at+jwt\"", "\"at+jwt \"", false },
        { "\"at+jwt\"", "\"at-jwt\"", false },
        { "\"at+jwt\"", "\"at+jw\"", false },
        { "\"at+jwt\"", "\"\"", false },
        { "\"application/\"", "\"\"", false },
        { "\"application/x\"", "\"text/x\"", false },
        { "\"application/application/x\"", "\"application/x\"", false },
        { "\"application/a/b\"", "\"a/b\"", false },
        { "\"text/plain\"", "\"plain\"", false },
        { "\"at+jwt;v=1\"", "\"at+jwt\"", false },
        { "\"[\"", "\"{\"", false },
        { "\"bpplication/x\"", "\"x\"", false },
        { "\"applicatiom/x\"", "\"x\"", false },
        { "\"application:x\"", "\"x\"", false },
        { "\"AZ+az\"", "\"az+AZ\"", true },
        { "\"@\"", "\"`\"", false },
        { "\"\xc3\x89\"", "\"\xc3\xa9\"", false },
    };
    static const struct json_value absent = { NULL, 0, JSON_NULL };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct json_value left = typ_of(types[i].left);
        struct json_value right = typ_of(types[i].right);
        CHECK(token_typ_equal(left, right) == types[i].equal, "typ %s and %s", types[i].left,
            types[i].right);
        CHECK(token_typ_equal(right, left) == types[i].equal, "typ %s and %s", types[i].right,
            types[i].left);
    }
    CHECK(!token_typ_equal(absent, typ_of("\"JWT\"")) && !token_typ_equal(absent, absent),
        "an absent typ is equal to none");
    CHECK(token_typ_is(typ_of("\"application/LOGOUT+jwt\""), "logout+jwt"), "against a C string");
    CHECK(!token_typ_is(absent, "JWT") && !token_typ_is(absent, ""), "absent is not empty");
    CHECK(!token_typ_is(typ_of("\"JWT2\""), "JWT"), "no prefix");
}

static void test_long_typ(void)
{
    size_t length = 100000;
    char *text = malloc(length);
    if (text == NULL) return;
    memset(text, 'a', length);
    text[0] = text[length - 1] = '"';
    struct json_value typ = { text, length, JSON_STRING };
    CHECK(!token_typ_equal(typ, typ_of("\"a\"")) && !token_typ_is(typ, "a"),
        "a typ of 100 KB is equal to no short one");
    CHECK(!token_typ_equal(typ, typ), "nor to itself: no media type is that long (RFC 6838 4.2)");
    free(text);
}

int main(void)
{
    test_split();
    test_split_bytes();
    test_headers();
    test_header_values();
    test_algorithms();
    test_long_crit();
    test_registered();
    test_typ();
    test_long_typ();
    return unit_end();
}
