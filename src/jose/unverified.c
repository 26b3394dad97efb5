/*
** unverified.c - see unverified.h.
*/
#include "unverified.h"

#include "base64url.h"
#include "policy.h"
#include "secure.h"

/* Decodes one segment to `out`, which grows by it; false where it is not strict base64url. */
static bool decode(unsigned char **out, size_t *size, const char *text, size_t length)
{
    bool fine = base64url_decode(*out, size, text, length);
    *out += BASE64URL_SIZE(length);
    return fine;
}

/* Reads a decoded segment that should be a JSON object; false when memory runs out. */
static bool read_object(
    struct json_object *object, const unsigned char *bytes, size_t size, bool *fine)
{
    enum json_fault fault = json_object_read(object, (const char *)bytes, size, NULL);
    *fine = fault == JSON_FINE;
    return fault != JSON_NO_MEMORY;
}

enum unverified_result unverified_read(
    struct unverified *unverified, const char *text, size_t length, unsigned what)
{
    struct token_parts *parts = &unverified->parts;
    unverified->header_fine = false;
    unverified->payload_fine = false;
    unverified->header.members = NULL;
    unverified->payload.members = NULL;
    unverified->buffer = unverified->own;
    if (length > POLICY_MAX_LENGTH_MAX || !token_split(parts, text, length)) {
        return UNVERIFIED_MALFORMED;
    }
    size_t room = BASE64URL_SIZE(parts->header_length) + BASE64URL_SIZE(parts->payload_length) +
                  BASE64URL_SIZE(parts->signature_length);
    if (room > sizeof unverified->own) unverified->buffer = memory_new(room);
    if (unverified->buffer == NULL) return UNVERIFIED_NO_MEMORY;
    unsigned char *header = unverified->buffer;
    unsigned char *out = header;
    size_t header_size;
    size_t payload_size;
    size_t signature_size;
    if (!decode(&out, &header_size, text, parts->header_length)) return UNVERIFIED_MALFORMED;
    unsigned char *payload = out;
    if (!decode(&out, &payload_size, text + parts->payload_at, parts->payload_length) ||
        !decode(&out, &signature_size, text + parts->signature_at, parts->signature_length)) {
        return UNVERIFIED_MALFORMED;
    }
    if ((what & UNVERIFIED_HEADER) != 0 &&
        !read_object(&unverified->header, header, header_size, &unverified->header_fine)) {
        return UNVERIFIED_NO_MEMORY;
    }
    if ((what & UNVERIFIED_PAYLOAD) != 0 &&
        !read_object(&unverified->payload, payload, payload_size, &unverified->payload_fine)) {
        return UNVERIFIED_NO_MEMORY;
    }
    if (unverified->payload_fine) claims_locate(&unverified->claims, &unverified->payload);
    return UNVERIFIED_FINE;
}

void unverified_release(struct unverified *unverified)
{
    json_object_release(&unverified->header);
    json_object_release(&unverified->payload);
    if (unverified->buffer != unverified->own) memory_free(unverified->buffer);
    unverified->buffer = unverified->own;
}
