/*
** revocation_rule.c - see revocation_rule.h.
*/
#include "revocation_rule.h"

#include "../jose/json_string.h"
#include "../jose/secure.h"

#include <string.h>

static const char *const column_names[MATCH_COUNT] = {
    [MATCH_JTI] = "jti",
    [MATCH_SID] = "sid",
    [MATCH_SUB] = "sub",
    [MATCH_CLIENT_ID] = "client_id",
    [MATCH_AUD] = "aud",
    [MATCH_KID] = "kid",
    [MATCH_ISS] = "iss",
};

static const char cut_off_name[] = "issued_before";

const char *match_column_name(enum match_column column)
{
    return column_names[column];
}

void rule_key_write(const struct rule_key *key, struct text *text)
{
    const char *before = "{";
    for (enum match_column column = 0; column < MATCH_COUNT; column++) {
        if ((key->kind & KIND_OF(column)) == 0) continue;
        text_add_string(text, before);
        text_add_json_string(text, column_names[column], strlen(column_names[column]));
        text_add_string(text, ":");
        text_add_json_string(text, key->match[column].bytes, key->match[column].length);
        before = ",";
    }
    if ((key->kind & KIND_CUT_OFF) != 0) {
        text_add_string(text, before);
        text_add_json_string(text, cut_off_name, strlen(cut_off_name));
        text_add_string(text, ":true");
    }
    text_add_string(text, "}");
}

/* Takes one member into the key; false where a rule's text cannot have it. */
static bool take_member(
    struct rule_reading *reading, struct json_value name, struct json_value value, char **room)
{
    if (json_string_is(name, cut_off_name, strlen(cut_off_name))) {
        reading->key.kind |= KIND_CUT_OFF;
        return value.type == JSON_TRUE;
    }
    for (enum match_column column = 0; column < MATCH_COUNT; column++) {
        struct rule_text *match = &reading->key.match[column];
        if (!json_string_is(name, column_names[column], strlen(column_names[column]))) continue;
        if (value.type != JSON_STRING) return false;
        match->length = json_string_decode(value, *room);
        match->bytes = *room;
        *room += match->length;
        reading->key.kind |= KIND_OF(column);
        return match->length > 0;
    }
    return false;
}

enum rule_result rule_key_read(struct rule_reading *reading, const char *bytes, size_t length)
{
    enum json_fault fault = json_object_read(&reading->object, bytes, length, NULL);
    struct json_cursor cursor;
    struct json_value name;
    struct json_value value;
    char *room;
    reading->key = (struct rule_key){ .kind = 0 };
    reading->decoded = NULL;
    if (fault == JSON_NO_MEMORY) return RULE_NO_MEMORY;
    if (fault != JSON_FINE) return RULE_NONE;
    room = reading->decoded = memory_new(length);
    if (room == NULL) return RULE_NO_MEMORY;
    cursor = json_cursor_start(json_value_at(bytes, length));
    while (json_object_next(&cursor, &name, &value)) {
        if (!take_member(reading, name, value, &room)) return RULE_NONE;
    }
    return reading->key.kind == 0 ? RULE_NONE : RULE_FINE;
}

void rule_reading_release(struct rule_reading *reading)
{
    json_object_release(&reading->object);
    memory_free(reading->decoded);
    reading->decoded = NULL;
}

bool rule_text_is_possible(const char *bytes, size_t length, bool *no_memory)
{
    struct text quoted;
    enum json_fault fault;
    if (length == 0) return false;
    text_start(&quoted);
    text_add_json_string(&quoted, bytes, length);
    fault = quoted.failed ? JSON_NO_MEMORY : json_text_check(quoted.bytes, quoted.length, NULL);
    text_release(&quoted);
    *no_memory = fault == JSON_NO_MEMORY;
    return fault == JSON_FINE;
}
