/*
** test_json_members.c - the table of top-level members that reading leaves, and
** twins among many members: found, and in bounded time.
*/
#include <stdlib.h>
#include <string.h>

#include "jose/json_reader.h"
#include "jose/json_twins.h"
#include "jose/json_value.h"
#include "unit.h"

struct wanted_member {
    const char *name; /* unescaped */
    const char *value;
    enum json_type type;
};

static void check_member(
    const struct json_object *object, size_t index, const struct wanted_member *wanted)
{
    const struct json_member *member = &object->members[index];
    struct json_value value = json_member_value(object, member);
    struct json_value name = { object->text + member->name_at - 1, member->name_length + 2,
        JSON_STRING };
    CHECK(json_string_is(name, wanted->name, strlen(wanted->name)), "member %zu is called %s",
        index, wanted->name);
    CHECK(value.length == strlen(wanted->value) &&
              memcmp(value.text, wanted->value, value.length) == 0,
        "%s has the value %s", wanted->name, wanted->value);
    CHECK(value.type == wanted->type, "%s has its type", wanted->name);
    CHECK(json_object_find(object, wanted->name, strlen(wanted->name)) == member,
        "%s is found by name", wanted->name);
}

static void test_table(void)
{
    static const char text[] =
        " { \"iss\" : \"joe\\n\" ,\"exp\":1300819380,\n\"f\":-1.5e3\t,\"n\":null,\"t\":true,"
        "\"no\":false,\"obj\": {\"iss\":\"inner\", \"deep\":{\"exp\":1}} ,\"arr\":[1, {\"t\":2}],"
        "\"e\\u0073c\":\"x\",\"\":0,\"\xc3\xa9\":{},\"q\\\"\":[]} ";
    static const struct wanted_member wanted[] = {
        { "iss", "\"joe\\n\"", JSON_STRING },
        { "exp", "1300819380", JSON_INTEGER },
        { "f", "-1.5e3", JSON_REAL },
        { "n", "null", JSON_NULL },
        { "t", "true", JSON_TRUE },
        { "no", "false", JSON_FALSE },
        { "obj", "{\"iss\":\"inner\", \"deep\":{\"exp\":1}}", JSON_OBJECT },
        { "arr", "[1, {\"t\":2}]", JSON_ARRAY },
        { "esc", "\"x\"", JSON_STRING },
        { "", "0", JSON_INTEGER },
        { "\xc3\xa9", "{}", JSON_OBJECT },
        { "q\"", "[]", JSON_ARRAY },
    };
    static const char *const absent[] = { "ISS", "is", "isss", "inner", "deep", "e\\u0073c", "q",
        "q\\\"", " ", "e", "\xc3" };
    size_t count = sizeof wanted / sizeof *wanted;
    struct json_object object;
    CHECK(json_object_read(&object, text, sizeof text - 1, NULL) == JSON_FINE, "the object reads");
    CHECK(object.count == count, "it has %zu members", count);
    for (size_t i = 0; i < count && i < object.count; i++) check_member(&object, i, &wanted[i]);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        CHECK(json_object_find(&object, absent[i], strlen(absent[i])) == NULL, "no member is %s",
            absent[i]);
    }
    CHECK(json_object_find(&object, "iss\0", 4) == NULL, "a name with a NUL is another name");
    CHECK(json_object_get(&object, "nowhere").text == NULL, "an absent member has no value");
    json_object_release(&object);
    CHECK(json_object_find(&object, "iss", 3) == NULL, "after release there is nothing");
}

/* ---- many members */

struct many {
    char *text;
    size_t length;
};

/* Writes member `index` of a shape: distinct names, of one length, equal but in the middle, or escaped. */
static size_t write_name(char *out, char shape, size_t index)
{
    switch (shape) {
    case 'c': /* the same length, first, middle and last byte for all: only the rest differs */
        return (size_t)sprintf(out, "\"a%06zux%06zuz\"", index, index);
    case 'e': /* every name with an escape, distinct only in what it stands for */
        return (size_t)sprintf(out, "\"\\u%04zx%zu\"", 0x100 + index % 0x1000, index / 0x1000);
    case 'l': /* long common prefix */ return (size_t)sprintf(out, "\"%0200zu\"", index);
    default: return (size_t)sprintf(out, "\"%zu\"", index);
    }
}

static struct many make_many(size_t count, char shape, const char *last)
{
    struct many many = { malloc(count * 220 + 512), 0 };
    if (many.text == NULL) return many;
    many.text[many.length++] = '{';
    for (size_t i = 0; i < count; i++) {
        many.length += write_name(many.text + many.length, shape, i);
        many.length += (size_t)sprintf(many.text + many.length, ":%zu,", i);
    }
    many.length += (size_t)sprintf(many.text + many.length, "%s:0}", last);
    return many;
}

static enum json_fault read_many(size_t count, char shape, const char *last, size_t *members)
{
    struct json_object object;
    struct many many = make_many(count, shape, last);
    if (many.text == NULL) return JSON_NO_MEMORY;
    enum json_fault fault = json_object_read(&object, many.text, many.length, NULL);
    *members = object.count;
    if (fault == JSON_FINE) {
        for (size_t i = 0; i < count; i += 1 + count / 7) {
            int64_t number = -1;
            CHECK(json_integer(json_member_value(&object, &object.members[i]), &number) &&
                      number == (int64_t)i,
                "of %zu members number %zu keeps its place", count, i);
        }
    }
    json_object_release(&object);
    free(many.text);
    return fault;
}

/* Around each limit of the reader: its own room of 40, and pairs turning to sorting at 24. */
static void test_sizes(void)
{
    static const size_t counts[] = { 0, 1, 22, 23, 24, 25, 26, 38, 39, 40, 41, 79, 80, 81, 1000 };
    static const char shapes[] = "ncel";
    char last[256];
    size_t members;
    for (const char *shape = shapes; *shape != '\0'; shape++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            CHECK(read_many(counts[i], *shape, "\"other\"", &members) == JSON_FINE &&
                      members == counts[i] + 1,
                "%zu members of shape %c and another are fine", counts[i], *shape);
            for (size_t twin = 0; twin < counts[i]; twin += 1 + counts[i] / 5) {
                last[write_name(last, *shape, twin)] = '\0';
                CHECK(read_many(counts[i], *shape, last, &members) == JSON_DUPLICATE,
                    "%zu members of shape %c, the last like number %zu: a twin is seen", counts[i],
                    *shape, twin);
                CHECK(members == 0, "and nothing is left to ask");
            }
        }
    }
}

/* A name that is a twin only unescaped, far from the other. */
static void test_twins_unescaped(void)
{
    size_t members;
    CHECK(read_many(1000, 'n', "\"\\u0031\\u0030\"", &members) == JSON_DUPLICATE,
        "\\u0031\\u0030 is the twin of 10, a thousand names later");
    CHECK(read_many(1000, 'n', "\"\\u0031\\u0030\\u0030\\u0030\"", &members) == JSON_FINE,
        "\\u0031\\u0030\\u0030\\u0030 is not: 1000 is none of them");
    CHECK(
        read_many(10, 'n', "\"\\u0035\"", &members) == JSON_DUPLICATE, "the same among few names");
}

/*
** An attacker's worst: a hundred thousand members, names that collide in all that
** a quick comparison looks at, or all escaped. A reader that compared them in
** pairs would take minutes here, and the run has a limit.
*/
static void test_a_hundred_thousand(void)
{
    static const char shapes[] = "nce";
    char last[64];
    size_t members;
    for (const char *shape = shapes; *shape != '\0'; shape++) {
        CHECK(read_many(100000, *shape, "\"other\"", &members) == JSON_FINE && members == 100001,
            "100000 members of shape %c", *shape);
        last[write_name(last, *shape, 50000)] = '\0';
        CHECK(read_many(100000, *shape, last, &members) == JSON_DUPLICATE,
            "and a twin among them of shape %c", *shape);
    }
}

/* Names of inner objects come and go above the names of the outer one, which stay whole. */
static void test_inner_objects(void)
{
    size_t count = 200;
    char *text = malloc(count * 1400 + 16);
    size_t length = 0;
    struct json_object object;
    if (text == NULL) return;
    text[length++] = '{';
    for (size_t i = 0; i < count; i++) {
        length += (size_t)sprintf(text + length, "%s\"m%zu\":{", i > 0 ? "," : "", i);
        for (size_t j = 0; j < i % 90; j++) {
            length += (size_t)sprintf(text + length, "%s\"m%zu\":[{}]", j > 0 ? "," : "", j);
        }
        text[length++] = '}';
    }
    text[length++] = '}';
    CHECK(json_object_read(&object, text, length, NULL) == JSON_FINE, "inner names repeat freely");
    CHECK(object.count == count, "only the outer names stay");
    for (size_t i = 0; i < object.count; i++) {
        char name[32];
        size_t name_length = (size_t)sprintf(name, "m%zu", i);
        CHECK(json_object_find(&object, name, name_length) == &object.members[i], "%s is there",
            name);
    }
    json_object_release(&object);
    free(text);
}

/* The same twin, with `before` names around it and inside an inner object of `inner` names. */
static void test_inner_twins(void)
{
    static const size_t sizes[] = { 0, 1, 23, 24, 25, 50 };
    size_t kinds = sizeof sizes / sizeof *sizes;
    for (size_t i = 0; i < kinds * kinds; i++) {
        size_t before = sizes[i / kinds];
        size_t inner = sizes[i % kinds];
        char text[4096];
        size_t length = (size_t)sprintf(text, "{");
        for (size_t j = 0; j < before; j++)
            length += (size_t)sprintf(text + length, "\"o%zu\":1,", j);
        length += (size_t)sprintf(text + length, "\"x\":{\"t\":0");
        for (size_t j = 0; j < inner; j++)
            length += (size_t)sprintf(text + length, ",\"o%zu\":1", j);
        size_t fine_length = length + (size_t)sprintf(text + length, "},\"t\":0}");
        CHECK(json_text_check(text, fine_length, NULL) == JSON_FINE,
            "%zu outer and %zu inner names may be the same", before, inner);
        length += (size_t)sprintf(text + length, ",\"t\":0}}");
        CHECK(json_text_check(text, length, NULL) == JSON_DUPLICATE,
            "%zu outer, %zu inner names: the inner twin is seen", before, inner);
    }
}

/* ---- names that are chosen to collide */

enum { COLLIDING = 400000 };

/*
** Names of eight bytes that all belong in the first place of json_twins.c's table: what it does to a
** mark, undone. Each meets all those before it there, so that only giving the table up ends this.
*/
static void test_colliding_names(void)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t inverse = 1;
    uint64_t *words = malloc(COLLIDING * sizeof *words);
    struct json_member *members = calloc(COLLIDING, sizeof *members);
    for (int i = 0; i < 6; i++) inverse *= 2 - factor * inverse;
    CHECK(factor * inverse == 1, "the factor has an inverse");
    for (uint64_t i = 0; i < COLLIDING; i++) {
        words[i] = i * inverse;
        members[i] = (struct json_member){ .name_at = (uint32_t)(i * sizeof *words),
            .name_length = sizeof *words,
            .name_mark = words[i] };
    }
    CHECK(json_members_twins((const char *)words, members, COLLIDING) == JSON_TWINS_UNKNOWN,
        "a table of colliding names is given up");
    CHECK(json_members_twins((const char *)words, members, 5) == JSON_TWINS_NONE,
        "a few may collide");
    members[4] = members[0];
    CHECK(json_members_twins((const char *)words, members, 5) == JSON_TWINS_FOUND,
        "a twin among names that collide");
    free(members);
    free(words);
}

/* What is said to have no escape is taken as it stands: by those who name whom a token is about. */
static void test_plain_values(void)
{
    static const char text[] =
        "{\"a\":\"plain\",\"b\":\"\\u0061\",\"c\":\"\xc3\xa9\\n\",\"d\":1,"
        "\"e\":\"end\\\\\",\"\\u0066\":\"\\t\",\"g\" : \"\\/\", \"h\":\"\",\"i\":\"x\"}";
    struct json_object object;
    size_t plain = 0;
    CHECK(json_object_read(&object, text, strlen(text), NULL) == JSON_FINE, "%s", text);
    for (size_t i = 0; i < object.count; i++) {
        struct json_value value = json_member_value(&object, &object.members[i]);
        bool has_escape = memchr(value.text, '\\', value.length) != NULL;
        CHECK(!object.members[i].value_plain || !has_escape, "member %zu has no escape", i);
        plain += object.members[i].value_plain;
    }
    CHECK(object.members[0].value_plain && plain < object.count, "the first is usual");
    json_object_release(&object);
}

int main(void)
{
    test_table();
    test_plain_values();
    test_sizes();
    test_twins_unescaped();
    test_a_hundred_thousand();
    test_inner_objects();
    test_inner_twins();
    test_colliding_names();
    return unit_end();
}
