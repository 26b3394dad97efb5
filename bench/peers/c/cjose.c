/* cjose with jansson: keys imported once. No EdDSA. */
#include "peer.h"

#include <cjose/cjose.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    peer_algorithm *given;
    cjose_jwk_t *private_key, *public_key;
    cjose_header_t *header;
    char *payloads[PEER_ROWS];
} state;

/* The claims of a token, its signature checked where there is a key; NULL where it is bad. */
static json_t *claims_of(const char *token, const char *algorithm, const cjose_jwk_t *key)
{
    cjose_err error;
    cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &error);
    json_t *claims = NULL;
    uint8_t *payload;
    size_t length;
    const char *said =
        jws ? cjose_header_get(cjose_jws_get_protected(jws), CJOSE_HDR_ALG, &error) : NULL;
    if (said && strcmp(said, algorithm) == 0 && (!key || cjose_jws_verify(jws, key, &error)) &&
        cjose_jws_get_plaintext(jws, &payload, &length, &error)) {
        claims = json_loadb((const char *)payload, length, 0, NULL);
    }
    cjose_jws_release(jws);
    return claims;
}

static bool verify(void *data, const char *token)
{
    const state *self = data;
    json_t *claims = claims_of(token, self->given->name, self->public_key);
    bool good = claims && peer_policy(json_string_value(json_object_get(claims, "iss")),
                              json_string_value(json_object_get(claims, "aud")),
                              json_integer_value(json_object_get(claims, "exp")));
    json_decref(claims);
    return good;
}

static bool verify_row(void *data, int row)
{
    return verify(data, ((state *)data)->given->tokens[row]);
}

static bool sign_row(void *data, int row)
{
    const state *self = data;
    cjose_err error;
    const char *token = NULL, *payload = self->payloads[row];
    cjose_jws_t *jws = cjose_jws_sign(
        self->private_key, self->header, (const uint8_t *)payload, strlen(payload), &error);
    bool good = jws && cjose_jws_export(jws, &token, &error);
    cjose_jws_release(jws);
    return good;
}

static bool read_row(void *data, int row)
{
    const state *self = data;
    json_t *claims = claims_of(self->given->tokens[row], self->given->name, NULL);
    bool good = claims && json_string_value(json_object_get(claims, "role"));
    json_decref(claims);
    return good;
}

int main(int count, char **arguments)
{
    static const char *const names[] = { "HS256", "RS256", "ES256" };
    cjose_err error;
    if (count != 3) peer_fail("usage", "cjose FIXTURE VERSION");
    peer_read(arguments[1]);
    printf("{\"version\":\"%s\",\"runtime\":\"C\"}\n", arguments[2]);
    for (int i = 0; i < 3; i++) {
        state self = { .given = peer_algorithm_of(names[i]) };
        peer_algorithm *given = self.given;
        self.private_key = cjose_jwk_import(given->private_jwk, strlen(given->private_jwk), &error);
        self.public_key = cjose_jwk_import(given->public_jwk, strlen(given->public_jwk), &error);
        self.header = cjose_header_new(&error);
        if (!self.private_key || !self.public_key || !self.header)
            peer_fail(names[i], error.message);
        cjose_header_set(self.header, CJOSE_HDR_ALG, names[i], &error);
        for (int row = 0; row < PEER_ROWS; row++) {
            self.payloads[row] =
                json_dumps(json_array_get(given->payloads, (size_t)row), JSON_COMPACT);
        }
        peer_check(given, verify, &self);
        peer_measure("verify", names[i], verify_row, &self);
        peer_measure("sign", names[i], sign_row, &self);
        if (i == 0) peer_measure("read", "", read_row, &self);
    }
    return 0;
}
