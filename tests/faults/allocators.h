/*
** allocators.h - the memory of SQLite, OpenSSL (and so of src/jose) and cJSON through one counter, which
** can make any one allocation fail, alone or with all that follow.
*/
#ifndef FAULTS_ALLOCATORS_H
#define FAULTS_ALLOCATORS_H

#include <stdbool.h>

/* Blocks that were taken and not given back. */
struct outstanding {
    long sqlite, openssl, cjson;
};

/* Puts itself under SQLite and OpenSSL: the first thing in a program. Ends it where that comes too late. */
void allocators_install(void);

/* Puts itself under the cJSON of the extension, which must be loaded. False where it has its own inside. */
bool allocators_hook_cjson(void);

/* From now on allocation `at` fails (1 is the next one), and with `lasting` every one after it. */
void allocators_fail(long at, bool lasting);

/* Nothing fails any more. True where something did since allocators_fail(). */
bool allocators_heal(void);

/* Allocations of all since the program began. */
long allocators_count(void);

/* The most bytes that were taken at one time since allocators_watch(), beyond what was taken then. */
void allocators_watch(void);
long allocators_peak(void);

/* What is taken now. */
struct outstanding allocators_outstanding(void);

#endif
