/*
** target_token.c - tokens that reach every check: header and payload come from
** the input and are signed here, by OpenSSL, so that damage to them is not cut
** off at the signature. Each verdict beside second.c's.
**
** The first byte chooses key, damage and policy; then header, payload, options
** and bytes that damage the signature, ended by PART_END.
*/
#include "fuzz.h"
#include "second.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX 16384

#define MODE_KEY 3       /* which key */
#define MODE_RAW 4       /* the header is the token's whole text */
#define MODE_DAMAGED 8   /* the signature is changed by the last part */
#define MODE_POLICY 0x70 /* 0: the options as they come; else one that second.c knows */

static sqlite3 *db;

static struct answer key_texts[4]; /* as SQL is given them */
static struct second_key keys[4] = {
    { .algorithm = "HS256", .digest = "SHA256" },
    { .algorithm = "EdDSA" },
    { .algorithm = "ES256", .digest = "SHA256" },
    { .algorithm = "HS512", .digest = "SHA512" },
};

static const struct {
    const char *options;
    struct second_policy policy;
} policies[8] = {
    { "{}", { .now = 1700000000 } },
    { "{}", { .now = 1700000000 } },
    { "{\"now\":1700000000.5}", { .now = 1700000000.5 } },
    { "{\"now\":1700000000,\"leeway\":600}", { .now = 1700000000, .leeway = 600 } },
    { "{\"iss\":\"i\",\"aud\":\"a\"}", { .iss = "i", .aud = "a", .now = 1700000000 } },
    { "{\"sub\":\"\xc3\xa9\"}", { .sub = "\xc3\xa9", .now = 1700000000 } },
    { "{\"aud\":\"a\",\"now\":0,\"leeway\":0.25}", { .aud = "a", .now = 0, .leeway = 0.25 } },
    { "{\"iss\":\"i\",\"aud\":\"a\",\"sub\":\"u\",\"now\":1700000600}",
        { .iss = "i", .aud = "a", .sub = "u", .now = 1700000600 } },
};

static EVP_PKEY *pkey_of(const struct answer *jwk)
{
    struct answer pem = ASK(db, "SELECT jwk_to_pem(?1)", value_answer(jwk));
    BIO *bio = BIO_new_mem_buf(pem.bytes, (int)pem.size);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    answer_release(&pem);
    MUST(pkey != NULL, "OpenSSL does not read the PEM");
    return pkey;
}

static void start(void)
{
    static const unsigned char secret[64] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
    db = fuzz_database();
    fuzz_execute(db,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation;"
        "INSERT INTO revoked(jti) VALUES('x'); INSERT INTO revoked(sub, issued_before) VALUES('r', 5)");
    key_texts[0] = ASK(db, "SELECT ?1", value_text(secret, 63));
    key_texts[1] = ASK(db, "SELECT json_remove(jwk_generate('EdDSA'), '$.kid')");
    key_texts[2] = ASK(db, "SELECT json_remove(jwk_generate('ES256'), '$.kid')");
    key_texts[3] = ASK(db,
        "SELECT json_object('kty', 'oct', 'alg', 'HS512', 'k',"
        " 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlAA')");
    keys[0].secret = keys[3].secret = secret;
    keys[0].secret_size = 63;
    keys[3].secret_size = 64;
    keys[1].pkey = pkey_of(&key_texts[1]);
    keys[2].pkey = pkey_of(&key_texts[2]);
}

/* The token, signed; its length. */
static size_t make_token(
    char *token, const struct part *parts, unsigned mode, const struct second_key *key)
{
    unsigned char signature[256 + TOKEN_MAX];
    size_t length = second_base64url_encode(token, parts[0].bytes, parts[0].size);
    token[length++] = '.';
    length += second_base64url_encode(token + length, parts[1].bytes, parts[1].size);
    size_t size = second_sign(key, token, length, signature);
    if ((mode & MODE_DAMAGED) != 0) {
        size_t at = parts[3].size > 0 ? parts[3].bytes[0] % (size + 1) : size;
        if (at < size) {
            signature[at] ^= parts[3].size > 1 ? parts[3].bytes[1] : 1;
        } else { /* longer or shorter */
            size = parts[3].size > 1 ? parts[3].bytes[1] : 0;
        }
    }
    token[length++] = '.';
    return length + second_base64url_encode(token + length, signature, size);
}

/* All that reads a token and says nothing about its validity: no errors, no surprises. */
static void look(struct value token, struct value key)
{
    struct answer answers[] = {
        ASK(db, "SELECT jwt_payload(?1)", token),
        ASK(db, "SELECT jwt_header(?1)", token),
        ASK(db, "SELECT jwt_claim(?1, 'a')", token),
        ASK(db, "SELECT jwt_claim(?1, '$.a.b[#-1]')", token),
        ASK(db, "SELECT count(*) FROM jwt_each(?1)", token),
        ASK(db, "SELECT group_concat(rule || message) FROM jwt_lint(?1)", token),
        ASK(db, "SELECT count(*) FROM jwt_lint(?1, ?2)", token, key),
        ASK(db, "SELECT payload FROM jwt_decode(?1)", token),
        ASK(db, "SELECT jws_status(?1, ?2)", token, key),
        ASK(db, "SELECT count(*) FROM revoked WHERE token = ?1", token),
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        MUST(!answer_failed(&answers[i]), "%zu raised: %s", i, answers[i].message);
    }
    MUST(answers[0].type == SQLITE_NULL || answers_equal(&answers[0], &answers[7]),
        "jwt_payload %s, jwt_decode %s", answers[0].bytes, answers[7].bytes);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) answer_release(&answers[i]);
}

static void compare(
    const char *token, size_t length, const struct second_key *key, size_t policy, const char *code)
{
    if (!second_is_there()) return;
    enum opinion opinion = second_verdict(token, length, key, &policies[policy].policy);
    bool good = code != NULL && strcmp(code, "ok") == 0;
    MUST(opinion == OPINION_NONE || (opinion == OPINION_YES) == good,
        "%s, the second opinion is %d: %.*s", code, (int)opinion, (int)length, token);
}

static void run(const uint8_t *input, size_t size)
{
    struct part parts[4];
    static char token[2 * TOKEN_MAX];
    if (size < 1 || size > 6000) return;
    unsigned mode = input[0];
    size_t policy = (mode & MODE_POLICY) >> 4;
    const struct second_key *key = &keys[mode & MODE_KEY];
    struct value key_value = value_answer(&key_texts[mode & MODE_KEY]);
    fuzz_parts(input + 1, size - 1, parts, 4);
    size_t length = parts[0].size;
    if ((mode & MODE_RAW) != 0) {
        memcpy(token, parts[0].bytes, parts[0].size);
    } else {
        length = make_token(token, parts, mode, key);
    }
    struct value token_value = value_text(token, length);
    struct value options = policy == 0 && parts[2].size > 0
                               ? value_text(parts[2].bytes, parts[2].size)
                               : value_string(policies[policy].options);
    const char *code = fuzz_verdict(db, token_value, key_value, options);
    if (policy != 0) {
        MUST(code != NULL, "options that are right are refused");
        compare(token, length, key, policy, code);
    }
    if (code != NULL && strcmp(code, "ok") == 0 && (mode & MODE_RAW) == 0) {
        struct answer claims =
            ASK(db, "SELECT jwt_claims(?1, ?2, ?3)", token_value, key_value, options);
        MUST(claims.size == parts[1].size && memcmp(claims.bytes, parts[1].bytes, claims.size) == 0,
            "claims are not the bytes that were signed");
        answer_release(&claims);
    }
    look(token_value, key_value);
}

const struct fuzz_target token_target = { "token", start, run, NULL };
