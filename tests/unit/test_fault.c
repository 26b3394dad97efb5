/*
** test_fault.c - a caller's mistake in words: the first one stays, it fits, and it is never cut inside a character.
*/
#include <string.h>

#include "jose/fault.h"
#include "jose/json_reader.h"
#include "unit.h"

/* Whether it is UTF-8, asked of the strict reader. */
static bool is_utf8(const char *text)
{
    char json[2 * sizeof((struct fault *)NULL)->text];
    struct json_object object = { .members = NULL };
    int length = snprintf(json, sizeof json, "{\"a\":\"%s\"}", text);
    bool fine = json_object_read(&object, json, (size_t)length, NULL) == JSON_FINE;
    json_object_release(&object);
    return fine;
}

static void test_cutting(void)
{
    static const char *const characters[] = { "x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E" };
    for (size_t c = 0; c < sizeof characters / sizeof *characters; c++) {
        size_t bytes = strlen(characters[c]);
        for (size_t before = 0; before < 8; before++) {
            char long_text[1024];
            size_t length = 0;
            for (; length < before; length++) long_text[length] = 'a';
            for (; length + bytes < sizeof long_text; length += bytes)
                memcpy(long_text + length, characters[c], bytes);
            long_text[length] = '\0';
            struct fault fault = { .kind = FAULT_NONE };
            CHECK(!fault_set(&fault, "%s", long_text), "it answers false");
            size_t kept = strlen(fault.text);
            CHECK(kept < sizeof fault.text && kept + bytes >= sizeof fault.text,
                "%zu bytes of %zu are kept", kept, sizeof fault.text);
            CHECK(memcmp(fault.text, long_text, kept) == 0, "what is kept is its beginning");
            CHECK(is_utf8(fault.text), "characters of %zu bytes after %zu: cut between", bytes,
                before);
        }
    }
}

/* Bytes that are no characters may come from a key's name: the cut takes off no more than three of them. */
static void test_no_characters(void)
{
    char bytes[1024];
    struct fault fault = { .kind = FAULT_NONE };
    memset(bytes, 0x80, sizeof bytes - 1);
    bytes[sizeof bytes - 1] = '\0';
    fault_set(&fault, "%s", bytes);
    CHECK(strlen(fault.text) >= sizeof fault.text - 5, "continuation bytes alone are kept");
}

static void test_first_stays(void)
{
    struct fault fault = { .kind = FAULT_NONE };
    fault_set(&fault, "key: %d", 1);
    fault_set(&fault, "key: %d", 2);
    CHECK(fault.kind == FAULT_CALLER && strcmp(fault.text, "key: 1") == 0,
        "the first mistake is told");
    CHECK(!fault_memory(&fault) && fault.kind == FAULT_CALLER, "also where memory runs out later");
    struct fault memory = { .kind = FAULT_NONE };
    fault_memory(&memory);
    fault_set(&memory, "key: 3");
    CHECK(memory.kind == FAULT_MEMORY && memory.text[0] == '\0', "memory that ran out stays so");
}

int main(void)
{
    test_cutting();
    test_no_characters();
    test_first_stays();
    return unit_end();
}
