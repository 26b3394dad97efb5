/*
** test_base64url.c - the codec against OpenSSL's, and its strictness in full:
** every byte in every place, every setting of the unused bits.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "jose/base64url.h"
#include "jose/base64url_wide.h"
#include "unit.h"

#define LONGEST 300

/* A reproducible stream of bytes. */
static uint8_t next_byte(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint8_t)(*state >> 24);
}

/* What OpenSSL's encoder makes of the bytes, in the URL alphabet and without padding. */
static size_t reference_encode(char *out, const uint8_t *bytes, size_t size)
{
    size_t length = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
    while (length > 0 && out[length - 1] == '=') length--;
    for (size_t i = 0; i < length; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    return length;
}

/* Decodes from a buffer of the exact length, so that a sanitizer sees a read beyond it. */
static bool decode(const char *text, size_t length, uint8_t *out, size_t *size)
{
    char *exact = malloc(length > 0 ? length : 1);
    unsigned char *room = malloc(BASE64URL_SIZE(length));
    bool fine = exact != NULL && room != NULL;
    if (fine) {
        memcpy(exact, text, length);
        fine = base64url_decode(room, size, exact, length);
        if (fine && out != NULL) memcpy(out, room, *size);
    }
    free(exact);
    free(room);
    return fine;
}

static void test_round_trips(void)
{
    uint8_t bytes[LONGEST + 1];
    uint8_t back[LONGEST + 3];
    char ours[2 * LONGEST];
    char reference[2 * LONGEST];
    uint32_t state = 1;
    for (size_t size = 0; size <= LONGEST; size++) {
        for (size_t i = 0; i < size; i++) bytes[i] = next_byte(&state);
        size_t length = base64url_encode(ours, bytes, size);
        size_t wanted = reference_encode(reference, bytes, size);
        CHECK(length == wanted && memcmp(ours, reference, length) == 0,
            "%zu bytes encode as OpenSSL has them", size);
        CHECK(length == BASE64URL_LENGTH(size), "BASE64URL_LENGTH(%zu) is exact", size);
        size_t decoded = 99999;
        CHECK(decode(ours, length, back, &decoded), "%zu bytes decode", size);
        CHECK(decoded == size && memcmp(back, bytes, size) == 0, "%zu bytes come back", size);
        CHECK(BASE64URL_SIZE(length) >= size && BASE64URL_SIZE(length) <= size + 3,
            "BASE64URL_SIZE(%zu) is a tight bound", length);
    }
}

/* What a character stands for, by the table of RFC 4648 section 5, or -1. */
static int digit_value(int byte)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = byte == 0 ? NULL : strchr(alphabet, byte);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/*
** Each byte value in each place of a text whose other characters are 'A': all
** lengths to 11 reach each place of a group of four, in the first group, a
** later one and the tail.
*/
static void test_every_byte_in_every_place(void)
{
    char text[12];
    uint8_t out[16];
    for (size_t length = 1; length <= 11; length++) {
        for (size_t place = 0; place < length; place++) {
            for (int byte = 0; byte < 256; byte++) {
                int value = digit_value(byte);
                bool last = place == length - 1;
                int unused = !last ? 0 : length % 4 == 2 ? 15 : length % 4 == 3 ? 3 : 0;
                bool wanted = length % 4 != 1 && value >= 0 && (value & unused) == 0;
                size_t size = 99999;
                memset(text, 'A', length);
                text[place] = (char)byte;
                bool fine = decode(text, length, out, &size);
                CHECK(fine == wanted, "byte %02x at %zu of %zu is %s", byte, place, length,
                    wanted ? "accepted" : "refused");
                if (!fine) CHECK(size == 0, "a refused text has size 0");
            }
        }
    }
}

/* One text for each byte string: of the 64 last characters only those with zero bits pass. */
static void test_unused_bits(void)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t size;
    for (size_t groups = 0; groups <= 3; groups++) {
        for (size_t tail = 2; tail <= 3; tail++) {
            unsigned accepted = 0;
            for (int last = 0; last < 64; last++) {
                char text[16];
                size_t length = groups * 4 + tail;
                memset(text, '_', length);
                text[length - 1] = alphabet[last];
                bool canonical = (last & (tail == 2 ? 15 : 3)) == 0;
                bool fine = decode(text, length, NULL, &size);
                CHECK(fine == canonical, "last character %c of %zu is %s", alphabet[last], length,
                    canonical ? "canonical" : "not canonical");
                accepted += fine;
            }
            CHECK(accepted == (tail == 2 ? 4u : 16u), "as many texts as there are byte strings");
        }
    }
}

static void test_refused_texts(void)
{
    /* attacks.md section 0.2: what EVP_DecodeBlock lets through. */
    static const char *const texts[] = {
        "QR==",
        "QQ==",
        "QUI=",
        "QQ=",
        "QQ==QQ==",
        " QUJD",
        "QUJD\n",
        "QUJD ",
        "QU\nJD",
        "QUJ\tD",
        "QUJD=",
        "====",
        "=",
        "A",
        "AAAAA",
        "QU+D",
        "QU/D",
        "QUJD.",
        "QUJ\xc3\xa9",
        "QUJD%3D",
    };
    size_t size;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(!decode(texts[i], strlen(texts[i]), NULL, &size), "refused: %s", texts[i]);
    }
    CHECK(!decode("QUJD\0", 5, NULL, &size), "a NUL after the text is a character");
    CHECK(!decode("QU\0D", 4, NULL, &size), "a NUL within the text is a character");
    CHECK(decode("", 0, NULL, &size) && size == 0, "the empty text is no bytes");
    CHECK(base64url_decode((unsigned char *)"", &size, "", 0), "and writes nothing");
}

/* A megabyte, so that the loop's end is not only met in small texts. */
static void test_large(void)
{
    size_t size = 1048577;
    uint8_t *bytes = malloc(size);
    uint8_t *back = malloc(size + 3);
    char *text = malloc(BASE64URL_LENGTH(size));
    uint32_t state = 7;
    size_t decoded = 0;
    if (bytes == NULL || back == NULL || text == NULL) {
        CHECK(false, "there is memory for a megabyte");
    } else {
        for (size_t i = 0; i < size; i++) bytes[i] = next_byte(&state);
        size_t length = base64url_encode(text, bytes, size);
        CHECK(length == BASE64URL_LENGTH(size), "a megabyte has the length that it must have");
        CHECK(base64url_decode(back, &decoded, text, length) && decoded == size &&
                  memcmp(back, bytes, size) == 0,
            "a megabyte comes back");
        text[length / 2] = '=';
        CHECK(!base64url_decode(back, &decoded, text, length), "one wrong byte in it is seen");
    }
    free(bytes);
    free(back);
    free(text);
}

/* Decodes by both ways, each to room of its own that ends where it must; true where they agree. */
static bool both_decode_alike(const char *text, size_t length, bool *fine)
{
    static uint8_t ours[LONGEST + 3];
    static uint8_t plain[LONGEST + 3];
    size_t size = 99999;
    size_t plain_size = 99999;
    *fine = base64url_decode(ours, &size, text, length);
    return *fine == base64url_decode_portable(plain, &plain_size, text, length) &&
           size == plain_size && memcmp(ours, plain, size) == 0;
}

#define WIDE_LONGEST 200

/*
** The wide instructions against the portable path: every byte in every place of
** a text of every length, from memory that ends with it.
*/
static void test_wide_against_portable(void)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t state = 3;
    if (!base64url_wide_available()) {
        unit_skip("this processor (or this build) has no wide instructions to compare");
    }
    for (size_t length = 0; length <= WIDE_LONGEST; length++) {
        char *text = malloc(length > 0 ? length : 1);
        unsigned differ = 0;
        unsigned accepted = 0;
        unsigned wanted = 0;
        if (text == NULL) abort();
        for (size_t i = 0; i < length; i++) text[i] = alphabet[next_byte(&state) & 63];
        if (length % 4 > 1) text[length - 1] = 'A'; /* canonical */
        for (size_t place = 0; place < length; place++) {
            char kept = text[place];
            int unused = place < length - 1 ? 0 : length % 4 == 2 ? 15 : length % 4 == 3 ? 3 : 0;
            for (int byte = 0; byte < 256; byte++) {
                bool fine;
                int value = digit_value(byte);
                text[place] = (char)byte;
                differ += !both_decode_alike(text, length, &fine);
                accepted += fine;
                wanted += length % 4 != 1 && value >= 0 && (value & unused) == 0;
            }
            text[place] = kept;
        }
        CHECK(differ == 0, "both ways of decoding agree on texts of %zu characters", length);
        CHECK(accepted == wanted, "and accept what they must of %zu characters", length);
        free(text);
    }
    for (size_t size = 0; size <= WIDE_LONGEST; size++) {
        uint8_t *bytes = malloc(size > 0 ? size : 1);
        char *ours = malloc(BASE64URL_LENGTH(size) + 1);
        char plain[2 * WIDE_LONGEST];
        unsigned differ = 0;
        if (bytes == NULL || ours == NULL) abort();
        for (size_t i = 0; i < size; i++) bytes[i] = next_byte(&state);
        for (size_t place = 0; place < size; place++) {
            for (int byte = 0; byte < 256; byte++) {
                bytes[place] = (uint8_t)byte;
                size_t length = base64url_encode(ours, bytes, size);
                differ += length != base64url_encode_portable(plain, bytes, size) ||
                          memcmp(ours, plain, length) != 0;
            }
        }
        CHECK(differ == 0, "both ways of encoding agree on %zu bytes", size);
        free(bytes);
        free(ours);
    }
}

int main(void)
{
    test_round_trips();
    test_every_byte_in_every_place();
    test_unused_bits();
    test_refused_texts();
    test_large();
    test_wide_against_portable();
    return unit_end();
}
