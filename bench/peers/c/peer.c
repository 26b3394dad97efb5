#include "peer.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double warm_ns = 50e6, stretch_ns = 40e6;
enum { STRETCHES = 5, CHECKED = 20 };

const char *peer_issuer, *peer_audience;
static json_t *fixture;

_Noreturn void peer_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

void peer_read(const char *path)
{
    json_error_t error;
    fixture = json_load_file(path, 0, &error);
    if (!fixture) peer_fail(path, error.text);
    peer_issuer = member(fixture, "issuer");
    peer_audience = member(fixture, "audience");
}

static const unsigned char *decoded_secret(const char *text, size_t *length)
{
    char padded[128];
    unsigned char *out = malloc(sizeof padded);
    snprintf(padded, sizeof padded, "%s=", text);
    for (char *c = padded; *c; c++) *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    int decoded = EVP_DecodeBlock(out, (const unsigned char *)padded, (int)strlen(padded));
    if (decoded != 33) peer_fail("secret", "not 32 bytes");
    *length = 32;
    return out;
}

peer_algorithm *peer_algorithm_of(const char *name)
{
    const json_t *given = json_object_get(json_object_get(fixture, "algorithms"), name);
    peer_algorithm *algorithm = calloc(1, sizeof *algorithm);
    algorithm->name = name;
    algorithm->private_jwk = member(given, "private_jwk");
    algorithm->public_jwk = member(given, "public_jwk");
    algorithm->private_pem = member(given, "private_pem");
    algorithm->public_pem = member(given, "public_pem");
    if (member(given, "secret")) {
        algorithm->secret = decoded_secret(member(given, "secret"), &algorithm->secret_length);
    }
    for (size_t i = 0; i < PEER_ROWS; i++) {
        algorithm->tokens[i] =
            json_string_value(json_array_get(json_object_get(given, "tokens"), i));
        if (!algorithm->tokens[i]) peer_fail(name, "too few tokens");
    }
    algorithm->bad = json_object_get(given, "bad");
    algorithm->payloads = json_object_get(fixture, "payloads");
    return algorithm;
}

bool peer_policy(const char *issuer, const char *audience, long long expires)
{
    return issuer && strcmp(issuer, peer_issuer) == 0 && audience &&
           strcmp(audience, peer_audience) == 0 && expires > (long long)time(NULL);
}

static double clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double stretch(peer_call call, void *state, double length)
{
    double start = clock_ns();
    long calls = 0;
    while (clock_ns() - start < length) {
        for (int i = 0; i < 50; i++, calls++) {
            if (!call(state, (int)(calls % PEER_ROWS))) peer_fail("measured call", "failed");
        }
    }
    return (clock_ns() - start) / (double)calls;
}

static int double_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void peer_measure(const char *operation, const char *algorithm, peer_call call, void *state)
{
    double values[STRETCHES];
    stretch(call, state, warm_ns);
    for (int i = 0; i < STRETCHES; i++) values[i] = stretch(call, state, stretch_ns);
    qsort(values, STRETCHES, sizeof values[0], double_compare);
    printf("{\"operation\":\"%s\",\"algorithm\":\"%s\",\"mode\":\"\",\"ns\":%.1f}\n", operation,
        algorithm, values[STRETCHES / 2]);
    fflush(stdout);
}

void peer_check(
    const peer_algorithm *algorithm, bool (*verify)(void *state, const char *token), void *state)
{
    const char *why;
    json_t *token;
    for (int i = 0; i < CHECKED; i++) {
        if (!verify(state, algorithm->tokens[i]))
            peer_fail(algorithm->name, "a good token was refused");
    }
    json_object_foreach(algorithm->bad, why, token)
    {
        if (verify(state, json_string_value(token))) peer_fail(why, "a bad token was accepted");
    }
}
