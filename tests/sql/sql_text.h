/*
** A growing string for the test runner; it aborts where memory runs out.
*/
#ifndef SQL_TEXT_H
#define SQL_TEXT_H

#include <stddef.h>

/* Always NUL-terminated once something was added; starts as {0}, ends with text_free. */
struct text {
    char *data;
    size_t length;
    size_t room;
};

void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_add(struct text *text, const char *string);

/* The string, never NULL; good until the text changes. */
const char *text_string(const struct text *text);
void text_free(struct text *text);

/* A copy to be freed with free. */
char *copy_string(const char *string);

/* Cuts white space from both ends, in place; a pointer into `string`. */
char *trim(char *string);

#endif
