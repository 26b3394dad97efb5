/*
** libfuzzer.c - the targets under libFuzzer. FUZZ_TARGET names the one to run.
*/
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    const char *name = getenv("FUZZ_TARGET");
    (void)count;
    (void)arguments;
    target = name == NULL ? NULL : fuzz_target_find(name);
    if (target == NULL) {
        fprintf(stderr, "FUZZ_TARGET must name a target\n");
        exit(2);
    }
    target->start();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    target->run(input, size);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t room, unsigned seed)
{
    if (target->mutate == NULL) return LLVMFuzzerMutate(input, size, room);
    return target->mutate(input, size, room, seed);
}
