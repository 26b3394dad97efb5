/*
** base64url_wide.c - see base64url_wide.h. AVX2: 32 characters at a time, then 16.
**
** The arithmetic is that of W. Mula and D. Lemire, "Faster Base64 Encoding and
** Decoding using AVX2 Instructions" (2018), with tables for the URL alphabet.
** Nothing outside the buffers is read; what is written too far to the right is
** within the output's room, and written again by what follows.
*/
#include "base64url_wide.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(JWT_PORTABLE)

#include <immintrin.h>

#define WIDE __attribute__((target("avx2")))

bool base64url_wide_available(void)
{
    return __builtin_cpu_supports("avx2");
}

/* A table of 16 for each 128-bit lane. */
#define BOTH_LANES(table) _mm256_broadcastsi128_si256(table)

/* ---- decoding */

/*
** The class of a character by its high nibble. A bit of FAULTS tells in which
** classes a low nibble has no digit; all that are none have bit 5.
*/
#define CLASSES _mm_setr_epi8(32, 32, 1, 2, 4, 8, 4, 16, 32, 32, 32, 32, 32, 32, 32, 32)
#define FAULTS                                                                                \
    _mm_setr_epi8(32 + 1 + 4, 32 + 1, 32 + 1, 32 + 1, 32 + 1, 32 + 1, 32 + 1, 32 + 1, 32 + 1, \
        32 + 1, 32 + 1 + 2, 32 + 1 + 2 + 8 + 16, 32 + 1 + 2 + 8 + 16, 32 + 2 + 8 + 16,        \
        32 + 1 + 2 + 8 + 16, 32 + 1 + 2 + 16)

/* What to add to a character of a high nibble to have its value; '_' stands at 13. */
#define SHIFTS _mm_setr_epi8(0, 0, 17, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, -32, 0, 0)

/* Where the three bytes of each group are once two products have put its bits together. */
#define GATHER _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)

/* Characters that must follow a step: their bytes give room for what it writes too far. */
#define SPARE 8

WIDE static inline __m256i decode_32(__m256i text, __m256i *faults)
{
    const __m256i nibble = _mm256_set1_epi8(0x0f);
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(text, 4), nibble);
    __m256i low = _mm256_and_si256(text, nibble);
    __m256i fault = _mm256_and_si256(_mm256_shuffle_epi8(BOTH_LANES(CLASSES), high),
        _mm256_shuffle_epi8(BOTH_LANES(FAULTS), low));
    __m256i underscore = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('_'));
    __m256i place = _mm256_or_si256(high, _mm256_and_si256(underscore, _mm256_set1_epi8(8)));
    __m256i values = _mm256_add_epi8(text, _mm256_shuffle_epi8(BOTH_LANES(SHIFTS), place));
    __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    *faults = _mm256_or_si256(*faults, fault);
    return _mm256_shuffle_epi8(groups, BOTH_LANES(GATHER));
}

WIDE size_t base64url_wide_decode(
    unsigned char *out, const char *text, size_t length, bool *foreign)
{
    __m256i faults = _mm256_setzero_si256();
    size_t at = 0;
    for (; length - at >= 32 + SPARE; at += 32, out += 24) {
        __m256i bytes =
            decode_32(_mm256_loadu_si256((const __m256i *)(const void *)(text + at)), &faults);
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(bytes));
        _mm_storeu_si128((__m128i *)(void *)(out + 12), _mm256_extracti128_si256(bytes, 1));
    }
    if (length - at >= 16 + SPARE) {
        /* The upper lane has the same 16 characters. */
        __m128i half = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        __m256i bytes = decode_32(BOTH_LANES(half), &faults);
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(bytes));
        at += 16;
    }
    if (!_mm256_testz_si256(faults, faults)) *foreign = true;
    return at;
}

/* ---- encoding */

/* Each group of three bytes as the four from which the products below take its digits. */
#define SPREAD _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)

/* What to add to a value: 26 to 51 at 0, the digits at 1 to 10, '-', '_', and 0 to 25 at 13. */
#define LETTERS _mm_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -17, 32, 65, 0, 0)

WIDE static inline __m256i encode_24(__m256i bytes)
{
    __m256i spread = _mm256_shuffle_epi8(bytes, BOTH_LANES(SPREAD));
    __m256i outer = _mm256_mulhi_epu16(
        _mm256_and_si256(spread, _mm256_set1_epi32(0x0fc0fc00)), _mm256_set1_epi32(0x04000040));
    __m256i inner = _mm256_mullo_epi16(
        _mm256_and_si256(spread, _mm256_set1_epi32(0x003f03f0)), _mm256_set1_epi32(0x01000010));
    __m256i values = _mm256_or_si256(outer, inner);
    __m256i place = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
    place = _mm256_or_si256(place, _mm256_and_si256(capital, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(values, _mm256_shuffle_epi8(BOTH_LANES(LETTERS), place));
}

WIDE size_t base64url_wide_encode(char *out, const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    for (; size - at >= 28; at += 24, out += 32) { /* the second load reads to byte 28 */
        __m128i first = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
        __m128i second = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at + 12));
        _mm256_storeu_si256((__m256i *)(void *)out, encode_24(_mm256_set_m128i(second, first)));
    }
    if (size - at >= 16) {
        __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
        __m256i text = encode_24(BOTH_LANES(last));
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(text));
        at += 12;
    }
    return at;
}

#else

bool base64url_wide_available(void)
{
    return false;
}

size_t base64url_wide_encode(char *out, const unsigned char *bytes, size_t size)
{
    (void)out;
    (void)bytes;
    (void)size;
    return 0;
}

size_t base64url_wide_decode(unsigned char *out, const char *text, size_t length, bool *foreign)
{
    (void)out;
    (void)text;
    (void)length;
    (void)foreign;
    return 0;
}

#endif
