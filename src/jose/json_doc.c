/*
** json_doc.c - see json_doc.h. A `struct json_doc` is a cJSON; the type has
** another name so that no other file can reach into it.
*/
#include "json_doc.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "secure.h"

static const cJSON *tree_node(const struct json_doc *value)
{
    return (const cJSON *)value;
}

static const struct json_doc *doc_node(const cJSON *item)
{
    return (const struct json_doc *)item;
}

/* cJSON 1.7.15 copies a number to a buffer of 64 bytes and stumbles over a longer one. */
#define NUMBER_MAX_LENGTH 63

static bool has_long_number(const char *text, size_t length)
{
    bool in_string = false;
    size_t run = 0;
    for (size_t i = 0; i < length; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            run = text[i] != '\0' && strchr("0123456789+-.eE", text[i]) != NULL ? run + 1 : 0;
            if (run > NUMBER_MAX_LENGTH) return true;
        }
    }
    return false;
}

struct json_doc *json_doc_read(const char *text, size_t length, enum json_fault *fault)
{
    *fault = json_text_check(text, length, NULL);
    if (*fault != JSON_FINE) return NULL;
    if (has_long_number(text, length)) {
        *fault = JSON_TOO_LONG;
        return NULL;
    }
    cJSON *root = cJSON_ParseWithLength(text, length);
    if (root == NULL) *fault = JSON_NO_MEMORY; /* the grammar has been checked */
    return (struct json_doc *)root;
}

/* Depth is bounded: json_text_check() allows JSON_DEPTH_MAX levels. */
static void wipe_strings(cJSON *item)
{
    for (; item != NULL; item = item->next) {
        if (item->valuestring != NULL) secure_wipe(item->valuestring, strlen(item->valuestring));
        wipe_strings(item->child);
    }
}

void json_doc_free(struct json_doc *root)
{
    wipe_strings((cJSON *)root);
    cJSON_Delete((cJSON *)root);
}

const struct json_doc *json_doc_member(const struct json_doc *object, const char *name)
{
    if (!json_doc_is_object(object)) return NULL;
    return doc_node(cJSON_GetObjectItemCaseSensitive(tree_node(object), name));
}

const struct json_doc *json_doc_first(const struct json_doc *container)
{
    return doc_node(tree_node(container)->child);
}

const struct json_doc *json_doc_next(const struct json_doc *value)
{
    return doc_node(tree_node(value)->next);
}

bool json_doc_is_object(const struct json_doc *value)
{
    return cJSON_IsObject(tree_node(value));
}

bool json_doc_is_array(const struct json_doc *value)
{
    return cJSON_IsArray(tree_node(value));
}

const char *json_doc_string(const struct json_doc *value)
{
    return cJSON_GetStringValue(tree_node(value));
}

const char *json_doc_library(void)
{
    return cJSON_Version();
}
