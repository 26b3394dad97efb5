/*
** text.c - see text.h.
*/
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base64url.h"
#include "secure.h"

void text_start(struct text *text)
{
    text->bytes = text->own;
    text->length = 0;
    text->touched = 0;
    text->capacity = sizeof text->own;
    text->failed = false;
}

/* Wipes and gives back where the bytes are now. */
static void release_bytes(struct text *text)
{
    if (text->bytes == text->own) {
        secure_wipe(text->own, text->touched);
    } else {
        memory_wipe_free(text->bytes, text->touched);
    }
}

void text_release(struct text *text)
{
    release_bytes(text);
    text_start(text);
}

/* Moves to a buffer with room for `length` more bytes; at least twice the old one. */
static bool grow(struct text *text, size_t length)
{
    if (length > SIZE_MAX / 4 - text->length) return false;
    size_t capacity = text->capacity * 2;
    if (capacity < text->length + length) capacity = text->length + length;
    char *bytes = memory_new(capacity);
    if (bytes == NULL) return false;
    memcpy(bytes, text->bytes, text->length);
    release_bytes(text);
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

char *text_reserve(struct text *text, size_t length)
{
    if (text->failed) return NULL;
    if (length > text->capacity - text->length && !grow(text, length)) {
        text->failed = true;
        return NULL;
    }
    if (text->length + length > text->touched) text->touched = text->length + length;
    return text->bytes + text->length;
}

void text_commit(struct text *text, size_t length)
{
    if (!text->failed) text->length += length;
}

void text_add(struct text *text, const void *bytes, size_t length)
{
    char *room = text_reserve(text, length);
    if (room == NULL || length == 0) return;
    memcpy(room, bytes, length);
    text->length += length;
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

/* The escape of a character that may not stand in a JSON string as it is; `room` has 7 bytes. */
static size_t escape_character(char *room, unsigned char character)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *short_form = character ? strchr(from, character) : NULL;
    if (short_form != NULL) {
        room[0] = '\\';
        room[1] = to[short_form - from];
        return 2;
    }
    return (size_t)snprintf(room, 7, "\\u%04x", character);
}

void text_add_json_string(struct text *text, const char *bytes, size_t length)
{
    text_add(text, "\"", 1);
    size_t plain = 0; /* where the run of characters that need no escape began */
    for (size_t i = 0; i < length; i++) {
        unsigned char character = (unsigned char)bytes[i];
        if (character >= 0x20 && character != '"' && character != '\\') continue;
        char escaped[7];
        size_t escaped_length = escape_character(escaped, character);
        text_add(text, bytes + plain, i - plain);
        text_add(text, escaped, escaped_length);
        plain = i + 1;
    }
    text_add(text, bytes + plain, length - plain);
    text_add(text, "\"", 1);
}

void text_add_base64url(struct text *text, const void *bytes, size_t length)
{
    char *room = text_reserve(text, BASE64URL_LENGTH(length));
    if (room != NULL) text_commit(text, base64url_encode(room, bytes, length));
}

void text_add_integer(struct text *text, long long value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", value);
    text_add(text, digits, (size_t)length);
}
