/*
** wycheproof_signatures.c - Wycheproof's files of bare signatures and MACs.
**
** Their messages are any bytes, which no token can carry, so these go to the
** signature code itself. Each signature but a MAC is also put into a token,
** which must be refused whatever its length and range are.
*/
#include <string.h>

#include "cases.h"
#include "expectations.h"
#include "report.h"
#include "suites.h"

/* Where a file keeps the key of a group: SQL expressions over g (the group) and t (the test). */
#define IN_GROUP(member) "json_extract(g.value, '$." member "')"

/* An EC key's JWK; where the file lacks it, made of the uncompressed point 04 || x || y. */
#define EC_KEY(curve)                                                       \
    "coalesce(json_extract(g.value, '$.publicKeyJwk'),"                     \
    " (SELECT json_object('kty', 'EC', 'crv', '" curve "',"                 \
    "   'x', base64url(substr(point, 2, length(point) / 2)),"               \
    "   'y', base64url(substr(point, 2 + length(point) / 2))) FROM (SELECT" \
    "   from_hex(json_extract(g.value, '$.publicKey.uncompressed')) AS point)))"

/* An RSA key's JWK of its numbers in hex: base64url without their leading zero bytes. */
#define RSA_KEY                                                                                 \
    "(SELECT json_object('kty', 'RSA', 'n', base64url(from_hex(substr(n, length(n) % 2 + 1)))," \
    "   'e', base64url(from_hex(substr(e, length(e) % 2 + 1)))) FROM (SELECT"                   \
    "   '0' || ltrim(json_extract(g.value, '$.publicKey.modulus'), '0') AS n,"                  \
    "   '0' || ltrim(json_extract(g.value, '$.publicKey.publicExponent'), '0') AS e))"

#define SECRET "json_object('kty', 'oct', 'k', base64url(from_hex(json_extract(t.value, '$.key'))))"

#define AKP_KEY(name)                              \
    "json_object('kty', 'AKP', 'alg', '" name "'," \
    "  'pub', base64url(from_hex(json_extract(g.value, '$.publicKey'))))"

/* MACs that JOSE has no use for have a name in expectations.json. */
#define MAC_GROUP(bits)                                    \
    "CASE WHEN json_extract(g.value, '$.tagSize') < " bits \
    " THEN 'groups with tagSize < hash length'"            \
    " WHEN json_extract(g.value, '$.keySize') < " bits     \
    " THEN 'groups with keySize < hash length' END"

struct signature_file {
    const char *name; /* without folder and ending */
    const char *algorithm;
    const char *key;
    const char *label;
};

static const struct signature_file files[] = {
    { "ecdsa_secp256r1_sha256_p1363", "ES256", EC_KEY("P-256"), NULL },
    { "ecdsa_secp384r1_sha384_p1363", "ES384", EC_KEY("P-384"), NULL },
    { "ecdsa_secp521r1_sha512_p1363", "ES512", EC_KEY("P-521"), NULL },
    { "ecdsa_secp256k1_sha256_p1363", "ES256K", EC_KEY("secp256k1"), NULL },
    { "ed25519", "EdDSA", IN_GROUP("publicKeyJwk"), NULL },
    { "ed448", "EdDSA", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_signature_2048_sha256", "RS256", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_2048_sha384", "RS384", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_2048_sha512", "RS512", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_3072_sha256", "RS256", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_3072_sha384", "RS384", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_3072_sha512", "RS512", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_4096_sha256", "RS256", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_4096_sha384", "RS384", IN_GROUP("keyJwk"), NULL },
    { "rsa_signature_4096_sha512", "RS512", IN_GROUP("keyJwk"), NULL },
    { "rsa_pss_2048_sha256_mgf1_32", "PS256", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_pss_3072_sha256_mgf1_32", "PS256", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_pss_2048_sha384_mgf1_48", "PS384", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_pss_4096_sha384_mgf1_48", "PS384", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_pss_4096_sha512_mgf1_64", "PS512", IN_GROUP("publicKeyJwk"), NULL },
    { "rsa_pss_2048_sha256_mgf1_0", "PS256", RSA_KEY, NULL },
    { "rsa_pss_2048_sha256_mgf1sha1_20", "PS256", RSA_KEY, NULL },
    { "rsa_pss_4096_sha512_mgf1_32", "PS512", RSA_KEY, NULL },
    { "hmac_sha256", "HS256", SECRET, MAC_GROUP("256") },
    { "hmac_sha384", "HS384", SECRET, MAC_GROUP("384") },
    { "hmac_sha512", "HS512", SECRET, MAC_GROUP("512") },
    { "mldsa_44_verify", "ML-DSA-44", AKP_KEY("ML-DSA-44"), NULL },
    { "mldsa_65_verify", "ML-DSA-65", AKP_KEY("ML-DSA-65"), NULL },
    { "mldsa_87_verify", "ML-DSA-87", AKP_KEY("ML-DSA-87"), NULL },
};

static bool is_mac(const struct signature_file *file)
{
    return file->label != NULL;
}

/* All but MACs and ML-DSA, whose files also have keys that are refused: there only the signature can be. */
static bool has_fine_keys(const struct signature_file *file)
{
    return !is_mac(file) && strncmp(file->algorithm, "ML-DSA", 6) != 0;
}

static void run_signatures(struct run *run, const struct signature_file *file, const char *path)
{
    char *sql = sqlite3_mprintf(
        "SELECT ?1, json_extract(t.value, '$.tcId'), %s, json_extract(t.value, '$.result'),"
        "  NULL, NULL, 'signature', %s, %Q, %s, json_extract(t.value, '$.msg'),"
        "  coalesce(json_extract(t.value, '$.sig'), json_extract(t.value, '$.tag'))"
        " FROM json_each(vector(?1), '$.testGroups') g, json_each(g.value, '$.tests') t",
        is_mac(file) ? file->label : "NULL", has_fine_keys(file) ? "'bad_signature'" : "NULL",
        file->algorithm, file->key);
    cases_run(run, sql, path);
    sqlite3_free(sql);
}

/* The same signatures over other bytes than they were made for. */
static void run_tokens(struct run *run, const struct signature_file *file, const char *path)
{
    char *sql = sqlite3_mprintf(
        "SELECT ?1, json_extract(t.value, '$.tcId') || ' in a token', NULL, 'invalid',"
        "  'reject', NULL, 'jwt', %s,"
        "  base64url(json_object('alg', %Q)) || '.e30.'"
        "    || base64url(from_hex(json_extract(t.value, '$.sig'))),"
        "  verify_key, json_object('alg', %Q)"
        " FROM (SELECT g.value, %s AS verify_key"
        "   FROM json_each(vector(?1), '$.testGroups') g) g,"
        " json_each(g.value, '$.tests') t",
        has_fine_keys(file) ? "'bad_signature'" : "NULL", file->algorithm, file->algorithm,
        file->key);
    cases_run(run, sql, path);
    sqlite3_free(sql);
}

/* Whether this OpenSSL has the algorithm; says so where it has not. */
static bool is_available(struct run *run, const struct signature_file *file, const char *path)
{
    bool available;
    sqlite3_stmt *row =
        run_prepare(run, "SELECT (SELECT available FROM jwt_algorithms WHERE alg = ?1),"
                         " json_extract(vector(?2), '$.numberOfTests') > 0");
    sqlite3_bind_text(row, 1, file->algorithm, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, path, -1, SQLITE_STATIC);
    run_step(run, row);
    available = sqlite3_column_int(row, 0) != 0;
    if (!available) {
        struct vector_case all = { .path = path, .id = "every case" };
        char *why = sqlite3_mprintf(
            "%s is not in this OpenSSL (jwt_algorithms.available)", file->algorithm);
        report_check(run, path, sqlite3_column_int(row, 1) == 1, "there are cases");
        report_skip(run, &all, why);
        expectations_excuse(run, path);
        sqlite3_free(why);
    }
    sqlite3_finalize(row);
    return available;
}

void suite_wycheproof_signatures(struct run *run)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = sqlite3_mprintf("wycheproof/%s_test.dev.json", files[i].name);
        if (is_available(run, &files[i], path)) {
            run_signatures(run, &files[i], path);
            if (!is_mac(&files[i])) run_tokens(run, &files[i], path);
        }
        sqlite3_free(path);
    }
}
