/* libjwt 1.x. It reads the key at each call: its interface takes the bytes of a secret or PEM. No EdDSA. */
#include "peer.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    peer_algorithm *given;
    jwt_alg_t algorithm;
    const unsigned char *verify_key, *sign_key;
    int verify_length, sign_length;
    char *payloads[PEER_ROWS];
} state;

static bool verify(void *data, const char *token)
{
    const state *self = data;
    jwt_t *jwt = NULL;
    bool good = jwt_decode(&jwt, token, self->verify_key, self->verify_length) == 0 &&
                jwt_get_alg(jwt) == self->algorithm &&
                peer_policy(jwt_get_grant(jwt, "iss"), jwt_get_grant(jwt, "aud"),
                    jwt_get_grant_int(jwt, "exp"));
    jwt_free(jwt);
    return good;
}

static bool verify_row(void *data, int row)
{
    return verify(data, ((state *)data)->given->tokens[row]);
}

static bool sign_row(void *data, int row)
{
    const state *self = data;
    jwt_t *jwt = NULL;
    char *token = NULL;
    if (jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, self->payloads[row]) == 0 &&
        jwt_set_alg(jwt, self->algorithm, self->sign_key, self->sign_length) == 0) {
        token = jwt_encode_str(jwt);
    }
    free(token);
    jwt_free(jwt);
    return token != NULL;
}

static bool read_row(void *data, int row)
{
    jwt_t *jwt = NULL;
    bool good = jwt_decode(&jwt, ((state *)data)->given->tokens[row], NULL, 0) == 0 &&
                jwt_get_grant(jwt, "role");
    jwt_free(jwt);
    return good;
}

int main(int count, char **arguments)
{
    static const char *const names[] = { "HS256", "RS256", "ES256" };
    if (count != 3) peer_fail("usage", "libjwt FIXTURE VERSION");
    peer_read(arguments[1]);
    printf("{\"version\":\"%s\",\"runtime\":\"C\"}\n", arguments[2]);
    for (int i = 0; i < 3; i++) {
        state self = { .given = peer_algorithm_of(names[i]), .algorithm = jwt_str_alg(names[i]) };
        peer_algorithm *given = self.given;
        self.verify_key = given->secret ? given->secret : (const unsigned char *)given->public_pem;
        self.sign_key = given->secret ? given->secret : (const unsigned char *)given->private_pem;
        self.verify_length =
            (int)(given->secret ? given->secret_length : strlen(given->public_pem));
        self.sign_length = (int)(given->secret ? given->secret_length : strlen(given->private_pem));
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
