/*
** test_key_memory.c - each allocation fails, alone or with all that follow: ours, OpenSSL's and cJSON's.
** Whatever is asked then answers "out of memory" or the right answer; never a bad signature as good, a
** key as broken, a good one as bad, or a crash.
*/
#define _GNU_SOURCE /* RTLD_NEXT */
#include <cjson/cJSON.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "key_samples.h"
#include "src/jose/jwk.h"
#include "src/jose/signature.h"
#include "unit.h"

static long countdown = -1; /* allocations until one fails; below 0: none does */
static bool lasting;        /* and all after it fail too */
static bool plenty;         /* for now nothing fails, and nothing is counted */

static bool fails(void)
{
    if (plenty || countdown < 0) return false;
    if (countdown > 0) {
        countdown--;
        return false;
    }
    if (!lasting) countdown = -1;
    return true;
}

static void *count_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return count_malloc(size);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : realloc(memory, size);
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/*
** In OpenSSL's place. Its EVP_PKEY_sign() says that it has written an ECDSA signature of 2^32 - 1 bytes where it
** has written nothing, for want of memory; whoever believes that reads past the end of what holds it.
*/
#define DER_BYTES_MOST 139 /* P-521: two integers of 66 bytes and their heads */
static long longest_der;

ECDSA_SIG *d2i_ECDSA_SIG(ECDSA_SIG **signature, const unsigned char **in, long length)
{
    static ECDSA_SIG *(*real)(ECDSA_SIG **, const unsigned char **, long);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "d2i_ECDSA_SIG");
    if (length > longest_der) longest_der = length;
    return real(signature, in, length);
}

/* ---- what is tried */

enum answer { RIGHT, NO_MEMORY, WRONG };

struct trial {
    const char *name;
    enum answer (*run)(const void *argument);
    const void *argument;
};

static enum answer answer_of_fault(const struct fault *fault)
{
    return fault->kind == FAULT_MEMORY ? NO_MEMORY : WRONG;
}

static enum answer read_key(const void *argument)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(argument, &fault);
    if (set == NULL) return answer_of_fault(&fault);
    enum answer answer = RIGHT;
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].problem != NULL || set->keys[i].weakness != NULL) answer = WRONG;
    }
    key_set_release(set);
    return answer;
}

static enum answer read_broken_key(const void *argument)
{
    struct fault fault = { 0 };
    struct key_set *set = sample_read(argument, &fault);
    key_set_release(set);
    return set != NULL ? WRONG : fault.kind == FAULT_CALLER ? RIGHT : NO_MEMORY;
}

static enum answer answer_of_result(enum signature_result result, enum signature_result right)
{
    if (result == right) return RIGHT;
    return result == SIGNATURE_NO_MEMORY ? NO_MEMORY : WRONG;
}

static enum answer worse(enum answer left, enum answer right)
{
    return left > right ? left : right;
}

/* A key is read, signs, and verifies a good and a bad signature; then, with memory again, does so right. */
static enum answer sign_and_verify(const void *argument)
{
    const struct algorithm *algorithm = algorithm_find(argument, strlen(argument));
    struct fault fault = { 0 };
    struct key_set *set = sample_read(sample_jwk(argument), &fault);
    if (set == NULL) return answer_of_fault(&fault);
    const struct key *key = &set->keys[0];
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t length = 0;
    enum answer answer = RIGHT;
    if (!signature_sign(key, algorithm, "text", 4, signature, &length, &fault)) {
        answer = answer_of_fault(&fault);
        plenty = true;
        if (!signature_sign(key, algorithm, "text", 4, signature, &length, &fault)) answer = WRONG;
        plenty = false;
    }
    for (int bad = 0; bad < 2; bad++) {
        signature[length / 2] ^= (unsigned char)bad;
        enum signature_result right = bad ? SIGNATURE_BAD : SIGNATURE_GOOD;
        answer = worse(
            answer, answer_of_result(
                        signature_verify(key, algorithm, "text", 4, signature, length), right));
        if (ERR_peek_error() != 0) answer = WRONG;
    }
    plenty = true;
    if (signature_verify(key, algorithm, "text", 4, signature, length) != SIGNATURE_BAD)
        answer = WRONG;
    signature[length / 2] ^= 1;
    if (signature_verify(key, algorithm, "text", 4, signature, length) != SIGNATURE_GOOD)
        answer = WRONG;
    plenty = false;
    key_set_release(set);
    return answer;
}

static enum answer write_documents(const void *argument)
{
    struct fault fault = { 0 };
    struct text text;
    struct key_set *set = sample_read(argument, &fault);
    if (set == NULL) return answer_of_fault(&fault);
    const struct key *key = &set->keys[0];
    text_start(&text);
    bool written =
        jwk_write_public(&text, set, argument, strlen(argument), &fault) &&
        jwk_write(&text, key, true, NULL, &fault) && jwk_write_pem(&text, key, true, &fault) &&
        jwk_write_pem(&text, key, false, &fault) && jwk_thumbprint(&text, key, "sha512", &fault);
    text_release(&text);
    key_set_release(set);
    return written ? RIGHT : answer_of_fault(&fault);
}

static enum answer generate_key(const void *argument)
{
    struct fault fault = { 0 };
    struct text text;
    text_start(&text);
    bool made = jwk_generate(&text, algorithm_find(argument, strlen(argument)), 0, NULL, 0, &fault);
    text_release(&text);
    return made ? RIGHT : answer_of_fault(&fault);
}

/* ---- the sweep */

static long count_allocations(const struct trial *trial)
{
    trial->run(trial->argument); /* what OpenSSL makes once stays out of the count */
    trial->run(trial->argument);
    lasting = true;
    countdown = 1000000;
    CHECK(trial->run(trial->argument) == RIGHT, "%s: right where nothing fails", trial->name);
    long allocations = 1000000 - countdown;
    countdown = -1;
    return allocations;
}

static void sweep(const struct trial *trial, long allocations, bool all_after)
{
    long wrong = 0, first_wrong = -1;
    for (long i = 0; i < allocations; i++) {
        lasting = all_after;
        countdown = i;
        enum answer answer = trial->run(trial->argument);
        countdown = -1;
        wrong += answer == WRONG;
        if (answer == WRONG && first_wrong < 0) first_wrong = i;
    }
    CHECK(wrong == 0, "%s: %ld of %ld failing allocations (%s) gave a wrong answer, the first: %ld",
        trial->name, wrong, allocations, all_after ? "and all after" : "alone", first_wrong);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1) {
        unit_skip("OpenSSL has allocated before the first line of the program");
        return unit_end();
    }
    cJSON_Hooks hooks = { count_malloc, free };
    cJSON_InitHooks(&hooks);
    EVP_PKEY *pkey = sample_pkey("P-256");
    sample public_pem = sample_pem(pkey, PEM_SPKI), private_pem = sample_pem(pkey, PEM_PKCS8);
    sample certificate = sample_pem(pkey, PEM_CERTIFICATE);
    sample set = sample_format("{\"keys\":[%s,%s,%s]}", sample_public_jwk("ES256"),
        sample_public_jwk("EdDSA"), sample_jwk("HS256"));
    sample broken = sample_with(sample_public_jwk("ES256"), "y", "\"AAAA\"");
    struct trial trials[] = {
        { "secret", read_key, "a secret of thirty-two bytes or more" },
        { "oct JWK", read_key, sample_jwk("HS512") },
        { "RSA JWK", read_key, sample_public_jwk("RS256") },
        { "EC JWK", read_key, sample_jwk("ES256") },
        { "OKP JWK", read_key, sample_jwk("EdDSA") },
        { "Ed448 JWK", read_key, sample_public_jwk("Ed448") },
        { "JWKS", read_key, set },
        { "SPKI", read_key, public_pem },
        { "PKCS#8", read_key, private_pem },
        { "certificate", read_key, certificate },
        { "broken JWK", read_broken_key, broken },
        { "HS256", sign_and_verify, "HS256" },
        { "ES256", sign_and_verify, "ES256" },
        { "EdDSA", sign_and_verify, "EdDSA" },
        { "RS256", sign_and_verify, "RS256" },
        { "PS256", sign_and_verify, "PS256" },
        { "ML-DSA JWK", read_key, sample_jwk("ML-DSA-44") },
        { "ML-DSA-44", sign_and_verify, sample_jwk("ML-DSA-44") != NULL ? "ML-DSA-44" : NULL },
        { "documents", write_documents, sample_jwk("ES256") },
        { "generate EC", generate_key, "ES256" },
        { "generate oct", generate_key, "HS256" },
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        if (trials[i].argument == NULL) {
            unit_skip(trials[i].name);
            continue;
        }
        long allocations = count_allocations(&trials[i]);
        sweep(&trials[i], allocations, false);
        sweep(&trials[i], allocations, true);
    }
    if (longest_der == 0) unit_skip("the library's own d2i_ECDSA_SIG() is called here");
    CHECK(longest_der <= DER_BYTES_MOST,
        "no more of an ECDSA signature is read than was made: %ld bytes", longest_der);
    sample_free(public_pem);
    sample_free(private_pem);
    sample_free(certificate);
    sample_free(set);
    sample_free(broken);
    EVP_PKEY_free(pkey);
    return unit_end();
}
