/*
** json_reader.c - see json_reader.h.
**
** The reader is one loop over the bytes with a stack of its own, as deep as a
** text may be, so nothing an attacker sends can grow the C stack.
** Member names of the objects that are open stand on a stack of their own,
** `object->members`: an inner object's names are pushed above its parent's and
** popped when it closes, so what remains at the end is the top level's table.
*/
#include "json_reader.h"

#include "json_scan.h"
#include "json_twins.h"
#include "rarely.h"
#include "secure.h"

#include <stdlib.h>
#include <string.h>

#define JSON_LENGTH_MAX ((size_t)1 << 30)

/* From this many members in one object on, twins are looked for when it closes instead of in pairs. */
#define SORT_FROM 24

/* The innermost container that is open; those around it wait on a stack. */
struct level {
    size_t first;     /* index of its first name, where it is an object */
    uint64_t seen;    /* bit of each name's mark: a name whose bit is new has no twin */
    bool has_escaped; /* a name among them is escaped: marks say nothing */
    bool is_object;
    bool is_empty; /* nothing was read in it: it may close, and no comma is due */
};

struct reader {
    const uint8_t *at; /* where reading stopped */
    const uint8_t *start;
    const uint8_t *end;
    struct json_object *object; /* where names stand, and the top level's members stay */
    struct level level;
    unsigned depth;
    enum json_fault fault;
};

/* NULL, after noting what is wrong and where. The steps below return where they ended, or this. */
RARELY static const uint8_t *stop(struct reader *reader, const uint8_t *at, enum json_fault fault)
{
    reader->fault = fault;
    reader->at = at;
    return NULL;
}

static inline const uint8_t *skip_space(const struct reader *reader, const uint8_t *at)
{
    while (at < reader->end && *at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
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

/* Steps over the escape whose backslash is at `escape`. */
static const uint8_t *read_escape(struct reader *reader, const uint8_t *escape)
{
    const uint8_t *at = escape + 1;
    if (at >= reader->end) return stop(reader, escape, JSON_BAD_SYNTAX);
    if (*at != 'u') {
        if (memchr("\"\\/bfnrt", *at, 8) == NULL) return stop(reader, escape, JSON_BAD_ESCAPE);
        return at + 1;
    }
    int unit = hex_unit(at + 1, reader->end);
    if (unit <= 0) return stop(reader, escape, JSON_BAD_ESCAPE); /* not hex, or \u0000 */
    at += 5;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        bool pair = unit <= 0xdbff && reader->end - at >= 6 && at[0] == '\\' && at[1] == 'u';
        int second = pair ? hex_unit(at + 2, reader->end) : -1;
        if (second < 0xdc00 || second > 0xdfff) return stop(reader, escape, JSON_BAD_ESCAPE);
        at += 6;
    }
    return at;
}

/* The rest of a string after a byte that is not plain, at `at`. */
static const uint8_t *read_rough_string(struct reader *reader, const uint8_t *at, bool *escaped)
{
    for (; at < reader->end; at = json_skip_plain(at, reader->end)) {
        if (*at == '"') return at + 1;
        if (*at == '\\') {
            *escaped = true;
            at = read_escape(reader, at);
            if (at == NULL) return NULL;
        } else if (*at < 0x20) {
            return stop(reader, at, JSON_BAD_SYNTAX);
        } else {
            unsigned length = utf8_length(at, reader->end);
            if (length == 0) return stop(reader, at, JSON_BAD_UTF8);
            at += length;
        }
    }
    return stop(reader, at, JSON_BAD_SYNTAX);
}

/* Steps over the string whose opening quote is at `at`. */
static inline const uint8_t *read_string(struct reader *reader, const uint8_t *at, bool *escaped)
{
    *escaped = false;
    at = json_skip_plain(at + 1, reader->end);
    if (at < reader->end && *at == '"') return at + 1;
    return read_rough_string(reader, at, escaped);
}

static inline bool is_digit(const struct reader *reader, const uint8_t *at)
{
    return at < reader->end && (uint8_t)(*at - '0') < 10;
}

static inline const uint8_t *skip_digits(const struct reader *reader, const uint8_t *at)
{
    while (is_digit(reader, at)) at++;
    return at;
}

/* What may follow a number's whole part: a fraction, an exponent. */
static const uint8_t *read_real(struct reader *reader, const uint8_t *start, const uint8_t *at)
{
    if (*at == '.') {
        if (!is_digit(reader, ++at)) return stop(reader, start, JSON_BAD_SYNTAX);
        at = skip_digits(reader, at);
    }
    if (at < reader->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < reader->end && (*at == '+' || *at == '-')) at++;
        if (!is_digit(reader, at)) return stop(reader, start, JSON_BAD_SYNTAX);
        at = skip_digits(reader, at);
    }
    return at;
}

/* Steps over a number (RFC 8259 section 6). */
static inline const uint8_t *read_number(struct reader *reader, const uint8_t *start, uint8_t *type)
{
    const uint8_t *at = start;
    *type = JSON_INTEGER;
    if (*at == '-') at++;
    if (!is_digit(reader, at)) return stop(reader, start, JSON_BAD_SYNTAX);
    at = *at == '0' ? at + 1 : skip_digits(reader, at);
    if (at >= reader->end) return at;
    if (*at == '.' || *at == 'e' || *at == 'E') {
        *type = JSON_REAL;
        return read_real(reader, start, at);
    }
    return is_digit(reader, at) ? stop(reader, start, JSON_BAD_SYNTAX) : at; /* 01 */
}

static const uint8_t *read_word(
    struct reader *reader, const uint8_t *at, const char *word, size_t length)
{
    if ((size_t)(reader->end - at) < length || memcmp(at, word, length) != 0) {
        return stop(reader, at, JSON_BAD_SYNTAX);
    }
    return at + length;
}

/* Steps over a value that is no container. */
static inline const uint8_t *read_scalar(struct reader *reader, const uint8_t *at, uint8_t *type)
{
    bool escaped;
    switch (*at) {
    case '"': *type = JSON_STRING; return read_string(reader, at, &escaped);
    case 't': *type = JSON_TRUE; return read_word(reader, at, "true", 4);
    case 'f': *type = JSON_FALSE; return read_word(reader, at, "false", 5);
    case 'n': *type = JSON_NULL; return read_word(reader, at, "null", 4);
    default: return read_number(reader, at, type);
    }
}

static uint64_t long_mark(const uint8_t *name, size_t length)
{
    return json_pack(name, 8) ^ json_pack(name + length - 8, 8) * UINT64_C(0x9e3779b97f4a7c15) ^
           length;
}

/* See struct json_member. `end`: up to where memory may be read. */
static inline uint64_t name_mark(const uint8_t *name, size_t length, const uint8_t *end)
{
    if (length > 8) return long_mark(name, length);
    if (length == 0) return 0;
    if (!JSON_LITTLE_ENDIAN || end - name < 8) return json_pack(name, length);
    return json_pack(name, 8) & UINT64_MAX >> 8 * (8 - length);
}

/* The bit that stands for a mark among those of its object. */
static inline uint64_t name_bit(uint64_t mark)
{
    return UINT64_C(1) << (mark * UINT64_C(0x9e3779b97f4a7c15) >> 58);
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

/*
** Makes room for as many members as the rest of the text will have if they are
** as long as those so far, but for twice as many at least.
*/
static bool grow(struct json_object *object, size_t read)
{
    size_t capacity = object->capacity * 2;
    size_t expected = object->count * (object->length / read + 1);
    if (capacity < expected) capacity = expected;
    struct json_member *members = memory_new(capacity * sizeof *members);
    if (members == NULL) return false;
    memcpy(members, object->members, object->count * sizeof *members);
    if (object->members != object->own) memory_free(object->members);
    object->members = members;
    object->capacity = capacity;
    return true;
}

/* Whether the name that is about to be pushed stands in its object already. */
static bool has_twin(const struct reader *reader, const struct json_member *member)
{
    const struct json_object *object = reader->object;
    for (size_t i = reader->level.first; i < object->count; i++) {
        if (names_equal(object->text, &object->members[i], member)) return true;
    }
    return false;
}

/* Puts a name, `at` to the quote before `after`, on the stack; after looking for its twin while the object is small. */
static inline const uint8_t *push_name(
    struct reader *reader, const uint8_t *name, const uint8_t *after, bool escaped)
{
    struct json_object *object = reader->object;
    struct level *level = &reader->level;
    size_t length = (size_t)(after - 1 - name);
    if (object->count == object->capacity && !grow(object, (size_t)(after - reader->start))) {
        return stop(reader, after, JSON_NO_MEMORY);
    }
    struct json_member *member = &object->members[object->count];
    uint64_t mark = name_mark(name, length, reader->end);
    uint64_t bit = name_bit(mark);
    member->name_at = (uint32_t)(name - reader->start);
    member->name_length = (uint32_t)length;
    member->value_at = member->value_length = 0;
    member->name_mark = mark;
    member->type = JSON_NULL;
    member->name_escaped = escaped;
    member->value_plain = false;
    level->has_escaped |= escaped;
    if (((level->seen & bit) != 0 || level->has_escaped) &&
        object->count - level->first < SORT_FROM && has_twin(reader, member)) {
        return stop(reader, after, JSON_DUPLICATE);
    }
    level->seen |= bit;
    object->count++;
    return after;
}

/* Looks for twins among the many names of the object that closes: a hundred thousand cost no more than reading them. */
static enum json_fault check_many_names(const struct reader *reader)
{
    struct json_object *object = reader->object;
    const struct json_member *members = object->members + reader->level.first;
    size_t count = object->count - reader->level.first;
    size_t room = 1;
    if (!reader->level.has_escaped) {
        enum json_twins twins = json_members_twins(object->text, members, count);
        if (twins != JSON_TWINS_UNKNOWN) {
            return twins == JSON_TWINS_FOUND ? JSON_DUPLICATE : JSON_FINE;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (members[i].name_escaped) room += members[i].name_length + 2;
    }
    struct json_name *names = memory_new(count * sizeof *names);
    char *buffer = memory_new(room);
    enum json_fault fault = names == NULL || buffer == NULL ? JSON_NO_MEMORY : JSON_FINE;
    char *out = buffer;
    for (size_t i = 0; fault == JSON_FINE && i < count; i++) {
        names[i].bytes = object->text + members[i].name_at;
        names[i].length = members[i].name_length;
        if (members[i].name_escaped) {
            names[i].bytes = out;
            names[i].length = json_string_decode(name_value(object->text, &members[i]), out);
            out += names[i].length;
        }
    }
    if (fault == JSON_FINE && json_names_have_twins(names, count)) fault = JSON_DUPLICATE;
    memory_free(names);
    memory_free(buffer);
    return fault;
}

/* Reads `"name" :` and ends at the value. */
static inline const uint8_t *read_name(struct reader *reader, const uint8_t *at)
{
    bool escaped;
    if (at >= reader->end || *at != '"') return stop(reader, at, JSON_BAD_SYNTAX);
    const uint8_t *after = read_string(reader, at, &escaped);
    if (after == NULL || push_name(reader, at + 1, after, escaped) == NULL) return NULL;
    at = skip_space(reader, after);
    if (at >= reader->end || *at != ':') return stop(reader, at, JSON_BAD_SYNTAX);
    at = skip_space(reader, at + 1);
    return at < reader->end ? at : stop(reader, at, JSON_BAD_SYNTAX);
}

/* The member whose value is at hand, where it is one of the top level's; else NULL. */
static inline struct json_member *top_member(const struct reader *reader)
{
    const struct json_object *object = reader->object;
    if (reader->depth != 1 || !reader->level.is_object) return NULL;
    return &object->members[object->count - 1];
}

/* Opens the container at `at`; the level around it goes to its place in `outer`. */
static const uint8_t *open_container(
    struct reader *reader, const uint8_t *at, struct level outer[JSON_DEPTH_MAX])
{
    if (reader->depth == JSON_DEPTH_MAX) return stop(reader, at, JSON_TOO_DEEP);
    outer[reader->depth++] = reader->level;
    reader->level = (struct level){
        .first = reader->object->count,
        .is_object = *at == '{',
        .is_empty = true,
    };
    return at + 1;
}

/* Closes the innermost container; its names, unless it is the whole text, leave the stack. */
static const uint8_t *close_container(
    struct reader *reader, const uint8_t *at, const struct level outer[JSON_DEPTH_MAX])
{
    struct json_object *object = reader->object;
    if (reader->level.is_object) {
        if (object->count - reader->level.first > SORT_FROM) {
            enum json_fault fault = check_many_names(reader);
            if (fault != JSON_FINE) return stop(reader, at, fault);
        }
        if (reader->depth > 1) object->count = reader->level.first;
    }
    reader->level = outer[--reader->depth];
    struct json_member *member = top_member(reader);
    if (member != NULL) {
        member->value_length = (uint32_t)(at + 1 - reader->start) - member->value_at;
    }
    return at + 1;
}

/* Reads the scalar at `at`, or opens the container there. */
static inline const uint8_t *begin_value(
    struct reader *reader, const uint8_t *at, struct level outer[JSON_DEPTH_MAX])
{
    struct json_member *member = top_member(reader);
    uint8_t type = *at == '{' ? JSON_OBJECT : JSON_ARRAY;
    bool is_scalar = *at != '{' && *at != '[';
    const uint8_t *after =
        is_scalar ? read_scalar(reader, at, &type) : open_container(reader, at, outer);
    if (after == NULL || member == NULL) return after;
    member->value_at = (uint32_t)(at - reader->start);
    member->type = type;
    if (is_scalar) member->value_length = (uint32_t)(after - at);
    return after;
}

/* Steps over digits, eight at a time while they last. */
static inline const uint8_t *skip_many_digits(const struct reader *reader, const uint8_t *at)
{
    while (reader->end - at >= 8 && json_are_digits(json_pack(at, 8))) at += 8;
    return skip_digits(reader, at);
}

/* The end of a value as most are: a plain string, or a whole number without sign. NULL where it is anything else. */
static inline const uint8_t *skip_plain_value(
    const struct reader *reader, const uint8_t *at, uint8_t *type)
{
    if (*at == '"') {
        at = json_skip_plain(at + 1, reader->end);
        *type = JSON_STRING;
        return at < reader->end && *at == '"' ? at + 1 : NULL;
    }
    *type = JSON_INTEGER;
    return *at >= '1' && *at <= '9' ? skip_many_digits(reader, at + 1) : NULL;
}

/*
** Reads members of the outermost object as long as they are what nearly all of
** a token are: no white space, no escape, plain ASCII, no containers. Ends in
** front of the first that is otherwise, or before the closing bracket: whatever
** is there is for read_value(), which alone says what is wrong.
*/
static const uint8_t *read_plain_members(struct reader *reader, const uint8_t *at)
{
    struct json_object *object = reader->object;
    const uint8_t *end = reader->end;
    size_t limit = object->capacity < SORT_FROM ? object->capacity : SORT_FROM;
    struct json_member *member = &object->members[object->count];
    for (; object->count < limit && end - at >= 4; member++) {
        uint8_t type;
        const uint8_t *name = at + 1 + !reader->level.is_empty;
        if (name[-1] != '"' || (!reader->level.is_empty && *at != ',')) break;
        const uint8_t *quote = json_skip_plain(name, end);
        if (end - quote < 3 || quote[0] != '"' || quote[1] != ':') break;
        const uint8_t *value = quote + 2;
        const uint8_t *after = skip_plain_value(reader, value, &type);
        if (after == NULL || after >= end || (*after != ',' && *after != '}')) break;
        uint64_t mark = name_mark(name, (size_t)(quote - name), end);
        uint64_t bit = name_bit(mark);
        *member = (struct json_member){
            .name_at = (uint32_t)(name - reader->start),
            .name_length = (uint32_t)(quote - name),
            .value_at = (uint32_t)(value - reader->start),
            .value_length = (uint32_t)(after - value),
            .name_mark = mark,
            .type = type,
            .value_plain = true,
        };
        bool suspect = (reader->level.seen & bit) != 0 || reader->level.has_escaped;
        if (suspect && has_twin(reader, member)) break;
        reader->level.seen |= bit;
        reader->level.is_empty = false;
        object->count++;
        at = after;
    }
    return at;
}

/* Reads one value and all that is in it: one loop, in which `outer` is the only thing that grows. */
static const uint8_t *read_value(struct reader *reader, const uint8_t *at)
{
    struct level outer[JSON_DEPTH_MAX];
    if (at >= reader->end) return stop(reader, at, JSON_BAD_SYNTAX);
    at = begin_value(reader, at, outer);
    while (at != NULL && reader->depth > 0) {
        if (reader->depth == 1 && reader->level.is_object) at = read_plain_members(reader, at);
        at = skip_space(reader, at);
        if (at >= reader->end) return stop(reader, at, JSON_BAD_SYNTAX);
        if (*at == (reader->level.is_object ? '}' : ']')) {
            at = close_container(reader, at, outer);
            continue;
        }
        if (!reader->level.is_empty) {
            if (*at != ',') return stop(reader, at, JSON_BAD_SYNTAX);
            at = skip_space(reader, at + 1);
            if (at >= reader->end) return stop(reader, at, JSON_BAD_SYNTAX);
        }
        reader->level.is_empty = false;
        if (reader->level.is_object) at = read_name(reader, at);
        if (at != NULL) at = begin_value(reader, at, outer);
    }
    return at;
}

static enum json_fault read_text(
    struct json_object *object, const char *text, size_t length, bool only_object, size_t *stopped)
{
    struct reader reader = {
        .at = (const uint8_t *)text,
        .start = (const uint8_t *)text,
        .end = (const uint8_t *)text + length,
        .object = object,
    };
    const uint8_t *at = reader.at;
    object->text = text;
    object->length = length;
    object->members = object->own;
    object->count = 0;
    object->capacity = JSON_OWN_MEMBERS;
    if (length > JSON_LENGTH_MAX) {
        stop(&reader, at, JSON_TOO_LONG);
    } else {
        at = skip_space(&reader, at);
        bool is_object = at < reader.end && *at == '{';
        if (only_object && !is_object) {
            stop(&reader, at, JSON_NOT_OBJECT);
        } else {
            at = read_value(&reader, at);
            if (at != NULL) reader.at = skip_space(&reader, at);
            if (at != NULL && reader.at != reader.end) reader.fault = JSON_TRAILING;
        }
    }
    if (reader.fault != JSON_FINE) object->count = 0;
    if (stopped != NULL) *stopped = (size_t)(reader.at - reader.start);
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
    const uint8_t *bytes = (const uint8_t *)name;
    uint64_t mark = name_mark(bytes, name_length, bytes + name_length);
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
