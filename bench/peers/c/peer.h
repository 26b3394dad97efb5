/* What the peers in C share: the fixture, read with jansson, and how a call is timed. */
#ifndef PEER_H
#define PEER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { PEER_ROWS = 1000 };

/* One algorithm of the fixture. */
typedef struct {
    const char *name;
    const unsigned char *secret; /* HS256 alone */
    size_t secret_length;
    const char *private_jwk, *public_jwk, *private_pem, *public_pem;
    const char *tokens[PEER_ROWS];
    json_t *bad; /* why: token */
    json_t *payloads;
} peer_algorithm;

typedef bool (*peer_call)(void *state, int row);

/* Ends the program with a message. */
_Noreturn void peer_fail(const char *what, const char *why);
/* Reads the fixture; issuer and audience are in peer_issuer and peer_audience from then on. */
void peer_read(const char *path);
extern const char *peer_issuer, *peer_audience;
/* The algorithm of this name; lives as long as the program. */
peer_algorithm *peer_algorithm_of(const char *name);
/* Whether issuer, audience and expiry are what the policy wants. */
bool peer_policy(const char *issuer, const char *audience, long long expires);
/* Prints one line of the result: the median of some stretches; every call must be true. */
void peer_measure(const char *operation, const char *algorithm, peer_call call, void *state);
/* Every good token must pass `verify`, each bad one fall. */
void peer_check(
    const peer_algorithm *algorithm, bool (*verify)(void *state, const char *token), void *state);

#endif
