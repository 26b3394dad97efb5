/*
** timing.c - does the time of a verification tell how much of a MAC is right?
** As dudect does it: two classes of MACs in random order, one wrong in its
** first byte and one in its last, the time of each verification, and Welch's
** t-test over the times below several percentiles (the long ones are the
** machine's). |t| above about 10 would be a sign; nothing is judged here.
**
** usage: timing SAMPLES
*/
#include "jose/algorithm.h"
#include "jose/key.h"
#include "jose/secure.h"
#include "jose/signature.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define MESSAGE "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0"

static uint64_t state = 0x9e3779b97f4a7c15;

static unsigned coin(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 40) & 1;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

struct sums {
    double count, mean, squares;
};

/* Welford's running mean and variance. */
static void add(struct sums *sums, double value)
{
    double before = value - sums->mean;
    sums->count++;
    sums->mean += before / sums->count;
    sums->squares += before * (value - sums->mean);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Of the samples below `limit`. */
static double t_of(const double *times, const unsigned char *classes, size_t count, double limit)
{
    struct sums sums[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    for (size_t i = 0; i < count; i++) {
        if (times[i] <= limit) add(&sums[classes[i]], times[i]);
    }
    double spread = sums[0].squares / (sums[0].count - 1) / sums[0].count +
                    sums[1].squares / (sums[1].count - 1) / sums[1].count;
    return spread > 0 ? (sums[0].mean - sums[1].mean) / sqrt(spread) : 0;
}

int main(int arguments_count, char **arguments)
{
    static const double percentiles[] = { 0.5, 0.75, 0.9, 0.99, 1 };
    size_t count = arguments_count > 1 ? (size_t)atol(arguments[1]) : 200000;
    struct fault fault = { FAULT_NONE, "" };
    struct key_set *set = key_set_read(SECRET, strlen(SECRET), false, &fault);
    const struct algorithm *algorithm = algorithm_find("HS256", 5);
    double *times = malloc(count * sizeof *times);
    double *sorted = malloc(count * sizeof *sorted);
    unsigned char *classes = malloc(count);
    unsigned char right[64], wrong[64];
    size_t size = 0, good = 0;
    if (set == NULL || times == NULL || sorted == NULL || classes == NULL || count < 1000) return 2;
    if (!signature_sign(&set->keys[0], algorithm, MESSAGE, strlen(MESSAGE), right, &size, &fault))
        return 2;
    for (size_t i = 0; i < count; i++) {
        unsigned class = coin();
        memcpy(wrong, right, size);
        wrong[class == 0 ? 0 : size - 1] ^= 0x55;
        double start = now();
        good += signature_verify(&set->keys[0], algorithm, MESSAGE, strlen(MESSAGE), wrong, size) ==
                SIGNATURE_GOOD;
        times[i] = now() - start;
        classes[i] = (unsigned char)class;
    }
    memcpy(sorted, times, count * sizeof *times);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    printf("timing: %zu wrong MACs, median %.0f ns; t", count, sorted[count / 2]);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        double limit = sorted[(size_t)(percentiles[i] * (double)(count - 1))];
        printf(" %.1f", t_of(times, classes, count, limit));
    }
    printf(" below the percentiles 50 75 90 99 100\n");
    key_set_release(set);
    free(times);
    free(sorted);
    free(classes);
    return good != 0;
}
