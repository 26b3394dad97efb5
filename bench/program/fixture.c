/*
** Keys, payloads and tokens of the benchmark, made with OpenSSL alone: no token that the extension
** is timed on was made by the extension.
*/
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#define COORDINATE_BYTES 32 /* of P-256 and Ed25519 */
#define JWK_BYTES 4096

/* base64url without padding (RFC 4648 section 5); returns the length, NUL-terminates. */
static size_t base64url(char *out, const unsigned char *bytes, size_t length)
{
    size_t encoded = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)length);
    while (encoded > 0 && out[encoded - 1] == '=') encoded--;
    out[encoded] = '\0';
    for (size_t i = 0; i < encoded; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    return encoded;
}

/* A well mixed number for each row (the finalizer of splitmix64). */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

size_t fixture_payload(char *out, unsigned row)
{
    static const char *const roles[] = { "editor", "viewer", "author", "tester" };
    unsigned issued = BENCH_NOW - 60 - row % 3000;
    uint64_t id = mix(row);
    int length = snprintf(out, 320,
        "{\"iss\":\"https://id.example.com\",\"sub\":\"user-%08u\","
        "\"aud\":\"https://api.example.com\",\"exp\":%u,\"iat\":%u,\"nbf\":%u,"
        "\"jti\":\"%016llx%06x\",\"role\":\"%s\","
        "\"scope\":\"orders:read orders:write reports:read reports:write profile\"}",
        row, issued + 86400, issued, issued, (unsigned long long)id, (unsigned)(mix(id) & 0xffffff),
        roles[id % 4]);
    return (size_t)length;
}

/* Appends one member whose value is the base64url of `length` bytes. */
static void jwk_bytes(char *jwk, const char *name, const unsigned char *bytes, size_t length)
{
    size_t used = strlen(jwk);
    used += (size_t)snprintf(jwk + used, JWK_BYTES - used, ",\"%s\":\"", name);
    used += base64url(jwk + used, bytes, length);
    snprintf(jwk + used, JWK_BYTES - used, "\"");
}

/* Appends a number of the key; `width` 0 writes as few bytes as it has (RFC 7518 section 2). */
static void jwk_number(
    char *jwk, const char *name, const EVP_PKEY *key, const char *part, int width)
{
    unsigned char bytes[512];
    BIGNUM *number = NULL;
    if (!EVP_PKEY_get_bn_param(key, part, &number)) bench_fail("key has no %s", part);
    if (width == 0) width = BN_num_bytes(number);
    if (BN_bn2binpad(number, bytes, width) != width) bench_fail("%s does not fit", part);
    jwk_bytes(jwk, name, bytes, (size_t)width);
    BN_clear_free(number);
}

static void jwk_rsa(char *jwk, const EVP_PKEY *key, bool private_part)
{
    static const char *const members[][2] = { { "n", OSSL_PKEY_PARAM_RSA_N },
        { "e", OSSL_PKEY_PARAM_RSA_E }, { "d", OSSL_PKEY_PARAM_RSA_D },
        { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 }, { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },
        { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 }, { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 },
        { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 } };
    size_t count = private_part ? 8 : 2;
    for (size_t i = 0; i < count; i++) jwk_number(jwk, members[i][0], key, members[i][1], 0);
}

static void jwk_ec(char *jwk, const EVP_PKEY *key, bool private_part)
{
    jwk_number(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE_BYTES);
    jwk_number(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE_BYTES);
    if (private_part) jwk_number(jwk, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, COORDINATE_BYTES);
}

static void jwk_ed25519(char *jwk, const EVP_PKEY *key, bool private_part)
{
    unsigned char bytes[COORDINATE_BYTES];
    size_t length = sizeof bytes;
    if (EVP_PKEY_get_raw_public_key(key, bytes, &length) != 1) bench_fail("no public key");
    jwk_bytes(jwk, "x", bytes, length);
    if (!private_part) return;
    if (EVP_PKEY_get_raw_private_key(key, bytes, &length) != 1) bench_fail("no private key");
    jwk_bytes(jwk, "d", bytes, length);
}

static char *jwk_text(const bench_suite *suite, bool private_part)
{
    static const char *const starts[ALGORITHM_COUNT] = { "{\"kty\":\"oct\",\"alg\":\"HS256\"",
        "{\"kty\":\"RSA\",\"alg\":\"RS256\"", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\"",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\"" };
    char *jwk = calloc(1, JWK_BYTES);
    if (!jwk) bench_fail("out of memory");
    for (int i = 0; i < ALGORITHM_COUNT; i++) {
        if (strstr(starts[i], suite->name)) strcpy(jwk, starts[i]);
    }
    if (!suite->key) {
        jwk_bytes(jwk, "k", suite->secret, SECRET_BYTES);
    } else if (EVP_PKEY_is_a(suite->key, "RSA")) {
        jwk_rsa(jwk, suite->key, private_part);
    } else if (EVP_PKEY_is_a(suite->key, "EC")) {
        jwk_ec(jwk, suite->key, private_part);
    } else {
        jwk_ed25519(jwk, suite->key, private_part);
    }
    return strcat(jwk, "}");
}

void fixture_key(bench_suite *suite)
{
    if (strcmp(suite->name, "HS256") == 0) {
        if (RAND_bytes(suite->secret, SECRET_BYTES) != 1) bench_fail("no random bytes");
    } else {
        suite->key = strcmp(suite->name, "RS256") == 0   ? EVP_RSA_gen(2048)
                     : strcmp(suite->name, "ES256") == 0 ? EVP_EC_gen("P-256")
                                                         : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        if (!suite->key) bench_fail("no key for %s", suite->name);
    }
    suite->public_jwk = jwk_text(suite, false);
    suite->private_jwk = jwk_text(suite, true);
}

/* Signs the way that keeps no state; `signature` has room for 512 bytes. */
static size_t sign_once(const bench_suite *suite, const unsigned char *input, size_t input_length,
    unsigned char *signature)
{
    size_t length = 512;
    const EVP_MD *hash = suite->key && EVP_PKEY_is_a(suite->key, "ED25519") ? NULL : EVP_sha256();
    EVP_MD_CTX *context;
    if (!suite->key) {
        unsigned mac_length = 0;
        HMAC(hash, suite->secret, SECRET_BYTES, input, input_length, signature, &mac_length);
        return mac_length;
    }
    context = EVP_MD_CTX_new();
    if (!context || EVP_DigestSignInit(context, NULL, hash, NULL, suite->key) != 1 ||
        EVP_DigestSign(context, signature, &length, input, input_length) != 1) {
        bench_fail("%s: signing failed", suite->name);
    }
    EVP_MD_CTX_free(context);
    return length;
}

/* The signature as a token carries it: R||S for ECDSA (RFC 7518 section 3.4), else unchanged. */
static size_t token_signature(
    const bench_suite *suite, const unsigned char *signature, size_t length, unsigned char *out)
{
    ECDSA_SIG *parsed;
    if (!suite->key || !EVP_PKEY_is_a(suite->key, "EC")) {
        memcpy(out, signature, length);
        return length;
    }
    parsed = d2i_ECDSA_SIG(NULL, &signature, (long)length);
    if (!parsed || BN_bn2binpad(ECDSA_SIG_get0_r(parsed), out, COORDINATE_BYTES) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parsed), out + COORDINATE_BYTES, COORDINATE_BYTES) < 0) {
        bench_fail("%s: not an ECDSA signature", suite->name);
    }
    ECDSA_SIG_free(parsed);
    return (size_t)2 * COORDINATE_BYTES;
}

static unsigned char *bytes_copy(const void *bytes, size_t length)
{
    unsigned char *copy = malloc(length);
    if (!copy) bench_fail("out of memory");
    return memcpy(copy, bytes, length);
}

size_t fixture_token(const bench_suite *suite, unsigned row, char *out, signed_input *kept)
{
    char header[64], payload[320];
    unsigned char signature[512], carried[512];
    int header_length =
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", suite->name);
    size_t payload_length = fixture_payload(payload, row), input_length, length, carried_length;

    input_length = base64url(out, (const unsigned char *)header, (size_t)header_length);
    out[input_length++] = '.';
    input_length += base64url(out + input_length, (const unsigned char *)payload, payload_length);
    length = sign_once(suite, (const unsigned char *)out, input_length, signature);
    if (kept) {
        *kept = (signed_input){ .input = bytes_copy(out, input_length),
            .input_length = input_length,
            .signature = bytes_copy(signature, length),
            .signature_length = length };
    }
    carried_length = token_signature(suite, signature, length, carried);
    out[input_length] = '.';
    return input_length + 1 + base64url(out + input_length + 1, carried, carried_length);
}

static void execute(sqlite3 *database, const char *format, const char *name)
{
    char *sql = sqlite3_mprintf(format, name);
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        bench_fail("%s\n  in: %s", sqlite3_errmsg(database), sql);
    }
    sqlite3_free(sql);
}

static void insert(sqlite3_stmt *statement, const char *text, size_t length)
{
    sqlite3_bind_text(statement, 1, text, (int)length, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE) {
        bench_fail("%s", sqlite3_errmsg(sqlite3_db_handle(statement)));
    }
    sqlite3_reset(statement);
}

static sqlite3_stmt *insert_prepare(sqlite3 *database, const char *format, const char *table)
{
    char *sql = sqlite3_mprintf(format, table);
    sqlite3_stmt *statement = statement_prepare(database, sql);
    sqlite3_free(sql);
    return statement;
}

static void fill_tokens(sqlite3 *database, bench_suite *suite)
{
    char token[1024];
    int rows = suite->verify_rows > suite->sign_rows ? suite->verify_rows : suite->sign_rows;
    sqlite3_stmt *tokens, *again;
    size_t length = 0;

    execute(database, "CREATE TABLE %s(token TEXT NOT NULL)", suite->table);
    execute(database, "CREATE TABLE again_%s(token TEXT NOT NULL)", suite->table);
    tokens = insert_prepare(database, "INSERT INTO %s VALUES(?1)", suite->table);
    again = insert_prepare(database, "INSERT INTO again_%s VALUES(?1)", suite->table);
    suite->rows = calloc((size_t)rows, sizeof suite->rows[0]);
    if (!suite->rows) bench_fail("out of memory");
    suite->row_count = rows;
    for (int row = 1; row <= WARM_ROWS + rows; row++) {
        signed_input *kept = row > WARM_ROWS ? &suite->rows[row - 1 - WARM_ROWS] : NULL;
        length = fixture_token(suite, (unsigned)row, token, kept);
        insert(tokens, token, length);
    }
    for (int row = 0; row < AGAIN_ROWS; row++) insert(again, token, length);
    sqlite3_finalize(tokens);
    sqlite3_finalize(again);
}

/* Tokens beside payloads in one order, so that a signature can be had for the row's payload. */
static void fill_payloads(sqlite3 *database, int rows)
{
    char payload[320];
    sqlite3_stmt *statement;
    execute(database, "CREATE TABLE %s(payload TEXT NOT NULL)", "payloads");
    statement = insert_prepare(database, "INSERT INTO %s VALUES(?1)", "payloads");
    for (int row = 1; row <= WARM_ROWS + rows; row++) {
        insert(statement, payload, fixture_payload(payload, (unsigned)row));
    }
    sqlite3_finalize(statement);
}

/* Eight keys, of which the tokens' is the fifth. */
static void fill_keys(sqlite3 *database, const bench_suite *suite)
{
    sqlite3_stmt *statement;
    execute(
        database, "CREATE TABLE %s(kid TEXT PRIMARY KEY, jwk TEXT NOT NULL) WITHOUT ROWID", "keys");
    statement = statement_prepare(database, "INSERT INTO keys VALUES('key-' || ?1, ?2)");
    for (int i = 1; i <= 8; i++) {
        bench_suite other = { .name = suite->name };
        if (i != 5) fixture_key(&other);
        sqlite3_bind_int(statement, 1, i);
        sqlite3_bind_text(
            statement, 2, i == 5 ? suite->public_jwk : other.public_jwk, -1, SQLITE_TRANSIENT);
        sqlite3_step(statement);
        sqlite3_reset(statement);
        fixture_free(&other);
    }
    sqlite3_finalize(statement);
}

/* The long scan: tokens of their own, and beside each the name of its key. */
static void fill_scan(sqlite3 *database, const bench_suite *suite, unsigned rows)
{
    char token[1024];
    sqlite3_stmt *statement;
    execute(database, "CREATE TABLE %s(token TEXT NOT NULL, kid TEXT NOT NULL)", "scan");
    statement = statement_prepare(database, "INSERT INTO scan VALUES(?1, 'key-5')");
    for (unsigned row = 1; row <= WARM_ROWS + rows; row++) {
        insert(statement, token, fixture_token(suite, row, token, NULL));
    }
    sqlite3_finalize(statement);
}

void fixture_database(const char *path, bench_suite suites[ALGORITHM_COUNT], unsigned scan_rows)
{
    sqlite3 *database = NULL;
    remove(path);
    if (sqlite3_open(path, &database) != SQLITE_OK) bench_fail("cannot create %s", path);
    execute(database, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN%s", "");
    for (int i = 0; i < ALGORITHM_COUNT; i++) fill_tokens(database, &suites[i]);
    fill_payloads(database, suites[HS256].verify_rows);
    fill_keys(database, &suites[HS256]);
    fill_scan(database, &suites[HS256], scan_rows);
    execute(database, "COMMIT%s", "");
    sqlite3_close(database);
}

void fixture_free(bench_suite *suite)
{
    for (int i = 0; i < suite->row_count; i++) {
        free(suite->rows[i].input);
        free(suite->rows[i].signature);
    }
    free(suite->rows);
    free(suite->public_jwk);
    free(suite->private_jwk);
    EVP_PKEY_free(suite->key);
}
