/*
** unverified.c - see unverified.h.
*/
#include "unverified.h"

#include "base64url.h"
#include "policy.h"
#include "secure.h"

/* Reads a decoded segment that should be a JSON object; false when memory runs out. */
static bool read_object(
    struct json_object *object, const unsigned char *bytes, size_t size, bool *fine)
{
    enum json_fault fault = json_object_read(object, (const char *)bytes, size, NULL);
    *fine = fault == JSON_FINE;
    return fault != JSON_NO_MEMORY;
}

void unverified_start(struct unverified *unverified)
{
    unverified->header_fine = false;
    unverified->payload_fine = false;
    unverified->header.members = NULL;
    unverified->payload.members = NULL;
    unverified->kept_header = NULL;
    unverified->buffer = unverified->own;
}

/* Shows the header that was read before; its members stay the memo's. */
static void take_kept_header(struct unverified *unverified)
{
    const struct json_object *kept = &unverified->kept_header->header.object;
    unverified->header.text = kept->text;
    unverified->header.length = kept->length;
    unverified->header.members = kept->members;
    unverified->header.count = kept->count;
    unverified->header_fine = true;
}

/* Finds or decodes and reads the header. */
static enum unverified_result read_header(
    struct unverified *unverified, unsigned char *out, unsigned what, struct header_memo *headers)
{
    const struct token_parts *parts = &unverified->parts;
    size_t size;
    unverified->kept_header = header_memo_find(headers, parts->text, parts->header_length);
    if (unverified->kept_header != NULL) {
        take_kept_header(unverified);
        return UNVERIFIED_FINE;
    }
    if (!base64url_decode(out, &size, parts->text, parts->header_length)) {
        return UNVERIFIED_MALFORMED;
    }
    if ((what & UNVERIFIED_HEADER) == 0) return UNVERIFIED_FINE;
    if (!read_object(&unverified->header, out, size, &unverified->header_fine)) {
        return UNVERIFIED_NO_MEMORY;
    }
    if (unverified->header_fine) {
        header_memo_note(headers, parts->text, parts->header_length, (const char *)out, size);
    }
    return UNVERIFIED_FINE;
}

enum unverified_result unverified_read_known(struct unverified *unverified, const char *text,
    size_t length, unsigned what, struct header_memo *headers)
{
    struct token_parts *parts = &unverified->parts;
    unverified_start(unverified);
    if (length > POLICY_MAX_LENGTH_MAX || !token_split(parts, text, length)) {
        return UNVERIFIED_MALFORMED;
    }
    size_t header_room = BASE64URL_SIZE(parts->header_length);
    size_t payload_room = BASE64URL_SIZE(parts->payload_length);
    size_t room = header_room + payload_room + BASE64URL_SIZE(parts->signature_length);
    if (room > sizeof unverified->own) unverified->buffer = memory_new(room);
    if (unverified->buffer == NULL) return UNVERIFIED_NO_MEMORY;
    unsigned char *payload = unverified->buffer + header_room;
    size_t payload_size;
    size_t signature_size;
    enum unverified_result result = read_header(unverified, unverified->buffer, what, headers);
    if (result != UNVERIFIED_FINE) return result;
    if (!base64url_decode(
            payload, &payload_size, text + parts->payload_at, parts->payload_length) ||
        !base64url_decode(payload + payload_room, &signature_size, text + parts->signature_at,
            parts->signature_length)) {
        return UNVERIFIED_MALFORMED;
    }
    if ((what & UNVERIFIED_PAYLOAD) != 0 &&
        !read_object(&unverified->payload, payload, payload_size, &unverified->payload_fine)) {
        return UNVERIFIED_NO_MEMORY;
    }
    if ((what & UNVERIFIED_PLAIN) == 0 && unverified->payload_fine) {
        claims_locate(&unverified->claims, &unverified->payload);
    }
    return UNVERIFIED_FINE;
}

enum unverified_result unverified_read(
    struct unverified *unverified, const char *text, size_t length, unsigned what)
{
    return unverified_read_known(unverified, text, length, what, NULL);
}

void unverified_release(struct unverified *unverified)
{
    if (unverified->kept_header != NULL) unverified->header.members = NULL;
    kept_header_release(unverified->kept_header);
    unverified->kept_header = NULL;
    json_object_release(&unverified->header);
    json_object_release(&unverified->payload);
    if (unverified->buffer != unverified->own) memory_free(unverified->buffer);
    unverified->buffer = unverified->own;
}
