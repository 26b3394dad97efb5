/*
** token.c - see token.h.
*/
#include "token.h"

#include <string.h>

bool token_split(struct token_parts *parts, const char *text, size_t length)
{
    const char *end = text + length;
    const char *first = memchr(text, '.', length);
    if (first == NULL) return false;
    const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
    if (second == NULL) return false;
    if (memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL) return false;
    parts->text = text;
    parts->length = length;
    parts->header_length = (size_t)(first - text);
    parts->payload_at = parts->header_length + 1;
    parts->payload_length = (size_t)(second - first - 1);
    parts->signature_at = parts->payload_at + parts->payload_length + 1;
    parts->signature_length = (size_t)(end - second - 1);
    return true;
}

size_t token_signing_length(const struct token_parts *parts)
{
    return parts->payload_at + parts->payload_length;
}

/* RFC 7515 section 4.1 and RFC 7797 section 3. */
static const char *const registered[] = {
    "alg",
    "jku",
    "jwk",
    "kid",
    "x5u",
    "x5c",
    "x5t",
    "x5t#S256",
    "typ",
    "cty",
    "crit",
    "b64",
};

bool token_header_is_registered(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof registered / sizeof *registered; i++) {
        if (strlen(registered[i]) == length && memcmp(registered[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* What is wrong with `crit`, or NULL: a non-empty array of distinct strings, each a member (RFC 7515 section 4.1.11). */
static const char *crit_fault(const struct token_header *header)
{
    struct json_cursor cursor;
    struct json_value name;
    size_t count = 0;
    if (header->crit.type != JSON_ARRAY) return "is not an array";
    cursor = json_cursor_start(header->crit);
    while (json_array_next(&cursor, &name)) {
        struct json_cursor before = json_cursor_start(header->crit);
        struct json_value earlier;
        bool present = false;
        if (name.type != JSON_STRING) return "holds something other than strings";
        if (++count > 32) return "has more than 32 names";
        for (size_t i = 1; i < count; i++) {
            json_array_next(&before, &earlier);
            if (json_strings_equal(earlier, name)) return "names an extension twice";
        }
        for (size_t i = 0; i < header->object.count && !present; i++) {
            const struct json_member *member = &header->object.members[i];
            struct json_value member_name = { header->object.text + member->name_at - 1,
                member->name_length + 2, JSON_STRING };
            present = json_strings_equal(member_name, name);
        }
        if (!present) return "names a member that the header does not have";
    }
    return count == 0 ? "is empty" : NULL;
}

/* The header members whose type is fixed, and where their values go. */
static const struct {
    const char *name;
    size_t offset;
} string_members[] = {
    { "alg", offsetof(struct token_header, alg) },
    { "kid", offsetof(struct token_header, kid) },
    { "typ", offsetof(struct token_header, typ) },
};

static const char *check_members(struct token_header *header, const char **member)
{
    struct json_value b64;
    struct json_value cty;
    for (size_t i = 0; i < sizeof string_members / sizeof *string_members; i++) {
        struct json_value *value =
            (struct json_value *)(void *)((char *)header + string_members[i].offset);
        *value = json_object_get(&header->object, string_members[i].name);
        *member = string_members[i].name;
        if (value->text != NULL && value->type != JSON_STRING) return "is not a string";
    }
    *member = "alg";
    if (header->alg.text == NULL) return "is missing";
    *member = "cty";
    cty = json_object_get(&header->object, "cty");
    if (cty.text != NULL && cty.type != JSON_STRING) return "is not a string";
    *member = "b64";
    b64 = json_object_get(&header->object, "b64");
    header->has_b64 = b64.text != NULL;
    header->b64 = !header->has_b64 || b64.type == JSON_TRUE;
    if (header->has_b64 && b64.type != JSON_TRUE && b64.type != JSON_FALSE) {
        return "is neither true nor false";
    }
    *member = "crit";
    header->crit = json_object_get(&header->object, "crit");
    return header->crit.text == NULL ? NULL : crit_fault(header);
}

enum header_result token_header_read(struct token_header *header, const char *text, size_t length,
    const char **why, const char **member)
{
    char name[64]; /* the longest name of ours, every character escaped, fits */
    enum json_fault fault = json_object_read(&header->object, text, length, NULL);
    *member = NULL;
    *why = NULL;
    if (fault == JSON_NO_MEMORY) return HEADER_NO_MEMORY;
    if (fault != JSON_FINE) {
        *why = json_fault_text(fault);
        return HEADER_BAD;
    }
    *why = check_members(header, member);
    if (*why != NULL) return HEADER_BAD;
    *member = NULL;
    header->algorithm = NULL;
    if (header->alg.length <= sizeof name) {
        size_t name_length = json_string_decode(header->alg, name);
        header->algorithm = algorithm_find(name, name_length);
    }
    return HEADER_FINE;
}

void token_header_release(struct token_header *header)
{
    json_object_release(&header->object);
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

/* Without "application/", which RFC 7515 section 4.1.9 lets a sender leave out where no other '/' follows. */
static void strip_application(const char **bytes, size_t *length)
{
    static const char prefix[] = "application/";
    size_t prefix_length = sizeof prefix - 1;
    if (*length <= prefix_length) return;
    for (size_t i = 0; i < prefix_length; i++) {
        if (lower((*bytes)[i]) != prefix[i]) return;
    }
    if (memchr(*bytes + prefix_length, '/', *length - prefix_length) != NULL) return;
    *bytes += prefix_length;
    *length -= prefix_length;
}

static bool media_types_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    strip_application(&a, &a_length);
    strip_application(&b, &b_length);
    if (a_length != b_length) return false;
    for (size_t i = 0; i < a_length; i++) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

#define TYP_LENGTH_MAX 255 /* RFC 6838 section 4.2: 127 characters on each side of the slash */

/* Decodes a `typ` of sane length to `out`; false where it is longer. */
static bool typ_decode(struct json_value typ, char *out, size_t *length)
{
    if (typ.text == NULL || typ.length > TYP_LENGTH_MAX) return false;
    *length = json_string_decode(typ, out);
    return true;
}

bool token_typ_equal(struct json_value left, struct json_value right)
{
    char a[TYP_LENGTH_MAX];
    char b[TYP_LENGTH_MAX];
    size_t a_length;
    size_t b_length;
    return typ_decode(left, a, &a_length) && typ_decode(right, b, &b_length) &&
           media_types_equal(a, a_length, b, b_length);
}

bool token_typ_is(struct json_value typ, const char *wanted)
{
    char bytes[TYP_LENGTH_MAX];
    size_t length;
    return typ_decode(typ, bytes, &length) &&
           media_types_equal(bytes, length, wanted, strlen(wanted));
}
