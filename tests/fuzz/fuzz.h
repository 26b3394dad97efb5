/*
** fuzz.h - what the fuzz targets share. A target takes bytes that nobody chose
** and says MUST(what always holds): not only that nothing crashes.
**
** Two programs run the same targets: libFuzzer's (`make fuzz`: libfuzzer.c), and
** replay.c, which needs no more than a C compiler and is part of `make test`.
*/
#ifndef JWT_FUZZ_H
#define JWT_FUZZ_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name;
    void (*start)(void);                            /* once, before the first input */
    void (*run)(const uint8_t *input, size_t size); /* aborts where something does not hold */
    /* A better damage than flipping bytes, or NULL; as LLVMFuzzerCustomMutator. */
    size_t (*mutate)(uint8_t *input, size_t size, size_t room, unsigned seed);
};

extern const struct fuzz_target keys_target, options_target, revocation_target, sql_target,
    text_target, token_target;

/* The target of this name, or NULL; and all of them, ended by NULL. */
const struct fuzz_target *fuzz_target_find(const char *name);
extern const struct fuzz_target *const fuzz_targets[];

/* Aborts with a message unless `holds`. */
#define MUST(holds, ...)                                                  \
    do {                                                                  \
        if (!(holds)) fuzz_fail(__FILE__, __LINE__, #holds, __VA_ARGS__); \
    } while (0)
__attribute__((noreturn, format(printf, 4, 5))) void fuzz_fail(
    const char *file, int line, const char *condition, const char *format, ...);

/* libFuzzer's own damage, or replay.c's simple one. */
size_t LLVMFuzzerMutate(uint8_t *input, size_t size, size_t room);
int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t room, unsigned seed);

/* ---- inputs of several parts */

#define PART_END \
    '\x1e' /* no JSON text and no token may have it: a part can be anything that matters */
#define PARTS_MAX 8

struct part {
    const uint8_t *bytes;
    size_t size;
};

/* Cuts an input at its PART_ENDs into `limit` parts at most; those that it lacks are empty. */
void fuzz_parts(const uint8_t *input, size_t size, struct part *parts, size_t limit);

/* ---- SQL, on one connection with the extension */

/* A new database in memory with the extension and a fixed clock (1700000000). */
sqlite3 *fuzz_database(void);

/* Closes it, and the statements that fuzz_ask() keeps for it. */
void fuzz_close(sqlite3 *db);

/* What one call answered: its first column, or an error. */
struct answer {
    int code; /* SQLITE_ROW, SQLITE_DONE, or an error */
    int type; /* SQLITE_TEXT and so on; SQLITE_NULL where there is no row */
    sqlite3_int64 number;
    char *bytes; /* of TEXT and BLOB, with a NUL after them; "" otherwise */
    size_t size;
    char *message; /* of an error, else "" */
};

/* An argument. */
struct value {
    int type;
    const void *bytes;
    size_t size;
    sqlite3_int64 number;
};
struct value value_text(const void *bytes, size_t size);
struct value value_string(const char *text);
struct value value_blob(const void *bytes, size_t size);
struct value value_null(void);
struct value value_answer(const struct answer *answer);

/*
** Asks `sql` (kept prepared by its address: a literal) with `count` arguments.
** MUSTs what holds after every call: OpenSSL's error queue is empty, an error
** has a message of bounded length. answer_release() is due.
*/
struct answer fuzz_ask(sqlite3 *db, const char *sql, size_t count, const struct value *values);
#define ASK(db, sql, ...)                                                             \
    fuzz_ask(db, sql, sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value), \
        (struct value[]){ __VA_ARGS__ })
void answer_release(struct answer *answer);
bool answer_is(const struct answer *answer, const char *text);
bool answers_equal(const struct answer *left, const struct answer *right);
static inline bool answer_failed(const struct answer *answer)
{
    return answer->code != SQLITE_ROW && answer->code != SQLITE_DONE;
}

/* Runs fixed SQL that cannot fail. */
void fuzz_execute(sqlite3 *db, const char *sql);

/*
** Every way to ask about a token, which MUST all tell the same; claims only
** beside `ok`. Returns the status, or NULL where the question was refused.
** (Static: one of the codes of docs/reference.md.)
*/
const char *fuzz_verdict(sqlite3 *db, struct value token, struct value key, struct value options);

#endif
