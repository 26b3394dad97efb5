/*
** rarely.h - what a usual question does not come through.
**
** The code that answers one question about fills a processor's nearest cache of
** instructions (32 KiB), so that what lies between its parts costs time at each
** question: measured, a fifth of what asking a revocation table costs.
*/
#ifndef JWT_RARELY_H
#define JWT_RARELY_H

/* Of a function: it stays out of its callers, and away from what is used often. */
#if defined(__GNUC__)
#define RARELY __attribute__((noinline, cold))
#else
#define RARELY
#endif

#endif
