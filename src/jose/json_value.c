/*
** json_value.c - see json_value.h.
*/
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* strtod_l() in glibc and musl */
#endif
#include "json_value.h"

#include "json_scan.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at)) at++;
    return at;
}

/* The end of the string whose opening quote is at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\') at++;
    }
    return at < end ? at + 1 : end;
}

/* The end of the array or object that starts at `at`: brackets are counted, strings stepped over. */
static const char *skip_container(const char *at, const char *end)
{
    unsigned depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if ((*at == '}' || *at == ']') && --depth == 0) return at + 1;
        at++;
    }
    return end;
}

static bool ends_scalar(char byte)
{
    return byte == ',' || byte == '}' || byte == ']' || is_space(byte);
}

static enum json_type number_type(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' || text[i] == 'e' || text[i] == 'E') return JSON_REAL;
    }
    return JSON_INTEGER;
}

struct json_value json_value_at(const char *text, size_t length)
{
    const char *end = text + length;
    const char *start = skip_space(text, end);
    const char *at = start;
    struct json_value value = { NULL, 0, JSON_NULL };
    if (start == end) return value;
    value.text = start;
    switch (*start) {
    case '"':
        value.type = JSON_STRING;
        at = skip_string(start, end);
        break;
    case '{':
    case '[':
        value.type = *start == '{' ? JSON_OBJECT : JSON_ARRAY;
        at = skip_container(start, end);
        break;
    default:
        while (at < end && !ends_scalar(*at)) at++;
        value.type = *start == 't'   ? JSON_TRUE
                     : *start == 'f' ? JSON_FALSE
                     : *start == 'n' ? JSON_NULL
                                     : number_type(start, (size_t)(at - start));
    }
    value.length = (size_t)(at - start);
    return value;
}

struct json_value json_object_get(const struct json_object *object, const char *name)
{
    return json_member_value(object, json_object_find(object, name, strlen(name)));
}

struct json_cursor json_cursor_start(struct json_value container)
{
    /* Without the outer brackets. */
    return (struct json_cursor){ container.text + 1, container.text + container.length - 1 };
}

/* Steps over white space and at most one comma; false at the container's end. */
static bool next_item(struct json_cursor *cursor)
{
    const char *at = skip_space(cursor->at, cursor->end);
    if (at < cursor->end && *at == ',') at = skip_space(at + 1, cursor->end);
    cursor->at = at;
    return at < cursor->end;
}

static struct json_value take_value(struct json_cursor *cursor)
{
    struct json_value value = json_value_at(cursor->at, (size_t)(cursor->end - cursor->at));
    cursor->at = value.text == NULL ? cursor->end : value.text + value.length;
    return value;
}

bool json_array_next(struct json_cursor *cursor, struct json_value *element)
{
    if (!next_item(cursor)) return false;
    *element = take_value(cursor);
    return true;
}

bool json_object_next(struct json_cursor *cursor, struct json_value *name, struct json_value *value)
{
    if (!next_item(cursor)) return false;
    *name = take_value(cursor);
    cursor->at = skip_space(cursor->at, cursor->end);
    if (cursor->at < cursor->end && *cursor->at == ':') cursor->at++;
    *value = take_value(cursor);
    return true;
}

bool json_integer(struct json_value value, int64_t *out)
{
    uint64_t magnitude = 0;
    size_t i = 0;
    if (value.type != JSON_INTEGER) return false;
    bool negative = value.text[0] == '-';
    if (value.length <= 18) { /* fits whatever its digits */
        i = negative;
        if (value.length - i >= 8) {
            magnitude = json_eight_digits(json_pack(value.text + i, 8));
            i += 8;
        }
        for (; i < value.length; i++) {
            magnitude = magnitude * 10 + (unsigned)(value.text[i] - '0');
        }
        *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
        return true;
    }
    for (i = negative; i < value.length; i++) {
        unsigned digit = (unsigned)(value.text[i] - '0');
        if (magnitude > (UINT64_MAX - digit) / 10) return false;
        magnitude = magnitude * 10 + digit;
    }
    if (magnitude > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* strtod() in the C locale: the host's locale may have another decimal point. */
static double parse_double(const char *number)
{
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale == (locale_t)0) return NAN; /* out of memory: no date passes, no value is shown */
    double result = strtod_l(number, NULL, locale);
    freelocale(locale);
    return result;
}

/* A number by its significant digits, without zeros at either end, and the powers of ten of the outer two. */
struct decimal {
    bool negative;
    const char *first; /* NULL: the number is zero */
    const char *last;
    int64_t first_power;
    int64_t last_power;
};

/* The exponent that starts at `at`, after the 'e'; of absurd ones only that they are absurd. */
static int64_t read_exponent(const char *at, const char *end)
{
    bool negative = at < end && *at == '-';
    int64_t exponent = 0;
    for (; at < end; at++) {
        if (*at >= '0' && exponent < INT64_MAX / 1000) exponent = exponent * 10 + (*at - '0');
    }
    return negative ? -exponent : exponent;
}

static struct decimal decimal_of(struct json_value value)
{
    struct decimal decimal = { .negative = value.text[0] == '-' };
    const char *end = value.text + value.length;
    const char *digit = value.text + decimal.negative;
    int64_t power = -1; /* of the digit at hand: first counted from the number's start */
    int64_t whole = 0;  /* digits before the point */
    bool fraction = false;
    for (; digit < end && *digit != 'e' && *digit != 'E'; digit++) {
        if (*digit == '.') {
            fraction = true;
            continue;
        }
        power++;
        if (!fraction) whole++;
        if (*digit == '0') continue;
        if (decimal.first == NULL) {
            decimal.first = digit;
            decimal.first_power = power;
        }
        decimal.last = digit;
        decimal.last_power = power;
    }
    int64_t top = whole - 1 + (digit < end ? read_exponent(digit + 1, end) : 0);
    decimal.first_power = top - decimal.first_power;
    decimal.last_power = top - decimal.last_power;
    return decimal;
}

/*
** A number longer than usual. A double is decided by 768 digits and whether
** anything but zeros follows them: a 1 stands for all of that.
*/
static double parse_long_number(struct json_value value)
{
    struct decimal decimal = decimal_of(value);
    char number[800];
    int kept = 0;
    int length = decimal.negative;
    const char *digit = decimal.first;
    if (digit == NULL) return decimal.negative ? -0.0 : 0;
    number[0] = '-';
    for (; digit <= decimal.last && kept < 768; digit++) {
        if (*digit == '.') continue;
        number[length++] = *digit;
        kept++;
    }
    if (digit <= decimal.last) {
        number[length++] = '1';
        kept++;
    }
    snprintf(number + length, sizeof number - (size_t)length, "e%lld",
        (long long)(decimal.first_power - (kept - 1)));
    return parse_double(number);
}

double json_number(struct json_value value)
{
    char buffer[64];
    int64_t integer;
    if (json_integer(value, &integer)) return (double)integer;
    if (value.length >= sizeof buffer) return parse_long_number(value);
    memcpy(buffer, value.text, value.length);
    buffer[value.length] = '\0';
    return parse_double(buffer);
}

static bool is_number(enum json_type type)
{
    return type == JSON_INTEGER || type == JSON_REAL;
}

static bool is_whole(const struct decimal *decimal)
{
    return decimal->first == NULL || decimal->last_power >= 0;
}

static bool decimals_equal(const struct decimal *left, const struct decimal *right)
{
    const char *a = left->first;
    const char *b = right->first;
    if (a == NULL || b == NULL) return a == b;
    if (left->negative != right->negative || left->first_power != right->first_power ||
        left->last_power != right->last_power) {
        return false;
    }
    while (a <= left->last) {
        if (*a == '.') a++;
        if (*b == '.') b++;
        if (*a++ != *b++) return false;
    }
    return true;
}

bool json_number_is_safe(struct json_value value)
{
    static const char limit_text[] = "9007199254740992";
    const struct json_value limit = { limit_text, sizeof limit_text - 1, JSON_INTEGER };
    if (value.type == JSON_INTEGER && value.length < limit.length) return true; /* fewer digits */
    double number = json_number(value);
    double magnitude = number < 0 ? -number : number;
    double most = json_number(limit);
    if (magnitude != most) return magnitude < most;
    /* At the limit, or rounded to it: the digits tell. */
    struct decimal exact = decimal_of(value);
    struct decimal bound = decimal_of(limit);
    exact.negative = false;
    return decimals_equal(&exact, &bound);
}

/* Whole numbers, however they are spelt, are compared exactly: a double cannot tell all of them apart. */
static bool numbers_equal(struct json_value left, struct json_value right)
{
    struct decimal a = decimal_of(left);
    struct decimal b = decimal_of(right);
    if (is_whole(&a) || is_whole(&b)) return decimals_equal(&a, &b);
    return json_number(left) == json_number(right);
}

static bool arrays_equal(struct json_value left, struct json_value right)
{
    struct json_cursor a = json_cursor_start(left);
    struct json_cursor b = json_cursor_start(right);
    struct json_value x;
    struct json_value y;
    while (json_array_next(&a, &x)) {
        if (!json_array_next(&b, &y) || !json_equal(x, y)) return false;
    }
    return !json_array_next(&b, &y);
}

static bool find_member(struct json_value object, struct json_value wanted, struct json_value *out)
{
    struct json_cursor cursor = json_cursor_start(object);
    struct json_value name;
    while (json_object_next(&cursor, &name, out)) {
        if (json_strings_equal(name, wanted)) return true;
    }
    return false;
}

static size_t count_members(struct json_value object)
{
    struct json_cursor cursor = json_cursor_start(object);
    struct json_value name;
    struct json_value value;
    size_t count = 0;
    while (json_object_next(&cursor, &name, &value)) count++;
    return count;
}

/* Same number of members, none twice (the reader saw to that), and each found on the other side. */
static bool objects_equal(struct json_value left, struct json_value right)
{
    struct json_cursor cursor = json_cursor_start(left);
    struct json_value name;
    struct json_value x;
    struct json_value y;
    if (count_members(left) != count_members(right)) return false;
    while (json_object_next(&cursor, &name, &x)) {
        if (!find_member(right, name, &y) || !json_equal(x, y)) return false;
    }
    return true;
}

bool json_equal(struct json_value left, struct json_value right)
{
    if (is_number(left.type) && is_number(right.type)) return numbers_equal(left, right);
    if (left.type != right.type) return false;
    switch (left.type) {
    case JSON_STRING: return json_strings_equal(left, right);
    case JSON_ARRAY: return arrays_equal(left, right);
    case JSON_OBJECT: return objects_equal(left, right);
    default: return true;
    }
}

/* One step of a path: a name (raw bytes of the path) or an index. */
struct path_step {
    bool is_index;
    bool from_end;
    const char *name;
    size_t name_length;
    size_t index;
};

/* Reads `3]`, `#-1]`, or `#]` (the place after the last) at `at`; NULL where it is none of them. */
static const char *read_index(const char *at, const char *end, struct path_step *step)
{
    step->is_index = true;
    if (end - at >= 2 && at[0] == '#' && at[1] == ']') {
        step->from_end = true;
        return at + 2;
    }
    if (end - at >= 2 && at[0] == '#' && at[1] == '-') {
        step->from_end = true;
        at += 2;
    }
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9') {
        if (step->index < SIZE_MAX / 100) step->index = step->index * 10 + (size_t)(*at - '0');
        at++;
    }
    if (at == digits || at == end || *at != ']') return NULL;
    return at + 1;
}

/* Reads `name` or `"name"` at `at`; NULL where it is neither. */
static const char *read_name(const char *at, const char *end, struct path_step *step)
{
    if (at < end && *at == '"') {
        const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (close == NULL) return NULL;
        step->name = at + 1;
        step->name_length = (size_t)(close - at - 1);
        return close + 1;
    }
    step->name = at;
    while (at < end && *at != '.' && *at != '[') at++;
    step->name_length = (size_t)(at - step->name);
    return step->name_length > 0 ? at : NULL;
}

static const char *read_step(const char *at, const char *end, struct path_step *step)
{
    memset(step, 0, sizeof *step);
    if (*at == '[') return read_index(at + 1, end, step);
    if (*at == '.') return read_name(at + 1, end, step);
    return NULL;
}

static bool step_into_object(
    struct json_value from, const struct path_step *step, struct json_value *out)
{
    struct json_cursor cursor = json_cursor_start(from);
    struct json_value name;
    while (json_object_next(&cursor, &name, out)) {
        if (json_string_is(name, step->name, step->name_length)) return true;
    }
    return false;
}

static bool step_into_array(
    struct json_value from, const struct path_step *step, struct json_value *out)
{
    struct json_cursor cursor = json_cursor_start(from);
    size_t wanted = step->index;
    size_t count = 0;
    if (step->from_end) {
        while (json_array_next(&cursor, out)) count++;
        if (wanted == 0 || wanted > count) return false;
        wanted = count - wanted;
        cursor = json_cursor_start(from);
    }
    while (json_array_next(&cursor, out)) {
        if (wanted-- == 0) return true;
    }
    return false;
}

/* Follows the steps from `at` on; `here` is where they start, if it was found. */
static enum json_path_result follow_path(
    const char *at, const char *end, struct json_value here, bool found, struct json_value *out)
{
    struct path_step step;
    struct json_value next;
    while (at < end) {
        at = read_step(at, end, &step);
        if (at == NULL) return JSON_PATH_INVALID;
        if (!found)
            continue; /* the rest is still looked at: a bad path is the caller's mistake on every row */
        if (step.is_index) {
            found = here.type == JSON_ARRAY && step_into_array(here, &step, &next);
        } else {
            found = here.type == JSON_OBJECT && step_into_object(here, &step, &next);
        }
        if (found) here = next;
    }
    *out = here;
    return found ? JSON_PATH_FOUND : JSON_PATH_ABSENT;
}

enum json_path_result json_path_find(
    struct json_value root, const char *path, size_t path_length, struct json_value *out)
{
    if (path_length == 0 || path[0] != '$') return JSON_PATH_INVALID;
    return follow_path(path + 1, path + path_length, root, true, out);
}

enum json_path_result json_object_path_find(
    const struct json_object *object, const char *path, size_t path_length, struct json_value *out)
{
    struct path_step step;
    const char *end = path + path_length;
    if (path_length < 2 || path[0] != '$' || path[1] != '.') {
        return json_path_find(json_value_at(object->text, object->length), path, path_length, out);
    }
    const char *at = read_step(path + 1, end, &step);
    if (at == NULL) return JSON_PATH_INVALID;
    const struct json_member *member = json_object_find(object, step.name, step.name_length);
    return follow_path(at, end, json_member_value(object, member), member != NULL, out);
}
