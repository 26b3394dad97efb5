/*
** corpus.c - see corpus.h.
*/
#include "corpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "report.h"

struct vector_file {
    char *path;
    char hash[65]; /* as recorded, hex */
    unsigned char *content;
    size_t length;
    bool is_read;
    bool is_used;
};

struct corpus {
    char *folder;
    struct vector_file *files;
    size_t count;
};

/* What no part of this program is to use, and why. Globs. */
static const struct {
    const char *paths;
    const char *why;
} left_to_others[] = {
    { "*LICENSE*", "no vectors" },
    { "*COPYING", "no vectors" },
    { "README.md", "no vectors" },
    { "nginx-auth-jwt/revocation_list_*",
        "lists for the revocation tables, whose tests read them" },
};

static bool is_left_to_others(const char *path)
{
    for (size_t i = 0; i < sizeof left_to_others / sizeof *left_to_others; i++) {
        if (sqlite3_strglob(left_to_others[i].paths, path) == 0) return true;
    }
    return false;
}

/* ---- files */

static void *must(struct run *run, void *memory)
{
    if (memory == NULL) run_stop(run, "out of memory");
    return memory;
}

/* Reads a file whole, with a NUL after it. NULL where it cannot be read. */
static unsigned char *read_whole(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    unsigned char *content = NULL;
    long size = -1;
    if (file == NULL) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) content = malloc((size_t)size + 1);
    if (content != NULL && fread(content, 1, (size_t)size, file) != (size_t)size) {
        free(content);
        content = NULL;
    }
    fclose(file);
    if (content == NULL) return NULL;
    content[size] = '\0';
    *length = (size_t)size;
    return content;
}

static void read_file(struct run *run, struct vector_file *file)
{
    char *path = must(run, sqlite3_mprintf("%s/%s", run->corpus->folder, file->path));
    file->content = read_whole(path, &file->length);
    file->is_read = true;
    sqlite3_free(path);
}

static struct vector_file *find_file(struct run *run, const char *path)
{
    for (size_t i = 0; path != NULL && i < run->corpus->count; i++) {
        struct vector_file *file = &run->corpus->files[i];
        if (strcmp(file->path, path) != 0) continue;
        if (!file->is_read) read_file(run, file);
        return file->content != NULL ? file : NULL;
    }
    return NULL;
}

static bool has_recorded_hash(const struct vector_file *file)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned length = 0;
    if (!EVP_Digest(file->content, file->length, digest, &length, EVP_sha256(), NULL)) return false;
    for (unsigned i = 0; i < length; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return strcmp(hex, file->hash) == 0;
}

/* Takes one line of SHA256SUMS, `<hex>  ./<path>`. */
static void add_listed(struct run *run, const char *line, size_t length)
{
    struct corpus *corpus = run->corpus;
    struct vector_file *file;
    const char *path = line + 64;
    if (length < 67) run_stop(run, "SHA256SUMS: not a line of it: %.*s", (int)length, line);
    while (path < line + length && (*path == ' ' || *path == '*')) path++;
    if (strncmp(path, "./", 2) == 0) path += 2;
    corpus->files = must(run, realloc(corpus->files, (corpus->count + 1) * sizeof *corpus->files));
    file = &corpus->files[corpus->count++];
    memset(file, 0, sizeof *file);
    memcpy(file->hash, line, 64);
    file->path = must(run, sqlite3_mprintf("%.*s", (int)(length - (size_t)(path - line)), path));
}

/* ---- SQL functions */

static void content_function(
    sqlite3_context *context, sqlite3_value *path, bool as_blob, bool without_line_end)
{
    struct run *run = sqlite3_user_data(context);
    struct vector_file *file = find_file(run, (const char *)sqlite3_value_text(path));
    size_t length;
    if (file == NULL) {
        char *message = sqlite3_mprintf("no vector file %s", sqlite3_value_text(path));
        sqlite3_result_error(context, message, -1);
        sqlite3_free(message);
        return;
    }
    file->is_used = true;
    length = file->length;
    while (without_line_end && length > 0 && strchr("\r\n", file->content[length - 1]) != NULL) {
        length--;
    }
    if (as_blob) {
        sqlite3_result_blob64(context, file->content, length, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_text64(
            context, (const char *)file->content, length, SQLITE_TRANSIENT, SQLITE_UTF8);
    }
}

static void vector_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    content_function(context, arguments[0], false, false);
}

static void vector_line_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    content_function(context, arguments[0], false, true);
}

static void vector_blob_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    (void)count;
    content_function(context, arguments[0], true, false);
}

static int hex_digit(char byte)
{
    const char *digits = "0123456789abcdef";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte >= 'A' ? byte | 0x20 : byte);
    return found == NULL ? -1 : (int)(found - digits);
}

static void from_hex_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const char *hex = (const char *)sqlite3_value_text(arguments[0]);
    int length = sqlite3_value_bytes(arguments[0]);
    unsigned char *bytes;
    (void)count;
    if (hex == NULL) return;
    bytes = sqlite3_malloc(length / 2 + 1);
    for (int i = 0; bytes != NULL && i + 1 < length; i += 2) {
        int high = hex_digit(hex[i]);
        int low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            sqlite3_free(bytes);
            sqlite3_result_error(context, "from_hex: not hex", -1);
            return;
        }
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    if (bytes == NULL || length % 2 != 0) {
        sqlite3_free(bytes);
        sqlite3_result_error(context, "from_hex: not hex", -1);
        return;
    }
    sqlite3_result_blob(context, bytes, length / 2, sqlite3_free);
}

/* base64url by OpenSSL's encoder, so that the extension's own is not its own witness. */
static char *encode(const void *bytes, int size, int *length)
{
    char *text = sqlite3_malloc(size / 3 * 4 + 8);
    if (text == NULL) return NULL;
    *length = EVP_EncodeBlock((unsigned char *)text, bytes, size);
    while (*length > 0 && text[*length - 1] == '=') (*length)--;
    for (int i = 0; i < *length; i++) {
        if (text[i] == '+') text[i] = '-';
        if (text[i] == '/') text[i] = '_';
    }
    text[*length] = '\0';
    return text;
}

static const void *value_bytes(sqlite3_value *value, int *length)
{
    const void *bytes = sqlite3_value_blob(value);
    *length = sqlite3_value_bytes(value);
    return bytes != NULL ? bytes : "";
}

static void base64url_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    int size;
    int length = 0;
    const void *bytes = value_bytes(arguments[0], &size);
    char *text = encode(bytes, size, &length);
    (void)count;
    if (text == NULL) {
        sqlite3_result_error_nomem(context);
    } else {
        sqlite3_result_text(context, text, length, sqlite3_free);
    }
}

static void from_base64url_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    int length;
    const char *text = value_bytes(arguments[0], &length);
    int padding = (4 - length % 4) % 4;
    unsigned char *padded = sqlite3_malloc(length + 4);
    unsigned char *out = sqlite3_malloc(length + 4);
    int size = -1;
    (void)count;
    if (padded != NULL && out != NULL) {
        for (int i = 0; i < length + padding; i++) {
            padded[i] = i >= length      ? '='
                        : text[i] == '-' ? '+'
                        : text[i] == '_' ? '/'
                                         : (unsigned char)text[i];
        }
        size = EVP_DecodeBlock(out, padded, length + padding);
    }
    sqlite3_free(padded);
    if (size < padding) {
        sqlite3_free(out);
        sqlite3_result_error(context, "from_base64url: not base64url", -1);
    } else {
        sqlite3_result_blob(context, out, size - padding, sqlite3_free);
    }
}

static void bytes_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    sqlite3_str *joined = sqlite3_str_new(NULL);
    for (int i = 0; i < count; i++) {
        int length;
        const char *bytes = value_bytes(arguments[i], &length);
        sqlite3_str_append(joined, bytes, length);
    }
    int length = sqlite3_str_length(joined);
    char *all = sqlite3_str_finish(joined);
    if (all == NULL) {
        sqlite3_result_zeroblob(context, 0);
    } else {
        sqlite3_result_blob(context, all, length, sqlite3_free);
    }
}

static void hs256_function(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_length = 0;
    int lengths[3];
    const void *parts[3];
    char *header;
    char *payload;
    char *input;
    char *signature = NULL;
    (void)count;
    for (int i = 0; i < 3; i++) parts[i] = value_bytes(arguments[i], &lengths[i]);
    header = encode(parts[0], lengths[0], &lengths[0]);
    payload = encode(parts[1], lengths[1], &lengths[1]);
    input = sqlite3_mprintf("%s.%s", header, payload);
    if (input != NULL && HMAC(EVP_sha256(), parts[2], lengths[2], (unsigned char *)input,
                             strlen(input), mac, &mac_length) != NULL) {
        int length;
        signature = encode(mac, (int)mac_length, &length);
    }
    if (signature == NULL) {
        sqlite3_result_error(context, "hs256: cannot be made", -1);
    } else {
        sqlite3_result_text(context, sqlite3_mprintf("%s.%s", input, signature), -1, sqlite3_free);
    }
    sqlite3_free(header);
    sqlite3_free(payload);
    sqlite3_free(input);
    sqlite3_free(signature);
}

static const struct {
    const char *name;
    int arguments;
    void (*function)(sqlite3_context *context, int count, sqlite3_value **arguments);
} functions[] = {
    { "vector", 1, vector_function },
    { "vector_line", 1, vector_line_function },
    { "vector_blob", 1, vector_blob_function },
    { "from_hex", 1, from_hex_function },
    { "base64url", 1, base64url_function },
    { "from_base64url", 1, from_base64url_function },
    { "bytes", -1, bytes_function },
    { "hs256", 3, hs256_function },
};

/* ---- the whole */

static void fill_table(struct run *run)
{
    sqlite3_stmt *insert;
    if (sqlite3_exec(run->db, "CREATE TEMP TABLE vector_file(path TEXT PRIMARY KEY)", NULL, NULL,
            NULL) != SQLITE_OK) {
        run_stop(run, "%s", sqlite3_errmsg(run->db));
    }
    insert = run_prepare(run, "INSERT INTO vector_file VALUES (?1)");
    for (size_t i = 0; i < run->corpus->count; i++) {
        sqlite3_bind_text(insert, 1, run->corpus->files[i].path, -1, SQLITE_STATIC);
        run_step(run, insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
}

bool corpus_open(struct run *run, const char *folder)
{
    size_t length = 0;
    char *path = sqlite3_mprintf("%s/SHA256SUMS", folder);
    unsigned char *list = path == NULL ? NULL : read_whole(path, &length);
    sqlite3_free(path);
    if (list == NULL) return false;
    run->corpus = must(run, calloc(1, sizeof *run->corpus));
    run->corpus->folder = must(run, sqlite3_mprintf("%s", folder));
    for (const char *line = (const char *)list, *end = line + length; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL) stop = end;
        if (stop > line) add_listed(run, line, (size_t)(stop - line));
        line = stop + 1;
    }
    free(list);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        sqlite3_create_function(run->db, functions[i].name, functions[i].arguments, SQLITE_UTF8,
            run, functions[i].function, NULL, NULL);
    }
    fill_table(run);
    return true;
}

void corpus_check(struct run *run)
{
    for (size_t i = 0; i < run->corpus->count; i++) {
        struct vector_file *file = &run->corpus->files[i];
        if (find_file(run, file->path) == NULL) {
            report_check(run, file->path, false, "the file is there");
            continue;
        }
        report_check(run, file->path, has_recorded_hash(file), "the file is what was recorded");
        if (is_left_to_others(file->path)) continue;
        report_check(run, file->path, file->is_used, "some suite uses the file");
    }
}

void corpus_close(struct run *run)
{
    struct corpus *corpus = run->corpus;
    if (corpus == NULL) return;
    for (size_t i = 0; i < corpus->count; i++) {
        sqlite3_free(corpus->files[i].path);
        free(corpus->files[i].content);
    }
    free(corpus->files);
    sqlite3_free(corpus->folder);
    free(corpus);
    run->corpus = NULL;
}
