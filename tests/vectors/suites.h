/*
** suites.h - the suites, one for each source of vectors.
*/
#ifndef VECTORS_SUITES_H
#define VECTORS_SUITES_H

#include "run.h"

void suite_wycheproof_tokens(struct run *run);
void suite_wycheproof_signatures(struct run *run);
void suite_json(struct run *run);
void suite_cookbook(struct run *run);
void suite_rfc(struct run *run);
void suite_golang(struct run *run);
void suite_nginx(struct run *run);
void suite_pyjwt(struct run *run);
void suite_ml_dsa(struct run *run);

#endif
