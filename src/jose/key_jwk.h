/*
** key_jwk.h - a JWK (RFC 7517, RFC 7518 section 6, RFC 8037, RFC 9964) to a key.
*/
#ifndef JWT_KEY_JWK_H
#define JWT_KEY_JWK_H

#include "json_doc.h"
#include "key_material.h"

/*
** Reads the members of `jwk`, an object, into `key`, which key_start() made.
** What makes it unusable is named in `key->problem`; `kid`, and `use`, `type` and
** `curve` as far as they could be read, are set even then. False where memory
** ran out; the key is to be cleared in any case.
*/
bool key_read_jwk(struct key *key, const struct json_doc *jwk);

#endif
