/*
** unit.h - the little that the unit tests share: checks that are counted and
** say what they prove when they fail, and the closing line that tests/run reads.
*/
#ifndef JWT_UNIT_H
#define JWT_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int unit_passed, unit_failed, unit_skipped;

/* Counts one check; where it does not hold, prints what it was to prove. Returns `holds`. */
__attribute__((format(printf, 4, 5), unused)) static bool unit_check(
    bool holds, const char *file, int line, const char *format, ...)
{
    if (holds) {
        unit_passed++;
        return true;
    }
    unit_failed++;
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: failed: ", file, line);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    return false;
}

/* CHECK(holds, "what it proves", ...): printf-like. */
#define CHECK(holds, ...) unit_check((holds), __FILE__, __LINE__, __VA_ARGS__)

/* Says that a part cannot run here, and why. */
__attribute__((unused)) static void unit_skip(const char *why)
{
    unit_skipped++;
    printf("skipped: %s\n", why);
}

/* The closing line; the program's exit status. */
__attribute__((unused)) static int unit_end(void)
{
    printf("%d passed, %d failed", unit_passed, unit_failed);
    if (unit_skipped > 0) printf(", %d skipped", unit_skipped);
    printf("\n");
    return unit_failed > 0;
}

#endif
