/*
** key_form.c - see key_form.h.
*/
#include "key_form.h"

#include <stdint.h>
#include <string.h>

#include "json_reader.h"

/* ---- UTF-8 (RFC 3629) */

/*
** The character at `bytes`, of which `length` are left (at least 1), and how
** many bytes it takes. UINT32_MAX, and one byte, where there is no valid one.
*/
static uint32_t decode_character(const unsigned char *bytes, size_t length, size_t *size)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = bytes[0];
    *size = 1;
    if (lead < 0x80) return lead;
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length < wanted) return UINT32_MAX;
    uint32_t character = lead & (0x7Fu >> wanted);
    for (size_t i = 1; i < wanted; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return UINT32_MAX;
        character = character << 6 | (bytes[i] & 0x3Fu);
    }
    bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < least[wanted] || character > 0x10FFFF || surrogate) return UINT32_MAX;
    *size = wanted;
    return character;
}

static bool is_utf8(const unsigned char *bytes, size_t length)
{
    for (size_t at = 0, size; at < length; at += size) {
        if (decode_character(bytes + at, length - at, &size) == UINT32_MAX) return false;
    }
    return true;
}

/* White space, control characters, and what has no width: an eye sees none of them. */
static bool is_invisible(uint32_t character)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x0000, 0x0020 }, /* controls, space */
        { 0x007F, 0x00A0 }, /* controls, no-break space */
        { 0x00AD, 0x00AD }, /* soft hyphen */
        { 0x034F, 0x034F }, /* combining grapheme joiner */
        { 0x061C, 0x061C }, /* Arabic letter mark */
        { 0x1680, 0x1680 }, /* Ogham space */
        { 0x180E, 0x180E }, /* Mongolian vowel separator */
        { 0x2000, 0x200F }, /* spaces, zero-width space and joiners, direction marks */
        { 0x2028, 0x202F }, /* separators, direction marks, narrow no-break space */
        { 0x205F, 0x206F }, /* mathematical space, word joiner, invisible operators */
        { 0x3000, 0x3000 }, /* ideographic space */
        { 0xFE00, 0xFE0F }, /* variation selectors */
        { 0xFEFF, 0xFEFF }, /* byte-order mark */
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last) return true;
    }
    return false;
}

/* Offset of the first byte that an eye would see. */
static size_t skip_invisible(const unsigned char *bytes, size_t length)
{
    size_t at = 0, size;
    while (at < length && is_invisible(decode_character(bytes + at, length - at, &size)))
        at += size;
    return at;
}

/* ---- DER (X.690) */

struct der_head {
    bool is_constructed;
    size_t head;    /* bytes of tag and length */
    size_t content; /* bytes after them */
};

/* Reads tag and length; false where they are not DER or the content is longer than what is there. */
static bool read_der_head(const unsigned char *bytes, size_t length, struct der_head *out)
{
    if (length < 2 || (bytes[0] & 0x1F) == 0x1F)
        return false; /* no key uses a tag of several bytes */
    out->is_constructed = (bytes[0] & 0x20) != 0;
    out->head = 2;
    out->content = bytes[1];
    if (bytes[1] >= 0x80) {
        size_t count = bytes[1] & 0x7Fu;
        if (count == 0 || count > 4 || length < 2 + count || bytes[2] == 0) return false;
        out->head += count;
        out->content = 0;
        for (size_t i = 0; i < count; i++) out->content = out->content << 8 | bytes[2 + i];
        if (out->content < 0x80) return false; /* must have been the short form (section 10.1) */
    }
    return out->content <= length - out->head;
}

#define DER_DEPTH_MAX 16

/* True where the bytes are whole DER values, one after the other, down to the leaves. */
static bool are_der_values(const unsigned char *bytes, size_t length, unsigned depth)
{
    while (length > 0) {
        struct der_head value;
        if (!read_der_head(bytes, length, &value)) return false;
        if (value.is_constructed &&
            (depth == 0 || !are_der_values(bytes + value.head, value.content, depth - 1))) {
            return false;
        }
        bytes += value.head + value.content;
        length -= value.head + value.content;
    }
    return true;
}

/*
** One whole SEQUENCE. Its content is looked at too: "0T" and 84 letters of a
** text secret would otherwise be one (0x30, length 0x54).
*/
static bool is_der_sequence(const unsigned char *bytes, size_t length)
{
    struct der_head value;
    return length >= 2 && bytes[0] == 0x30 && read_der_head(bytes, length, &value) &&
           value.head + value.content == length &&
           are_der_values(bytes + value.head, value.content, DER_DEPTH_MAX);
}

/* ---- text */

static bool contains(const unsigned char *bytes, size_t length, const char *what)
{
    size_t wanted = strlen(what);
    while (length >= wanted) {
        const unsigned char *hit = memchr(bytes, what[0], length - wanted + 1);
        if (hit == NULL) return false;
        if (memcmp(hit, what, wanted) == 0) return true;
        length -= (size_t)(hit - bytes) + 1;
        bytes = hit + 1;
    }
    return false;
}

static bool begins_as_ssh(const unsigned char *bytes, size_t length)
{
    static const char *const prefixes[] = { "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-",
        "---- BEGIN" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix = strlen(prefixes[i]);
        if (length >= prefix && memcmp(bytes, prefixes[i], prefix) == 0) return true;
    }
    return false;
}

/* ---- UTF-16: what CAST(text AS BLOB) makes in a database of that encoding, and some editors write */

static uint32_t wide_unit(const unsigned char *bytes, size_t index, bool is_big)
{
    const unsigned char *unit = bytes + 2 * index;
    return is_big ? (uint32_t)unit[0] << 8 | unit[1] : (uint32_t)unit[1] << 8 | unit[0];
}

/* What an eye sees first: its beginning, in ASCII, as far as it is that. */
static size_t wide_beginning(
    const unsigned char *bytes, size_t units, bool is_big, unsigned char *out, size_t room)
{
    size_t at = 0, size = 0;
    while (at < units && is_invisible(wide_unit(bytes, at, is_big))) at++;
    while (at < units && size < room && wide_unit(bytes, at, is_big) < 0x80)
        out[size++] = (unsigned char)wide_unit(bytes, at++, is_big);
    return size;
}

/* A bracket alone can begin a secret of random bytes, so what JSON has after it must follow. */
static bool begins_as_json(const unsigned char *text, size_t length)
{
    if (length == 0 || (text[0] != '{' && text[0] != '[')) return false;
    size_t next = 1 + skip_invisible(text + 1, length - 1);
    return next == length ? length > 1 : strchr("\"{}[]", text[next]) != NULL;
}

static bool is_wide_key(const unsigned char *bytes, size_t length)
{
    static const char begin[] = "-\0-\0-\0-\0-\0B\0E\0G\0I\0N"; /* stands in both byte orders */
    for (size_t at = 0; at + sizeof begin - 1 <= length; at++) {
        if (memcmp(bytes + at, begin, sizeof begin - 1) == 0) return true;
    }
    for (int is_big = 0; is_big < 2; is_big++) {
        unsigned char text[64];
        size_t size = wide_beginning(bytes, length / 2, is_big != 0, text, sizeof text);
        if (begins_as_ssh(text, size) || begins_as_json(text, size)) return true;
    }
    return false;
}

static bool is_json(const unsigned char *bytes, size_t length)
{
    return json_text_check((const char *)bytes, length, NULL) == JSON_FINE;
}

enum key_form key_form_of(const unsigned char *bytes, size_t length, bool is_blob)
{
    if (is_der_sequence(bytes, length)) return KEY_FORM_DER;
    if (is_wide_key(bytes, length)) return KEY_FORM_WIDE;
    if (is_blob && !is_utf8(bytes, length)) return KEY_FORM_SECRET;
    size_t start = skip_invisible(bytes, length);
    const unsigned char *seen = bytes + start;
    size_t left = length - start;
    bool bracket = left > 0 && (seen[0] == '{' || seen[0] == '[');
    bool has_pem = contains(bytes, length, "-----BEGIN");
    /* A secret of random bytes may begin with a bracket, and so may a comment before PEM. */
    if (bracket && ((!is_blob && !has_pem) || is_json(seen, left))) return KEY_FORM_JSON;
    if (has_pem) return KEY_FORM_PEM;
    if (begins_as_ssh(seen, left)) return KEY_FORM_SSH;
    return KEY_FORM_SECRET;
}
