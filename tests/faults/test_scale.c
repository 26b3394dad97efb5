/*
** What an attacker may send, far larger than it ever should be: refused, in time and memory that grow no faster
** than what was sent. Time is the processor's, and only compared with that for an eighth as much; memory is
** counted by the byte.
*/
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocators.h"
#include "tests/revocation/harness.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";

/* ---- texts that grow ---- */

struct buffer {
    char *bytes;
    size_t length, room;
};

static void add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->length + length + 1 > buffer->room) {
        buffer->room = 2 * (buffer->length + length + 1);
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        if (buffer->bytes == NULL) give_up("no memory for the test itself");
    }
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

static void add_text(struct buffer *buffer, const char *text)
{
    add(buffer, text, strlen(text));
}

static void add_times(struct buffer *buffer, const char *text, size_t times)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < times; i++) add(buffer, text, length);
}

static void add_base64url(struct buffer *buffer, const void *bytes, size_t size)
{
    char *text = malloc(4 * (size / 3 + 2));
    int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
    while (length > 0 && text[length - 1] == '=') length--;
    for (int i = 0; i < length; i++) {
        if (text[i] == '+') text[i] = '-';
        if (text[i] == '/') text[i] = '_';
    }
    add(buffer, text, (size_t)length);
    free(text);
}

/* An HS256 token of any header and payload, with a good signature. */
static void add_token(struct buffer *buffer, const char *header, size_t header_length,
    const char *payload, size_t payload_length)
{
    unsigned char mac[32];
    unsigned int size;
    add_base64url(buffer, header, header_length);
    add_text(buffer, ".");
    add_base64url(buffer, payload, payload_length);
    HMAC(EVP_sha256(), secret, sizeof secret - 1, (unsigned char *)buffer->bytes, buffer->length,
        mac, &size);
    add_text(buffer, ".");
    add_base64url(buffer, mac, sizeof mac);
}

static void add_token_of_payload(struct buffer *buffer, const struct buffer *payload)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    add_token(buffer, header, sizeof header - 1, payload->bytes, payload->length);
}

static void add_token_of_header(struct buffer *buffer, const struct buffer *header)
{
    add_token(buffer, header->bytes, header->length, "{}", 2);
}

/* ---- what is sent ---- */

static void long_token(struct buffer *out, size_t n)
{
    add_text(out, "eyJhbGciOiJIUzI1NiJ9.");
    add_times(out, "YWFhYWFh", n / 8);
    add_text(out, ".AAAA");
}

static void long_bearer(struct buffer *out, size_t n)
{
    add_text(out, "Bearer ");
    long_token(out, n);
    add_text(out, " ");
}

static void dots(struct buffer *out, size_t n)
{
    add_times(out, ".", n);
}

static void long_header(struct buffer *out, size_t n)
{
    struct buffer header = { 0 };
    add_text(&header, "{\"alg\":\"HS256\",\"x\":\"");
    add_times(&header, "a\\u0062", n / 7);
    add_text(&header, "\"}");
    add_token_of_header(out, &header);
    free(header.bytes);
}

static void deep(struct buffer *out, size_t n)
{
    add_text(out, "{\"a\":");
    add_times(out, "[", n);
    add_times(out, "]", n);
    add_text(out, "}");
}

static void deep_payload(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    deep(&payload, n);
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

static void add_members(struct buffer *out, size_t n, const char *prefix, bool twin)
{
    char member[200];
    add_text(out, "{");
    for (size_t i = 0; i < n; i++) {
        snprintf(
            member, sizeof member, "%s\"%s%zx\":%d", i > 0 ? "," : "", prefix, i, (int)(i % 10));
        add_text(out, member);
    }
    snprintf(member, sizeof member, ",\"%s%zx\":0}", prefix, twin ? n / 2 : n);
    add_text(out, member);
}

static void members(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    add_members(&payload, n, "", false);
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

/* Names that differ only at their end, where comparing takes longest, and a twin among them. */
static void alike(struct buffer *out, size_t n)
{
    add_members(out, n, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\u0062", true);
}

static void members_alike(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    alike(&payload, n);
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

/* Names of one sum and one product of their bytes, in every order: what simple hashes take for one. */
static void members_colliding(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    char member[64];
    add_text(&payload, "{");
    for (size_t i = 0; i < n; i++) {
        char name[41];
        for (int bit = 0; bit < 20; bit++) memcpy(name + 2 * bit, i >> bit & 1 ? "Aa" : "BB", 2);
        name[40] = '\0'; /* "Aa" and "BB" have one hash where it is times 31, or a sum of both */
        snprintf(member, sizeof member, "%s\"%s\":1", i > 0 ? "," : "", name);
        add_text(&payload, member);
    }
    add_text(&payload, "}");
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

static void long_crit(struct buffer *out, size_t n)
{
    struct buffer header = { 0 };
    add_text(&header, "{\"alg\":\"HS256\",\"crit\":[\"a\"");
    add_times(&header, ",\"a\"", n);
    add_text(&header, "],\"a\":1}");
    add_token_of_header(out, &header);
    free(header.bytes);
}

static void long_number(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    add_text(&payload, "{\"exp\":9");
    add_times(&payload, "9", n);
    add_text(&payload, "}");
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

static void long_fraction(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    add_text(&payload, "{\"exp\":4102444800.");
    add_times(&payload, "0", n);
    add_text(&payload, "1}");
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

static void audiences(struct buffer *out, size_t n)
{
    struct buffer payload = { 0 };
    char text[40];
    add_text(&payload, "{\"jti\":\"x\",\"aud\":[\"a\"");
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, ",\"a%zx\"", i);
        add_text(&payload, text);
    }
    add_text(&payload, "]}");
    add_token_of_payload(out, &payload);
    free(payload.bytes);
}

static void key_set(struct buffer *out, size_t n)
{
    char key[120];
    add_text(out, "{\"keys\":[7");
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key,
            ",{\"kty\":\"oct\",\"kid\":\"%zx\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
            i);
        add_text(out, key);
    }
    add_text(out, "]}");
}

static void long_modulus(struct buffer *out, size_t n)
{
    add_text(out, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"_");
    add_times(out, "_", n / 6);
    add_text(out, "\"}");
}

static void long_exponent(struct buffer *out, size_t n)
{
    add_text(out, "{\"kty\":\"RSA\",\"e\":\"_");
    add_times(out, "_", n / 6);
    add_text(out, "\",\"n\":\"");
    add_times(out, "_", 342);
    add_text(out, "\"}");
}

static void options(struct buffer *out, size_t n)
{
    add_text(out, "{\"aud\":[\"b\"");
    add_times(out, ",\"a\\u0062\"", n / 10);
    add_text(out, "]}");
}

static void unknown_options(struct buffer *out, size_t n)
{
    add_members(out, n, "x", false);
}

static void long_pem(struct buffer *out, size_t n)
{
    add_text(out, "-----BEGIN PUBLIC KEY-----\n");
    add_times(out, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", n / 65);
    add_text(out, "-----END PUBLIC KEY-----\n");
}

static void scopes(struct buffer *out, size_t n)
{
    char word[40];
    for (size_t i = 0; i < n; i++) {
        snprintf(word, sizeof word, "%ss%zx", i > 0 ? " " : "", i);
        add_text(out, word);
    }
}

/* ---- what is asked of it ---- */

#define LONGEST ", '{\"max_length\":1048576}'"
#define KEY "'0123456789abcdef0123456789abcdef'"
#define STATUS(options) "SELECT jwt_status(?1, " KEY options ")"

/* clang-format off */
static const struct hostile {
    const char *name;
    size_t n;
    void (*make)(struct buffer *out, size_t n);
    const char *sql;
    const char *expected; /* how the answer begins */
} attacks[] = {
    { "token of 100 MB", 100000000, long_token, STATUS(""), "too_large" },
    { "the same, read without a key", 100000000, long_token, "SELECT jwt_payload(?1) IS NULL", "1" },
    { "the same, decoded", 100000000, long_token, "SELECT status FROM jwt_decode(?1)", "malformed" },
    { "the same in a header line", 100000000, long_bearer, "SELECT jwt_bearer(?1) IS NULL", "1" },
    { "10^6 dots", 1000000, dots, STATUS(LONGEST), "malformed" },
    { "10^6 dots, without a key", 1000000, dots, "SELECT jwt_header(?1) IS NULL", "1" },
    { "header of 700 KB", 700000, long_header, STATUS(LONGEST), "ok" },
    { "header of 700 KB, without a key", 700000, long_header, "SELECT length(jwt_header(?1)) > 80000", "1" },
    { "header of 10 MB, without a key", 10000000, long_header, "SELECT jwt_header(?1) IS NULL", "1" },
    { "nesting of 10^5", 100000, deep_payload, STATUS(LONGEST), "bad_payload" },
    { "nesting of 10^5, without a key", 100000, deep_payload, "SELECT jwt_payload(?1) IS NULL", "1" },
    { "nesting of 10^6 for the linter", 1000000, deep, "SELECT rule FROM jwt_lint(?1)", "payload-malformed" },
    { "78,000 members", 78000, members, STATUS(LONGEST), "ok" },
    { "78,000 members, without a key", 78000, members, "SELECT count(*) > 9000 FROM jwt_each(?1)", "1" },
    { "10^6 members, without a key", 1000000, members, "SELECT count(*) FROM jwt_each(?1)", "0" },
    { "12,000 members alike, one a twin", 12000, members_alike, STATUS(LONGEST), "bad_payload" },
    { "10^5 members alike, one a twin, to sign", 100000, alike, "SELECT jwt_sign(?1, " KEY ")", "error: jwt_sign: payload" },
    { "15,000 members of one hash", 15000, members_colliding, STATUS(LONGEST), "ok" },
    { "crit of 190,000 names", 190000, long_crit, STATUS(LONGEST), "bad_header" },
    { "crit of 4 * 10^6 names, without a key", 4000000, long_crit, "SELECT status FROM jwt_decode(?1)", "malformed" },
    { "number of 750,000 digits", 750000, long_number, STATUS(LONGEST), "bad_claim" },
    { "number of 750,000 digits as a claim", 750000, long_number, "SELECT typeof(jwt_claim(?1, 'exp'))", "real" },
    { "fraction of 750,000 digits", 750000, long_fraction, STATUS(LONGEST), "ok" },
    { "90,000 audiences and a rule for one", 90000, audiences, "SELECT jwt_status(?1, " KEY ", '{\"max_length\":1048576,\"revoked_by\":\"revoked\"}')", "revoked" },
    { "90,000 audiences and other rules", 90000, audiences, "SELECT jwt_status(?1, " KEY ", '{\"max_length\":1048576,\"revoked_by\":\"other\"}')", "ok" },
    { "90,000 audiences, none wanted", 90000, audiences, STATUS(", '{\"max_length\":1048576,\"aud\":[\"b\",\"c\"]}'"), "aud_mismatch" },
    { "key set of 2 * 10^5", 200000, key_set, "SELECT jwt_status('a.b.c', ?1)", "error: jwt_status: key: the JWKS has more" },
    { "key set of 2 * 10^5 in a table", 200000, key_set, "SELECT count(*) FROM jwk_each(?1)", "error: jwk_each: " },
    { "key set of 16,000", 16000, key_set, "SELECT count(kid) > 1900 FROM jwk_each(?1)", "1" },
    { "modulus of 1 Mbit", 1000000, long_modulus, "SELECT jwk_problem(?1)", "the RSA modulus" },
    { "modulus of 100 Mbit", 100000000, long_modulus, "SELECT jwt_verify('a.b.c', ?1)", "error: jwt_verify: key: " },
    { "exponent of 1 Mbit", 1000000, long_exponent, "SELECT jwt_verify('a.b.c', ?1)", "error: jwt_verify: key: " },
    { "exponent of 36 bits and more", 288, long_exponent, "SELECT jwt_verify('a.b.c', ?1)", "error: jwt_verify: key: " },
    { "PEM of 10 MB", 10000000, long_pem, "SELECT jwt_verify('a.b.c', ?1)", "error: jwt_verify: key: " },
    { "secret of 100 MB", 100000000, dots, "SELECT jwt_status('eyJhbGciOiJIUzI1NiJ9.e30.AAAA', ?1)", "bad_signature" },
    { "options of 10 MB", 10000000, options, "SELECT jwt_status('a.b.c', " KEY ", ?1)", "malformed" },
    { "options of 10^5 unknown names", 100000, unknown_options, "SELECT jwt_status('a.b.c', " KEY ", ?1)", "error: jwt_status: options: unknown member" },
    { "payload of 10^5 members for the linter", 100000, unknown_options, "SELECT count(*) > 0 FROM jwt_lint(?1)", "1" },
    { "10^5 scopes", 100000, scopes, "SELECT jwt_scope(?1, 'other')", "0" },
};
/* clang-format on */

/* ---- measuring ---- */

struct cost {
    double seconds; /* of the processor */
    double copying; /* and what it takes to copy as much: beyond its caches a machine is slower */
    long peak;      /* bytes */
    size_t sent;
};

static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Asks once, on a connection that knows nothing yet. */
static struct cost ask_once(const struct hostile *hostile, const struct buffer *sent)
{
    struct cost cost = { .sent = sent->length };
    sqlite3 *database = open_database(":memory:");
    sqlite3_stmt *statement = NULL;
    run(database,
        "CREATE VIRTUAL TABLE revoked USING jwt_revocation; CREATE VIRTUAL TABLE other USING "
        "jwt_revocation; INSERT INTO revoked(aud) VALUES('a1'); INSERT INTO other(aud) VALUES('b1')");
    sqlite3_prepare_v2(database, hostile->sql, -1, &statement, NULL);
    sqlite3_bind_text(statement, 1, sent->bytes, -1, SQLITE_STATIC); /* as it is, without a copy */
    allocators_watch();
    double start = processor_seconds();
    int code = sqlite3_step(statement);
    cost.seconds = processor_seconds() - start;
    cost.peak = allocators_peak();
    const char *got = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    char answer[300];
    snprintf(answer, sizeof answer, "%s%.250s", code == SQLITE_ROW ? "" : "error: ",
        code == SQLITE_ROW ? got != NULL ? got : "NULL" : sqlite3_errmsg(database));
    check(strncmp(answer, hostile->expected, strlen(hostile->expected)) == 0, "%s: %s, expected %s",
        hostile->name, answer, hostile->expected);
    sqlite3_finalize(statement);
    close_database(database);
    return cost;
}

static double copying_seconds(const struct buffer *sent)
{
    double start = processor_seconds();
    char *copy = malloc(sent->length);
    memcpy(copy, sent->bytes, sent->length);
    volatile char last = copy[sent->length - 1];
    (void)last;
    free(copy);
    return processor_seconds() - start;
}

/* The cheapest of some askings: what else the machine does only adds. */
static struct cost ask_again(const struct hostile *hostile, size_t n)
{
    struct buffer sent = { 0 };
    hostile->make(&sent, n);
    struct cost best = ask_once(hostile, &sent);
    best.copying = copying_seconds(&sent);
    for (int i = 0; i < 3 && best.seconds < 0.05; i++) {
        struct cost cost = ask_once(hostile, &sent);
        if (cost.seconds < best.seconds) best.seconds = cost.seconds;
    }
    free(sent.bytes);
    return best;
}

enum {
    PARTS = 8,
    NOTHING_AT_ALL = 5 /* milliseconds that are too few to be compared */
};

static void refused(void)
{
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        struct cost part = ask_again(&attacks[i], attacks[i].n / PARTS);
        struct cost whole = ask_again(&attacks[i], attacks[i].n);
        double growth = whole.seconds / part.seconds;
        double memory = (double)whole.peak / (double)whole.sent;
        printf(
            "    %-42s %9zu bytes, %5.1f times the time of an eighth, %.1f bytes of memory a byte\n",
            attacks[i].name, whole.sent, growth, memory);
        /* Linear is 8, quadratic 64. */
        double copying = whole.copying / part.copying;
        double linear = copying > PARTS ? copying : PARTS;
        check(growth < 3 * linear || whole.seconds * 1000 < NOTHING_AT_ALL,
            "%s: time grows %.1f times", attacks[i].name, growth);
        check(memory < 50 || whole.peak < 1000000, "%s: takes %ld bytes", attacks[i].name,
            whole.peak);
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        { "what is far too large", refused },
    };
    allocators_install();
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
