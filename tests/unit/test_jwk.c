/*
** test_jwk.c - keys as documents: what goes out comes in again the same, nothing private leaves with
** the public form, thumbprints are those of the RFCs, and new keys work.
*/
#include <openssl/err.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/json_value.h"
#include "src/jose/jwk.h"
#include "src/jose/signature.h"
#include "unit.h"

static sample copy_text(const struct text *text)
{
    return sample_format("%.*s", (int)text->length, text->bytes);
}

/* The public form of a document, or NULL. */
static sample public_of(const char *document, struct fault *fault)
{
    struct text text;
    struct key_set *set = sample_read(document, fault);
    sample out = NULL;
    text_start(&text);
    if (set != NULL && jwk_write_public(&text, set, document, strlen(document), fault)) {
        out = copy_text(&text);
    }
    text_release(&text);
    key_set_release(set);
    return out;
}

static sample thumbprint_of(const char *document, const char *hash)
{
    struct text text;
    struct fault fault = { 0 };
    struct key_set *set = sample_read(document, &fault);
    text_start(&text);
    if (set == NULL || !jwk_thumbprint(&text, &set->keys[0], hash, &fault)) {
        text_add_string(&text, fault.text);
    }
    sample out = copy_text(&text);
    text_release(&text);
    key_set_release(set);
    return out;
}

/* ---- thumbprints */

static void test_thumbprints(void)
{
    static const struct {
        const char *name, *jwk, *hash, *expected;
    } rows[] = {
        { "RFC 7638 section 3.1",
            "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT8"
            "6zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_R"
            "N5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO"
            "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8"
            "awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
            "sha256", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
        { "RFC 8037 A.3",
            "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
            "sha256", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
        { "RFC 8037 A.1, private",
            "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
            "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
            "sha256", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample found = thumbprint_of(rows[i].jwk, rows[i].hash);
        CHECK(strcmp(found, rows[i].expected) == 0, "%s: %s", rows[i].name, found);
        sample_free(found);
    }
    static const size_t lengths[] = { 43, 64, 86 };
    static const char *const hashes[] = { "sha256", "sha384", "sha512" };
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const char *name = algorithm_at(i)->name;
        if (sample_jwk(name) == NULL) continue;
        for (size_t h = 0; h < 3; h++) {
            sample of_private = thumbprint_of(sample_jwk(name), hashes[h]);
            sample of_public = thumbprint_of(sample_public_jwk(name), hashes[h]);
            CHECK(strlen(of_private) == lengths[h], "%s: a %s thumbprint", name, hashes[h]);
            CHECK(strcmp(of_private, of_public) == 0, "%s: private and public have the same %s",
                name, hashes[h]);
            sample_free(of_private);
            sample_free(of_public);
        }
    }
    sample wrong = thumbprint_of(sample_jwk("ES256"), "md5");
    CHECK(strstr(wrong, "hash: unknown hash \"md5\"") != NULL, "an unknown hash: %s", wrong);
    sample_free(wrong);
}

/* Labels do not count, key material does (RFC 7638 section 3.2). */
static void test_thumbprint_members(void)
{
    sample plain = thumbprint_of(sample_jwk("ES256"), "sha256");
    static const char *const labels[][2] = { { "kid", "\"x\"" }, { "use", NULL }, { "alg", NULL },
        { "x5c", "[]" }, { "key_ops", "[\"verify\"]" } };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        sample other = sample_with(sample_jwk("ES256"), labels[i][0], labels[i][1]);
        sample found = thumbprint_of(other, "sha256");
        CHECK(strcmp(plain, found) == 0, "%s does not count", labels[i][0]);
        sample_free(found);
        sample_free(other);
    }
    sample_free(plain);
}

/* ---- public forms */

static bool has_member(const char *json, const char *name)
{
    struct json_cursor cursor = json_cursor_start(json_value_at(json, strlen(json)));
    struct json_value member, value;
    while (json_object_next(&cursor, &member, &value)) {
        if (json_string_is(member, name, strlen(name))) return true;
    }
    return false;
}

static void test_nothing_private_leaves(void)
{
    static const char *const private_members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k",
        "priv" };
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        const char *jwk = sample_jwk(algorithm->name);
        if (jwk == NULL || algorithm->key_type == KEY_OCT) continue;
        /* also what is private only in a key of another type */
        sample odd = sample_format("%s", jwk);
        for (size_t m = 0; m < sizeof private_members / sizeof *private_members; m++) {
            if (has_member(odd, private_members[m]) || strcmp(private_members[m], "oth") == 0)
                continue;
            if (algorithm->key_type == KEY_RSA) continue;
            sample more = sample_with(odd, private_members[m], "\"c2VjcmV0\"");
            sample_free(odd);
            odd = more;
        }
        struct fault fault = { 0 };
        sample public_jwk = public_of(odd, &fault);
        if (!CHECK(public_jwk != NULL, "%s has a public form (%s)", algorithm->name, fault.text)) {
            sample_free(odd);
            continue;
        }
        for (size_t m = 0; m < sizeof private_members / sizeof *private_members; m++) {
            CHECK(!has_member(public_jwk, private_members[m]), "%s: no %s in the public form",
                algorithm->name, private_members[m]);
        }
        CHECK(strncmp(public_jwk, "{\"kty\":\"", 8) == 0, "%s: kty comes first", algorithm->name);
        CHECK(has_member(public_jwk, "alg") && has_member(public_jwk, "use") &&
                  has_member(public_jwk, "kid"),
            "%s: labels stay", algorithm->name);
        sample again = public_of(public_jwk, &fault);
        CHECK(again != NULL && strcmp(again, public_jwk) == 0, "%s: public of public is the same",
            algorithm->name);
        sample_free(again);
        sample_free(public_jwk);
        sample_free(odd);
    }
}

#define ED_PRIVATE                                                               \
    "\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"," \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define ED_PUBLIC "\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static void test_public_members(void)
{
    static const struct {
        const char *document, *expected;
    } rows[] = {
        { "{" ED_PRIVATE ",\"kty\":\"OKP\"}", "{\"kty\":\"OKP\"," ED_PUBLIC "}" },
        { "{ \"x5c\" : [ \"AA==\" , \"a b\" ] , \"ext\" : true ,\n" ED_PRIVATE ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"x5c\":[\"AA==\",\"a b\"],\"ext\":true}" },
        { "{\"kid\":\"\\u0061\\\"\\n\",\"use\":\"sig\",\"alg\":\"EdDSA\"," ED_PRIVATE
          ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"a\\\"\\n\"," ED_PUBLIC
            "}" },
        { "{\"key_ops\":[\"sign\"]," ED_PRIVATE ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"key_ops\":[\"verify\"]}" },
        { "{\"key_ops\":[\"sign\",\"verify\"]," ED_PRIVATE ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"key_ops\":[\"verify\"]}" },
        { "{\"key_ops\":[\"verify\",\"sign\",\"x\"]," ED_PRIVATE ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"key_ops\":[\"verify\",\"x\"]}" },
        { "{\"key_ops\":[\"decrypt\",\"unwrapKey\",\"deriveKey\",\"deriveBits\"]," ED_PRIVATE
          ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"key_ops\":[]}" },
        { "{\"n\":9007199254740993,\"iat\":1e400,\"big\":9007199254740993," ED_PRIVATE
          ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC ",\"iat\":1e400,\"big\":9007199254740993}" },
        { "{\"\\u0064\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"," ED_PUBLIC
          ",\"kty\":\"OKP\"}",
            "{\"kty\":\"OKP\"," ED_PUBLIC "}" },
        { "{\"keys\":[]}", "{\"keys\":[]}" },
        { "{\"x\":1,\"keys\":[{" ED_PRIVATE
          ",\"kty\":\"OKP\"},{\"kty\":\"oct\",\"k\":\"AAAA\"},5,{},"
          "{\"kid\":\"b\"," ED_PUBLIC ",\"kty\":\"OKP\",\"use\":\"enc\"}]}",
            "{\"keys\":[{\"kty\":\"OKP\"," ED_PUBLIC
            "},{\"kty\":\"OKP\",\"use\":\"enc\",\"kid\":\"b\"," ED_PUBLIC "}]}" },
        { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "{\"keys\":[]}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault fault = { 0 };
        sample found = public_of(rows[i].document, &fault);
        CHECK(found != NULL && strcmp(found, rows[i].expected) == 0, "public form %zu: %s", i,
            found ? found : fault.text);
        sample_free(found);
    }
    struct fault fault = { 0 };
    CHECK(public_of(sample_jwk("HS256"), &fault) == NULL && strstr(fault.text, "oct") != NULL,
        "oct has no public form: %s", fault.text);
    fault = (struct fault){ 0 };
    CHECK(public_of("a secret in the clear, thirty-two bytes", &fault) == NULL &&
              strstr(fault.text, "oct") != NULL,
        "nor has a plain secret");
    CHECK(strstr(fault.text, "clear") == NULL, "and the fault does not hold it");
}

/* ---- PEM and back */

static sample pem_of(const char *document, bool with_private, struct fault *fault)
{
    struct text text;
    struct key_set *set = sample_read(document, fault);
    sample out = NULL;
    text_start(&text);
    if (set != NULL && jwk_write_pem(&text, &set->keys[0], with_private, fault))
        out = copy_text(&text);
    text_release(&text);
    key_set_release(set);
    return out;
}

/* The JWK of a PEM, with the alg, use and kid of `like`. */
static sample jwk_of_pem(const char *pem, const char *like, bool with_private)
{
    struct fault fault = { 0 };
    struct text text;
    struct key_set *set = sample_read(pem, &fault), *like_set = sample_read(like, &fault);
    sample out = NULL;
    text_start(&text);
    if (set != NULL && like_set != NULL) {
        const struct key *key = &like_set->keys[0];
        struct jwk_members members = { key->fixed->name, key->use, key->kid, key->kid_length };
        if (jwk_write(&text, &set->keys[0], with_private, &members, &fault)) out = copy_text(&text);
    }
    text_release(&text);
    key_set_release(set);
    key_set_release(like_set);
    return out;
}

static void test_pem(void)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const struct algorithm *algorithm = algorithm_at(i);
        const char *jwk = sample_jwk(algorithm->name);
        if (jwk == NULL || algorithm->key_type == KEY_OCT) continue;
        struct fault fault = { 0 };
        sample private_pem = pem_of(jwk, true, &fault), public_pem = pem_of(jwk, false, &fault);
        if (!CHECK(private_pem != NULL && public_pem != NULL, "%s as PEM (%s)", algorithm->name,
                fault.text)) {
            continue;
        }
        CHECK(strncmp(private_pem, "-----BEGIN PRIVATE KEY-----\n", 28) == 0, "PKCS#8");
        CHECK(strncmp(public_pem, "-----BEGIN PUBLIC KEY-----\n", 27) == 0, "SPKI");
        sample back = jwk_of_pem(private_pem, jwk, true);
        CHECK(back != NULL && strcmp(back, jwk) == 0, "%s: JWK to PEM and back", algorithm->name);
        sample public_back = jwk_of_pem(public_pem, jwk, false);
        CHECK(public_back != NULL && strcmp(public_back, sample_public_jwk(algorithm->name)) == 0,
            "%s: public JWK to PEM and back", algorithm->name);
        CHECK(pem_of(sample_public_jwk(algorithm->name), true, &fault) == NULL &&
                  strstr(fault.text, "no private form") != NULL,
            "%s: a public key has no private PEM", algorithm->name);
        sample_free(private_pem);
        sample_free(public_pem);
        sample_free(back);
        sample_free(public_back);
    }
    struct fault fault = { 0 };
    CHECK(pem_of(sample_jwk("HS256"), true, &fault) == NULL && strstr(fault.text, "oct") != NULL,
        "oct");
}

/* ---- new keys */

static bool generate(
    struct text *text, const char *name, unsigned bits, const char *kid, struct fault *fault)
{
    *fault = (struct fault){ 0 };
    text_release(text);
    return jwk_generate(
        text, algorithm_find(name, strlen(name)), bits, kid, kid != NULL ? strlen(kid) : 0, fault);
}

static void test_generate(void)
{
    struct text text;
    struct fault fault = { 0 };
    text_start(&text);
    CHECK(generate(&text, "RS256", 3072, "my \"kid\"", &fault), "RSA of 3072 bits");
    sample jwk = copy_text(&text);
    struct key_set *set = sample_read(jwk, &fault);
    CHECK(set != NULL && set->keys[0].bits == 3072, "it has 3072 bits");
    CHECK(set != NULL && strcmp(set->keys[0].kid, "my \"kid\"") == 0, "and its kid");
    key_set_release(set);
    sample_free(jwk);
    static const struct {
        const char *algorithm;
        unsigned bits;
    } wrong[] = { { "RS256", 2047 }, { "PS512", 1024 }, { "RS256", 16385 }, { "ES256", 256 },
        { "HS256", 256 }, { "EdDSA", 1 } };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(!generate(&text, wrong[i].algorithm, wrong[i].bits, NULL, &fault) &&
                  strncmp(fault.text, "bits: ", 6) == 0,
            "%s with %u bits: %s", wrong[i].algorithm, wrong[i].bits, fault.text);
    }
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        const char *name = algorithm_at(i)->name;
        if (!algorithm_available(algorithm_at(i))) {
            CHECK(!generate(&text, name, 0, NULL, &fault) &&
                      strstr(fault.text, "not in this OpenSSL"),
                "%s: %s", name, fault.text);
            unit_skip(name);
            continue;
        }
        const char *one = sample_jwk(name);
        CHECK(generate(&text, name, 0, NULL, &fault), "%s (%s)", name, fault.text);
        sample two = copy_text(&text), kid = thumbprint_of(two, "sha256");
        sample member = sample_member(two, "kid"), alg = sample_member(two, "alg");
        CHECK(strcmp(one, two) != 0, "%s: two keys differ", name);
        CHECK(strlen(member) == 45 && strncmp(member + 1, kid, 43) == 0,
            "%s: kid is the thumbprint", name);
        CHECK(strncmp(alg + 1, name, strlen(name)) == 0, "%s: alg is as asked", name);
        sample_free(two);
        sample_free(kid);
        sample_free(member);
        sample_free(alg);
    }
    text_release(&text);
}

/* jwk_write() by itself: what it is asked for and no more. */
static void test_write(void)
{
    struct fault fault = { 0 };
    struct text text;
    struct key_set *set =
        sample_read("{\"kid\":\"a\",\"use\":\"sig\"," ED_PRIVATE ",\"kty\":\"OKP\"}", &fault);
    text_start(&text);
    CHECK(jwk_write(&text, &set->keys[0], false, NULL, &fault), "public, no labels");
    sample found = copy_text(&text);
    CHECK(strcmp(found, "{\"kty\":\"OKP\"," ED_PUBLIC "}") == 0, "%s", found);
    sample_free(found);
    text_release(&text);
    struct jwk_members members = { "EdDSA", "sig", "", 0 };
    text_add_string(&text, "[");
    CHECK(jwk_write(&text, &set->keys[0], true, &members, &fault), "private, with labels");
    found = copy_text(&text);
    CHECK(
        strcmp(found,
            "[{\"kty\":\"OKP\",\"alg\":\"EdDSA\",\"use\":\"sig\",\"kid\":\"\",\"crv\":\"Ed25519\","
            "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
            "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}") == 0,
        "appended, in its order: %s", found);
    sample_free(found);
    text_release(&text);
    key_set_release(set);
    set = sample_read(sample_public_jwk("ES256"), &fault);
    CHECK(!jwk_write(&text, &set->keys[0], true, NULL, &fault) &&
              strstr(fault.text, "no private form") != NULL,
        "a public key has no private JWK");
    text_release(&text);
    key_set_release(set);
}

/* A key that is refused is written in no form: a member of a set can be one. */
static void test_refused_key(void)
{
    struct fault faults[4] = { 0 };
    struct text text;
    struct key_set *set =
        sample_read("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", &faults[0]);
    if (!CHECK(set != NULL && set->count == 1 && set->keys[0].problem != NULL, "a broken member"))
        return;
    text_start(&text);
    CHECK(!jwk_write(&text, &set->keys[0], false, NULL, &faults[1]) &&
              !jwk_thumbprint(&text, &set->keys[0], "sha256", &faults[2]) &&
              !jwk_write_pem(&text, &set->keys[0], false, &faults[3]),
        "it has no JWK, no thumbprint, no PEM");
    for (size_t i = 1; i < 4; i++) {
        CHECK(
            faults[i].kind == FAULT_CALLER && strstr(faults[i].text, set->keys[0].problem) != NULL,
            "and each says why: %s", faults[i].text);
    }
    text_release(&text);
    key_set_release(set);
}

int main(void)
{
    test_thumbprints();
    test_thumbprint_members();
    test_nothing_private_leaves();
    test_public_members();
    test_pem();
    test_generate();
    test_write();
    test_refused_key();
    CHECK(ERR_peek_error() == 0, "nothing is left in OpenSSL's queue");
    return unit_end();
}
