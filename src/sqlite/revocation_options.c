/*
** revocation_options.c - see revocation_options.h.
*/
#include "revocation_options.h"

SQLITE_EXTENSION_INIT3

#include "revocation_subject.h"

#include <string.h>

#define LEEWAY_DEFAULT 600
#define PRUNE_DEFAULT 16
#define PRUNE_MAX 1000000

/* A slice of an argument. */
struct slice {
    const char *at;
    size_t length;
};

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r' ||
           character == '\f';
}

static struct slice trim(struct slice slice)
{
    while (slice.length > 0 && is_space(slice.at[0])) {
        slice.at++;
        slice.length--;
    }
    while (slice.length > 0 && is_space(slice.at[slice.length - 1])) slice.length--;
    return slice;
}

static bool slice_is(struct slice slice, const char *word)
{
    return slice.length == strlen(word) && memcmp(slice.at, word, slice.length) == 0;
}

/* An SQL string without its quotes; no value of ours holds a quote. */
static struct slice unquote(struct slice slice)
{
    char quote = slice.length >= 2 ? slice.at[0] : '\0';
    if ((quote == '\'' || quote == '"') && slice.at[slice.length - 1] == quote) {
        slice.at++;
        slice.length -= 2;
    }
    return slice;
}

/* A number that is not negative, at most `limit`. The text is digits with at most one point. */
static bool read_number(struct slice value, double limit, double *number)
{
    bool has_digit = false;
    double scale = 0;
    *number = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] == '.' && scale == 0) {
            scale = 1;
        } else if (value.at[i] >= '0' && value.at[i] <= '9') {
            has_digit = true;
            *number = *number * 10 + (value.at[i] - '0');
            scale *= 10;
        } else {
            return false;
        }
    }
    if (scale > 1) *number /= scale;
    return has_digit && *number <= limit;
}

static bool read_leeway(struct revocation_options *options, struct slice value, struct fault *fault)
{
    if (read_number(value, 1e15, &options->leeway)) return true;
    return fault_set(fault, "leeway: must be a number of seconds, 0 or more");
}

static bool read_require(
    struct revocation_options *options, struct slice value, struct fault *fault)
{
    while (value.length > 0) {
        const char *comma = memchr(value.at, ',', value.length);
        size_t length = comma == NULL ? value.length : (size_t)(comma - value.at);
        struct slice name = trim((struct slice){ value.at, length });
        unsigned bit = subject_need_bit(name.at, name.length);
        if (bit == 0) {
            return fault_set(fault,
                "require: \"%.*s\": must be a list of jti, sid, sub, "
                "client_id, aud, kid, iss, iat, exp",
                (int)(name.length < 40 ? name.length : 40), name.at);
        }
        options->require |= bit;
        if (comma == NULL) return true;
        value.at += length + 1;
        value.length -= length + 1;
    }
    return fault_set(fault, "require: names no claim");
}

static bool read_prune(struct revocation_options *options, struct slice value, struct fault *fault)
{
    double number;
    if (!read_number(value, PRUNE_MAX, &number) || number != (double)(sqlite3_int64)number) {
        return fault_set(fault, "prune: must be a whole number from 0 to %d", PRUNE_MAX);
    }
    options->prune = (sqlite3_int64)number;
    return true;
}

static bool read_clock(struct revocation_options *options, struct slice value, struct fault *fault)
{
    options->explicit_clock = slice_is(value, "explicit");
    return options->explicit_clock || slice_is(value, "system") ||
           fault_set(fault, "clock: must be 'system' or 'explicit'");
}

static const struct {
    const char *name;
    bool (*read)(struct revocation_options *options, struct slice value, struct fault *fault);
} known[] = {
    { "leeway", read_leeway },
    { "require", read_require },
    { "prune", read_prune },
    { "clock", read_clock },
};

#define KNOWN_COUNT (sizeof known / sizeof *known)

/* The index of the option that an argument sets; KNOWN_COUNT with `fault` where it sets none. */
static size_t find_option(struct slice argument, struct slice *value, struct fault *fault)
{
    const char *equals = memchr(argument.at, '=', argument.length);
    size_t length = equals == NULL ? argument.length : (size_t)(equals - argument.at);
    struct slice name = trim((struct slice){ argument.at, length });
    size_t i = 0;
    while (i < KNOWN_COUNT && !slice_is(name, known[i].name)) i++;
    if (i == KNOWN_COUNT || equals == NULL) {
        fault_set(fault, "\"%.*s\": no option; there are leeway=, require=, prune=, clock=",
            (int)(name.length < 40 ? name.length : 40), name.at);
        return KNOWN_COUNT;
    }
    *value = unquote(trim((struct slice){ equals + 1, argument.length - length - 1 }));
    return i;
}

bool revocation_options_read(struct revocation_options *options, int count,
    const char *const *arguments, struct fault *fault)
{
    unsigned seen = 0;
    *options = (struct revocation_options){ .leeway = LEEWAY_DEFAULT, .prune = PRUNE_DEFAULT };
    for (int i = 0; i < count; i++) {
        struct slice argument = trim((struct slice){ arguments[i], strlen(arguments[i]) });
        struct slice value = { NULL, 0 };
        size_t option = find_option(argument, &value, fault);
        if (option == KNOWN_COUNT) return false;
        if ((seen & 1u << option) != 0) {
            return fault_set(fault, "%s: is given twice", known[option].name);
        }
        seen |= 1u << option;
        if (!known[option].read(options, value, fault)) return false;
    }
    return true;
}
