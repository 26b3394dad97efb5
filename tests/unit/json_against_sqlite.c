/*
** json_against_sqlite.c - our JSON reading beside SQLite's own, on texts that
** nobody thought of: mutated documents, random numbers, random paths.
**
** Where the two differ is listed here, each difference with a check of its own
** that does not use our reader: what sql-surface 9 refuses and SQLite takes.
*/
#include <math.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jose/json_reader.h"
#include "jose/json_value.h"
#include "unit.h"

#define TEXT_ROOM 4096

static sqlite3 *db;

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 20) % limit);
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    CHECK(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
        sqlite3_errmsg(db));
    return statement;
}

/* The integer that a statement answers for one text. */
static int ask_sqlite(sqlite3_stmt *statement, const char *text, size_t length)
{
    int answer = -1;
    sqlite3_bind_text(statement, 1, text, (int)length, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) answer = sqlite3_column_int(statement, 0);
    sqlite3_reset(statement);
    return answer;
}

/* ---- what SQLite takes and we refuse */

/* UTF-8 by decoding each character and looking at its number (RFC 3629). */
static bool is_utf8(const unsigned char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        unsigned lead = text[i];
        unsigned more = lead < 0x80       ? 0
                        : lead >> 5 == 6  ? 1
                        : lead >> 4 == 14 ? 2
                        : lead >> 3 == 30 ? 3
                                          : 9;
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (more == 9 || i + more >= length) return false;
        uint32_t code = more == 0 ? lead : lead & (0x3fu >> more);
        for (unsigned j = 1; j <= more; j++) {
            if (text[i + j] >> 6 != 2) return false;
            code = code << 6 | (text[i + j] & 0x3fu);
        }
        if (code < least[more] || code > 0x10ffff || code >> 11 == 0x1b) return false;
        i += more + 1;
    }
    return true;
}

/* In text that is JSON but for this: a \u0000, or a surrogate without its partner. */
static bool has_bad_unit(const char *text, size_t length)
{
    bool high = false; /* the last unit was the first of a pair, and ends at `after` */
    size_t after = 0;
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] != '\\') continue;
        if (text[i + 1] != 'u') {
            i++;
            continue;
        }
        char digits[5] = { 0 };
        memcpy(digits, text + i + 2, i + 6 <= length ? 4 : 0);
        unsigned long unit = strtoul(digits, NULL, 16);
        bool second = high && after == i && unit >= 0xdc00 && unit <= 0xdfff;
        if (unit == 0 || (high && !second)) return true;
        if (unit >= 0xdc00 && unit <= 0xdfff && !second) return true;
        high = unit >= 0xd800 && unit <= 0xdbff;
        i += 5;
        after = i + 1;
    }
    return high;
}

/* In text that is JSON: how many containers are open at most. */
static unsigned depth_of(const char *text, size_t length)
{
    unsigned depth = 0;
    unsigned most = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else
                in_string = text[i] != '"';
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > most) most = depth;
        } else if (text[i] == '}' || text[i] == ']') {
            depth--;
        }
    }
    return most;
}

/* ---- mutated documents */

static const char *const seeds[] = {
    "{\"iss\":\"joe\",\"exp\":1300819380,\"http://example.com/is_root\":true}",
    "{\"alg\":\"HS256\",\"kid\":\"a\\u00e9\\ud83d\\ude00\",\"crit\":[\"b64\"],\"b64\":false}",
    "[1,-2.5e+10,0,-0.0,1e-3,[[],{}],null,true,false,\"\"]",
    "{\"a\":{\"b\":{\"c\":{\"d\":[{\"e\":1},{\"e\":2}]}}},\"f\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    " { \"\" : \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" , \"x\" : [ ] } ",
    "\"just a string \\u0041\"",
    "-12.5E-7",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}",
};

/* A document to mutate: one of the seeds, or as many arrays as may be open. */
static size_t pick_seed(char *text)
{
    size_t count = sizeof seeds / sizeof *seeds;
    size_t which = random_below((unsigned)count + 1);
    if (which < count) {
        memcpy(text, seeds[which], strlen(seeds[which]));
        return strlen(seeds[which]);
    }
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    return 2 * (size_t)JSON_DEPTH_MAX;
}

static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\u0000",
    "\\ud83d",
    "\\ude00",
    "\\ud83d\\ude00",
    "0",
    "1",
    "9",
    "-",
    "+",
    ".",
    "e",
    "E",
    "null",
    "true",
    "false",
    "\"a\":1,",
    ",\"a\":1",
    "\"b\"",
    "\\u0061",
    "\\n",
    "\\x",
    " ",
    "\n",
    "\t",
    "\f",
    "\v",
    "\x01",
    "\x7f",
    "\x80",
    "\xc3",
    "\xc3\xa9",
    "\xff",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xef\xbb\xbf",
    "[]",
    "{}",
    "[[[[",
    "]]]]",
    "//",
    "'",
};

static size_t splice(
    char *text, size_t length, size_t at, size_t removed, const char *piece, size_t added)
{
    if (length - removed + added > TEXT_ROOM) return length;
    memmove(text + at + added, text + at + removed, length - at - removed);
    memcpy(text + at, piece, added);
    return length - removed + added;
}

static size_t mutate(char *text, size_t length)
{
    char copied[64];
    size_t at = length == 0 ? 0 : random_below((unsigned)length + 1);
    size_t left = length - at;
    size_t some = left == 0 ? 0 : random_below(left > 20 ? 20 : (unsigned)left) + 1;
    const char *piece = pieces[random_below(sizeof pieces / sizeof *pieces)];
    char byte = (char)(1 + random_below(255));
    switch (random_below(7)) {
    case 6: /* one level more around it */
        length = splice(text, length, 0, 0, "{\"w\":", 5);
        return splice(text, length, length, 0, "}", 1);
    case 0: return splice(text, length, at, left > 0, &byte, 1);
    case 1: return splice(text, length, at, some, "", 0);
    case 2:
        memcpy(copied, text + at, some);
        return splice(text, length, random_below((unsigned)length + 1), 0, copied, some);
    case 3: return random_below(4) == 0 ? at : length;
    default: return splice(text, length, at, 0, piece, strlen(piece));
    }
}

struct verdicts {
    sqlite3_stmt *valid;
    sqlite3_stmt *twins;
    unsigned fine, refused, utf8, units, names, deep;
};

/* One text: we take exactly what SQLite takes and the list of differences leaves. */
static void compare_texts(struct verdicts *verdicts, const char *text, size_t length)
{
    enum json_fault fault = json_text_check(text, length, NULL);
    bool valid = ask_sqlite(verdicts->valid, text, length) == 1;
    int shown = (int)length;
    if (!valid) {
        CHECK(fault != JSON_FINE, "SQLite refuses, so do we: %.*s", shown, text);
        verdicts->refused++;
    } else if (!is_utf8((const unsigned char *)text, length)) {
        CHECK(fault != JSON_FINE, "not UTF-8: %.*s", shown, text);
        verdicts->utf8++;
    } else if (has_bad_unit(text, length)) {
        CHECK(fault != JSON_FINE, "\\u0000 or a lone surrogate: %.*s", shown, text);
        verdicts->units++;
    } else if (depth_of(text, length) > JSON_DEPTH_MAX) {
        CHECK(fault != JSON_FINE, "too deep: %.*s", shown, text);
        verdicts->deep++;
    } else if (ask_sqlite(verdicts->twins, text, length) == 1) {
        CHECK(fault == JSON_DUPLICATE, "a name twice: %.*s", shown, text);
        verdicts->names++;
    } else {
        CHECK(fault == JSON_FINE, "%s, but there is no reason: %.*s", json_fault_text(fault), shown,
            text);
        verdicts->fine++;
    }
}

static void test_mutated(void)
{
    struct verdicts verdicts = {
        .valid = prepare("SELECT json_valid(?1)"),
        .twins = prepare("SELECT EXISTS (SELECT 1 FROM json_tree(?1) WHERE typeof(key) = 'text'"
                         " GROUP BY parent, key HAVING count(*) > 1)"),
    };
    unsigned count = 200000;
    for (unsigned i = 0; i < count; i++) {
        char text[TEXT_ROOM];
        size_t length = pick_seed(text);
        for (unsigned rounds = random_below(4); rounds > 0; rounds--) length = mutate(text, length);
        compare_texts(&verdicts, text, length);
    }
    CHECK(verdicts.fine > count / 20, "many mutated texts are fine (%u)", verdicts.fine);
    CHECK(verdicts.refused > count / 20, "many are not JSON (%u)", verdicts.refused);
    CHECK(verdicts.utf8 > 20, "of each difference there are some: UTF-8 (%u)", verdicts.utf8);
    CHECK(verdicts.units > 20, "surrogates and NULs (%u)", verdicts.units);
    CHECK(verdicts.names > 20, "names that occur twice (%u)", verdicts.names);
    CHECK(verdicts.deep > 20, "deep ones (%u)", verdicts.deep);
    sqlite3_finalize(verdicts.valid);
    sqlite3_finalize(verdicts.twins);
}

/* SQLite stops reading at a NUL; we do not, which is the last difference. */
static void test_nul(void)
{
    sqlite3_stmt *valid = prepare("SELECT json_valid(?1)");
    int before = ask_sqlite(valid, "{}", 2);
    CHECK(before == 1 && json_text_check("{}\0", 3, NULL) == JSON_TRAILING,
        "a NUL after the text is something after the text");
    CHECK(json_text_check("{}\0x", 4, NULL) == JSON_TRAILING, "so is what follows it");
    sqlite3_finalize(valid);
}

/* ---- numbers */

static size_t random_digits(char *out, unsigned most, bool leading_zero)
{
    size_t length = 1 + random_below(most);
    for (size_t i = 0; i < length; i++) out[i] = (char)('0' + random_below(10));
    if (!leading_zero && out[0] == '0') out[0] = '1';
    return length;
}

static size_t random_number(char *out)
{
    size_t length = 0;
    unsigned most = random_below(10) == 0 ? 900 : 25;
    if (random_below(3) == 0) out[length++] = '-';
    if (random_below(5) == 0)
        out[length++] = '0';
    else
        length += random_digits(out + length, most, false);
    if (random_below(2) == 0) {
        out[length++] = '.';
        length += random_digits(out + length, most, true);
    }
    if (random_below(2) == 0) {
        out[length++] = random_below(2) ? 'e' : 'E';
        if (random_below(2) == 0) out[length++] = random_below(2) ? '+' : '-';
        length += random_digits(out + length, 3, true);
    }
    out[length] = '\0';
    return length;
}

static bool nearly_equal(double left, double right)
{
    if (left == right) return true;
    return fabs(left - right) <= 1e-14 * fabs(right) || fabs(left - right) < 1e-300;
}

/* SQLite's result is taken for the type and the size, the C library's for the last bit. */
static void compare_number(sqlite3_stmt *extract, const char *text, size_t length)
{
    struct json_value value = json_value_at(text, length);
    int64_t integer = 0;
    bool fits = json_integer(value, &integer);
    double number = json_number(value);
    CHECK(json_text_check(text, length, NULL) == JSON_FINE, "%s is JSON", text);
    sqlite3_bind_text(extract, 1, text, (int)length, SQLITE_STATIC);
    if (!CHECK(sqlite3_step(extract) == SQLITE_ROW, "SQLite reads %s", text)) return;
    CHECK(fits == (sqlite3_column_type(extract, 0) == SQLITE_INTEGER),
        "%s is an integer here and there", text);
    if (fits) CHECK(integer == sqlite3_column_int64(extract, 0), "%s is the same integer", text);
    CHECK(nearly_equal(number, sqlite3_column_double(extract, 0)), "%s is about %.17g (%.17g)",
        text, sqlite3_column_double(extract, 0), number);
    CHECK(number == strtod(text, NULL), "%s is %.17g to the last bit (%.17g)", text,
        strtod(text, NULL), number);
    sqlite3_reset(extract);
}

static void test_numbers(void)
{
    static const char *const edges[] = {
        "0",
        "-0",
        "1",
        "-1",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775806",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775807",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "0.0",
        "-0.0",
        "1.0",
        "1e2",
        "1E-2",
        "1e308",
        "1.7976931348623157e308",
        "4.9406564584124654e-324",
        "123456789012345678",
    };
    sqlite3_stmt *extract = prepare("SELECT json_extract('[' || ?1 || ']', '$[0]')");
    char text[2048];
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        compare_number(extract, edges[i], strlen(edges[i]));
    }
    for (unsigned i = 0; i < 20000; i++) {
        size_t length = random_number(text);
        compare_number(extract, text, length);
    }
    sqlite3_finalize(extract);
}

/* ---- paths */

static const char *const names[] = { "a", "b", "c", "x y", "a.b", "[0]", "" };

#define NAME_COUNT (sizeof names / sizeof *names)

static size_t random_value(char *out, unsigned depth)
{
    size_t length = 0;
    unsigned kind = random_below(depth > 0 ? 8 : 4);
    if (kind < 4) {
        static const char *const scalars[] = { "1", "-2.5", "\"s\"", "null", "true", "false" };
        const char *scalar = scalars[random_below(6)];
        memcpy(out, scalar, strlen(scalar));
        return strlen(scalar);
    }
    bool object = kind >= 6;
    unsigned first = random_below(NAME_COUNT);
    unsigned count = random_below(4);
    out[length++] = object ? '{' : '[';
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) out[length++] = ',';
        if (object) {
            length += (size_t)sprintf(out + length, "\"%s\":", names[(first + i) % NAME_COUNT]);
        }
        length += random_value(out + length, depth - 1);
    }
    out[length++] = object ? '}' : ']';
    return length;
}

static size_t random_path(char *out)
{
    static const char *const broken[] = { "[", "]", ".", "#", "\"", "[#", "[x]", "[-1]", "$",
        "[1" };
    size_t length = (size_t)sprintf(out, "$");
    for (unsigned steps = random_below(5); steps > 0; steps--) {
        const char *name = names[random_below(NAME_COUNT)];
        switch (random_below(8)) {
        case 0:
        case 1: length += (size_t)sprintf(out + length, "[%u]", random_below(4)); break;
        case 2: length += (size_t)sprintf(out + length, "[#-%u]", random_below(5)); break;
        case 3: length += (size_t)sprintf(out + length, "[#]"); break;
        case 4: length += (size_t)sprintf(out + length, ".\"%s\"", name); break;
        case 5:
            if (random_below(3) == 0) {
                length += (size_t)sprintf(out + length, "%s", broken[random_below(10)]);
                break;
            } /* fall through */
        default: length += (size_t)sprintf(out + length, ".%s", names[random_below(3)]);
        }
    }
    return length;
}

struct path_counts {
    unsigned found, absent, invalid;
};

static void compare_path(
    sqlite3_stmt *extract, const char *document, const char *path, struct path_counts *counts)
{
    struct json_value value = { NULL, 0, JSON_NULL };
    enum json_path_result result =
        json_path_find(json_value_at(document, strlen(document)), path, strlen(path), &value);
    sqlite3_bind_text(extract, 1, document, -1, SQLITE_STATIC);
    sqlite3_bind_text(extract, 2, path, -1, SQLITE_STATIC);
    bool raised = sqlite3_step(extract) != SQLITE_ROW;
    const char *there = raised ? NULL : (const char *)sqlite3_column_text(extract, 0);
    if (raised) {
        CHECK(result == JSON_PATH_INVALID, "SQLite has no path %s", path);
    } else if (there == NULL) {
        /* SQLite does not look at the rest of a path once a step is absent: we do, so that a bad
        ** path is the caller's mistake on every row. */
        CHECK(result != JSON_PATH_FOUND, "%s is absent from %s", path, document);
    } else {
        CHECK(result == JSON_PATH_FOUND && value.length == strlen(there) &&
                  memcmp(value.text, there, value.length) == 0,
            "%s of %s is %s", path, document, there);
    }
    counts->found += result == JSON_PATH_FOUND;
    counts->absent += result == JSON_PATH_ABSENT;
    counts->invalid += result == JSON_PATH_INVALID;
    sqlite3_reset(extract);
}

static void test_paths(void)
{
    /* Twice the same path gives `[value,value]`: the value as JSON, also where it is true or null. */
    sqlite3_stmt *extract = prepare("SELECT CASE WHEN json_type(?1, ?2) IS NOT NULL"
                                    " THEN substr(pair, 2, (length(pair) - 3) / 2) END"
                                    " FROM (SELECT json_extract(?1, ?2, ?2) AS pair)");
    struct path_counts counts = { 0, 0, 0 };
    for (unsigned i = 0; i < 40000; i++) {
        char document[TEXT_ROOM];
        char path[256];
        document[random_value(document, 4)] = '\0';
        random_path(path);
        compare_path(extract, document, path, &counts);
    }
    CHECK(counts.found > 1000, "many paths are found (%u)", counts.found);
    CHECK(counts.absent > 1000, "many are absent (%u)", counts.absent);
    CHECK(counts.invalid > 1000, "many are none (%u)", counts.invalid);
    sqlite3_finalize(extract);
}

int main(void)
{
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        CHECK(false, "SQLite opens");
        return unit_end();
    }
    printf("SQLite %s\n", sqlite3_libversion());
    test_mutated();
    test_nul();
    test_numbers();
    test_paths();
    sqlite3_close(db);
    return unit_end();
}
