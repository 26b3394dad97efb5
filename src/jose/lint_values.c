/*
** lint_values.c - see lint_values.h.
*/
#include "lint_values.h"

#include <string.h>

#define NAME_MAX_BYTES 64
#define VALUE_MAX_BYTES 512

/* Names are compared as words: case, '_', '-', '.' and spaces do not count. */
static const struct {
    const char *word;
    bool whole; /* the whole name; else any part of it */
    enum lint_kind kind;
} words[] = {
    { "password", false, LOOKS_LIKE_PASSWORD },
    { "passwd", false, LOOKS_LIKE_PASSWORD },
    { "passphrase", false, LOOKS_LIKE_PASSWORD },
    { "passcode", false, LOOKS_LIKE_PASSWORD },
    { "pwd", true, LOOKS_LIKE_PASSWORD },
    { "pin", true, LOOKS_LIKE_PASSWORD },
    { "pincode", true, LOOKS_LIKE_PASSWORD },
    { "secret", false, LOOKS_LIKE_SECRET },
    { "apikey", false, LOOKS_LIKE_SECRET },
    { "privatekey", false, LOOKS_LIKE_SECRET },
    { "accesskey", false, LOOKS_LIKE_SECRET },
    { "refreshtoken", false, LOOKS_LIKE_SECRET },
    { "accesstoken", true, LOOKS_LIKE_SECRET },
    { "credential", false, LOOKS_LIKE_SECRET },
    { "cardnumber", false, LOOKS_LIKE_CARD_NUMBER },
    { "creditcard", false, LOOKS_LIKE_CARD_NUMBER },
    { "ccnumber", true, LOOKS_LIKE_CARD_NUMBER },
    { "pan", true, LOOKS_LIKE_CARD_NUMBER },
    { "cvv", true, LOOKS_LIKE_CARD_NUMBER },
    { "cvc", true, LOOKS_LIKE_CARD_NUMBER },
    { "iban", true, LOOKS_LIKE_CARD_NUMBER },
    { "ssn", true, LOOKS_LIKE_NATIONAL_ID },
    { "socialsecurity", false, LOOKS_LIKE_NATIONAL_ID },
    { "nationalid", false, LOOKS_LIKE_NATIONAL_ID },
    { "passport", false, LOOKS_LIKE_NATIONAL_ID },
    { "taxid", true, LOOKS_LIKE_NATIONAL_ID },
    { "personalnumber", false, LOOKS_LIKE_NATIONAL_ID },
    { "driverslicense", false, LOOKS_LIKE_NATIONAL_ID },
    { "email", true, LOOKS_LIKE_EMAIL },
    { "emailaddress", true, LOOKS_LIKE_EMAIL },
    { "mail", true, LOOKS_LIKE_EMAIL },
    { "phone", true, LOOKS_LIKE_PHONE },
    { "phonenumber", true, LOOKS_LIKE_PHONE },
    { "mobile", true, LOOKS_LIKE_PHONE },
    { "telephone", true, LOOKS_LIKE_PHONE },
    { "birthdate", true, LOOKS_LIKE_BIRTH_DATE },
    { "birthday", true, LOOKS_LIKE_BIRTH_DATE },
    { "dateofbirth", true, LOOKS_LIKE_BIRTH_DATE },
    { "dob", true, LOOKS_LIKE_BIRTH_DATE },
};

/* Beginnings of values that are secrets whatever the member's name. */
static const struct {
    const char *prefix;
    size_t least; /* bytes that such a value has at least */
    enum lint_kind kind;
} prefixes[] = {
    { "-----BEGIN", 20, LOOKS_LIKE_SECRET },
    { "$2a$", 59, LOOKS_LIKE_PASSWORD }, /* bcrypt */
    { "$2b$", 59, LOOKS_LIKE_PASSWORD },
    { "$2y$", 59, LOOKS_LIKE_PASSWORD },
    { "$argon2", 30, LOOKS_LIKE_PASSWORD },
    { "$scrypt$", 30, LOOKS_LIKE_PASSWORD },
    { "$pbkdf2", 30, LOOKS_LIKE_PASSWORD },
    { "$6$", 60, LOOKS_LIKE_PASSWORD }, /* crypt(3) */
    { "AKIA", 20, LOOKS_LIKE_SECRET },  /* cloud access key identifiers */
    { "ghp_", 36, LOOKS_LIKE_SECRET },
    { "xoxb-", 20, LOOKS_LIKE_SECRET },
    { "sk_live_", 20, LOOKS_LIKE_SECRET },
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* A name's letters and digits in lower case; 0 where it is too long to be one of ours. */
static size_t fold_name(struct json_value name, char *out)
{
    char bytes[NAME_MAX_BYTES];
    size_t length;
    size_t folded = 0;
    if (name.length > sizeof bytes) return 0;
    length = json_string_decode(name, bytes);
    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];
        if (byte >= 'A' && byte <= 'Z') byte = (char)(byte + ('a' - 'A'));
        if ((byte >= 'a' && byte <= 'z') || is_digit(byte)) out[folded++] = byte;
    }
    return folded;
}

static bool contains(const char *text, size_t length, const char *word, size_t word_length)
{
    for (size_t i = 0; i + word_length <= length; i++) {
        if (memcmp(text + i, word, word_length) == 0) return true;
    }
    return false;
}

static enum lint_kind name_kind(struct json_value name)
{
    char folded[NAME_MAX_BYTES];
    size_t length = fold_name(name, folded);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t word_length = strlen(words[i].word);
        if (words[i].whole ? length == word_length && memcmp(folded, words[i].word, length) == 0
                           : contains(folded, length, words[i].word, word_length)) {
            return words[i].kind;
        }
    }
    return LOOKS_HARMLESS;
}

/* 13 to 19 digits, in groups perhaps, whose check digit is right (ISO/IEC 7812). */
static bool is_card_number(const char *text, size_t length)
{
    unsigned sum = 0;
    unsigned digits = 0;
    if (length > 23 || !is_digit(text[0]) || text[0] == '0') return false;
    for (size_t i = length; i > 0; i--) {
        char byte = text[i - 1];
        if (byte == ' ' || byte == '-') continue;
        if (!is_digit(byte)) return false;
        unsigned value = (unsigned)(byte - '0') * (digits % 2 == 1 ? 2 : 1);
        sum += value > 9 ? value - 9 : value;
        digits++;
    }
    return digits >= 13 && digits <= 19 && sum % 10 == 0;
}

/* Whether `text` has the shape of `pattern`: '9' stands for a digit, all else for itself. */
static bool has_shape(const char *text, size_t length, const char *pattern)
{
    if (strlen(pattern) != length) return false;
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] == '9' ? !is_digit(text[i]) : text[i] != pattern[i]) return false;
    }
    return true;
}

/* One '@', something before it, and a dot with letters on both sides behind it. */
static bool is_email(const char *text, size_t length)
{
    const char *at = memchr(text, '@', length);
    const char *dot = NULL;
    if (at == NULL || at == text) return false;
    for (const char *p = text; p < text + length; p++) {
        if (*p <= ' ' || *p == '/' || *p == ':' || (*p == '@' && p != at)) return false;
        if (*p == '.' && p > at + 1) dot = p;
    }
    return dot != NULL && dot + 2 < text + length;
}

/* E.164: '+' and 8 to 15 digits, in groups perhaps. */
static bool is_phone(const char *text, size_t length)
{
    unsigned digits = 0;
    if (length < 9 || length > 24 || text[0] != '+') return false;
    for (size_t i = 1; i < length; i++) {
        if (is_digit(text[i])) {
            digits++;
        } else if (memchr(" -()", text[i], 4) == NULL) {
            return false;
        }
    }
    return digits >= 8 && digits <= 15;
}

enum lint_kind lint_value_kind(struct json_value value)
{
    char text[VALUE_MAX_BYTES];
    size_t length;
    if (value.type == JSON_INTEGER) {
        return is_card_number(value.text, value.length) ? LOOKS_LIKE_CARD_NUMBER : LOOKS_HARMLESS;
    }
    if (value.type != JSON_STRING || value.length <= 2) return LOOKS_HARMLESS;
    if (value.length > sizeof text) {
        return memcmp(value.text + 1, "-----BEGIN", 10) == 0 ? LOOKS_LIKE_SECRET : LOOKS_HARMLESS;
    }
    length = json_string_decode(value, text);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix_length = strlen(prefixes[i].prefix);
        if (length >= prefixes[i].least && memcmp(text, prefixes[i].prefix, prefix_length) == 0) {
            return prefixes[i].kind;
        }
    }
    if (is_card_number(text, length)) return LOOKS_LIKE_CARD_NUMBER;
    if (has_shape(text, length, "999-99-9999")) return LOOKS_LIKE_NATIONAL_ID;
    if (is_email(text, length)) return LOOKS_LIKE_EMAIL;
    if (is_phone(text, length)) return LOOKS_LIKE_PHONE;
    return LOOKS_HARMLESS;
}

enum lint_kind lint_member_kind(struct json_value name, struct json_value value)
{
    enum lint_kind kind = name_kind(name);
    if (kind != LOOKS_HARMLESS) {
        /* A flag says nothing about the thing it is about: "email": true, "password_expired": false. */
        return value.type == JSON_TRUE || value.type == JSON_FALSE || value.type == JSON_NULL
                   ? LOOKS_HARMLESS
                   : kind;
    }
    return lint_value_kind(value);
}
