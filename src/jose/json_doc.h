/*
** json_doc.h - a JSON text as a tree: for keys, which are read once and asked
** for many members. The only user of cJSON.
**
** cJSON takes much that is not JSON (attacks.md section 0.1), so it never sees
** a text that json_text_check() has not accepted. Names are compared exactly,
** never as cJSON_GetObjectItem() would (any case), and numbers are not offered
** (cJSON's are doubles). A tree may hold secrets: it is wiped when freed.
*/
#ifndef JWT_JSON_DOC_H
#define JWT_JSON_DOC_H

#include "json_reader.h"

/* A value in a tree. Owned by the tree: only what json_doc_read() answered is freed. */
struct json_doc;

/*
** Reads `length` bytes of JSON (need not be NUL-terminated, not kept). Returns
** the root, which the caller frees with json_doc_free(), or NULL with `*fault`
** saying why: what json_text_check() found, JSON_NO_MEMORY, or JSON_TOO_LONG
** for a number of more characters than cJSON can read.
*/
struct json_doc *json_doc_read(const char *text, size_t length, enum json_fault *fault);

/* Wipes every string of the tree and frees it. NULL is allowed. */
void json_doc_free(struct json_doc *root);

/* The value of the member of exactly this name; NULL where absent or `object` is not an object. */
const struct json_doc *json_doc_member(const struct json_doc *object, const char *name);

/* The first element of an array or value of an object's first member, or NULL. */
const struct json_doc *json_doc_first(const struct json_doc *container);

/* The element or member value after this one, or NULL. */
const struct json_doc *json_doc_next(const struct json_doc *value);

bool json_doc_is_object(const struct json_doc *value);
bool json_doc_is_array(const struct json_doc *value);

/* The content of a string: UTF-8, NUL-terminated, no NUL within (\u0000 was refused). NULL for another type or NULL. */
const char *json_doc_string(const struct json_doc *value);

/* The version of the cJSON at run time, "1.7.15". Static, and written anew at each call: not for two threads at once. */
const char *json_doc_library(void);

#endif
