/*
** base64url.c - see base64url.h.
*/
#include "base64url.h"

#include <stdint.h>

static const char digits[64] = {
    'A',
    'B',
    'C',
    'D',
    'E',
    'F',
    'G',
    'H',
    'I',
    'J',
    'K',
    'L',
    'M',
    'N',
    'O',
    'P',
    'Q',
    'R',
    'S',
    'T',
    'U',
    'V',
    'W',
    'X',
    'Y',
    'Z',
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
    'g',
    'h',
    'i',
    'j',
    'k',
    'l',
    'm',
    'n',
    'o',
    'p',
    'q',
    'r',
    's',
    't',
    'u',
    'v',
    'w',
    'x',
    'y',
    'z',
    '0',
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
    '9',
    '-',
    '_',
};

/* What each byte stands for; X, which no digit has, marks every byte outside the alphabet. */
#define X 0x80
#define X8 X, X, X, X, X, X, X, X
static const uint8_t values[256] = {
    X8, X8, X8, X8,                                                /* 00 - 1f */
    X8, X, X, X, X, X, 62, X, X,                                   /* 20 - 2f: '-' */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,      /* 30 - 3f: digits */
    X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,           /* 40 - 4f: A to O */
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,    /* 50 - 5f: P to Z, '_' */
    X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* 60 - 6f: a to o */
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,     /* 70 - 7f: p to z */
    X8, X8, X8, X8, X8, X8, X8, X8,                                /* 80 - bf */
    X8, X8, X8, X8, X8, X8, X8, X8,                                /* c0 - ff */
};

size_t base64url_encode(char *out, const void *bytes, size_t size)
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

/*
** The last 2 or 3 characters, which carry 1 or 2 bytes. The bits that belong
** to no byte must be zero, or one token would have many texts.
*/
static bool decode_tail(uint8_t *out, const uint8_t *in, size_t length)
{
    unsigned first = values[in[0]];
    unsigned second = values[in[1]];
    unsigned third = length == 3 ? values[in[2]] : 0;
    unsigned unused = length == 3 ? third & 3 : second & 15;
    if (((first | second | third) & X) != 0 || unused != 0) return false;
    out[0] = (uint8_t)(first << 2 | second >> 4);
    if (length == 3) out[1] = (uint8_t)(second << 4 | third >> 2);
    return true;
}

bool base64url_decode(unsigned char *out, size_t *size, const char *text, size_t length)
{
    const uint8_t *in = (const uint8_t *)text;
    uint8_t *start = out;
    size_t tail = length % 4;
    unsigned seen = 0; /* every value or-ed: one look at the end tells of any foreign byte */
    *size = 0;
    if (tail == 1) return false;
    for (const uint8_t *end = in + (length - tail); in < end; in += 4, out += 3) {
        unsigned first = values[in[0]];
        unsigned second = values[in[1]];
        unsigned third = values[in[2]];
        unsigned fourth = values[in[3]];
        seen |= first | second | third | fourth;
        out[0] = (uint8_t)(first << 2 | second >> 4);
        out[1] = (uint8_t)(second << 4 | third >> 2);
        out[2] = (uint8_t)(third << 6 | fourth);
    }
    if ((seen & X) != 0) return false;
    if (tail != 0 && !decode_tail(out, in, tail)) return false;
    *size = (size_t)(out - start) + (tail != 0 ? tail - 1 : 0);
    return true;
}
