/*
** key_pem.h - PEM text (RFC 7468) to a key. Never asks for a passphrase.
*/
#ifndef JWT_KEY_PEM_H
#define JWT_KEY_PEM_H

#include "fault.h"
#include "key_material.h"

/*
** Reads the one key that the text holds: SPKI, PKCS#1, PKCS#8, SEC1 (an
** EC PARAMETERS block before it is passed over), or an X.509 certificate's public
** key. Text around the block is passed over. False with `fault` ("key: ...")
** where there is no key, more than one, an encrypted one, or one that is never
** used. The key is to be cleared in any case.
*/
bool key_read_pem(struct key *key, const char *text, size_t length, struct fault *fault);

#endif
