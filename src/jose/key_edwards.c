/*
** key_edwards.c - see key_edwards.h.
**
** The curves are a*x^2 + y^2 = 1 + d*x^2*y^2 over a prime p (RFC 8032 sections
** 5.1 and 5.2). A key encodes y, and the sign of x. With
**
**     u = 1 - y^2,   v = a - d*y^2,   x^2 = u/v
**
** the point is on the curve where u*v is a square modulo p (v is never zero: a
** is a square and d is not), and of small order where
**
**     y = 0            order 4
**     u = 0            y = 1 or -1: order 1 or 2
**     y^2*v = a*u      that is y^2 = a*x^2: its double has y = 0: order 8
**
** which needs no list of points, and no inversion.
*/
#include "key_edwards.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

/* The parameters of a curve, and the numbers of one check. All from one BN_CTX. */
struct edwards_field {
    BN_CTX *scratch;
    BIGNUM *prime;
    BIGNUM *a;
    BIGNUM *d;
    BIGNUM *y;
    BIGNUM *y_squared;
    BIGNUM *u;
    BIGNUM *v;
    BIGNUM *product;
};

/* p = 2^255 - 19, a = -1, d = -121665/121666 */
static bool set_ed25519(struct edwards_field *field)
{
    BIGNUM *inverse = field->product;
    return BN_set_bit(field->prime, 255) && BN_sub_word(field->prime, 19) &&
           BN_copy(field->a, field->prime) != NULL && BN_sub_word(field->a, 1) &&
           BN_set_word(field->d, 121666) &&
           BN_mod_inverse(inverse, field->d, field->prime, field->scratch) != NULL &&
           BN_copy(field->d, field->prime) != NULL && BN_sub_word(field->d, 121665) &&
           BN_mod_mul(field->d, field->d, inverse, field->prime, field->scratch);
}

/* p = 2^448 - 2^224 - 1, a = 1, d = -39081 */
static bool set_ed448(struct edwards_field *field)
{
    return BN_set_bit(field->prime, 448) && BN_set_bit(field->y, 224) &&
           BN_sub(field->prime, field->prime, field->y) && BN_sub_word(field->prime, 1) &&
           BN_one(field->a) && BN_copy(field->d, field->prime) != NULL &&
           BN_sub_word(field->d, 39081);
}

/* y from its little-endian bytes, without the bit that holds x's sign. False where memory ran out. */
static bool decode_y(struct edwards_field *field, const unsigned char *encoded, size_t size)
{
    unsigned char bytes[64];
    memcpy(bytes, encoded, size);
    bytes[size - 1] &= 0x7F;
    return BN_lebin2bn(bytes, (int)size, field->y) != NULL;
}

/* u, v, y^2. */
static bool derive(struct edwards_field *field)
{
    const BIGNUM *prime = field->prime;
    return BN_mod_sqr(field->y_squared, field->y, prime, field->scratch) &&
           BN_mod_sub(field->u, BN_value_one(), field->y_squared, prime, field->scratch) &&
           BN_mod_mul(field->v, field->d, field->y_squared, prime, field->scratch) &&
           BN_mod_sub(field->v, field->a, field->v, prime, field->scratch);
}

static enum edwards_verdict judge(struct edwards_field *field)
{
    if (BN_cmp(field->y, field->prime) >= 0) return EDWARDS_NOT_CANONICAL;
    if (!derive(field)) return EDWARDS_NO_MEMORY;
    if (BN_is_zero(field->y) || BN_is_zero(field->u)) return EDWARDS_SMALL_ORDER;

    BIGNUM *left = field->product;
    BIGNUM *right = field->y;
    if (!BN_mod_mul(left, field->y_squared, field->v, field->prime, field->scratch) ||
        !BN_mod_mul(right, field->a, field->u, field->prime, field->scratch)) {
        return EDWARDS_NO_MEMORY;
    }
    if (BN_cmp(left, right) == 0) return EDWARDS_SMALL_ORDER;

    if (!BN_mod_mul(left, field->u, field->v, field->prime, field->scratch))
        return EDWARDS_NO_MEMORY;
    int square = BN_kronecker(left, field->prime, field->scratch);
    if (square == -2) return EDWARDS_NO_MEMORY;
    return square == 1 ? EDWARDS_FINE : EDWARDS_NOT_ON_CURVE;
}

static bool start_field(struct edwards_field *field, enum curve curve)
{
    field->prime = BN_CTX_get(field->scratch);
    field->a = BN_CTX_get(field->scratch);
    field->d = BN_CTX_get(field->scratch);
    field->y = BN_CTX_get(field->scratch);
    field->y_squared = BN_CTX_get(field->scratch);
    field->u = BN_CTX_get(field->scratch);
    field->v = BN_CTX_get(field->scratch);
    field->product = BN_CTX_get(field->scratch);
    if (field->product == NULL) return false; /* once one fails, the later ones do */
    return curve == CURVE_ED25519 ? set_ed25519(field) : set_ed448(field);
}

enum edwards_verdict key_edwards_check(enum curve curve, const unsigned char *encoded)
{
    struct edwards_field field = { .scratch = BN_CTX_new() };
    if (field.scratch == NULL) return EDWARDS_NO_MEMORY;
    BN_CTX_start(field.scratch);
    enum edwards_verdict verdict = EDWARDS_NO_MEMORY;
    if (start_field(&field, curve) && decode_y(&field, encoded, curve_bytes(curve))) {
        verdict = judge(&field);
    }
    BN_CTX_end(field.scratch);
    BN_CTX_free(field.scratch);
    ERR_clear_error();
    return verdict;
}
