/*
** ml_dsa.c - the examples of ML-DSA for JOSE (now RFC 9964).
*/
#include "cases.h"
#include "report.h"
#include "suites.h"

#define FROM_FILE \
    "json_extract(vector(?1), '$.jws') AS jws, json_extract(vector(?1), '$.jwk') AS jwk"

static const char tokens[] =
    "SELECT ?1, 'jws', NULL, 'valid', NULL, NULL, 'jws', NULL, jws, jwk, NULL"
    " FROM (SELECT " FROM_FILE ")"
    " UNION ALL SELECT ?1, 'the public key alone', NULL, 'valid', NULL, NULL, 'jws', NULL, jws,"
    "  jwk_public(jwk), NULL FROM (SELECT " FROM_FILE ")"
    " UNION ALL SELECT ?1, 'the signature over another payload', NULL, 'invalid', NULL, NULL,"
    "  'jws', 'bad_signature', substr(jws, 1, instr(jws, '.')) || 'e30.' || base64url(from_hex("
    "   json_extract(vector(?1), '$.raw_signature'))), jwk, NULL FROM (SELECT " FROM_FILE ")";

static const char raw[] =
    "SELECT ?1, 'raw', NULL, 'valid', NULL, NULL, 'signature', NULL,"
    "  json_extract(vector(?1), '$.jwk.alg'), json_extract(vector(?1), '$.jwk'),"
    "  json_extract(vector(?1), '$.raw_to_be_signed'),"
    "  json_extract(vector(?1), '$.raw_signature')";

static const char checks[] =
    "WITH file AS (SELECT path, json_extract(vector(path), '$.jwk') AS jwk FROM vector_file"
    "   WHERE path GLOB 'ml-dsa-jose/*.json')"
    " SELECT path, 'the kid is the thumbprint', jwk_thumbprint(jwk) = json_extract(jwk, '$.kid')"
    " FROM file"
    " UNION ALL SELECT path, 'what its private key signs its public key verifies',"
    "  jws_status(jws_sign('any', jwk), jwk_public(jwk)) = 'ok' FROM file";

static bool is_available(struct run *run, const char *path)
{
    bool available;
    sqlite3_stmt *row = run_prepare(run,
        "SELECT available FROM jwt_algorithms WHERE alg = json_extract(vector(?1), '$.jwk.alg')");
    sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
    if (!run_step(run, row)) run_stop(run, "%s: its algorithm is unknown", path);
    available = sqlite3_column_int(row, 0) != 0;
    sqlite3_finalize(row);
    return available;
}

void suite_ml_dsa(struct run *run)
{
    static const char *const paths[] = { "ml-dsa-jose/ML_DSA_44.jose.json",
        "ml-dsa-jose/ML_DSA_65.jose.json" };
    bool available = true;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (is_available(run, paths[i])) {
            cases_run(run, tokens, paths[i]);
            cases_run(run, raw, paths[i]);
        } else {
            struct vector_case all = { .path = paths[i], .id = "every case" };
            available = false;
            report_skip(run, &all, "ML-DSA is not in this OpenSSL (jwt_algorithms.available)");
        }
    }
    if (available) report_checks(run, 4, checks);
}
