/*
** Keys are found nowhere in the process's memory after the connection closed: not their text, not their private
** numbers, not what HMAC makes of them.
**
** A child process makes the keys, so that this one never has them but where it hands them over: as a BLOB that
** is bound without a copy, and wiped after. What is looked for is kept masked. What comes out of SQL is SQLite's
** and not looked at, so nothing here asks for a private key back.
*/
#include <fcntl.h>
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_CTX shows its state */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/revocation/harness.h"

enum { MASK = 0xA5, PATTERN_BYTES = 24, PATTERNS = 40, KEY_BYTES = 4096 };

struct pattern {
    char name[40];
    unsigned char masked[PATTERN_BYTES];
};

struct sample {
    char name[40];
    char token[1024];
    unsigned char masked_key[KEY_BYTES];
    size_t key_length;
    struct pattern patterns[PATTERNS];
    size_t count;
};

/* ---- in the child: a key, and what of it is secret ---- */

static void mask(unsigned char *out, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) out[i] = ((const unsigned char *)bytes)[i] ^ MASK;
}

static void add_pattern(
    struct sample *sample, const char *name, const char *form, const void *bytes, size_t size)
{
    struct pattern *pattern = &sample->patterns[sample->count];
    if (size < PATTERN_BYTES || sample->count == PATTERNS) return;
    snprintf(pattern->name, sizeof pattern->name, "%s %s", name, form);
    mask(pattern->masked, bytes, PATTERN_BYTES);
    sample->count++;
}

static size_t decode(const char *text, unsigned char *out)
{
    uint32_t bits = 0;
    int have = 0;
    size_t size = 0;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (; *text != '\0'; text++) {
        bits = bits << 6 | (uint32_t)(strchr(alphabet, *text) - alphabet);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out[size++] = (unsigned char)(bits >> have);
    }
    return size;
}

/* A number as OpenSSL's limbs have it, the least byte first, and as bytes. */
static void add_number(
    struct sample *sample, const char *name, const unsigned char *bytes, size_t size)
{
    unsigned char reversed[1024];
    for (size_t i = 0; i < size; i++) reversed[i] = bytes[size - 1 - i];
    add_pattern(sample, name, "as bytes", bytes, size);
    add_pattern(sample, name, "as limbs", reversed, size);
}

/* The two keyed blocks of HMAC-SHA-256, and the states after them. */
static void add_pads(struct sample *sample, const unsigned char *secret, size_t size)
{
    for (int outer = 0; outer < 2; outer++) {
        unsigned char block[64] = { 0 };
        SHA256_CTX context;
        memcpy(block, secret, size);
        for (size_t i = 0; i < sizeof block; i++) block[i] ^= outer ? 0x5C : 0x36;
        add_pattern(sample, outer ? "outer" : "inner", "pad", block, sizeof block);
        SHA256_Init(&context);
        SHA256_Update(&context, block, sizeof block);
        add_pattern(sample, outer ? "outer" : "inner", "state", context.h, sizeof context.h);
    }
}

static void add_members(sqlite3 *database, struct sample *sample, const char *jwk)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "k" };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        unsigned char bytes[1024];
        const char *text = ask(database, "SELECT json_extract(%Q, '$.' || %Q)", jwk, members[i]);
        if (text == NULL) continue;
        size_t size = decode(text, bytes);
        add_pattern(sample, members[i], "as base64url", text, strlen(text));
        add_number(sample, members[i], bytes, size);
        if (strcmp(members[i], "k") == 0) add_pads(sample, bytes, size);
    }
}

static void make_sample(sqlite3 *database, struct sample *sample, const char *alg, const char *form)
{
    char *jwk = strdup(ask(database, "SELECT jwk_generate(%Q)", alg));
    const char *key = jwk;
    memset(sample, 0, sizeof *sample);
    snprintf(sample->name, sizeof sample->name, "%s as %s", alg, form);
    add_members(database, sample, jwk);
    if (strcmp(form, "PEM") == 0) key = ask(database, "SELECT jwk_to_pem(%Q)", jwk);
    if (strcmp(form, "set") == 0) key = ask(database, "SELECT '{\"keys\":[' || %Q || ']}'", jwk);
    sample->key_length = strlen(key);
    mask(sample->masked_key, key, sample->key_length);
    if (strcmp(form, "PEM") == 0)
        add_pattern(sample, "PEM", "text", key + sample->key_length / 2, PATTERN_BYTES);
    if (strcmp(form, "secret") == 0) {
        unsigned char bytes[1024];
        sample->key_length = decode(ask(database, "SELECT json_extract(%Q, '$.k')", jwk), bytes);
        mask(sample->masked_key, bytes, sample->key_length);
    }
    snprintf(sample->token, sizeof sample->token, "%s",
        ask(database, "SELECT jwt_sign('{\"sub\":\"u1\"}', %Q)", jwk));
    free(jwk);
}

static const struct {
    const char *alg, *form;
} wanted[] = {
    { "HS256", "secret" },
    { "HS256", "JWK" },
    { "RS256", "JWK" },
    { "RS256", "PEM" },
    { "ES256", "JWK" },
    { "ES256", "PEM" },
    { "ES512", "JWK" },
    { "EdDSA", "JWK" },
    { "EdDSA", "PEM" },
    { "Ed448", "JWK" },
    { "ES256", "set" },
    { "HS256", "set" },
};

enum { SAMPLES = sizeof wanted / sizeof *wanted };

static struct sample samples[SAMPLES];

static void write_all(int out, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(out, (const char *)bytes + done, size - done);
        if (written <= 0) _exit(1);
        done += (size_t)written;
    }
}

static void make_samples(void)
{
    int ends[2], status;
    if (pipe(ends) != 0) give_up("no pipe");
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *database = open_database(":memory:");
        for (size_t i = 0; i < SAMPLES; i++) {
            make_sample(database, &samples[i], wanted[i].alg, wanted[i].form);
            write_all(ends[1], &samples[i], sizeof samples[i]);
        }
        _exit(0);
    }
    for (size_t done = 0; done < sizeof samples;) {
        ssize_t got = read(ends[0], (char *)samples + done, sizeof samples - done);
        if (got <= 0) give_up("no keys");
        done += (size_t)got;
    }
    waitpid(child, &status, 0);
    close(ends[0]);
    close(ends[1]);
}

/* ---- looking through the memory ---- */

enum { WINDOW = 1 << 20 };

static unsigned char *window; /* in a mapping of its own, which is not looked at */

static bool is_here(const unsigned char *at, const struct pattern *pattern)
{
    for (size_t i = 1; i < PATTERN_BYTES; i++) {
        if ((at[i] ^ MASK) != pattern->masked[i]) return false;
    }
    return true;
}

static long look_through(
    const unsigned char *bytes, size_t size, const struct sample *sample, bool *found)
{
    long count = 0;
    for (size_t p = 0; p < sample->count; p++) {
        const unsigned char *at = bytes, *end = bytes + size;
        int first = sample->patterns[p].masked[0] ^ MASK;
        while (at + PATTERN_BYTES <= end && (at = memchr(at, first, (size_t)(end - at))) != NULL) {
            if (at + PATTERN_BYTES <= end && is_here(at, &sample->patterns[p])) {
                found[p] = true;
                count++;
            }
            at++;
        }
    }
    return count;
}

/* How often what is secret of a sample stands in this process's memory; which of it in `found`. */
static long look_for(const struct sample *sample, bool *found, size_t *looked_at)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    char line[1000];
    long count = 0;
    memset(found, 0, PATTERNS * sizeof *found);
    *looked_at = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3 || rights[1] != 'w') continue;
        if ((unsigned long)(uintptr_t)window >= start && (unsigned long)(uintptr_t)window < end)
            continue;
        for (unsigned long at = start; at < end; at += WINDOW - PATTERN_BYTES) {
            size_t size = end - at < WINDOW ? end - at : WINDOW;
            ssize_t got = pread(memory, window, size, (off_t)at);
            if (got <= 0) break;
            *looked_at += (size_t)got;
            count += look_through(window, (size_t)got, sample, found);
        }
    }
    memset(window, 0, WINDOW);
    close(memory);
    fclose(maps);
    return count;
}

/* ---- using a key ---- */

static const char *const statements[] = {
    "SELECT jwt_verify(?2, ?1)",
    "SELECT jwt_status('x' || ?2, ?1)",
    "SELECT length(jwt_sign('{\"sub\":\"u1\"}', ?1))",
    "SELECT length(jws_sign('text', ?1, '{\"detached\":true}'))",
    "SELECT jwk_problem(?1)",
    "SELECT jwk_problem(?1, 'ES384')",
    "SELECT length(jwk_public(?1))",
    "SELECT length(jwk_thumbprint(?1))",
    "SELECT length(jwks(?1))",
    "SELECT count(kid) FROM jwk_each(?1)",
    "SELECT status FROM jwt_decode(?2, ?1)",
    "SELECT count(*) FROM jwt_lint(?2, ?1)",
    "SELECT jwt_sign('{\"sub\":\"u1\"}', ?1, '{\"alg\":\"ES9000\"}')",
};

enum { STATEMENTS = sizeof statements / sizeof *statements };

/* Runs the statements with the key, which lives in `key` meanwhile. */
static int use_key(sqlite3 *database, const struct sample *sample, unsigned char *key)
{
    int answered = 0;
    mask(key, sample->masked_key, sample->key_length);
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_stmt *statement = NULL;
        sqlite3_prepare_v2(database, statements[i], -1, &statement, NULL);
        sqlite3_bind_blob(statement, 1, key, (int)sample->key_length, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, sample->token, -1, SQLITE_STATIC);
        answered += sqlite3_step(statement) == SQLITE_ROW;
        sqlite3_finalize(statement);
    }
    explicit_bzero(key, KEY_BYTES);
    return answered;
}

/*
** What OpenSSL alone leaves of the key when it reads and frees it: OpenSSL 3.0 frees the scalar of an EC key in
** PEM unwiped. Looked at in a child, whose memory this one does not get.
*/
static void look_at_openssl(const struct sample *sample, unsigned char *key, bool *leaves)
{
    int ends[2], status;
    memset(leaves, 0, PATTERNS * sizeof *leaves);
    if (strstr(sample->name, "PEM") == NULL || pipe(ends) != 0) return;
    pid_t child = fork();
    if (child == 0) {
        size_t looked_at;
        mask(key, sample->masked_key, sample->key_length);
        BIO *source = BIO_new_mem_buf(key, (int)sample->key_length);
        char *name = NULL, *header = NULL;
        unsigned char *der = NULL;
        long length = 0;
        if (PEM_read_bio(source, &name, &header, &der, &length) != 1) _exit(1);
        const unsigned char *at = der;
        PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, length);
        EVP_PKEY_free(EVP_PKCS82PKEY(info));
        PKCS8_PRIV_KEY_INFO_free(info);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)length);
        BIO_free(source);
        explicit_bzero(key, KEY_BYTES);
        look_for(sample, leaves, &looked_at);
        write_all(ends[1], leaves, PATTERNS * sizeof *leaves);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], leaves, PATTERNS * sizeof *leaves) <= 0) give_up("no word of OpenSSL");
    waitpid(child, &status, 0);
    close(ends[0]);
}

static void nothing_is_left(void)
{
    static bool leaves[PATTERNS];
    static unsigned char key[KEY_BYTES];
    static bool found[PATTERNS];
    size_t looked_at = 0, patterns = 0;
#if defined(__SANITIZE_ADDRESS__)
    return skip("keys in memory: a sanitizer's own memory is too large to look through");
#endif
    if (access("/proc/self/maps", R_OK) != 0) return skip("no /proc to look through");
    window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    make_samples();
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        sqlite3 *database = open_database(":memory:");
        look_at_openssl(sample, key, leaves);
        int answered = use_key(database, sample, key);
        check(answered >= 6, "%s: only %d statements were answered", sample->name, answered);
        /* While the connection is there, the key is: this shows that the look sees. */
        check(look_for(sample, found, &looked_at) > 0, "%s is found nowhere while in use",
            sample->name);
        close_database(database);
        look_for(sample, found, &looked_at);
        patterns += sample->count;
        for (size_t p = 0; p < sample->count; p++) {
            if (leaves[p]) {
                printf(
                    "    OpenSSL itself leaves %s of %s\n", sample->patterns[p].name, sample->name);
            } else {
                check(!found[p], "%s: %s is still there", sample->name, sample->patterns[p].name);
            }
        }
    }
    printf("    %d keys, %zu secrets of theirs, %zu KiB of memory looked through each time\n",
        SAMPLES, patterns, looked_at / 1024);
    munmap(window, WINDOW);
}

int main(int argc, char **argv)
{
#if !defined(__OPTIMIZE__)
    puts(
        "skipped: memory is looked through: without optimization the compiler leaves copies of what functions were given");
    puts("0 passed, 0 failed, 1 skipped");
    return 0;
#endif
    static const struct test tests[] = {
        { "no key is left in memory", nothing_is_left },
    };
    return harness_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
