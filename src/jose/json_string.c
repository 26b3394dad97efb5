/*
** json_string.c - see json_string.h.
*/
#include "json_string.h"

#include <string.h>

/* A walk over the bytes of a string's content. */
struct string_reader {
    const char *at;
    const char *end;
    unsigned char pending[4]; /* the bytes of a character that stood as \u escapes */
    unsigned pending_at;
    unsigned pending_length;
};

static struct string_reader string_start(struct json_value string)
{
    return (struct string_reader){ .at = string.text + 1, .end = string.text + string.length - 1 };
}

static unsigned hex_unit(const char *at)
{
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        unsigned byte = (unsigned char)at[i];
        unit = unit << 4 | (byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
    }
    return unit;
}

static unsigned utf8_encode(unsigned char *out, unsigned long character)
{
    if (character < 0x80) {
        out[0] = (unsigned char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (unsigned char)(0xc0 | character >> 6);
        out[1] = (unsigned char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (unsigned char)(0xe0 | character >> 12);
        out[1] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
        out[2] = (unsigned char)(0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (unsigned char)(0xf0 | character >> 18);
    out[1] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
    out[2] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
    out[3] = (unsigned char)(0x80 | (character & 0x3f));
    return 4;
}

/* Reads the \u escape (or the pair of them) whose 'u' is at reader->at into `pending`. */
static void read_unicode(struct string_reader *reader)
{
    unsigned long character = hex_unit(reader->at + 1);
    reader->at += 5;
    if (character >= 0xd800 && character <= 0xdbff) {
        character = 0x10000 + ((character - 0xd800) << 10) + (hex_unit(reader->at + 2) - 0xdc00);
        reader->at += 6;
    }
    reader->pending_length = utf8_encode(reader->pending, character);
    reader->pending_at = 0;
}

/* The next byte of the content, or -1 at its end. */
static int string_next(struct string_reader *reader)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (reader->pending_at < reader->pending_length) return reader->pending[reader->pending_at++];
    if (reader->at >= reader->end) return -1;
    if (*reader->at != '\\') return (unsigned char)*reader->at++;
    reader->at++;
    if (*reader->at != 'u') {
        const char *found = memchr(escapes, *reader->at++, 8);
        return meanings[found - escapes];
    }
    read_unicode(reader);
    return reader->pending[reader->pending_at++];
}

size_t json_string_decode(struct json_value string, char *out)
{
    size_t length;
    const char *plain = json_string_plain(string, &length);
    if (plain != NULL) {
        memcpy(out, plain, length);
        return length;
    }
    struct string_reader reader = string_start(string);
    length = 0;
    for (int byte = string_next(&reader); byte >= 0; byte = string_next(&reader)) {
        out[length++] = (char)byte;
    }
    return length;
}

const char *json_string_plain(struct json_value string, size_t *length)
{
    *length = string.length - 2;
    if (memchr(string.text, '\\', string.length) != NULL) return NULL;
    return string.text + 1;
}

bool json_string_is(struct json_value string, const char *bytes, size_t length)
{
    size_t plain_length;
    const char *plain = json_string_plain(string, &plain_length);
    if (plain != NULL) return plain_length == length && memcmp(plain, bytes, length) == 0;
    struct string_reader reader = string_start(string);
    for (size_t i = 0; i < length; i++) {
        if (string_next(&reader) != (unsigned char)bytes[i]) return false;
    }
    return string_next(&reader) < 0;
}

bool json_string_has_word(struct json_value string, const char *word, size_t length)
{
    struct string_reader reader = string_start(string);
    size_t matched = 0;      /* bytes of `word` that the current word began with */
    bool mismatched = false; /* the current word is another one */
    int byte;
    do {
        byte = string_next(&reader);
        if (byte < 0 || byte == ' ') {
            if (!mismatched && matched == length) return true;
            matched = 0;
            mismatched = false;
        } else if (matched < length && byte == (unsigned char)word[matched]) {
            matched++;
        } else {
            mismatched = true;
        }
    } while (byte >= 0);
    return false;
}

bool json_strings_equal(struct json_value left, struct json_value right)
{
    if (left.length == right.length && memcmp(left.text, right.text, left.length) == 0) return true;
    struct string_reader a = string_start(left);
    struct string_reader b = string_start(right);
    int byte;
    do {
        byte = string_next(&a);
        if (byte != string_next(&b)) return false;
    } while (byte >= 0);
    return true;
}
