/*
** cases.h - from rows of SQL to judged cases.
*/
#ifndef VECTORS_CASES_H
#define VECTORS_CASES_H

#include "run.h"

/*
** Asks and judges a case for each row of `sql`, whose columns are
**   path      the vector file that the case is from
**   id        what the case is called in it
**   label     another name that expectations.json may use, or NULL
**   upstream  'valid', 'invalid', or anything else where its authors leave it open
**   decided   'accept' or 'reject' where our contract decides by itself, or NULL
**   why       the reason for `decided`, or NULL
**   kind      'jws', 'jwt', 'key' or 'signature'
**   status    the status code that a refusal must have, or NULL
**   and the question:  jws, jwt: token, key, options;  key: key;
**                      signature: algorithm, jwk, message, signature
** `parameter` (may be NULL) is bound to ?1. No row at all is a failure.
** Returns how many there were.
*/
unsigned cases_run(struct run *run, const char *sql, const char *parameter);

#endif
