/*
** json_reader.c - see json_reader.h.
**
** The reader is one loop over the bytes with an explicit bit stack (one bit a
** level: object or array), so nothing an attacker sends can grow the C stack.
** Member names of the objects that are open stand on a stack of their own,
** `object->members`: an inner object's names are pushed above its parent's and
** popped when it closes, so what remains at the end is the top level's table.
*/
#include "json_reader.h"

#include "secure.h"

#include <stdlib.h>
#include <string.h>

#define JSON_LENGTH_MAX ((size_t)1 << 30)

/* From this many members in one object on, names are sorted to find twins instead of compared in pairs. */
#define SORT_FROM 24

struct reader {
    const uint8_t *at;
    const uint8_t *start;
    const uint8_t *end;
    struct json_object *object; /* where names stand, and the top level's members stay */
    size_t level_first;         /* index of the innermost object's first name */
    uint64_t is_object;         /* bit i: level i + 1 is an object */
    unsigned depth;
    enum json_fault fault;
};

static bool stop(struct reader *reader, enum json_fault fault)
{
    reader->fault = fault;
    return false;
}

static void skip_space(struct reader *reader)
{
    const uint8_t *at = reader->at;
    while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    reader->at = at;
}

/* Bytes that end the plain run inside a string: quote, backslash, controls, and all of UTF-8's longer forms. */
static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/*
** Where in the eight bytes at `at` the first stop is: the lowest marked byte of
** a little-endian word is the first in memory. Elsewhere, byte by byte.
*/
static const uint8_t *first_stop(const uint8_t *at, uint64_t stops)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return at + (unsigned)__builtin_ctzll(stops) / 8;
#else
    (void)stops;
    while (is_plain(*at)) at++;
    return at;
#endif
}

/*
** The first byte from `at` on that is not plain, or `end`. Eight bytes at a
** time: a top bit of `stops` is set where a byte is no ASCII, below 0x20, a
** quote or a backslash (subtracting borrows only upwards, from a byte that
** stops already, so no stop is missed).
*/
static const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        uint64_t quote = word ^ EACH_BYTE * '"';
        uint64_t backslash = word ^ EACH_BYTE * '\\';
        uint64_t stops =
            word | (word - EACH_BYTE * 0x20) | (quote - EACH_BYTE) | (backslash - EACH_BYTE);
        stops &= EACH_BYTE * 0x80;
        if (stops != 0) return first_stop(at, stops);
        at += 8;
    }
    while (at < end && is_plain(*at)) at++;
    return at;
}

/* How many bytes the UTF-8 sequence at `at` has, or 0 where it is not one (RFC 3629 section 4). */
static unsigned utf8_length(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    uint8_t lead = at[0];
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    unsigned length;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;  /* overlong */
        if (lead == 0xed) high = 0x9f; /* surrogates */
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;
        if (lead == 0xf4) high = 0x8f; /* above U+10FFFF */
    } else {
        return 0;
    }
    if (left < length || at[1] < low || at[1] > high) return 0;
    for (unsigned i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* The code unit of the four hex digits at `at`, or -1. */
static int hex_unit(const uint8_t *at, const uint8_t *end)
{
    int unit = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Steps over the escape whose backslash is at reader->at. */
static bool read_escape(struct reader *reader)
{
    const uint8_t *at = reader->at + 1;
    if (at >= reader->end) return stop(reader, JSON_BAD_SYNTAX);
    if (*at != 'u') {
        if (memchr("\"\\/bfnrt", *at, 8) == NULL) return stop(reader, JSON_BAD_ESCAPE);
        reader->at = at + 1;
        return true;
    }
    int unit = hex_unit(at + 1, reader->end);
    if (unit <= 0) return stop(reader, JSON_BAD_ESCAPE); /* not hex, or \u0000 */
    at += 5;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        bool pair = unit <= 0xdbff && reader->end - at >= 6 && at[0] == '\\' && at[1] == 'u';
        int second = pair ? hex_unit(at + 2, reader->end) : -1;
        if (second < 0xdc00 || second > 0xdfff) return stop(reader, JSON_BAD_ESCAPE);
        at += 6;
    }
    reader->at = at;
    return true;
}

/* Steps over the string whose opening quote is at reader->at. */
static bool read_string(struct reader *reader, bool *escaped)
{
    *escaped = false;
    reader->at++;
    for (;;) {
        const uint8_t *at = skip_plain(reader->at, reader->end);
        reader->at = at;
        if (at >= reader->end) return stop(reader, JSON_BAD_SYNTAX);
        if (*at == '"') {
            reader->at = at + 1;
            return true;
        }
        if (*at == '\\') {
            *escaped = true;
            if (!read_escape(reader)) return false;
        } else if (*at < 0x20) {
            return stop(reader, JSON_BAD_SYNTAX);
        } else {
            unsigned length = utf8_length(at, reader->end);
            if (length == 0) return stop(reader, JSON_BAD_UTF8);
            reader->at = at + length;
        }
    }
}

static bool is_digit(const struct reader *reader, const uint8_t *at)
{
    return at < reader->end && *at >= '0' && *at <= '9';
}

static const uint8_t *skip_digits(const struct reader *reader, const uint8_t *at)
{
    while (is_digit(reader, at)) at++;
    return at;
}

/* Steps over a number (RFC 8259 section 6). */
static bool read_number(struct reader *reader, uint8_t *type)
{
    const uint8_t *at = reader->at;
    *type = JSON_INTEGER;
    if (*at == '-') at++;
    if (!is_digit(reader, at)) return stop(reader, JSON_BAD_SYNTAX);
    at = *at == '0' ? at + 1 : skip_digits(reader, at);
    if (is_digit(reader, at)) return stop(reader, JSON_BAD_SYNTAX); /* 01 */
    if (at < reader->end && *at == '.') {
        *type = JSON_REAL;
        if (!is_digit(reader, ++at)) return stop(reader, JSON_BAD_SYNTAX);
        at = skip_digits(reader, at);
    }
    if (at < reader->end && (*at == 'e' || *at == 'E')) {
        *type = JSON_REAL;
        at++;
        if (at < reader->end && (*at == '+' || *at == '-')) at++;
        if (!is_digit(reader, at)) return stop(reader, JSON_BAD_SYNTAX);
        at = skip_digits(reader, at);
    }
    reader->at = at;
    return true;
}

static bool read_word(struct reader *reader, const char *word, size_t length)
{
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return stop(reader, JSON_BAD_SYNTAX);
    }
    reader->at += length;
    return true;
}

/* Steps over a value that is no container. */
static bool read_scalar(struct reader *reader, uint8_t *type)
{
    bool escaped;
    switch (*reader->at) {
    case '"': *type = JSON_STRING; return read_string(reader, &escaped);
    case 't': *type = JSON_TRUE; return read_word(reader, "true", 4);
    case 'f': *type = JSON_FALSE; return read_word(reader, "false", 5);
    case 'n': *type = JSON_NULL; return read_word(reader, "null", 4);
    default: return read_number(reader, type);
    }
}

/* Length and outer bytes of a raw name: different marks mean different raw names. */
static uint32_t name_mark(const uint8_t *name, size_t length)
{
    if (length == 0) return 0;
    return (uint32_t)(length & 0xff) << 24 | (uint32_t)name[0] << 16 |
           (uint32_t)name[length / 2] << 8 | name[length - 1];
}

static struct json_value name_value(const char *text, const struct json_member *member)
{
    return (struct json_value){ text + member->name_at - 1, member->name_length + 2, JSON_STRING };
}

static bool names_equal(
    const char *text, const struct json_member *left, const struct json_member *right)
{
    if (left->name_escaped || right->name_escaped) {
        return json_strings_equal(name_value(text, left), name_value(text, right));
    }
    return left->name_mark == right->name_mark && left->name_length == right->name_length &&
           memcmp(text + left->name_at, text + right->name_at, left->name_length) == 0;
}

static bool grow(struct json_object *object)
{
    size_t capacity = object->capacity * 2;
    struct json_member *members = memory_new(capacity * sizeof *members);
    if (members == NULL) return false;
    memcpy(members, object->members, object->count * sizeof *members);
    if (object->members != object->own) memory_free(object->members);
    object->members = members;
    object->capacity = capacity;
    return true;
}

/* Puts a name on the stack, after looking for its twin while the object is small. */
static bool push_name(struct reader *reader, const uint8_t *name, size_t length, bool escaped)
{
    struct json_object *object = reader->object;
    struct json_member *member;
    if (object->count == object->capacity && !grow(object)) return stop(reader, JSON_NO_MEMORY);
    member = &object->members[object->count];
    *member = (struct json_member){
        .name_at = (uint32_t)(name - reader->start),
        .name_length = (uint32_t)length,
        .name_mark = name_mark(name, length),
        .name_escaped = escaped,
    };
    if (object->count - reader->level_first < SORT_FROM) {
        for (size_t i = reader->level_first; i < object->count; i++) {
            if (names_equal(object->text, &object->members[i], member)) {
                return stop(reader, JSON_DUPLICATE);
            }
        }
    }
    object->count++;
    return true;
}

/* A name's place in the order that twins are found by: unescaped content, as a slice of `buffer` or of the text. */
struct sorted_name {
    const char *bytes;
    size_t length;
};

static int compare_names(const void *left, const void *right)
{
    const struct sorted_name *a = left;
    const struct sorted_name *b = right;
    if (a->length != b->length) return a->length < b->length ? -1 : 1;
    return a->length == 0 ? 0 : memcmp(a->bytes, b->bytes, a->length);
}

/*
** Moves the element at `root` down to its place in the heap of `count`.
** Heap sort, because qsort() may be quadratic on a chosen order, and allocates.
*/
static void sift_down(struct sorted_name *names, size_t root, size_t count)
{
    for (;;) {
        size_t child = root * 2 + 1;
        if (child >= count) return;
        if (child + 1 < count && compare_names(&names[child], &names[child + 1]) < 0) child++;
        if (compare_names(&names[root], &names[child]) >= 0) return;
        struct sorted_name moved = names[root];
        names[root] = names[child];
        names[child] = moved;
        root = child;
    }
}

static void sort_names(struct sorted_name *names, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) sift_down(names, i - 1, count);
    for (size_t i = count; i > 1; i--) {
        struct sorted_name moved = names[0];
        names[0] = names[i - 1];
        names[i - 1] = moved;
        sift_down(names, 0, i - 1);
    }
}

/*
** Looks for twins among the many names of the object that closes: in n log n,
** so that a hundred thousand members cost no more than reading them.
*/
static bool check_many_names(struct reader *reader)
{
    struct json_object *object = reader->object;
    const struct json_member *members = object->members + reader->level_first;
    size_t count = object->count - reader->level_first;
    size_t room = 1;
    for (size_t i = 0; i < count; i++) {
        if (members[i].name_escaped) room += members[i].name_length + 2;
    }
    struct sorted_name *names = memory_new(count * sizeof *names);
    char *buffer = memory_new(room);
    bool fine = names != NULL && buffer != NULL;
    char *out = buffer;
    if (!fine) stop(reader, JSON_NO_MEMORY);
    for (size_t i = 0; fine && i < count; i++) {
        names[i].bytes = object->text + members[i].name_at;
        names[i].length = members[i].name_length;
        if (members[i].name_escaped) {
            names[i].bytes = out;
            names[i].length = json_string_decode(name_value(object->text, &members[i]), out);
            out += names[i].length;
        }
    }
    if (fine) sort_names(names, count);
    for (size_t i = 1; fine && i < count; i++) {
        if (compare_names(&names[i - 1], &names[i]) == 0) fine = stop(reader, JSON_DUPLICATE);
    }
    memory_free(names);
    memory_free(buffer);
    return fine;
}

/* Reads `"name" :` and leaves reader->at at the value. */
static bool read_name(struct reader *reader)
{
    bool escaped;
    if (reader->at >= reader->end || *reader->at != '"') return stop(reader, JSON_BAD_SYNTAX);
    const uint8_t *name = reader->at + 1;
    if (!read_string(reader, &escaped)) return false;
    if (!push_name(reader, name, (size_t)(reader->at - 1 - name), escaped)) return false;
    skip_space(reader);
    if (reader->at >= reader->end || *reader->at != ':') return stop(reader, JSON_BAD_SYNTAX);
    reader->at++;
    skip_space(reader);
    return true;
}

static bool in_object(const struct reader *reader)
{
    return reader->depth > 0 && (reader->is_object >> (reader->depth - 1) & 1) != 0;
}

/* The loop below: what the next bytes must be. */
enum expectation { EXPECT_VALUE, EXPECT_VALUE_OR_CLOSE, EXPECT_NAME_OR_CLOSE, EXPECT_COMMA };

/* Opens the container at reader->at; `outer_first` remembers where the names of the object around it begin. */
static bool open_container(struct reader *reader, size_t *outer_first)
{
    bool object = *reader->at == '{';
    if (reader->depth == JSON_DEPTH_MAX) return stop(reader, JSON_TOO_DEEP);
    outer_first[reader->depth] = reader->level_first;
    reader->is_object &= ~((uint64_t)1 << reader->depth);
    reader->is_object |= (uint64_t)object << reader->depth;
    reader->depth++;
    if (object) reader->level_first = reader->object->count;
    reader->at++;
    return true;
}

/* Closes the innermost container; its names, unless it is the whole text, leave the stack. */
static bool close_container(struct reader *reader, const size_t *outer_first)
{
    struct json_object *object = reader->object;
    if (in_object(reader)) {
        if (object->count - reader->level_first > SORT_FROM && !check_many_names(reader)) {
            return false;
        }
        if (reader->depth > 1) object->count = reader->level_first;
    }
    reader->depth--;
    reader->level_first = outer_first[reader->depth];
    reader->at++;
    return true;
}

/* The last top-level member's value ends here. */
static void note_value_end(struct reader *reader)
{
    struct json_object *object = reader->object;
    if (reader->depth == 1 && in_object(reader)) {
        struct json_member *member = &object->members[object->count - 1];
        member->value_length = (uint32_t)(reader->at - reader->start) - member->value_at;
    }
}

static void note_value_start(struct reader *reader, uint8_t type)
{
    struct json_object *object = reader->object;
    if (reader->depth == 1 && in_object(reader)) {
        struct json_member *member = &object->members[object->count - 1];
        member->value_at = (uint32_t)(reader->at - reader->start);
        member->type = type;
    }
}

static void note_scalar_type(struct reader *reader, uint8_t type)
{
    struct json_object *object = reader->object;
    if (reader->depth == 1 && in_object(reader)) object->members[object->count - 1].type = type;
}

/* Reads one value and what stands around it until the text's first value is complete. */
static bool read_value(struct reader *reader)
{
    size_t outer_first[JSON_DEPTH_MAX];
    enum expectation expect = EXPECT_VALUE;
    do {
        skip_space(reader);
        if (reader->at >= reader->end) return stop(reader, JSON_BAD_SYNTAX);
        uint8_t byte = *reader->at;
        bool closes = expect != EXPECT_VALUE && byte == (in_object(reader) ? '}' : ']');
        if (closes) {
            if (!close_container(reader, outer_first)) return false;
            note_value_end(reader);
            expect = EXPECT_COMMA;
            continue;
        }
        if (expect == EXPECT_COMMA) {
            if (byte != ',') return stop(reader, JSON_BAD_SYNTAX);
            reader->at++;
            skip_space(reader);
            if (reader->at >= reader->end) return stop(reader, JSON_BAD_SYNTAX);
            byte = *reader->at;
        }
        if (in_object(reader)) {
            if (!read_name(reader)) return false;
            if (reader->at >= reader->end) return stop(reader, JSON_BAD_SYNTAX);
            byte = *reader->at;
        }
        if (byte == '{' || byte == '[') {
            note_value_start(reader, byte == '{' ? JSON_OBJECT : JSON_ARRAY);
            if (!open_container(reader, outer_first)) return false;
            expect = byte == '{' ? EXPECT_NAME_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
        } else {
            uint8_t type;
            note_value_start(reader, JSON_NULL);
            if (!read_scalar(reader, &type)) return false;
            note_scalar_type(reader, type);
            note_value_end(reader);
            expect = EXPECT_COMMA;
        }
    } while (reader->depth > 0);
    return true;
}

static enum json_fault read_text(
    struct json_object *object, const char *text, size_t length, bool only_object, size_t *at)
{
    struct reader reader = {
        .at = (const uint8_t *)text,
        .start = (const uint8_t *)text,
        .end = (const uint8_t *)text + length,
        .object = object,
    };
    object->text = text;
    object->length = length;
    object->members = object->own;
    object->count = 0;
    object->capacity = JSON_OWN_MEMBERS;
    if (length > JSON_LENGTH_MAX) {
        reader.fault = JSON_TOO_LONG;
    } else {
        skip_space(&reader);
        bool is_object = reader.at < reader.end && *reader.at == '{';
        if (only_object && !is_object) {
            reader.fault = JSON_NOT_OBJECT;
        } else if (read_value(&reader)) {
            skip_space(&reader);
            if (reader.at != reader.end) reader.fault = JSON_TRAILING;
        }
    }
    if (reader.fault != JSON_FINE) object->count = 0;
    if (at != NULL) *at = (size_t)(reader.at - reader.start);
    return reader.fault;
}

enum json_fault json_object_read(
    struct json_object *object, const char *text, size_t length, size_t *at)
{
    return read_text(object, text, length, true, at);
}

enum json_fault json_text_check(const char *text, size_t length, size_t *at)
{
    struct json_object object;
    enum json_fault fault = read_text(&object, text, length, false, at);
    json_object_release(&object);
    return fault;
}

void json_object_release(struct json_object *object)
{
    if (object->members != NULL && object->members != object->own) memory_free(object->members);
    object->members = object->own;
    object->capacity = JSON_OWN_MEMBERS;
    object->count = 0;
}

const struct json_member *json_object_find(
    const struct json_object *object, const char *name, size_t name_length)
{
    uint32_t mark = name_mark((const uint8_t *)name, name_length);
    for (size_t i = 0; i < object->count; i++) {
        const struct json_member *member = &object->members[i];
        if (member->name_escaped) {
            if (json_string_is(name_value(object->text, member), name, name_length)) return member;
        } else if (member->name_mark == mark && member->name_length == name_length &&
                   memcmp(object->text + member->name_at, name, name_length) == 0) {
            return member;
        }
    }
    return NULL;
}

const char *json_fault_text(enum json_fault fault)
{
    static const char *const texts[] = {
        [JSON_FINE] = "nothing is wrong",
        [JSON_NO_MEMORY] = "out of memory",
        [JSON_NOT_OBJECT] = "not a JSON object",
        [JSON_BAD_SYNTAX] = "not JSON (RFC 8259)",
        [JSON_BAD_UTF8] = "not UTF-8",
        [JSON_BAD_ESCAPE] = "a string holds \\u0000, a lone surrogate or an unknown escape",
        [JSON_DUPLICATE] = "a member name occurs twice",
        [JSON_TOO_DEEP] = "nested deeper than 64 levels",
        [JSON_TRAILING] = "something follows the JSON text",
        [JSON_TOO_LONG] = "longer than 1 GiB",
    };
    return texts[fault];
}
