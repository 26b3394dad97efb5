#include "sql_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
    if (text->length + count + 1 > text->room) {
        text->room = (text->length + count + 1) * 2;
        text->data = realloc(text->data, text->room);
        if (text->data == NULL) abort();
    }
    if (count > 0) memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

const char *text_string(const struct text *text)
{
    return text->data != NULL ? text->data : "";
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){ 0 };
}

char *copy_string(const char *string)
{
    struct text copy = { 0 };
    text_add(&copy, string);
    return copy.data;
}

char *trim(char *string)
{
    while (*string == ' ' || *string == '\t') string++;
    char *end = string + strlen(string);
    while (end > string && isspace((unsigned char)end[-1])) end--;
    *end = '\0';
    return string;
}
