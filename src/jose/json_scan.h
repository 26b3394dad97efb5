/*
** json_scan.h - bytes of JSON text, many at a time. Inline: this is where most
** of a token's payload goes by.
*/
#ifndef JWT_JSON_SCAN_H
#define JWT_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define JSON_LITTLE_ENDIAN 1
#else
#define JSON_LITTLE_ENDIAN 0
#endif

/* The wide form is in every x86-64; elsewhere, and with JWT_PORTABLE, eight bytes at a time. */
#if defined(__SSE2__) && defined(__GNUC__) && !defined(JWT_PORTABLE)
#include <emmintrin.h>
#define JSON_SIXTEEN_BYTES
#endif

/* Up to eight bytes as one word, the first in its lowest place. */
static inline uint64_t json_pack(const void *bytes, size_t length)
{
    uint64_t word = 0;
#if JSON_LITTLE_ENDIAN
    memcpy(&word, bytes, length);
#else
    for (size_t i = 0; i < length; i++) word |= (uint64_t)((const uint8_t *)bytes)[i] << 8 * i;
#endif
    return word;
}

/* True where all eight bytes of a word are digits: the high halves are 3, also after adding 6. */
static inline bool json_are_digits(uint64_t word)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    return (word & high) == UINT64_C(0x3030303030303030) &&
           ((word + UINT64_C(0x0606060606060606)) & high) == UINT64_C(0x3030303030303030);
}

/* The number that eight digits are: pairs, fours and the whole by three multiplications. */
static inline uint64_t json_eight_digits(uint64_t word)
{
    word -= UINT64_C(0x3030303030303030);
    word = word * 10 + (word >> 8);
    uint64_t even = (word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064);
    uint64_t odd = (word >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001);
    return (even + odd) >> 32;
}

/* Bytes that end the plain run inside a string: quote, backslash, controls, and all of UTF-8's longer forms. */
static inline bool json_is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

#define JSON_EACH_BYTE UINT64_C(0x0101010101010101)

/*
** Where in the eight bytes at `at` the first stop is: the lowest marked byte of
** a little-endian word is the first in memory. Elsewhere, byte by byte.
*/
static inline const uint8_t *json_first_stop(const uint8_t *at, uint64_t stops)
{
#if JSON_LITTLE_ENDIAN
    return at + (unsigned)__builtin_ctzll(stops) / 8;
#else
    (void)stops;
    while (json_is_plain(*at)) at++;
    return at;
#endif
}

/*
** Steps over plain bytes sixteen at a time; false where fewer than that are left
** before `*at`, true where `*at` is the first that is not plain. Bytes from 0x80
** on are negative, so that one comparison finds them and the controls.
*/
static inline bool json_skip_wide(const uint8_t **at, const uint8_t *end)
{
#ifdef JSON_SIXTEEN_BYTES
    while (end - *at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)*at);
        __m128i stops = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        if (mask != 0) {
            *at += __builtin_ctz(mask);
            return true;
        }
        *at += 16;
    }
#else
    (void)at;
    (void)end;
#endif
    return false;
}

/*
** The first byte from `at` on that is not plain, or `end`. Eight bytes at a
** time: a top bit of `stops` is set where a byte is no ASCII, below 0x20, a
** quote or a backslash (subtracting borrows only upwards, from a byte that
** stops already, so no stop is missed).
*/
static inline const uint8_t *json_skip_plain(const uint8_t *at, const uint8_t *end)
{
    if (json_skip_wide(&at, end)) return at;
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t quote = word ^ JSON_EACH_BYTE * '"';
        uint64_t backslash = word ^ JSON_EACH_BYTE * '\\';
        uint64_t stops = word | (word - JSON_EACH_BYTE * 0x20) | (quote - JSON_EACH_BYTE) |
                         (backslash - JSON_EACH_BYTE);
        stops &= JSON_EACH_BYTE * 0x80;
        if (stops != 0) return json_first_stop(at, stops);
        at += 8;
    }
    while (at < end && json_is_plain(*at)) at++;
    return at;
}

#endif
