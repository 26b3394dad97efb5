/*
** fault.c - see fault.h.
*/
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes off a UTF-8 sequence that the end of the full buffer cut in two. */
static void drop_cut_sequence(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (wanted > length - start + 1) text[start - 1] = '\0';
}

bool fault_set(struct fault *fault, const char *format, ...)
{
    if (fault->kind != FAULT_NONE) return false;
    fault->kind = FAULT_CALLER;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    if (length < 0) fault->text[0] = '\0';
    if (length >= (int)sizeof fault->text) drop_cut_sequence(fault->text);
    return false;
}

bool fault_memory(struct fault *fault)
{
    if (fault->kind != FAULT_NONE) return false;
    fault->kind = FAULT_MEMORY;
    fault->text[0] = '\0';
    return false;
}
