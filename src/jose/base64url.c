/*
** base64url.c - see base64url.h.
**
** base64url_wide takes the bulk where it can; what is left, or everything, goes
** by tables here.
*/
#include "base64url.h"

#include "base64url_wide.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* What each byte stands for, through E; X marks every byte outside the alphabet. */
#define X 0x80
#define X8(E) E(X), E(X), E(X), E(X), E(X), E(X), E(X), E(X)
#define X32(E) X8(E), X8(E), X8(E), X8(E)
#define FOUR(E, v) E(v), E((v) + 1), E((v) + 2), E((v) + 3)
#define EIGHT(E, v) FOUR(E, v), FOUR(E, (v) + 4)
#define LETTERS(E, v) EIGHT(E, v), EIGHT(E, (v) + 8), EIGHT(E, (v) + 16), E((v) + 24), E((v) + 25)
#define VALUES(E)                                                                               \
    X32(E), X8(E), E(X), E(X), E(X), E(X), E(X), E(62), E(X), E(X), EIGHT(E, 52), E(60), E(61), \
        E(X), E(X), E(X), E(X), E(X), E(X), E(X), LETTERS(E, 0), E(X), E(X), E(X), E(X), E(63), \
        E(X), LETTERS(E, 26), E(X), E(X), E(X), E(X), E(X), X32(E), X32(E), X32(E), X32(E)

/* Its bits where it is the first to fourth character of a group of 24 bits; FOREIGN lies beyond them. */
#define FOREIGN UINT32_C(0x80000000)
#define AT(value, shift) ((value) == X ? FOREIGN : (uint32_t)(value) << (shift))
#define FIRST(value) AT(value, 18)
#define SECOND(value) AT(value, 12)
#define THIRD(value) AT(value, 6)
#define FOURTH(value) AT(value, 0)
static const uint32_t first[256] = { VALUES(FIRST) };
static const uint32_t second[256] = { VALUES(SECOND) };
static const uint32_t third[256] = { VALUES(THIRD) };
static const uint32_t fourth[256] = { VALUES(FOURTH) };

/* Shorter texts are not worth the question whether the wide forms are there. */
#define WIDE_FROM 24

size_t base64url_encode_portable(char *out, const void *bytes, size_t size)
{
    const uint8_t *in = bytes;
    char *start = out;
    for (; size >= 3; in += 3, size -= 3) {
        uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[group >> 6 & 63];
        *out++ = digits[group & 63];
    }
    if (size > 0) {
        *out++ = digits[in[0] >> 2];
        if (size == 1) {
            *out++ = digits[(in[0] & 3) << 4];
        } else {
            *out++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
            *out++ = digits[(in[1] & 15) << 2];
        }
    }
    return (size_t)(out - start);
}

size_t base64url_encode(char *out, const void *bytes, size_t size)
{
    size_t done = 0;
    if (size >= WIDE_FROM && base64url_wide_available()) {
        done = base64url_wide_encode(out, bytes, size);
    }
    size_t length = done / 3 * 4;
    return length +
           base64url_encode_portable(out + length, (const uint8_t *)bytes + done, size - done);
}

/*
** The last 2 or 3 characters, which carry 1 or 2 bytes. The bits that belong
** to no byte must be zero, or one token would have many texts.
*/
static bool decode_tail(uint8_t *out, const uint8_t *in, size_t length)
{
    uint32_t group = first[in[0]] | second[in[1]] | (length == 3 ? third[in[2]] : 0);
    if ((group & (FOREIGN | (length == 3 ? 0xff : 0xffff))) != 0) return false;
    out[0] = (uint8_t)(group >> 16);
    if (length == 3) out[1] = (uint8_t)(group >> 8);
    return true;
}

bool base64url_decode_portable(unsigned char *out, size_t *size, const char *text, size_t length)
{
    const uint8_t *in = (const uint8_t *)text;
    uint8_t *start = out;
    size_t tail = length % 4;
    uint32_t seen = 0; /* every group or-ed: one look at the end tells of any foreign byte */
    *size = 0;
    if (tail == 1) return false;
    for (const uint8_t *end = in + (length - tail); in < end; in += 4, out += 3) {
        uint32_t group = first[in[0]] | second[in[1]] | third[in[2]] | fourth[in[3]];
        seen |= group;
        out[0] = (uint8_t)(group >> 16);
        out[1] = (uint8_t)(group >> 8);
        out[2] = (uint8_t)group;
    }
    if ((seen & FOREIGN) != 0) return false;
    if (tail != 0 && !decode_tail(out, in, tail)) return false;
    *size = (size_t)(out - start) + (tail != 0 ? tail - 1 : 0);
    return true;
}

bool base64url_decode(unsigned char *out, size_t *size, const char *text, size_t length)
{
    size_t done = 0;
    bool foreign = false;
    if (length >= WIDE_FROM && base64url_wide_available()) {
        done = base64url_wide_decode(out, text, length, &foreign);
    }
    size_t before = done / 4 * 3;
    bool fine = base64url_decode_portable(out + before, size, text + done, length - done);
    if (!fine || foreign) {
        *size = 0;
        return false;
    }
    *size += before;
    return true;
}
