/*
** Test functions that make tokens; sql_helpers.h says what each does.
*/
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "sql_helpers.h"

static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const unsigned char *argument_bytes(sqlite3_value *value, size_t *count)
{
    const unsigned char *bytes = sqlite3_value_type(value) == SQLITE_BLOB
                                     ? sqlite3_value_blob(value)
                                     : sqlite3_value_text(value);
    *count = (size_t)sqlite3_value_bytes(value);
    return bytes != NULL ? bytes : (const unsigned char *)"";
}

/* Base64url of the bytes at `out` (room for 4/3 of them and 4 more); the end of what was written. */
static char *base64url_write(char *out, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i += 3) {
        unsigned long group = (unsigned long)bytes[i] << 16;
        if (i + 1 < count) group |= (unsigned long)bytes[i + 1] << 8;
        if (i + 2 < count) group |= bytes[i + 2];
        *out++ = base64url_alphabet[group >> 18 & 63];
        *out++ = base64url_alphabet[group >> 12 & 63];
        if (i + 1 < count) *out++ = base64url_alphabet[group >> 6 & 63];
        if (i + 2 < count) *out++ = base64url_alphabet[group & 63];
    }
    return out;
}

static size_t base64url_room(size_t count)
{
    return count / 3 * 4 + 4;
}

void helper_fails(sqlite3_context *context, const char *function, const char *what)
{
    char *message = sqlite3_mprintf("test helper %s: %s", function, what);
    sqlite3_result_error(context, message, -1);
    sqlite3_free(message);
    ERR_clear_error();
}

static void repeat_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t count;
    const unsigned char *bytes = argument_bytes(argv[0], &count);
    size_t times = (size_t)sqlite3_value_int64(argv[1]);
    char *result = malloc(count * times + 1);
    for (size_t i = 0; i < times; i++) memcpy(result + i * count, bytes, count);
    sqlite3_result_text(context, result, (int)(count * times), free);
}

static void b64url_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t count;
    const unsigned char *bytes = argument_bytes(argv[0], &count);
    char *result = malloc(base64url_room(count));
    char *end = base64url_write(result, bytes, count);
    sqlite3_result_text(context, result, (int)(end - result), free);
}

static void b64url_decode_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t count, written = 0;
    const unsigned char *text = argument_bytes(argv[0], &count);
    unsigned long bits = 0;
    int bit_count = 0;
    unsigned char *result = malloc(count + 1);

    for (size_t i = 0; i < count; i++) {
        const char *place = text[i] != '\0' ? strchr(base64url_alphabet, text[i]) : NULL;
        if (place == NULL) {
            free(result);
            return;
        }
        bits = bits << 6 | (unsigned long)(place - base64url_alphabet);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            result[written++] = (unsigned char)(bits >> bit_count & 0xff);
        }
    }
    sqlite3_result_blob(context, result, (int)written, free);
}

const EVP_MD *digest_of_bits(int bits)
{
    return bits == 256 ? EVP_sha256() : bits == 384 ? EVP_sha384() : EVP_sha512();
}

static void hmac_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_length = 0;
    size_t key_length, count;
    const unsigned char *key = argument_bytes(argv[1], &key_length);
    const unsigned char *bytes = argument_bytes(argv[2], &count);
    HMAC(digest_of_bits(sqlite3_value_int(argv[0])), key, (int)key_length, bytes, count, mac,
        &mac_length);
    sqlite3_result_blob(context, mac, (int)mac_length, SQLITE_TRANSIENT);
}

char *signing_input(
    sqlite3_value *header, sqlite3_value *payload, size_t signature_room, size_t *length)
{
    size_t header_length, payload_length;
    const unsigned char *header_bytes = argument_bytes(header, &header_length);
    const unsigned char *payload_bytes = argument_bytes(payload, &payload_length);
    char *text = malloc(base64url_room(header_length) + base64url_room(payload_length) +
                        base64url_room(signature_room) + 2);
    char *end = base64url_write(text, header_bytes, header_length);
    *end++ = '.';
    end = base64url_write(end, payload_bytes, payload_length);
    *length = (size_t)(end - text);
    return text;
}

void token_result(sqlite3_context *context, char *input, size_t input_length,
    const unsigned char *signature, size_t signature_length)
{
    input[input_length] = '.';
    char *end = base64url_write(input + input_length + 1, signature, signature_length);
    sqlite3_result_text(context, input, (int)(end - input), free);
}

static void make_token_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t length, count;
    const unsigned char *signature = argument_bytes(argv[2], &count);
    char *input = signing_input(argv[0], argv[1], count, &length);
    token_result(context, input, length, signature, count);
}

static void hmac_token_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_length = 0;
    size_t length, key_length;
    const unsigned char *key = argument_bytes(argv[2], &key_length);
    char *input = signing_input(argv[0], argv[1], EVP_MAX_MD_SIZE, &length);
    HMAC(digest_of_bits(argc > 3 ? sqlite3_value_int(argv[3]) : 256), key, (int)key_length,
        (unsigned char *)input, length, mac, &mac_length);
    token_result(context, input, length, mac, mac_length);
}

static void sha_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    size_t count;
    const unsigned char *bytes = argument_bytes(argv[1], &count);
    EVP_Digest(
        bytes, count, digest, &digest_length, digest_of_bits(sqlite3_value_int(argv[0])), NULL);
    sqlite3_result_blob(context, digest, (int)digest_length, SQLITE_TRANSIENT);
}

/* Where the n-th part (from 1) begins; its length in *length; NULL where there is none. */
static const char *segment_find(const char *token, int n, size_t *length)
{
    while (token != NULL && n > 1) {
        token = strchr(token, '.');
        if (token != NULL) token++;
        n--;
    }
    if (token != NULL) *length = strcspn(token, ".");
    return token;
}

static void segment_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t length = 0;
    const char *token = (const char *)sqlite3_value_text(argv[0]);
    const char *part = segment_find(token, sqlite3_value_int(argv[1]), &length);
    if (part != NULL) sqlite3_result_text(context, part, (int)length, SQLITE_TRANSIENT);
}

static void with_segment_function(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    size_t length = 0;
    const char *token = (const char *)sqlite3_value_text(argv[0]);
    const char *part = segment_find(token, sqlite3_value_int(argv[1]), &length);
    if (part == NULL) return;
    char *result = sqlite3_mprintf(
        "%.*s%s%s", (int)(part - token), token, sqlite3_value_text(argv[2]), part + length);
    sqlite3_result_text(context, result, -1, sqlite3_free);
}

int sql_functions_register(
    sqlite3 *db, const struct sql_function *functions, size_t count, void *user_data)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < count; i++) {
        rc = sqlite3_create_function(db, functions[i].name, functions[i].argument_count,
            SQLITE_UTF8, user_data, functions[i].function, NULL, NULL);
    }
    return rc;
}

int token_helpers_register(sqlite3 *db)
{
    static const struct sql_function functions[] = {
        { "repeat", 2, repeat_function },
        { "b64url", 1, b64url_function },
        { "b64url_decode", 1, b64url_decode_function },
        { "hmac", 3, hmac_function },
        { "sha", 2, sha_function },
        { "make_token", 3, make_token_function },
        { "hmac_token", 3, hmac_token_function },
        { "hmac_token", 4, hmac_token_function },
        { "segment", 2, segment_function },
        { "with_segment", 3, with_segment_function },
    };
    return sql_functions_register(db, functions, sizeof functions / sizeof functions[0], NULL);
}
