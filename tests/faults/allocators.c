#include "allocators.h"

#include <cjson/cJSON.h>
#include <dlfcn.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "tests/revocation/harness.h"

static long allocations;
static long fail_in; /* this many allocations from now; 0: never */
static bool fail_all_after;
static bool has_failed;
static struct outstanding taken;
static long bytes, watched_from, peak;

static void count_bytes(long more)
{
    bytes += more;
    if (bytes > peak) peak = bytes;
}

static long size_of(void *memory)
{
    return memory == NULL ? 0 : (long)malloc_usable_size(memory);
}

static bool fails_now(void)
{
    allocations++;
    if (fail_in == 0 || --fail_in > 0) return false;
    fail_in = fail_all_after ? 1 : 0;
    has_failed = true;
    return true;
}

/* ---- SQLite ---- */

static sqlite3_mem_methods real;

static void *sqlite_malloc(int size)
{
    void *memory = fails_now() ? NULL : real.xMalloc(size);
    taken.sqlite += memory != NULL;
    if (memory != NULL) count_bytes(real.xSize(memory));
    return memory;
}

static void *sqlite_realloc(void *memory, int size)
{
    int before = real.xSize(memory);
    void *grown = fails_now() ? NULL : real.xRealloc(memory, size);
    if (grown != NULL) count_bytes(real.xSize(grown) - before);
    return grown;
}

static void sqlite_free(void *memory)
{
    taken.sqlite -= memory != NULL;
    if (memory != NULL) count_bytes(-real.xSize(memory));
    real.xFree(memory);
}

/* ---- OpenSSL, and src/jose/secure.c with it ---- */

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *memory = fails_now() ? NULL : malloc(size);
    taken.openssl += memory != NULL;
    count_bytes(size_of(memory));
    return memory;
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    long before = size_of(memory);
    void *grown = fails_now() ? NULL : realloc(memory, size);
    if (grown != NULL) count_bytes(size_of(grown) - before);
    taken.openssl += memory == NULL && grown != NULL;
    return grown;
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    taken.openssl -= memory != NULL;
    count_bytes(-size_of(memory));
    free(memory);
}

/* ---- cJSON ---- */

static void *cjson_malloc(size_t size)
{
    void *memory = fails_now() ? NULL : malloc(size);
    taken.cjson += memory != NULL;
    count_bytes(size_of(memory));
    return memory;
}

static void cjson_free(void *memory)
{
    taken.cjson -= memory != NULL;
    count_bytes(-size_of(memory));
    free(memory);
}

void allocators_install(void)
{
    sqlite3_mem_methods counting;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    counting = real;
    counting.xMalloc = sqlite_malloc;
    counting.xRealloc = sqlite_realloc;
    counting.xFree = sqlite_free;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &counting);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* so that each allocation is seen */
    if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free)) {
        give_up("OpenSSL has allocated already");
    }
}

/* By name: the program itself is not linked with cJSON, and must not put another in its place. */
bool allocators_hook_cjson(void)
{
    cJSON_Hooks hooks = { cjson_malloc, cjson_free };
    void *library = dlopen("libcjson.so.1", RTLD_NOW | RTLD_NOLOAD);
    void *symbol = library == NULL ? NULL : dlsym(library, "cJSON_InitHooks");
    void (*init_hooks)(cJSON_Hooks *);
    if (symbol == NULL) return false;
    *(void **)&init_hooks = symbol;
    init_hooks(&hooks);
    return true;
}

void allocators_fail(long at, bool lasting)
{
    fail_in = at;
    fail_all_after = lasting;
    has_failed = false;
}

bool allocators_heal(void)
{
    fail_in = 0;
    return has_failed;
}

void allocators_watch(void)
{
    watched_from = peak = bytes;
}

long allocators_peak(void)
{
    return peak - watched_from;
}

long allocators_count(void)
{
    return allocations;
}

struct outstanding allocators_outstanding(void)
{
    return taken;
}
