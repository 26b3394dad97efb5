/*
** replay.c - the targets without libFuzzer: each seed as it stands, then with
** simple damages, the same on every run.
**
**   replay SEEDS DAMAGES [target...]     SEEDS/<target>.seeds; so many damages a seed
**   replay --expand SEEDS/x.seeds FOLDER  one file a seed, for libFuzzer
**   replay --collect FOLDER               the other way round, on standard output
**
** A file of seeds has one a line; \n, \\, and \xHH for what is not printable.
** Empty lines and those that begin with # say nothing.
*/
#include "fuzz.h"
#include "second.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SEED_MAX 65536

static uint64_t state = 0x9e3779b97f4a7c15;

static size_t below(size_t bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (size_t)((state * UINT64_C(2685821657736338717) >> 33) % bound);
}

/* One of a few damages; libfuzzer.c's targets call it by libFuzzer's name. */
size_t LLVMFuzzerMutate(uint8_t *input, size_t size, size_t room)
{
    static const char marks[] = "{}[]\",:.\\u0d9-_=+/ \x1e\xff\xe2truefalsn1e";
    size_t at = size == 0 ? 0 : below(size);
    size_t to = size == 0 ? 0 : below(size);
    switch (below(6)) {
    case 0:
        if (size > 0) input[at] = (uint8_t)(input[at] ^ 1u << below(8));
        return size;
    case 1:
        if (size == 0) return 0;
        memmove(input + at, input + at + 1, size - at - 1);
        return size - 1;
    case 2:
        if (size == room) return size;
        memmove(input + at + 1, input + at, size - at);
        input[at] = (uint8_t)marks[below(sizeof marks - 1)];
        return size + 1;
    case 3: return size > 0 ? at + 1 : 0;
    case 4: { /* a piece again at another place */
        size_t piece = size == 0 ? 0 : below(size - at) + 1;
        if (size + piece > room || piece == 0) return size;
        memmove(input + to + piece, input + to, size - to);
        for (size_t i = 0; i < piece; i++) input[to + i] = input[at + i < size ? at + i : 0];
        return size + piece;
    }
    default:
        if (size > 0) input[at] = (uint8_t)marks[below(sizeof marks - 1)];
        return size;
    }
}

static int hex_digit(char digit)
{
    const char *all = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(all, digit);
    return found == NULL ? -1 : (int)(found - all);
}

/* A line's bytes, in place; false where it has an escape that there is not. */
static bool unescape(char *line, size_t *size)
{
    char *out = line;
    for (const char *in = line; *in != '\0'; in++) {
        if (*in != '\\') {
            *out++ = *in;
        } else if (in[1] == 'n' || in[1] == '\\') {
            *out++ = *++in == 'n' ? '\n' : '\\';
        } else if (in[1] == 'x' && hex_digit(in[2]) >= 0 && hex_digit(in[3]) >= 0) {
            *out++ = (char)(hex_digit(in[2]) << 4 | hex_digit(in[3]));
            in += 3;
        } else {
            return false;
        }
    }
    *size = (size_t)(out - line);
    return true;
}

static void print_escaped(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte = bytes[i];
        bool plain = byte > ' ' && byte < 0x7f && byte != '\\' && !(byte == '#' && i == 0);
        if (byte == ' ' && i > 0 && i + 1 < size) plain = true;
        if (byte == '\n')
            printf("\\n");
        else if (byte == '\\')
            printf("\\\\");
        else if (plain)
            putchar((int)byte);
        else
            printf("\\x%02x", byte);
    }
    putchar('\n');
}

/* Calls `use` with each seed of a file; the number of seeds, or -1. */
static long each_seed(
    const char *path, void (*use)(const uint8_t *, size_t, long, void *), void *context)
{
    FILE *file = fopen(path, "r");
    static char line[SEED_MAX];
    long count = 0;
    if (file == NULL) return -1;
    while (fgets(line, sizeof line, file) != NULL) {
        size_t size = strcspn(line, "\n");
        if (line[size] != '\n') return -1;
        line[size] = '\0';
        if (size == 0 || line[0] == '#') continue;
        if (!unescape(line, &size)) {
            fprintf(stderr, "%s: seed %ld: an escape that there is not\n", path, count + 1);
            count = -1;
            break;
        }
        use((const uint8_t *)line, size, count++, context);
    }
    fclose(file);
    return count;
}

static void write_seed(const uint8_t *bytes, size_t size, long index, void *context)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/seed-%04ld", (const char *)context, index);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static int collect(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        static uint8_t bytes[SEED_MAX / 4];
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
        if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) continue;
        FILE *file = fopen(path, "rb");
        size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
        if (file != NULL) fclose(file);
        if (size > 0 && size < sizeof bytes) print_escaped(bytes, size);
    }
    free(entries);
    return count < 0;
}

struct session {
    const struct fuzz_target *target;
    long damages;
    long runs;
};

/* What is being run, for who wants to run it again. */
static const uint8_t *current;
static size_t current_size;

static void show_current(int number)
{
    (void)number;
    printf("failed, the input is this seed:\n");
    print_escaped(current, current_size);
    fflush(stdout);
}

/* Runs a copy of exactly that size, so that a sanitizer sees a step beyond it. */
static void run_copy(struct session *session, const uint8_t *bytes, size_t size)
{
    uint8_t *made = malloc(size > 0 ? size : 1);
    MUST(made != NULL, "memory");
    memcpy(made, bytes, size);
    current = made;
    current_size = size;
    session->target->run(made, size);
    session->runs++;
    free(made);
}

static void run_seed(const uint8_t *bytes, size_t size, long index, void *context)
{
    static uint8_t damaged[SEED_MAX];
    struct session *session = context;
    (void)index;
    run_copy(session, bytes, size);
    for (long i = 0; i < session->damages; i++) {
        size_t now = size;
        memcpy(damaged, bytes, size);
        for (size_t n = 1 + below(4); n > 0; n--) {
            unsigned seed = (unsigned)below(1u << 30);
            now = session->target->mutate != NULL
                      ? session->target->mutate(damaged, now, sizeof damaged, seed)
                      : LLVMFuzzerMutate(damaged, now, sizeof damaged);
        }
        run_copy(session, damaged, now);
    }
}

int main(int count, char **arguments)
{
    int failed = 0, passed = 0, skipped = 0;
    if (count == 4 && strcmp(arguments[1], "--expand") == 0) {
        return each_seed(arguments[2], write_seed, arguments[3]) < 0;
    }
    if (count == 3 && strcmp(arguments[1], "--collect") == 0) return collect(arguments[2]);
    if (count < 3) {
        fprintf(stderr, "usage: replay SEEDS DAMAGES [target...]\n");
        return 2;
    }
    if (!second_is_there()) {
        printf("skipped: jansson is not here: no second reader, no second verdict\n");
        skipped++;
    }
    signal(SIGABRT, show_current);
    for (size_t i = 0; fuzz_targets[i] != NULL; i++) {
        struct session session = { fuzz_targets[i], atol(arguments[2]), 0 };
        char path[4096];
        bool wanted = count == 3;
        for (int j = 3; j < count; j++) wanted |= strcmp(arguments[j], session.target->name) == 0;
        if (!wanted) continue;
        snprintf(path, sizeof path, "%s/%s.seeds", arguments[1], session.target->name);
        session.target->start();
        long seeds = each_seed(path, run_seed, &session);
        if (seeds <= 0) {
            printf("failed: %s cannot be read\n", path);
            failed++;
        } else {
            printf("%s: %ld seeds, %ld inputs\n", session.target->name, seeds, session.runs);
            passed += (int)session.runs;
        }
    }
    printf("%d passed, %d failed", passed, failed);
    if (skipped > 0) printf(", %d skipped", skipped);
    printf("\n");
    return failed != 0 || passed == 0;
}
