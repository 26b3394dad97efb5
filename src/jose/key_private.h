/*
** key_private.h - does a private key belong to its public part? OpenSSL takes
** the numbers of a JWK, and much of a PEM, as they come. Used by key_strength.c.
*/
#ifndef JWT_KEY_PRIVATE_H
#define JWT_KEY_PRIVATE_H

#include "key_material.h"

/*
** Checks the private numbers of an RSA key against its public ones, and sets
** `key->problem` where they do not match. False where memory ran out.
*/
bool key_private_rsa(struct key *key);

/* As key_private_rsa() for an EC key: d is in [1, n-1] and d*G is the public point. */
bool key_private_ec(struct key *key);

#endif
