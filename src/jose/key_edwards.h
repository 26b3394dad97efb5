/*
** key_edwards.h - is this an Ed25519 or Ed448 public key worth trusting?
**
** OpenSSL takes any 32 or 57 bytes as a public key. With a point of small
** order (the identity among them) signatures verify for messages that nobody
** signed, so such keys are refused when they are read.
*/
#ifndef JWT_KEY_EDWARDS_H
#define JWT_KEY_EDWARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "algorithm.h"

enum edwards_verdict {
    EDWARDS_FINE,
    EDWARDS_NOT_CANONICAL, /* y is not below the field's prime (RFC 8032 sections 5.1.3, 5.2.3) */
    EDWARDS_NOT_ON_CURVE,
    EDWARDS_SMALL_ORDER,
    EDWARDS_NO_MEMORY,
};

/*
** Judges an encoded point of `curve` (CURVE_ED25519 or CURVE_ED448), which is
** curve_bytes(curve) long. Variable time: public keys only.
*/
enum edwards_verdict key_edwards_check(enum curve curve, const unsigned char *encoded);

#endif
